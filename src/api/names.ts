/** `snake_case` in JSON, `camelCase` in the program: the one place that turns one into the other, for the fields of one level. */
type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;
export type CamelFields<T> = { [Key in keyof T as Key extends string ? Camel<Key> : Key]: Exclude<T[Key], undefined> };

const known = new Map<string, string>();

/** The same fields under the program's names; absent ones stay absent. What the fields hold is left as it is. */
export function camelFields<T extends object>(fields: T): CamelFields<T> {
  const entries: unknown[][] = [];
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) entries.push([camelOf(name), value]);
  return Object.fromEntries(entries);
}

/** Only names of our schemas come here, so what is remembered is bounded by them. */
function camelOf(name: string): string {
  const found = known.get(name);
  if (found !== undefined) return found;
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  known.set(name, camel);
  return camel;
}
