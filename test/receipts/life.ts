import type { Address } from './databases.ts';

/** The named points at which the process is killed. */
export const points = ['before the commit there', 'between the two commits'] as const;

/** One process: what it works on, and where it ends; `never` finishes everything. */
export interface Life {
  folder: string;
  foreign: Address;
  number: number;
  point: (typeof points)[number] | 'never';
  /** It dies when it passes the point for so many times. */
  after: number;
}

/** New notifications that each process publishes. */
export const perLife = 4;

/** Paidonce's own store, in the folder. */
export const storeFolder = 'store';
/** Lines that the processes append to files of the folder. */
export const killFile = 'kills.txt';
/** Runs that found a receipt. */
export const foundFile = 'found.txt';
export const effectFile = 'effects.txt';
