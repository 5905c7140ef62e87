import { Unzip, UnzipInflate } from 'fflate';
import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { malformed } from './lines.ts';

/** Packed bytes unpacked at once: the most that they can become stays small. */
const unpackedAtOnce = 8192;
const freelyInflated = 1_048_576;

/** A piece of one file of a zip. */
export interface Piece {
  /** Which file of the zip, from 0. */
  file: number;
  bytes: Uint8Array;
}

/**
 * The files of a zip, one after the other, in pieces as they come.
 *
 * @throws AppError `statement.malformed` for what is no zip, ends early, or unpacks to more than the limits.
 */
export async function* unzip(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const zip = new Unpacker();
  for await (const bytes of packed) {
    for (let start = 0; start < bytes.length; start += unpackedAtOnce)
      yield* zip.push(bytes.subarray(start, start + unpackedAtOnce));
  }
  yield* zip.end();
}

class Unpacker {
  #pieces: Piece[] = [];
  #files = 0;
  #open = 0;
  #packedBytes = 0;
  #bytes = 0;
  readonly #unzip = new Unzip((file) => {
    const index = this.#files;
    this.#files += 1;
    this.#open += 1;
    file.ondata = (error, bytes, isLast) => {
      if (error !== null) throw error;
      this.#bytes += bytes.length;
      this.#pieces.push({ file: index, bytes });
      if (isLast) this.#open -= 1;
    };
    file.start();
  });

  constructor() {
    this.#unzip.register(UnzipInflate);
  }

  push(packed: Uint8Array): readonly Piece[] {
    this.#packedBytes += packed.length;
    return this.#unpack(packed, false);
  }

  end(): readonly Piece[] {
    const pieces = this.#unpack(new Uint8Array(), true);
    if (this.#files === 0) throw malformed(1, 'the file is not a zip');
    if (this.#open > 0) throw malformed(1, 'the zip ends early');
    return pieces;
  }

  #unpack(packed: Uint8Array, isLast: boolean): readonly Piece[] {
    this.#pieces = [];
    try {
      this.#unzip.push(packed, isLast);
    } catch (error) {
      // The library's own errors say in words what is wrong with the zip.
      throw error instanceof AppError ? error : malformed(1, `the zip cannot be unpacked: ${String(error)}`);
    }
    const allowed = Math.min(
      limits.statementBytesMax,
      freelyInflated + this.#packedBytes * limits.statementInflationMax,
    );
    if (this.#bytes > allowed) throw malformed(1, `the zip unpacks to more than ${allowed} bytes`);
    return this.#pieces;
  }
}
