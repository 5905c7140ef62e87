import { doneWithBytes } from '../domain/done-with-bytes.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { Reconciliation } from '../domain/reconciliation.ts';
import type { Store } from '../stores/store.ts';

/**
 * A file in pieces of the size in which the store keeps it. A piece holds until the next is asked for: all are read into the same
 * memory, because a megabyte that nothing names any more is given back late.
 *
 * @throws AppError `request.too_large`; what reading it throws.
 */
export async function* inPieces(
  file: AsyncIterable<Uint8Array>,
  { pieceBytes = limits.reconciledChunkBytes, bytesMax = limits.reconciledBytesMax } = {},
): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(pieceBytes);
  let held = 0;
  let bytes = 0;
  for await (let part of file) {
    bytes += part.length;
    if (bytes > bytesMax) throw new AppError('request.too_large', `the statement is larger than ${bytesMax} bytes`);
    while (part.length > 0) {
      const fitting = part.subarray(0, pieceBytes - held);
      piece.set(fitting, held);
      held += fitting.length;
      part = part.subarray(fitting.length);
      if (held < pieceBytes) continue;
      yield piece;
      held = 0;
      doneWithBytes(pieceBytes);
    }
  }
  if (held > 0) yield piece.subarray(0, held);
}

/** An uploaded file as it was. */
export async function* keptFile(store: Pick<Store, 'read'>, { id }: Pick<Reconciliation, 'id'>) {
  for (let number = 0; ; number += 1) {
    const bytes = await store.read('statementChunk', { id, number });
    if (bytes === null) return;
    yield bytes;
  }
}
