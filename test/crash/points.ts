/** The named points at which the process is killed. */
export const points = [
  'before commit',
  'commit→answer',
  'claim→POST',
  'POST→record',
  'handler writes→commit',
  'effect→mark',
] as const;
export type Point = (typeof points)[number];

/** Where this life of the child ends: when it passes `point` for the `after`th time. `point` null: only from outside. */
export interface Arm {
  point: Point | null;
  after: number;
}

/** What a child is told when its turn has come. */
export interface Go {
  folder: string;
  /** URL of the PostgreSQL that keeps everything; null: SQLite in the folder. */
  database: string | null;
  /** The sink, to which every notification is sent. */
  sinkUrl: string;
  arm: Arm;
}

/** What a child says. */
export type ChildMessage = { is: 'loaded' } | { is: 'listening'; port: number } | { is: 'failed'; error: string };

/** What a child is told after `Go`: to stop when nothing is under way any more. */
export type ParentMessage = Go | 'drain';

export const merchant = 'crash-shop';
export const handlerName = 'book';
export const effectName = 'coupon';
export const accountName = 'wx';
export const apiKey = 'ak_crash';
export const apiSecret = '5f0e1c7a9b3d48626f1a0c9e8d7b6a54';
export const standardSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** The account is made by the first child; its id is in this file of the folder. */
export const accountFile = 'account.txt';
/** One line per run of the effect: its key and its notification. Appended without looking what is there. */
export const effectFile = 'effects.txt';
/** One line per kill, written before it: the point. */
export const killFile = 'kills.txt';
