import { type Clock, fromIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { MerchantId, NotificationId } from '../domain/ids.ts';
import { type Manifest, ManifestSums, rangeOfDay, signManifest } from '../domain/manifest.ts';
import { pathOf } from '../domain/merkle.ts';
import { dayOf, dayPaths, leafOf, type Proof, type SealedAttempt, sealedDay, viewOfSeal } from '../domain/proof.ts';
import type { Seal, SealKey } from '../domain/seal.ts';
import type { Store } from '../stores/store.ts';

/** What was delivered, in a form that can be checked without us. */
export interface Proofs {
  /** Public key that seals are signed with now, 32 bytes of Ed25519 in base64. */
  readonly key: string;
  /** @throws AppError `notification.unknown`. */
  proofOf(notification: NotificationId): Promise<Proof>;
  /** `date`: a day in UTC, such as 2026-01-31. @throws AppError `request.invalid` for what is no date, or not begun yet. */
  manifestOf(merchant: MerchantId, date: string): Promise<Manifest>;
}

export interface ProofDependencies {
  store: Pick<Store, 'read'>;
  clock: Pick<Clock, 'now'>;
  sealKey: SealKey;
}

const leafBytes = 32;
const sealsMost = 1000;
const hourMs = 3_600_000;
/** Clocks of nodes may differ a little: a seal may say that it is older than what it covers. */
const clocksDifferMs = 60_000;
/** What a transaction of the day's last second still commits. */
const lateMs = 60_000;

export function createProofs({ store, clock, sealKey }: ProofDependencies): Proofs {
  return {
    key: sealKey.publicKey,
    async proofOf(notification) {
      const attempts = await store.read('sealedAttempts', notification);
      if (attempts.length === 0 && (await store.read('notification', notification)) === null)
        throw new AppError('notification.unknown', `there is no notification ${notification}`);
      const placed = await Promise.all(attempts.map((attempt) => placeOf(store, attempt)));
      const seals = new Map(placed.flatMap((place) => (place === null ? [] : [[place.seal.number, place.seal]])));
      const head = await store.read('newestSeal', { before: null });
      return {
        version: 'paidonce-proof-v1',
        notification,
        attempts: placed.flatMap((place) => (place === null ? [] : [{ ...place, seal: place.seal.number }])),
        unsealed: attempts.filter((_, index) => placed[index] === null).map(({ attempt }) => attempt),
        seals: [...seals.values()].map(viewOfSeal),
        days: await daysOf(store, [...seals.values()]),
        head: head === null ? null : viewOfSeal(head),
      };
    },
    async manifestOf(merchant, date) {
      const range = rangeOfDay(date);
      const now = clock.now();
      if (range === null || range.from > now)
        throw new AppError('request.invalid', 'the date is not a day of the past, or today, such as 2026-01-31');
      const figures = await countDay(store, merchant, range);
      const seals = await sealsOfDay(store, range);
      const before = await store.read('newestSeal', { before: range.from });
      const complete = now >= range.to + lateMs;
      return signManifest({ merchant, date, complete }, figures, sealedDay(date, seals, before), sealKey);
    },
  };
}

/** Null: no seal covers it, as it is now. */
async function placeOf(store: ProofDependencies['store'], attempt: SealedAttempt) {
  const leaf = leafOf(attempt);
  const from = (fromIso(attempt.started_at) ?? 0) + attempt.duration_ms - clocksDifferMs;
  const found = await store.read('sealHolding', { leaf, from });
  if (found === null) return null;
  const leaves = leavesIn(found.leaves);
  const index = leaves.findIndex((one) => Buffer.compare(one, leaf) === 0);
  // It was found across the border of two leaves, which by chance alone does not happen.
  if (index === -1) return null;
  return {
    attempt,
    seal: found.seal,
    index,
    path: pathOf(leaves, index).map((hash) => Buffer.from(hash).toString('hex')),
  };
}

function leavesIn(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / leafBytes }, (_, index) =>
    bytes.subarray(index * leafBytes, (index + 1) * leafBytes),
  );
}

async function daysOf(store: ProofDependencies['store'], seals: readonly Seal[]): Promise<Proof['days']> {
  const days: Proof['days'] = [];
  for (const [date, ofDay] of Map.groupBy(seals, ({ at }) => dayOf(at))) {
    const range = rangeOfDay(date);
    if (range === null) continue;
    const numbers = ofDay.map(({ number }) => number);
    days.push(dayPaths(date, await sealsOfDay(store, range), numbers));
  }
  return days;
}

async function sealsOfDay(store: ProofDependencies['store'], range: { from: number; to: number }): Promise<Seal[]> {
  const seals: Seal[] = [];
  for (;;) {
    const page = await store.read('seals', { ...range, after: seals.at(-1)?.number ?? 0, most: sealsMost });
    seals.push(...page);
    if (page.length < sealsMost) return seals;
  }
}

/** Read by the hour, so that no read takes long; summed in the order of the list, the newest first. */
async function countDay(store: ProofDependencies['store'], merchant: MerchantId, range: { from: number; to: number }) {
  const lines = [];
  for (let from = range.from; from < range.to; from += hourMs)
    lines.push(...(await store.read('manifestLines', { merchant, from, to: from + hourMs })));
  const sums = new ManifestSums();
  for (const line of lines.sort((one, other) => other.seq - one.seq)) sums.add(line);
  return sums.end();
}
