/** Credentials as they are sealed: JSON in which a bigint is `{"$bigint":"…"}`, and a real key that begins with `$` has one more. */

const tag = '$bigint';

/** @throws TypeError for what JSON has no value for (a function, a symbol, undefined as a whole): a programmer's error. */
export function writeCredentials(credentials: unknown): string {
  const text: string | undefined = JSON.stringify(tagged(credentials));
  if (text === undefined) throw new TypeError('credentials must be a JSON value');
  return text;
}

/** The value that {@link writeCredentials} wrote. */
export function parseCredentials(text: string): unknown {
  return untagged(JSON.parse(text));
}

function tagged(value: unknown): unknown {
  if (typeof value === 'bigint') return { [tag]: String(value) };
  if (Array.isArray(value)) return value.map(tagged);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.startsWith('$') ? `$${key}` : key, tagged(inner)]),
  );
}

function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  const [key, digits] = entries[0] ?? [];
  if (key === tag && typeof digits === 'string') return BigInt(digits);
  return Object.fromEntries(
    entries.map(([name, inner]) => [name.startsWith('$') ? name.slice(1) : name, untagged(inner)]),
  );
}
