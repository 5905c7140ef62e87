import type { Instant } from './clock.ts';
import type { AccountId, FactId } from './ids.ts';

/** What happened to money. The order of this list breaks ties between facts of the same provider time. */
export const factKinds = [
  'authorized',
  'captured',
  'failed',
  'closed',
  'voided',
  'refund_pending',
  'refunded',
  'refund_failed',
  'refund_bounced',
  'dispute_opened',
  'dispute_won',
  'dispute_lost',
  'reversed',
] as const;
export type FactKind = (typeof factKinds)[number];

/** One thing that happened to money, normalised from whatever a provider said. */
export interface Fact {
  account: AccountId;
  kind: FactKind;
  /** The provider's payment that the operation belongs to; `order:<order_no>` where the format names no payment. */
  paymentId: string;
  /** This capture, refund or dispute stage at the provider. */
  operationId: string;
  /** Our value that the provider echoes back, usually the order number. Never an object id of the provider. */
  reference: string | null;
  /** One checkout that pays several orders. */
  groupId?: string;
  /** Sub-merchant or connected account. */
  payee?: string;
  /** Minor units of `currency`, ≥ 0; null = the provider did not say. */
  amountMinor: bigint | null;
  /** ISO 4217, upper case; null exactly when `amountMinor` is null. */
  currency: string | null;
  /** The account is set up to take amount and currency from the order's expectation. */
  fromOrder: boolean;
  /** `cumulative`: the amount is the total so far of this payment, not of this operation alone. */
  measure: 'single' | 'cumulative';
  /** A refund that will not proceed until a person acts. */
  needsPerson?: true;
  /** The sender named no operation and none could be derived; the fact counts nothing and opens `operation_id_missing`. */
  operationIdMissing?: true;
  /** `hmac` and `standard`: operation and payment ids are only unique together with the reference. */
  scopedByReference?: true;
  providerTime: Instant;
}

/** Where we learned a fact, best first: of two sources that disagree, the earlier in this list is believed. */
export const sources = ['statement', 'query', 'callback', 'manual'] as const;
export type Source = (typeof sources)[number];

/** A fact as it is kept: with its id, the best source that saw it, and the earliest provider time that source gave. */
export interface KnownFact extends Fact {
  id: FactId;
  source: Source;
}

/** What makes two sightings the same fact. */
export function factKey(fact: Fact): string {
  const { account, kind, operationId, measure, amountMinor, currency } = fact;
  return JSON.stringify([
    account,
    kind,
    operationId,
    measure === 'single' ? 's' : 'c',
    amountMinor === null ? null : String(amountMinor),
    currency,
    ...(fact.scopedByReference ? [fact.reference] : []),
    // Without this, "needs a person" would be a duplicate of the plain pending refund before it, and nobody would be told.
    ...(fact.needsPerson ? [true] : []),
  ]);
}

/** What ties a payment to its order: all facts that share it belong to one order. */
export function paymentKey(fact: Fact): string {
  return JSON.stringify([fact.account, fact.paymentId, ...(fact.scopedByReference ? [fact.reference] : [])]);
}

/** The tie order: provider time, then rank of the kind, then operation id; the key last, so that no two facts are equal. */
export function compareFacts(one: Fact, other: Fact): number {
  if (one.providerTime !== other.providerTime) return one.providerTime - other.providerTime;
  const rank = factKinds.indexOf(one.kind) - factKinds.indexOf(other.kind);
  if (rank !== 0) return rank;
  return compareTexts(one.operationId, other.operationId) || compareTexts(factKey(one), factKey(other));
}

/** By code units, so that every machine sorts alike. */
export function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
