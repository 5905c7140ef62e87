import { useTexts } from '../../texts/texts.ts';
import { fieldTexts } from './field-texts.ts';
import { credentialTexts, providerTexts } from './texts.ts';

/** What a platform calls itself. */
export function useProviderName(): (name: string) => string {
  const say = useTexts(providerTexts);
  return (name) => (isProvider(name) ? say(name) : name);
}

/** What a field is called, and what it is for. */
export function useFieldWords(provider: string): (field: string) => { label: string; hint: string | null } {
  const say = useTexts(fieldTexts);
  const sayAny = (...keys: string[]) => {
    const key = keys.find(isField);
    return key === undefined ? null : say(key);
  };
  return (field) => ({
    label: sayAny(`${provider}.${field}`, field) ?? field,
    hint: sayAny(`hint.${provider}.${field}`, `hint.${field}`),
  });
}

/** A value of a field that has few. */
export function useChoiceWord(): (choice: string | boolean) => string {
  const say = useTexts(credentialTexts);
  return (choice) => {
    if (typeof choice === 'boolean') return say(choice ? 'yes' : 'no');
    const key = `choice.${choice}`;
    return isChoice(key) ? say(key) : choice;
  };
}

function isProvider(name: string): name is keyof typeof providerTexts.en {
  return Object.hasOwn(providerTexts.en, name);
}

function isField(key: string): key is keyof typeof fieldTexts.en {
  return Object.hasOwn(fieldTexts.en, key);
}

function isChoice(key: string): key is Extract<keyof typeof credentialTexts.en, `choice.${string}`> {
  return Object.hasOwn(credentialTexts.en, key);
}
