import type { Instant } from './clock.ts';
import { AppError, type ErrorCode } from './errors.ts';
import type { FactKind } from './fact.ts';
import type { AccountId, MerchantId, ReconciliationId } from './ids.ts';

/** `done` and `failed` are final. */
export const reconciliationStates = ['receiving', 'running', 'done', 'failed'] as const;
export type ReconciliationState = (typeof reconciliationStates)[number];

/** How a bill and our facts can differ. */
export const differenceKinds = [
  /** The bill told it first: no callback and no query had. It is recorded as a fact. */
  'missing_here',
  /** We know of it, and the bill of its day does not list it. */
  'missing_at_provider',
  /** The same so near the day's beginning or end that the bill of the neighbouring day may list it, which was not reconciled yet. */
  'undecided',
  'amount',
  'currency',
  /** We believe that the money moved and the bill says that it did not, or the reverse. */
  'status',
  /** The provider kept another fee than the one that was to be expected of the amount. */
  'fee',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

/** Kinds that move money: the sums are of these, and only these can be missing. */
const moneyKinds: ReadonlySet<FactKind> = new Set([
  'captured',
  'refunded',
  'refund_bounced',
  'dispute_opened',
  'dispute_won',
  'dispute_lost',
  'reversed',
]);

export function movesMoney(kind: FactKind): boolean {
  return moneyKinds.has(kind);
}

/** What of one currency and kind of fact agreed, or differed in one way: in ours and in theirs. */
export interface Tally {
  /** null: where nobody said an amount. */
  currency: string | null;
  kind: FactKind;
  is: 'matched' | DifferenceKind;
  rows: number;
  oursMinor: bigint;
  theirsMinor: bigint;
}

/** What a provider is to keep of a capture, by its contract: a share of the amount, and so many minor units. */
export interface ExpectedFee {
  /** Millionths of the amount. */
  ratePpm: bigint;
  /** In the currency of the capture. */
  fixedMinor: bigint;
}

const million = 1_000_000n;

/** The fee of an amount in minor units, rounded half up. */
export function feeOf(amountMinor: bigint, { ratePpm, fixedMinor }: ExpectedFee): bigint {
  return (amountMinor * ratePpm + fixedMinor * million + million / 2n) / million;
}

/** Whether a fee is what was expected but for how a provider rounds: it is off by less than a minor unit. */
export function isFee(feeMinor: bigint, amountMinor: bigint, { ratePpm, fixedMinor }: ExpectedFee): boolean {
  const off = (feeMinor - fixedMinor) * million - amountMinor * ratePpm;
  return -million < off && off < million;
}

export interface ReconciliationProgress {
  /** Of the bill, those that name no order's money among them. */
  rows: number;
  otherRows: number;
  /** Of the file, as it was read. */
  bytes: number;
  /** How large the file is; null: it is fetched, and nobody knows before its end. */
  fileBytes: number | null;
  tallies: readonly Tally[];
  /** What the provider kept, as far as the bill says it. */
  fees: readonly { currency: string; feeMinor: bigint }[];
}

export const noRows: ReconciliationProgress = {
  rows: 0,
  otherRows: 0,
  bytes: 0,
  fileBytes: null,
  tallies: [],
  fees: [],
};

/** A provider's bill of a day compared with our facts: a job that any node begins anew where another left it. */
export interface Reconciliation {
  id: ReconciliationId;
  by: string;
  merchant: MerchantId;
  account: AccountId;
  /** `2026-01-05`, in the zone of the provider's bills. */
  day: string;
  /** That day; from ≤ at < to. */
  from: Instant;
  to: Instant;
  file: 'uploaded' | 'fetched';
  /** null: fees are added up, and compared with nothing. */
  expectedFee: ExpectedFee | null;
  state: ReconciliationState;
  /** How often it was begun: the fence, and which of its differences count. */
  run: number;
  /** When nobody works it any more who has not said so. */
  nextAt: Instant;
  progress: ReconciliationProgress;
  failure: { code: ErrorCode; detail: string } | null;
  createdAt: Instant;
  updatedAt: Instant;
}

/** One thing in which a bill and our facts differ. */
export interface Difference {
  kind: DifferenceKind;
  /** The day it belongs to: the bill's, or a neighbour's where this bill decided what that day's left open. Those are not in the sums. */
  day: string;
  factKind: FactKind;
  paymentId: string;
  operationId: string;
  reference: string | null;
  orderNo: string | null;
  /** What the fee was to be; null where none was expected. */
  expectedFeeMinor: bigint | null;
  ours: Side | null;
  theirs: (Side & { line: number; type: string; feeMinor: bigint | null }) | null;
}

/** What one side says of an operation. */
export interface Side {
  kind: FactKind;
  amountMinor: bigint | null;
  currency: string | null;
  at: Instant;
}

/** Adds up what agreed and what did not. */
export class Tallies {
  readonly #tallies = new Map<string, Tally>();

  constructor(tallies: readonly Tally[] = []) {
    for (const tally of tallies) this.add(tally);
  }

  add(tally: Tally): void {
    const key = `${tally.currency} ${tally.kind} ${tally.is}`;
    const known = this.#tallies.get(key);
    if (known === undefined) {
      this.#tallies.set(key, { ...tally });
      return;
    }
    known.rows += tally.rows;
    known.oursMinor += tally.oursMinor;
    known.theirsMinor += tally.theirsMinor;
  }

  /** Both sides of one row; where their currencies differ each counts in its own. */
  addRow(kind: FactKind, is: Tally['is'], ours: Side | null, theirs: Side | null): void {
    const sides = [
      { side: theirs, oursMinor: 0n, theirsMinor: theirs?.amountMinor ?? 0n },
      { side: ours, oursMinor: ours?.amountMinor ?? 0n, theirsMinor: 0n },
    ].filter(({ side }) => side !== null);
    for (const [index, { side, oursMinor, theirsMinor }] of sides.entries())
      this.add({ currency: side?.currency ?? null, kind, is, rows: index === 0 ? 1 : 0, oursMinor, theirsMinor });
  }

  get all(): readonly Tally[] {
    return [...this.#tallies.values()];
  }
}

export const dayMs = 86_400_000;

/**
 * The first moment of a day there, and that of the next.
 *
 * @throws AppError `request.invalid` for what is no day.
 */
export function dayIn(day: string, timeZone: string): { from: Instant; to: Instant } {
  const midnight = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day)
    throw new AppError('request.invalid', 'the date is not valid: write it like 2026-01-05');
  return { from: midnightIn(midnight, timeZone), to: midnightIn(midnight + dayMs, timeZone) };
}

/** The day so many days later, as `2026-01-05`. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** When it is there what the clock would show in UTC at this moment. */
function midnightIn(utc: Instant, timeZone: string): Instant {
  // Sweden writes dates as ISO 8601 does.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const aheadAt = (at: Instant) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`) - at;
  // Asked again at what it came to: the clocks may change between the two.
  return utc - aheadAt(utc - aheadAt(utc));
}
