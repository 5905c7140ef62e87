import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafHash, pathOf, rootAlong, rootOf } from '../../src/domain/merkle.ts';

const leavesOf = (count: number) => Array.from({ length: count }, (_, index) => leafHash(`leaf ${index}`));
const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('hex'));

describe('a hash tree', () => {
  it('is that of RFC 6962: leaves and nodes are hashed apart, and the left side is the largest power of two', () => {
    const sha = (...parts: (string | Uint8Array)[]) => {
      const hash = createHash('sha256');
      for (const part of parts) hash.update(part);
      return hash.digest();
    };
    const [a, b, c] = ['a', 'b', 'c'].map((text) => sha(Uint8Array.of(0), text));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three leaves');
    const left = sha(Uint8Array.of(1), a, b);
    expect(hex(rootOf(['a', 'b', 'c'].map(leafHash)))).toBe(hex(sha(Uint8Array.of(1), left, c)));
    expect(hex(rootOf([]))).toBe(hex(sha()));
  });

  it('is reached from each of its leaves, whatever its size, by a path no longer than its height', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (count, place) => {
        const leaves = leavesOf(count);
        const index = place % count;
        const path = pathOf(leaves, index);
        expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) || 0);
        const leaf = leaves[index] ?? new Uint8Array();
        expect(hex(rootAlong(leaf, { index, count, path }))).toBe(hex(rootOf(leaves)));
      }),
    );
  });

  it('is not reached by another leaf, from another place, in another size, or along a changed path', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), fc.nat(), fc.nat(), (count, place, other) => {
        const leaves = leavesOf(count);
        const index = place % count;
        const path = pathOf(leaves, index);
        const leaf = leaves[index] ?? new Uint8Array();
        const root = hex(rootOf(leaves));
        const elsewhere = (index + 1 + (other % (count - 1))) % count;
        expect(hex(rootAlong(leafHash('another'), { index, count, path }))).not.toBe(root);
        expect(hex(rootAlong(leaf, { index: elsewhere, count, path }))).not.toBe(root);
        expect(hex(rootAlong(leaf, { index, count, path: path.slice(1) }))).not.toBe(root);
        expect(hex(rootAlong(leaf, { index, count, path: [...path, leaf] }))).not.toBe(root);
        const changed = path.map((hash, at) => (at === other % path.length ? leafHash(hash) : hash));
        expect(hex(rootAlong(leaf, { index, count, path: changed }))).not.toBe(root);
      }),
    );
    const leaf = leafHash('a');
    for (const count of [0, -1, 1.5, Number.NaN]) expect(rootAlong(leaf, { index: 0, count, path: [] })).toBeNull();
  });
});
