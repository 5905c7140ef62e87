import { type NotificationDraft, notificationsDue } from '../../src/domain/due.ts';
import { type FactKind, factKey, type KnownFact, sources } from '../../src/domain/fact.ts';
import { type Folded, fold } from '../../src/domain/fold.ts';
import { type AccountId, asId } from '../../src/domain/ids.ts';
import {
  type Action,
  defaultPolicy,
  type Expectation,
  type OrderHistory,
  type SentNotification,
} from '../../src/domain/order.ts';

export const shop: AccountId = asId.account('acc_shop');
export const other: AccountId = asId.account('acc_other');

/** An order of 100 minor units of CNY on account `shop`, expected at time 0 and to be paid by time 1000. */
export const expectation: Expectation = {
  amountMinor: 100n,
  currency: 'CNY',
  accounts: [shop],
  payee: null,
  expiresAt: 1000,
  recordedAt: 0,
  unverified: false,
};

/** A fact of account `shop`, told by a callback, in CNY; a null amount has no currency. */
export function fact(
  kind: FactKind,
  [paymentId, operationId, amount, at]: readonly [string, string, number | null, number],
  more: Partial<KnownFact> = {},
): KnownFact {
  const made = {
    account: shop,
    kind,
    paymentId,
    operationId,
    reference: 'ORDER-1',
    amountMinor: amount === null ? null : BigInt(amount),
    currency: amount === null ? null : 'CNY',
    fromOrder: false,
    measure: 'single' as const,
    providerTime: at,
    source: 'callback' as const,
    ...more,
  };
  return { ...made, id: asId.fact(factKey(made)) };
}

export function captured(paymentId: string, amount: number | null, at = 10, more: Partial<KnownFact> = {}): KnownFact {
  return fact('captured', [paymentId, paymentId, amount, at], more);
}

export function refunded(refund: string, amount: number | null, at = 20, more: Partial<KnownFact> = {}): KnownFact {
  return fact('refunded', ['P1', refund, amount, at], more);
}

export function reversed(paymentId: string, amount: number | null, at = 30, more: Partial<KnownFact> = {}): KnownFact {
  return fact('reversed', [paymentId, paymentId, amount, at], more);
}

export const cumulative = { measure: 'cumulative' as const };

export function action(is: Action['is'], at: number, discrepancy: string | null = null, amount?: number): Action {
  return { is, discrepancy, amountMinor: amount === undefined ? null : BigInt(amount), at, by: 'ann', note: 'checked' };
}

export function history(facts: readonly KnownFact[], more: Partial<OrderHistory> = {}): OrderHistory {
  return { expectations: [expectation], facts, actions: [], linkConflicts: [], policy: defaultPolicy, ...more };
}

/** Keeps what a store keeps of an order between folds: its facts, and the notifications that were made. */
export interface Kept {
  facts: Map<string, KnownFact>;
  /** With the index of the fold that made each. */
  sent: (NotificationDraft & SentNotification & { batch: number })[];
  fellShort: boolean;
  folds: Folded[];
}

export function emptyKept(): Kept {
  return { facts: new Map(), sent: [], fellShort: false, folds: [] };
}

/** Takes a batch of sightings into effect as a store does: known facts are kept once, then the order is folded and told of. */
export function take(
  kept: Kept,
  batch: readonly KnownFact[],
  more: Partial<OrderHistory> = {},
  now = 100,
): NotificationDraft[] {
  for (const one of batch) kept.facts.set(factKey(one), merge(kept.facts.get(factKey(one)), one));
  const folded = fold(history([...kept.facts.values()], more), now);
  const { due, fellShort } = notificationsDue({ folded, sent: kept.sent, fellShort: kept.fellShort });
  kept.fellShort = fellShort;
  for (const draft of due) kept.sent.push({ ...draft, sequence: kept.sent.length + 1, batch: kept.folds.length });
  kept.folds.push(folded);
  return due;
}

/** What is kept of a fact seen twice: the best source, and the earliest time that source gave. */
export function merge(known: KnownFact | undefined, sighting: KnownFact): KnownFact {
  if (known === undefined) return sighting;
  const better = sources.indexOf(sighting.source) - sources.indexOf(known.source);
  const isBetter = better < 0 || (better === 0 && sighting.providerTime < known.providerTime);
  return isBetter ? { ...known, source: sighting.source, providerTime: sighting.providerTime } : known;
}

/** The notifications of each batch, as `type amount`. */
export function play(batches: readonly (readonly KnownFact[])[], more: Partial<OrderHistory> = {}): string[][] {
  const kept = emptyKept();
  return batches.map((batch) => take(kept, batch, more).map(({ type, amountMinor }) => `${type} ${amountMinor}`));
}
