import type { AskOfRefund } from '../domain/asking.ts';
import type { Clock } from '../domain/clock.ts';
import { fold } from '../domain/fold.ts';
import { limits } from '../domain/limits.ts';
import type { Account } from '../domain/merchant.ts';
import { refundableOf, refundKey, refundsOf } from '../domain/refunding.ts';
import { historyOf } from '../orders/policy.ts';
import type { Prepared } from '../secrets/prepared.ts';
import type { AnsweredInput } from '../stores/decisions.ts';
import type { Store } from '../stores/store.ts';
import { paymentsOn } from './sweep.ts';

interface RefundDependencies {
  store: Pick<Store, 'read'>;
  /** The store's. */
  clock: Pick<Clock, 'now'>;
  client: Prepared['client'];
}

type GivenBack = Pick<AnsweredInput, 'came' | 'answer' | 'facts'>;

/**
 * Has the provider give back what a discrepancy's newest refund says. A second try has the same idempotency key and amount, so
 * that whatever became of the first, the money goes back once.
 *
 * @throws AppError what the client throws; `provider.cannot_ask` where it has no refund.
 */
export async function giveBack(
  { store, clock, client }: RefundDependencies,
  ask: AskOfRefund,
  account: Account,
  signal: AbortSignal,
): Promise<GivenBack> {
  const discrepancy = await store.read('discrepancy', ask.subject);
  const found = discrepancy?.order ? await store.read('orderById', discrepancy.order) : null;
  if (discrepancy === null || found === null) return gone('its discrepancy is gone');
  const { order, facts } = found;
  const folded = fold(historyOf(order, facts, await store.read('merchant', order.merchant)), clock.now());
  const refunds = refundsOf(order.actions, discrepancy.key);
  const amountMinor = refunds.at(-1)?.amountMinor ?? null;
  const refundable = refundableOf(folded, discrepancy.key);
  if (refundable === null || amountMinor === null) return gone('there is nothing to give back any more');
  const { paymentId, money } = refundable;
  if (amountMinor > money.amountMinor) return gone('less is left than was to be given back');
  if (clock.now() - ask.since >= limits.refundTriesMs)
    return gone('nobody knows whether it was refunded: look at the provider before you refund it again');
  const known = paymentsOn(account.id, facts).find((payment) => payment.paymentId === paymentId);
  const reference = known ?? { reference: null, paymentId };
  const key = refundKey(discrepancy.id, refunds.length);
  const fact = await client(account, 'refund').refund(reference, { ...money, amountMinor }, key, signal);
  return { came: { is: 'told', unknown: 0 }, answer: fact.kind.replace('_', ' '), facts: [fact] };
}

function gone(answer: string): GivenBack {
  return { came: { is: 'gone' }, answer, facts: [] };
}
