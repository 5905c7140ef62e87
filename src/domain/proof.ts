import { z } from 'zod';
import { fromIso, toIso } from './clock.ts';
import { leafHash, pathOf, rootAlong, rootOf } from './merkle.ts';
import { isSignedBy, type Seal, sealHash, sealStatement } from './seal.ts';

const textOrNull = z.string().nullable();

/**
 * An attempt as its leaf says it, in the order in which it is hashed. Everything in it comes from stored rows that never change
 * again. Digests are SHA-256 in hexadecimal; those of headers are over the pairs as JSON; the response's is over what is kept of it.
 */
const attemptFields = {
  attempt: z.string(),
  delivery: z.string(),
  number: z.int(),
  notification: z.string(),
  merchant: z.string(),
  order_no: z.string(),
  type: z.string(),
  sequence: z.int(),
  amount_minor: z.string(),
  currency: z.string(),
  target: z.string(),
  started_at: z.string(),
  duration_ms: z.int(),
  step: z.string(),
  status: z.int().nullable(),
  error: textOrNull,
  peer: textOrNull,
  certificate: textOrNull,
  secret: textOrNull,
  request_headers_sha256: textOrNull,
  request_body_sha256: textOrNull,
  response_headers_sha256: textOrNull,
  response_body_sha256: textOrNull,
  response_truncated: z.boolean().nullable(),
};
export const sealedAttempt = z.strictObject(attemptFields);
export type SealedAttempt = z.output<typeof sealedAttempt>;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.string().refine((text) => fromIso(text) !== null, 'must be an ISO 8601 time');

export const sealView = z.strictObject({
  number: z.int().min(1),
  previous: digest,
  root: digest,
  /** Leaves; none where all that was to be sealed was gone by then. */
  count: z.int().min(0),
  at: time,
  key: z.string(),
  signature: z.string(),
});

/** Attempts of one notification with the ways from each to a signature. It can be checked by whoever has the file alone. */
export const proof = z.strictObject({
  version: z.literal('paidonce-proof-v1'),
  notification: z.string(),
  attempts: z.array(
    z.strictObject({
      attempt: sealedAttempt,
      seal: z.int(),
      index: z.int(),
      path: z.array(digest).max(64),
    }),
  ),
  /** Attempts that no seal covers yet. */
  unsealed: z.array(z.string()),
  seals: z.array(sealView),
  /** For each seal, its way to the root over all seals of its day (UTC), which manifests publish. */
  days: z.array(
    z.strictObject({
      date: z.string(),
      count: z.int(),
      root: digest,
      paths: z.array(z.strictObject({ seal: z.int(), index: z.int(), path: z.array(digest).max(64) })),
    }),
  ),
  /** The newest seal when the proof was made. */
  head: sealView.nullable(),
});
export type Proof = z.output<typeof proof>;

/** The seals of one day as a manifest publishes them. */
export interface SealedDay {
  /** UTC, such as 2026-01-31. */
  date: string;
  count: number;
  /** Root over the hashes of the day's seals; null where there are none. */
  root: string | null;
  /** Number and hash of the last seal up to the end of the day; null where there is none. */
  head: { number: number; hash: string } | null;
}

/** The text that is hashed for an attempt: version 1, the fields in their order as a JSON list. */
export function leafText(attempt: SealedAttempt): string {
  const values: Readonly<Record<string, unknown>> = attempt;
  return JSON.stringify(['paidonce-attempt-v1', ...Object.keys(attemptFields).map((field) => values[field])]);
}

export function leafOf(attempt: SealedAttempt): Uint8Array {
  return leafHash(leafText(attempt));
}

export function viewOfSeal(seal: Seal): z.output<typeof sealView> {
  return { ...seal, at: toIso(seal.at) };
}

function sealOfView(view: z.output<typeof sealView>): Seal {
  return { ...view, at: fromIso(view.at) ?? 0 };
}

/** The day of a moment, in UTC. */
export function dayOf(at: number): string {
  return toIso(at).slice(0, 10);
}

export function sealedDay(date: string, seals: readonly Seal[], last: Seal | null): SealedDay {
  const head = seals.at(-1) ?? last;
  return {
    date,
    count: seals.length,
    root: seals.length === 0 ? null : hex(rootOf(seals.map(sealLeaf))),
    head: head === null ? null : { number: head.number, hash: sealHash(head) },
  };
}

