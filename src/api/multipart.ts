import { AppError } from '../domain/errors.ts';

/** What fields before a file may come to together. */
const fieldsBytesMax = 16_384;

/** Whether a request is a form with files; its boundary then. */
export function multipartBoundary(headers: Headers): string | null {
  const [essence = '', ...parameters] = (headers.get('content-type') ?? '').split(';').map((part) => part.trim());
  if (essence.toLowerCase() !== 'multipart/form-data') return null;
  const boundary = parameters.find((parameter) => /^boundary=/i.test(parameter))?.slice('boundary='.length);
  return boundary?.replace(/^"(.*)"$/, '$1') ?? '';
}

/**
 * A form (RFC 7578) as an object: its fields as texts, and under its name the file that ends it, as it streams in. Nothing of the
 * file is held, so no field may follow it.
 *
 * @throws AppError `request.malformed`, `request.incomplete`; from the file's stream too.
 */
export async function readMultipart(request: Request, boundary: string): Promise<Record<string, unknown>> {
  if (boundary === '' || boundary.length > 70) throw malformed('the content type names no boundary');
  const reader = new PartReader(request.body ?? [], Buffer.from(`\r\n--${boundary}`));
  const form: Record<string, unknown> = {};
  let bytes = 0;
  for (;;) {
    const headers = await reader.nextPart();
    if (headers === null) return form;
    const disposition = /^content-disposition: *form-data *;(.*)$/im.exec(headers)?.[1] ?? '';
    const name = /(?:^|;) *name="([^"]{1,100})"/i.exec(disposition)?.[1];
    if (name === undefined) throw malformed('a part of the form has no name');
    if (Object.hasOwn(form, name)) throw malformed(`the form has ${name} twice`);
    if (/(?:^|;) *filename\*?=/i.test(disposition)) return { ...form, [name]: lastPart(reader) };
    const parts: Uint8Array[] = [];
    for await (const part of reader.content()) {
      bytes += part.length;
      if (bytes > fieldsBytesMax) throw malformed(`the fields of the form are larger than ${fieldsBytesMax} bytes`);
      parts.push(part);
    }
    form[name] = Buffer.concat(parts).toString('utf8');
  }
}

async function* lastPart(reader: PartReader): AsyncGenerator<Uint8Array> {
  yield* reader.content();
  if ((await reader.nextPart()) !== null) throw malformed('something follows the file: put the fields before it');
}

/** Reads the parts one after the other, holding little more than a boundary. */
class PartReader {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #mark: Buffer;
  /** The first boundary has no line break before it. */
  #held: Buffer = Buffer.from('\r\n');
  #isOver = false;

  constructor(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, mark: Buffer) {
    this.#chunks = Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
    this.#mark = mark;
  }

  /** The headers of the next part; null: there is none. The content of the one before has to be read. */
  async nextPart(): Promise<string | null> {
    for await (const _rest of this.content()) if (_rest.length > 0) throw malformed('something stands before the form');
    await this.#fill(2);
    if (this.#held.subarray(0, 2).equals(Buffer.from('--'))) return null;
    for (;;) {
      const end = this.#held.indexOf('\r\n\r\n');
      if (end !== -1) {
        const headers = this.#held.subarray(0, end).toString('utf8').trim();
        // An empty content ends with the line break that the headers end with.
        this.#held = this.#held.subarray(end + 4);
        this.#isOver = false;
        return headers;
      }
      if (this.#held.length > fieldsBytesMax) throw malformed('the headers of a part have no end');
      await this.#fill(this.#held.length + 1);
    }
  }

  /** What stands before the next boundary. */
  async *content(): AsyncGenerator<Uint8Array> {
    while (!this.#isOver) {
      const end = this.#held.indexOf(this.#mark);
      const safe = end === -1 ? this.#held.length - this.#mark.length : end;
      if (safe > 0) {
        yield this.#held.subarray(0, safe);
        this.#held = this.#held.subarray(safe);
      }
      if (end === -1) await this.#fill(this.#held.length + 1);
      else {
        this.#held = this.#held.subarray(this.#mark.length);
        this.#isOver = true;
      }
    }
  }

  async #fill(bytes: number): Promise<void> {
    while (this.#held.length < bytes) {
      const { done, value } = await Promise.resolve(this.#chunks.next()).catch((error: unknown) => {
        throw new AppError('request.incomplete', 'the form ended before its end', { cause: error });
      });
      if (done === true || value === undefined)
        throw new AppError('request.incomplete', 'the form ended before its last boundary');
      this.#held = Buffer.concat([this.#held, value]);
    }
  }
}

function malformed(detail: string): AppError {
  return new AppError('request.malformed', detail);
}
