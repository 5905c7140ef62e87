import { createHash } from 'node:crypto';
import type { Random } from '../domain/ids.ts';

/** Chance that can be had again: every answer depends on the seed and on the label asked for, never on what was asked before. */
export interface Seeded {
  /** From 0 (included) to 1 (excluded). */
  share(label: string): number;
  hex(label: string, characters: number): string;
  digits(label: string, count: number): string;
  /** The same items in another order. */
  shuffle<T>(label: string, items: readonly T[]): readonly T[];
  /** A source of bytes that goes on from call to call. */
  random(label: string): Random;
}

export function seeded(seed: string): Seeded {
  const block = (label: string, index: number) =>
    createHash('sha256')
      .update(JSON.stringify([seed, label, index]))
      .digest();
  const bytes = (label: string, count: number): Uint8Array => {
    const blocks = Array.from({ length: Math.ceil(count / 32) }, (_, index) => block(label, index));
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, count));
  };
  const share = (label: string) => block(label, 0).readUIntBE(0, 6) / 2 ** 48;
  return {
    share,
    hex: (label, characters) =>
      Buffer.from(bytes(label, Math.ceil(characters / 2)))
        .toString('hex')
        .slice(0, characters),
    digits: (label, count) => Array.from(bytes(label, count), (byte) => byte % 10).join(''),
    shuffle: (label, items) =>
      items
        .map((item, index) => ({ item, at: share(`${label}:${index}`) }))
        .sort((one, other) => one.at - other.at)
        .map(({ item }) => item),
    random: (label) => {
      let calls = 0;
      return (count) => {
        calls += 1;
        return bytes(`${label}:${calls}`, count);
      };
    },
  };
}
