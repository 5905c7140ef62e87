import type { RawRequest } from '../../providers/provider.ts';

type Headers = RawRequest['headers'];
type Change = readonly [how: string, headers: Headers];

/** Declared headers that came under another name: underscores for hyphens, or a proxy's prefix. */
export function* renamedHeaders(headers: Headers, declared: readonly string[]): Generator<Change> {
  const found = declared
    .filter((name) => !headers.some(([one]) => one.toLowerCase() === name))
    .flatMap((name) => {
      const alike = headers.find(([one]) => coreOf(one) === coreOf(name));
      return alike === undefined ? [] : [{ name, under: alike[0], value: alike[1] }];
    });
  if (found.length === 0) return;
  const how = found.map(({ name, under }) => `${name}, which came as ${under.slice(0, 60)}`).join('; ');
  yield [how, [...headers, ...found.map(({ name, value }) => [name, value] as const)]];
}

/** One of the copies of declared headers, whether they stand apart or were joined by a comma. */
export function* singledHeaders(headers: Headers, declared: readonly string[]): Generator<Change> {
  for (const which of ['first', 'last'] as const) {
    const doubled = new Set<string>();
    const singled = declared.flatMap((name) => {
      const values = headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
      const copies = values.flatMap(halves);
      if (copies.length > 1) doubled.add(name);
      const value = which === 'first' ? copies[0] : copies.at(-1);
      return value === undefined ? [] : [[name, value] as const];
    });
    if (doubled.size === 0) return;
    const others = headers.filter(([one]) => !declared.includes(one.toLowerCase()));
    yield [`the ${which} copy of ${[...doubled].join(', ')}`, [...others, ...singled]];
  }
}

/** Values that something encoded, decoded, quoted or padded on the way. */
export function* respelledHeaders(headers: Headers, declared: readonly string[]): Generator<Change> {
  const respellings = [
    ['percent-encoding undone', (value: string) => percentDecoded(value)],
    ['spaces as +', (value: string) => value.replaceAll(/(?<=[A-Za-z0-9+/]) (?=[A-Za-z0-9+/])/g, '+')],
    ['without the quotes and spaces around it', (value: string) => value.replace(/^[\s"']+|[\s"']+$/g, '')],
    ['base64url as base64', (value: string) => padded(value.replaceAll('-', '+').replaceAll('_', '/'))],
  ] as const;
  for (const [how, respell] of respellings) {
    for (const name of declared) {
      const changed = headers.map(
        ([one, value]) => [one, one.toLowerCase() === name ? respell(value) : value] as const,
      );
      if (changed.some(([, value], index) => value !== headers[index]?.[1])) yield [`${name}, ${how}`, changed];
    }
  }
}

function coreOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^(?:http-|x-original-|x-forwarded-|original-)/, '')
    .replace(/^x-/, '');
}

/** Two copies that something joined: by a comma and a space, or as two halves of one length. */
function halves(value: string): readonly string[] {
  const commas = [...value.matchAll(/,\s*/g)];
  const middle = commas.length % 2 === 0 ? undefined : commas[commas.length >> 1];
  if (middle === undefined) return [value];
  const both = [value.slice(0, middle.index), value.slice(middle.index + middle[0].length)];
  return middle[0] !== ',' || both[0]?.length === both[1]?.length ? both : [value];
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // It holds a percent sign of its own.
  }
}

function padded(value: string): string {
  return /^[A-Za-z0-9+/]{22,}$/.test(value) ? value.padEnd(Math.ceil(value.length / 4) * 4, '=') : value;
}
