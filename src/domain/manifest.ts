import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fromIso, type Instant } from './clock.ts';
import type { Notification } from './notification.ts';
import type { SealedDay } from './proof.ts';
import { isSignedBy, type SealKey } from './seal.ts';

/** What a manifest says of each notification. */
export type ManifestLine = Pick<Notification, 'sequence' | 'id' | 'type' | 'orderNo' | 'amountMinor' | 'currency'>;

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** All notifications of a merchant and a day, in figures that the merchant can compute from the list. */
export const manifest = z.strictObject({
  version: z.literal('paidonce-manifest-v1'),
  merchant: z.string(),
  /** UTC. */
  date: z.string(),
  /** The day is over: nothing is added any more. */
  complete: z.boolean(),
  count: z.int().min(0),
  /** By type, then by currency. */
  sums: z.array(
    z.strictObject({ type: z.string(), currency: z.string(), count: z.int(), amount_minor: z.string().regex(/^\d+$/) }),
  ),
  /** SHA-256 over a line for each notification, in the order of the list. */
  digest,
  /** The seals of the day, of all merchants. */
  seals: z.strictObject({
    date: z.string(),
    count: z.int().min(0),
    root: digest.nullable(),
    head: z.strictObject({ number: z.int(), hash: digest }).nullable(),
  }),
  /** Public key that signed, 32 bytes of Ed25519 in base64. */
  key: z.string(),
  signature: z.string(),
});
export type Manifest = z.output<typeof manifest>;
type Figures = Pick<Manifest, 'count' | 'sums' | 'digest'>;

const dayMs = 86_400_000;

/** The day from its first to the first moment after it; null for what is no date. */
export function rangeOfDay(date: string): { from: Instant; to: Instant } | null {
  const from = /^\d{4}-\d{2}-\d{2}$/.test(date) ? fromIso(`${date}T00:00:00Z`) : null;
  return from === null ? null : { from, to: from + dayMs };
}

/** Adds up notifications as they are listed, the newest first. */
export class ManifestSums {
  readonly #hash = createHash('sha256');
  readonly #sums = new Map<string, { type: string; currency: string; count: number; amountMinor: bigint }>();
  #count = 0;

  add({ sequence, id, type, orderNo, amountMinor, currency }: ManifestLine): void {
    this.#hash.update(`${JSON.stringify([sequence, id, type, orderNo, String(amountMinor), currency])}\n`);
    this.#count += 1;
    const key = `${type} ${currency}`;
    const sum = this.#sums.get(key) ?? { type, currency, count: 0, amountMinor: 0n };
    sum.count += 1;
    sum.amountMinor += amountMinor;
    this.#sums.set(key, sum);
  }

  /** Once, after the last. */
  end(): Figures {
    const sorted = [...this.#sums].sort(([one], [other]) => (one < other ? -1 : 1));
    const sums = sorted.map(([, { amountMinor, ...sum }]) => ({ ...sum, amount_minor: String(amountMinor) }));
    return { count: this.#count, sums, digest: this.#hash.digest('hex') };
  }
}

export function signManifest(
  of: Pick<Manifest, 'merchant' | 'date' | 'complete'>,
  figures: Figures,
  seals: SealedDay,
  key: SealKey,
): Manifest {
  const unsigned = { version: 'paidonce-manifest-v1', ...of, ...figures, seals } as const;
  return { ...unsigned, key: key.publicKey, signature: key.sign(statementOf(unsigned)) };
}

export function isManifestSigned(given: Manifest): boolean {
  return isSignedBy(statementOf(given), given);
}

/** What is signed: a JSON list with everything in a fixed order. */
function statementOf(given: Omit<Manifest, 'key' | 'signature'>): string {
  const { version, merchant, date, complete, count, sums, digest: lines, seals } = given;
  const sumsInOrder = sums.map((sum) => [sum.type, sum.currency, sum.count, sum.amount_minor]);
  const sealsInOrder = [seals.date, seals.count, seals.root, seals.head?.number ?? null, seals.head?.hash ?? null];
  return JSON.stringify([version, merchant, date, complete, count, sumsInOrder, lines, sealsInOrder]);
}

/** Where figures differ from those of a manifest, one sentence each. */
export function differences(given: Manifest, counted: Figures): readonly string[] {
  const found: string[] = [];
  if (given.count !== counted.count)
    found.push(`it counts ${given.count} notifications, the list has ${counted.count}`);
  const nameOf = ({ type, currency }: Manifest['sums'][number]) => `${type} in ${currency}`;
  const amounts = (sums: Manifest['sums']) =>
    new Map(sums.map((sum) => [nameOf(sum), `${sum.count} of ${sum.amount_minor}`]));
  const [said, listed] = [amounts(given.sums), amounts(counted.sums)];
  for (const name of new Set([...said.keys(), ...listed.keys()])) {
    const [one = 'none', other = 'none'] = [said.get(name), listed.get(name)];
    if (one !== other) found.push(`${name}: it says ${one}, the list has ${other}`);
  }
  if (found.length === 0 && given.digest !== counted.digest)
    found.push('the sums agree, but some notification has another number, id, order or place in the list');
  return found;
}
