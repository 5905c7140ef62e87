import { TextDecoder } from 'node:util';
import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';

/** Bytes decoded at once: a file that comes as one large piece must not become one large text. */
const decodedAtOnce = 65_536;

/** What is wrong with a bill, and where: to be thrown. */
export function malformed(line: number, why: string): AppError {
  return new AppError('statement.malformed', `line ${line}: ${why}`);
}

/**
 * The lines of a text file, without their ends, in batches as they come.
 *
 * @throws AppError `statement.malformed` for bytes that are not in the charset, a NUL, a line or a file that is too long.
 */
export async function* linesIn(
  file: AsyncIterable<Uint8Array>,
  charset: 'utf-8' | 'gbk',
): AsyncGenerator<readonly string[]> {
  const splitter = new LineSplitter(charset);
  for await (const bytes of file) yield* splitter.push(bytes);
  yield splitter.end();
}

/** Cuts one file into lines; {@link linesIn} where the bytes come by themselves. */
export class LineSplitter {
  readonly #decoder: TextDecoder;
  readonly #charset: string;
  #rest = '';
  #lines = 0;
  #bytes = 0;

  /** The charset is one that `TextDecoder` knows. */
  constructor(charset: 'utf-8' | 'gbk') {
    this.#decoder = new TextDecoder(charset, { fatal: true });
    this.#charset = charset;
  }

  *push(bytes: Uint8Array): Generator<readonly string[]> {
    this.#bytes += bytes.length;
    if (this.#bytes > limits.statementBytesMax)
      throw malformed(this.#lines, `the file is longer than ${limits.statementBytesMax} bytes`);
    for (let start = 0; start < bytes.length; start += decodedAtOnce)
      yield this.#cut(this.#decode(bytes.subarray(start, start + decodedAtOnce)));
  }

  /** The last line, where it has no end of its own. */
  end(): readonly string[] {
    const lines = this.#cut(this.#decode());
    const last = this.#rest;
    this.#rest = '';
    return last === '' ? lines : [...lines, last];
  }

  #decode(bytes?: Uint8Array): string {
    try {
      return bytes === undefined ? this.#decoder.decode() : this.#decoder.decode(bytes, { stream: true });
    } catch {
      // Damaged bytes are an expected input, and the decoder says only that they are.
      throw malformed(this.#lines + 1, `what follows is not in ${this.#charset}`);
    }
  }

  #cut(more: string): string[] {
    const text = this.#rest + more;
    const lines: string[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      if (end - start > limits.statementLineCharactersMax) throw this.#tooLong(lines.length);
      lines.push(text.slice(start, text.charCodeAt(end - 1) === carriageReturn && end > start ? end - 1 : end));
      start = end + 1;
    }
    if (text.length - start > limits.statementLineCharactersMax) throw this.#tooLong(lines.length);
    if (text.includes('\0')) {
      const before = lines.findIndex((line) => line.includes('\0'));
      throw malformed(this.#lines + 1 + (before === -1 ? lines.length : before), 'it holds a NUL');
    }
    this.#rest = text.slice(start);
    this.#lines += lines.length;
    return lines;
  }

  #tooLong(linesBefore: number): AppError {
    const line = this.#lines + 1 + linesBefore;
    return malformed(line, `it is longer than ${limits.statementLineCharactersMax} characters`);
  }
}

const carriageReturn = 13;
