import { useTranslation } from 'react-i18next';

export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

/** `lines_one` and `lines_other` are both said by `lines`, with a `count`. */
type Said<Key> = Key extends `${infer Base}_one` | `${infer Base}_other` ? Base : Key;

/** What a page or a part says, in every language. */
export interface Texts<Key extends string> {
  name: string;
  en: Readonly<Record<Key, string>>;
  /** Chinese has one form for all counts. */
  zh: Readonly<Record<Exclude<Key, `${string}_one`>, string>>;
}

/** Says a text in the language of the viewer; `{{name}}` in it is a value. */
export type Say<Key extends string> = (key: Said<Key>, values?: Readonly<Record<string, string | number>>) => string;

export function defineTexts<const Key extends string>(
  name: string,
  texts: { en: Readonly<Record<Key, string>>; zh: Readonly<Record<Exclude<NoInfer<Key>, `${string}_one`>, string>> },
): Texts<Key> {
  return { name, ...texts };
}

export function useTexts<Key extends string>(texts: Texts<Key>): Say<Key> {
  const { i18n } = useTranslation();
  for (const language of languages) {
    if (!i18n.hasResourceBundle(language, texts.name)) i18n.addResourceBundle(language, texts.name, texts[language]);
  }
  const say = i18n.getFixedT(null, texts.name);
  return (key, values) => say(String(key), values ?? {});
}

export function useLanguage(): { language: Language; tag: string; change: (language: Language) => void } {
  const { i18n } = useTranslation();
  const language = languageOf(i18n.language);
  return { language, tag: tagOf(language), change: (next) => void i18n.changeLanguage(next) };
}

export function languageOf(tag: string): Language {
  return tag.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** What the browser's own formats go by; English as the rest of the world writes it: day before month. */
export function tagOf(language: Language): string {
  return language === 'zh' ? 'zh-CN' : 'en-GB';
}
