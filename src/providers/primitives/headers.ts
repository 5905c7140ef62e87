import type { Headers, Refusal } from '../provider.ts';
import { refused, shown } from './refusal.ts';

/** More than any signature takes; longer values are not even looked at. */
const charactersMax = 4096;

/** How a header's value looks, and what shows that a framework joined two copies into one. */
export interface Grammar {
  form: RegExp;
  /** In words, for the refusal. */
  says: string;
  joined?: RegExp;
}

export const grammars = {
  seconds: { form: /^\d{1,12}$/, says: 'whole seconds since 1970' },
  /** Visible ASCII: what may stand in a signed text between separators. */
  token: { form: /^[!-+\--~]{1,255}$/, says: 'up to 255 visible characters' },
  hex: { form: /^[0-9a-f]+$/i, says: 'hexadecimal' },
  base64: { form: /^[A-Za-z0-9+/=]+$/, says: 'base64' },
} as const satisfies Record<string, Grammar>;

/** The value of a header, by its lower-case name; null where it is absent. Of several copies the first. */
export function header(headers: Headers, name: string): string | null {
  return headers.find(([one]) => isNamed(one, name))?.[1] ?? null;
}

/** Most headers are told apart by their length alone, which spares a text for each. */
function isNamed(given: string, name: string): boolean {
  return given.length === name.length && given.toLowerCase() === name;
}

/**
 * The value of a header that must come exactly once and look as its grammar says. A second copy is refused also where a framework
 * has joined the copies by a comma: a verifier and a reader behind it could each pick another.
 */
export function singleHeader(headers: Headers, name: string, grammar: Grammar): string | Refusal {
  const values = headers.flatMap(([one, value]) => (isNamed(one, name) ? [value] : []));
  const [value] = values;
  if (value === undefined || value === '') return refused('signature.missing', `header ${name} is missing`);
  if (values.length > 1) return refused('signature.duplicated', `header ${name} came ${values.length} times`);
  if (value.length > charactersMax)
    return refused('signature.malformed', `header ${name} is longer than ${charactersMax} characters`);
  if ((grammar.joined ?? /,/).test(value))
    return refused('signature.duplicated', `header ${name} holds several values joined by commas`);
  if (!grammar.form.test(value))
    return refused('signature.malformed', `header ${name} is not ${grammar.says}: ${shown(value)}`);
  return value;
}
