import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { Reconciliation } from '../domain/reconciliation.ts';
import type { Store } from '../stores/store.ts';

/**
 * A file in pieces of the size in which the store keeps it.
 *
 * @throws AppError `request.too_large`; what reading it throws.
 */
export async function* inPieces(
  file: AsyncIterable<Uint8Array>,
  { pieceBytes = limits.reconciledChunkBytes, bytesMax = limits.reconciledBytesMax } = {},
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let bytes = 0;
  for await (let part of file) {
    bytes += part.length;
    if (bytes > bytesMax) throw new AppError('request.too_large', `the statement is larger than ${bytesMax} bytes`);
    while (heldBytes + part.length >= pieceBytes) {
      const fitting = pieceBytes - heldBytes;
      yield Buffer.concat([...held, part.subarray(0, fitting)]);
      part = part.subarray(fitting);
      [held, heldBytes] = [[], 0];
    }
    if (part.length === 0) continue;
    held.push(part);
    heldBytes += part.length;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

/** An uploaded file as it was. */
export async function* keptFile(store: Pick<Store, 'read'>, { id }: Pick<Reconciliation, 'id'>) {
  for (let number = 0; ; number += 1) {
    const bytes = await store.read('statementChunk', { id, number });
    if (bytes === null) return;
    yield bytes;
  }
}
