import { z } from 'zod';
import { addressedTo, type PastedRequest, unreadable } from './request.ts';

const pair = z.object({ name: z.string(), value: z.string() });
/** HTTP Archive 1.2: of a request only what was sent. `encoding` is how browsers mark a body that is no text. */
const harRequest = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.array(pair),
  postData: z
    .object({ text: z.string().optional(), encoding: z.string().optional(), params: z.array(pair).optional() })
    .optional(),
});
const harEntry = z.object({ request: harRequest });
const har = z.object({ log: z.object({ entries: z.array(z.unknown()) }) });
type HarRequest = z.output<typeof harRequest>;

export function isHar(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4096)).toString('utf8').replace('\ufeff', '').trimStart().startsWith('{');
}

/**
 * A request of a HAR, or of one entry that was copied out of it.
 *
 * @param entry which one, from 1; default: the only one that has a body.
 * @throws AppError `request.unreadable`
 */
export function readHar(bytes: Uint8Array, entry: number | undefined): PastedRequest {
  const { method, url, headers, postData } = chosen(jsonOf(bytes), entry);
  const sent = headers.filter(({ name }) => !name.startsWith(':')).map(({ name, value }) => [name, value] as const);
  return { method: method.toUpperCase(), ...addressedTo(url, sent), body: bodyOf(postData) };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    );
  } catch {
    // The parser's message would quote what may be a secret.
    throw unreadable('it looks like a HAR, and is not JSON');
  }
}

function chosen(json: unknown, entry: number | undefined): HarRequest {
  const file = har.safeParse(json);
  if (!file.success) return requestOf(json);
  const { entries } = file.data.log;
  if (entry !== undefined) {
    if (entries[entry - 1] === undefined)
      throw unreadable(`the HAR has ${entries.length} entries, so there is none of number ${entry}`);
    return requestOf(entries[entry - 1]);
  }
  const withBody = entries.flatMap((one, index) => {
    const parsed = harEntry.safeParse(one);
    return parsed.success && parsed.data.request.postData !== undefined ? [{ number: index + 1, ...parsed.data }] : [];
  });
  const [only] = withBody;
  if (only === undefined) throw unreadable('no entry of the HAR has a request with a body');
  if (withBody.length === 1) return only.request;
  const numbers = withBody.map(({ number }) => number).join(', ');
  throw unreadable(`several entries of the HAR have a body (${numbers.slice(0, 200)}); say which with --entry`);
}

function requestOf(json: unknown): HarRequest {
  const parsed = z.union([harEntry.transform(({ request }) => request), harRequest]).safeParse(json);
  if (!parsed.success) throw unreadable('it is JSON, and neither a HAR nor an entry of one');
  return parsed.data;
}

function bodyOf(postData: HarRequest['postData']): Uint8Array {
  if (postData === undefined) return new Uint8Array(0);
  const { text, encoding, params = [] } = postData;
  if (text !== undefined) return Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8');
  const form = new URLSearchParams();
  for (const { name, value } of params) form.append(name, value);
  return Buffer.from(form.toString());
}
