import { type AskOfOrder, sweepOf } from '../domain/asking.ts';
import type { Instant } from '../domain/clock.ts';
import type { AccountId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Reference } from '../providers/provider.ts';
import type { StoredFact, StoredOrder } from '../stores/kept.ts';

/** What an order makes us ask one account's provider. */
export interface Look {
  references: readonly Reference[];
  /** What is not paid is to be closed there before it is asked about a last time. */
  closes: boolean;
}

/** Null: nothing has to be asked any more, because what it waited for is final by now. */
export function lookOf(
  { order, facts }: { order: StoredOrder; facts: readonly StoredFact[] },
  ask: AskOfOrder,
  now: Instant,
): Look | null {
  const expectation = order.expectations.at(-1) ?? null;
  const { status } = order;
  if (ask.reason === 'sweep' && sweepOf({ status, expectation }, facts) === null) return null;
  const isUnpaid = status === 'pending' || status === 'failed';
  // Only what the merchant has said: a day of ours is no reason to end a payment there.
  const hasExpired = expectation !== null && expectation.expiresAt !== null && expectation.expiresAt <= now;
  const own = order.references.filter(({ account }) => account === null || account === ask.account);
  const unknown = own.map(({ reference }): Reference => ({ reference, paymentId: null }));
  const known = paymentsOn(ask.account, facts);
  // What is paid has only its known payments left to ask about, unless a person wants all of it.
  const asksAll = isUnpaid || status === 'authorized' || status === 'underpaid' || ask.reason !== 'sweep';
  const references = asksAll ? [...known, ...unknown] : known;
  return {
    references: references.slice(0, limits.askReferencesMax),
    closes: isUnpaid && (ask.reason === 'close' || hasExpired),
  };
}

/** The payments that an account has, with our value where one of their facts brought it. */
export function paymentsOn(account: AccountId, facts: readonly StoredFact[]): readonly Reference[] {
  const payments = new Map<string, Reference>();
  for (const { paymentId, reference, ...fact } of facts) {
    if (fact.account !== account || paymentId.startsWith('order:')) continue;
    payments.set(paymentId, { paymentId, reference: reference ?? payments.get(paymentId)?.reference ?? null });
  }
  return [...payments.values()];
}
