import { createHash, hash } from 'node:crypto';

// Hash trees as in RFC 6962 §2.1 (read 2026-11): SHA-256, leaves and nodes told apart by their first byte, so that no node can be
// shown as a leaf.

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

export function leafHash(content: string | Uint8Array): Uint8Array {
  return createHash('sha256').update(leafPrefix).update(content).digest();
}

/** The root over the hashes of leaves; of none, the hash of nothing. */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return hash('sha256', '', 'buffer');
  if (leaves.length === 1) return only;
  const split = splitOf(leaves.length);
  return nodeHash(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

/** What leads from one leaf to the root, the nearest first. */
export function pathOf(leaves: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  if (index < 0 || index >= leaves.length) throw new RangeError(`there is no leaf ${index} of ${leaves.length}`);
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split ? [...pathOf(left, index), rootOf(right)] : [...pathOf(right, index - split), rootOf(left)];
}

/** The root that a leaf and its path lead to; null where the path is not one of that place in a tree of `count` leaves. */
export function rootAlong(
  leaf: Uint8Array,
  { index, count, path }: { index: number; count: number; path: readonly Uint8Array[] },
): Uint8Array | null {
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(index) || index < 0 || index >= count) return null;
  if (count === 1) return path.length === 0 ? leaf : null;
  const sibling = path.at(-1);
  if (sibling === undefined) return null;
  const split = splitOf(count);
  const inner = path.slice(0, -1);
  if (index < split) {
    const left = rootAlong(leaf, { index, count: split, path: inner });
    return left === null ? null : nodeHash(left, sibling);
  }
  const right = rootAlong(leaf, { index: index - split, count: count - split, path: inner });
  return right === null ? null : nodeHash(sibling, right);
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

/** The largest power of two below `count`. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}
