import { isAscii, transcodings } from './charsets.ts';

type Change = readonly [how: string, body: string];

/** Whether a body looks like `application/x-www-form-urlencoded`. */
export function looksLikeForm(text: string): boolean {
  return /^[^\s={}[\]"<>&]{1,100}=/.test(text);
}

/** A form as it may have been before programs decoded and encoded it; also one that became JSON. Latin-1 text, a byte a character. */
export function* formForms(text: string): Generator<Change> {
  if (!looksLikeForm(text)) {
    yield* fromJson(text);
    return;
  }
  yield ['with + as %2B', text.replaceAll('+', '%2B')];
  yield ['with the + of its base64 as %2B', eachValue(text, plusOfBase64)];
  yield ['with %20 as +', text.replaceAll('%20', '+')];
  yield ['with + as %20', text.replaceAll('+', '%20')];
  yield ['with its values encoded', eachValue(text, (value) => encoded(once(value)))];
  yield ['with its values encoded, % and + included', eachValue(text, encoded)];
  yield ['decoded once', once(text).replaceAll('+', '%2B')];
  yield ['with its values decoded once', eachValue(text, once)];
  yield ['without HTML entities', withoutEntities(text)];
}

/** The values of a form in another charset; the bytes that a percent sign stands for count, not their digits. */
export function* formCharsets(text: string): Generator<Change> {
  if (!looksLikeForm(text) || isAscii(bytesOf(text))) return;
  for (const [how, undo] of transcodings()) {
    let fits = true;
    const changed = eachValue(text, (value) => {
      const bytes = undo(bytesOf(value));
      if (bytes === null) fits = false;
      return bytes === null ? value : encoded(Buffer.from(bytes).toString('latin1'));
    });
    if (fits) yield [how, changed];
  }
}

function bytesOf(value: string): Uint8Array {
  return Buffer.from(once(value.replaceAll('+', ' ')), 'latin1');
}

function once(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function encoded(text: string): string {
  return text.replaceAll(
    /[^A-Za-z0-9._~-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** In base64 a + is one of its characters; elsewhere, as around the words of PEM, it stands for a space. */
function plusOfBase64(value: string): string {
  return value.length < 40 ? value : value.replaceAll(/(?<!BEGIN|END)\+/g, '%2B');
}

/** A value may hold `&` where nothing encoded it: a part without a name and `=` belongs to the value before it. */
function eachValue(text: string, change: (value: string) => string): string {
  return text
    .split(/&(?=[A-Za-z_][\w.-]*=)/)
    .map((part) => {
      const cut = part.indexOf('=');
      return cut < 0 ? part : `${part.slice(0, cut)}=${change(part.slice(cut + 1))}`;
    })
    .join('&');
}

function withoutEntities(text: string): string {
  const characters = new Map([
    ['&lt;', '<'],
    ['&gt;', '>'],
    ['&quot;', '"'],
    ['&#39;', "'"],
    ['&amp;', '&'],
  ]);
  return text.replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => characters.get(entity) ?? entity);
}

/** Some frameworks hand a form on as an object of texts. */
function* fromJson(text: string): Generator<Change> {
  if (!text.trimStart().startsWith('{')) return;
  try {
    const object: unknown = JSON.parse(Buffer.from(text, 'latin1').toString('utf8'));
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries(Object(object))) if (typeof value === 'string') form.append(name, value);
    yield ['as a form, before it became JSON', form.toString()];
  } catch {
    // Not JSON, so it was not a form that something turned into JSON.
  }
}
