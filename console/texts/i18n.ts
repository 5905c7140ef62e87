import { createInstance, type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { languageOf, languages, tagOf } from './texts.ts';

const rememberedAs = 'paidonce.language';

/** In the language chosen last, else the browser's. */
export function createI18n(): i18n {
  const instance = createInstance();
  instance.on('languageChanged', (language) => {
    document.documentElement.lang = tagOf(languageOf(language));
  });
  void instance.use(initReactI18next).init({
    lng: languageOf(localStorage.getItem(rememberedAs) ?? navigator.language),
    fallbackLng: 'en',
    supportedLngs: [...languages],
    resources: {},
    // Keys are flat, and what React shows needs no escaping.
    keySeparator: false,
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  instance.on('languageChanged', (language) => localStorage.setItem(rememberedAs, language));
  return instance;
}
