const secretNames = /cookie|token|secret|password|api-?key/i;

/** Headers whose value opens a door by itself show only its beginning: signatures open none, a token that is the same each time does. */
export function masked(pairs: readonly (readonly string[])[]): readonly (readonly [name: string, value: string])[] {
  return pairs.map(([name = '', value = '']) => {
    const isSecret = secretNames.test(name) || (/authorization$/i.test(name) && /^(bearer|basic)\s/i.test(value));
    return [name, isSecret ? `${value.slice(0, /\s/.test(value) ? value.search(/\s/) + 4 : 4)}••••••` : value];
  });
}