/** Ways of seals to the root of their day; `seals`: all of that day, in order. */
export function dayPaths(date: string, seals: readonly Seal[], numbers: readonly number[]): Proof['days'][number] {
  const leaves = seals.map(sealLeaf);
  const paths = numbers.map((seal) => {
    const index = seals.findIndex(({ number }) => number === seal);
    return { seal, index, path: pathOf(leaves, index).map(hex) };
  });
  return { date, count: seals.length, root: hex(rootOf(leaves)), paths };
}

function sealLeaf(seal: Seal): Uint8Array {
  return leafHash(sealStatement(seal));
}

/** What is wrong with a proof, one sentence each; none = every sealed attempt in it is as it was when it was sealed. */
export function problemsOf(given: Proof, trust: { keys?: readonly string[]; day?: SealedDay } = {}): readonly string[] {
  const seals = new Map(given.seals.map((view) => [view.number, sealOfView(view)]));
  const head = given.head === null ? [] : [sealOfView(given.head)];
  return [
    ...[...seals.values(), ...head].flatMap((seal) => problemsOfSeal(seal, trust.keys)),
    ...given.attempts.flatMap((one) => problemsOfAttempt(one, seals.get(one.seal), given.notification)),
    ...given.days.flatMap((day) => problemsOfDay(day, seals)),
    ...(trust.day === undefined ? [] : problemsWithPublished(given, trust.day, seals)),
  ];
}

function problemsOfSeal(seal: Seal, keys: readonly string[] | undefined): string[] {
  if (!isSignedBy(sealStatement(seal), seal)) return [`the signature of seal ${seal.number} is wrong`];
  if (keys === undefined || keys.includes(seal.key)) return [];
  return [`seal ${seal.number} is signed by ${seal.key}, which is not a key that you trust`];
}

function problemsOfAttempt(
  { attempt, index, path, seal: number }: Proof['attempts'][number],
  seal: Seal | undefined,
  notification: string,
): string[] {
  const name = `attempt ${attempt.attempt}`;
  if (attempt.notification !== notification) return [`${name} is of notification ${attempt.notification}`];
  if (seal === undefined) return [`${name} names seal ${number}, which is not in the proof`];
  const root = rootAlong(leafOf(attempt), { index, count: seal.count, path: path.map(unhex) });
  return root !== null && hex(root) === seal.root ? [] : [`${name} is not what seal ${number} was made over`];
}

function problemsOfDay(
  { date, count, root, paths }: Proof['days'][number],
  seals: ReadonlyMap<number, Seal>,
): string[] {
  return paths.flatMap(({ seal: number, index, path }) => {
    const seal = seals.get(number);
    if (seal === undefined) return [`${date} names seal ${number}, which is not in the proof`];
    if (dayOf(seal.at) !== date) return [`seal ${number} is not of ${date}`];
    const reached = rootAlong(sealLeaf(seal), { index, count, path: path.map(unhex) });
    return reached !== null && hex(reached) === root ? [] : [`seal ${number} is not among those of ${date}`];
  });
}

/** A head that was published binds: what came before it can be neither changed nor taken away. */
function problemsWithPublished(given: Proof, published: SealedDay, seals: ReadonlyMap<number, Seal>): string[] {
  const { date, head, root, count } = published;
  const newest = given.head?.number ?? 0;
  if (head !== null && newest < head.number)
    return [
      `the newest seal of the proof is ${newest}, but the manifest of ${date} has published ${head.number}: export the proof again; if it stays so, seals were removed`,
    ];
  const atHead = [...seals.values(), ...(given.head === null ? [] : [sealOfView(given.head)])].find(
    ({ number }) => number === head?.number,
  );
  if (atHead !== undefined && head !== null && sealHash(atHead) !== head.hash)
    return [`seal ${head.number} is not the one that the manifest of ${date} has published`];
  const day = given.days.find((one) => one.date === date);
  const isOfDay = [...seals.values()].some(({ at }) => dayOf(at) === date);
  if (day === undefined) return isOfDay ? [`the proof does not lead to the manifest of ${date}`] : [];
  return day.root === root && day.count === count
    ? []
    : [`the seals of ${date} are not those that the manifest has published`];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function unhex(text: string): Uint8Array {
  return Buffer.from(text, 'hex');
}
