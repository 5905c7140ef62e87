import { createHash } from 'node:crypto';

/** What a seed decides, the same at every run. */
export interface Chance {
  /** From 0 up to 1. */
  share(): number;
  /** From `least` up to `most`, both included. */
  whole(least: number, most: number): number;
  happens(probability: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
  bytes(count: number): Uint8Array;
}

/** Mulberry32, begun from a hash, so that neighbouring seeds are no neighbours. */
export function chanceOf(seed: string): Chance {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  const share = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const whole = (least: number, most: number) => least + Math.floor(share() * (most - least + 1));
  return {
    share,
    whole,
    happens: (probability) => share() < probability,
    pick: (from) => from[whole(0, from.length - 1)] ?? from[0],
    bytes: (count) => Uint8Array.from({ length: count }, () => whole(0, 255)),
  };
}
