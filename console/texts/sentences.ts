/** English patterns with `{places}`, and the same in another language. A place is named by what stands there, with a digit where two are alike. */
export type Pairs = Readonly<Record<string, string>>;

/**
 * What may stand in a place. A `field` is written as no word is, a `title` as no word within a sentence is. Wide ones take what others
 * wrote, nothing included (`quote`), or what is to be found among the pairs too (`sentence`).
 */
const places: Readonly<Record<string, string>> = {
  money: String.raw`(?:-?\d+(?:\.\d+)?|\d+ minor units of) [A-Z0-9]{2,12}`,
  currency: '[A-Z0-9]{2,12}',
  number: String.raw`-?\d+(?:\.\d+)?`,
  time: String.raw`\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d\.\d{3}Z)?|never`,
  id: String.raw`\S+`,
  field: String.raw`[a-z]\w*[._A-Z][\w.]*`,
  title: String.raw`[\p{Lu}\p{Script=Han}].*`,
  term: '[a-z][a-z_ ]*',
  quote: '.*',
  sentence: '.+',
};

/** These are said in the other language themselves; money is where it is more than digits and a currency. */
const translated: readonly string[] = ['term', 'sentence'];

const placeName = /\{([a-z]+)(\d?)\}/;
/** What is longer was written by no code of ours. */
const charactersMax = 1000;
/** Sentences inside one another: each level may be read in a few ways, which must not multiply without end. */
const depthMax = 5;

interface Pattern {
  form: RegExp;
  names: readonly string[];
  said: string;
}

/**
 * Finds the sentence of another language for an English one that fits a pattern whole, with what stands in its places; null where
 * none does. The first pattern that fits counts, and one of which a part cannot be said does not fit: nothing is half translated.
 */
export function createSentences(pairs: Pairs): (english: string) => string | null {
  const patterns = Object.entries(pairs).flatMap(([english, said]) =>
    placeName.test(english) ? [patternOf(english, said)] : [],
  );
  const find = (english: string, depth: number): string | null => {
    if (english.length > charactersMax || depth > depthMax) return null;
    // What a caller writes has no power over objects.
    if (Object.hasOwn(pairs, english)) return pairs[english] ?? null;
    for (const pattern of patterns) {
      const said = fill(pattern, english, (part) => find(part, depth + 1));
      if (said !== null) return said;
    }
    return null;
  };
  return (english) => find(english, 0);
}

function patternOf(english: string, said: string): Pattern {
  // Every third part is plain, and before each but the first stand the name of a place and its digit.
  const parts = english.split(placeName);
  const names: string[] = [];
  const form = parts.map((part, index) => {
    if (index % 3 === 0) return part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    if (index % 3 === 2) return '';
    names.push(`${part}${parts[index + 1]}`);
    return `(${places[part] ?? places.id})`;
  });
  return { form: new RegExp(`^${form.join('')}$`, 'u'), names, said };
}

function fill({ form, names, said }: Pattern, english: string, find: (part: string) => string | null): string | null {
  const match = form.exec(english);
  if (match === null) return null;
  const values = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    const part = match[index + 1] ?? '';
    const place = name.replace(/\d$/, '');
    const value = place === 'money' ? (find(part) ?? part) : translated.includes(place) ? find(part) : part;
    if (value === null) return null;
    values.set(name, value);
  }
  return said.replaceAll(new RegExp(placeName, 'g'), (place, name, digit) => values.get(`${name}${digit}`) ?? place);
}
