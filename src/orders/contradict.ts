import { type Fact, paymentKey } from '../domain/fact.ts';
import type { OrderId } from '../domain/ids.ts';
import { moneyText } from '../domain/money.ts';
import type { Births } from '../notify/fan-out.ts';
import type { AnsweredInput } from '../stores/decisions.ts';
import type { Ledger } from '../stores/ledger.ts';
import { closeObserved, type Observation, openObserved } from './observe.ts';

/** A capture that somebody told us of, and that its provider denies. It counts all the same, until a person or the provider decides. */
export function contradict(
  ledger: Ledger,
  births: Births,
  order: OrderId,
  { fact, why }: { fact: Fact; why: string },
): void {
  const { amountMinor, currency } = fact;
  openObserved(ledger, births, order, { ...aboutOf(fact), amountMinor, currency, why });
}

/** What a provider answers ends what it denied before. */
export function agree(ledger: Ledger, births: Births, facts: readonly Fact[]): void {
  for (const fact of facts) {
    if (fact.kind !== 'captured') continue;
    const order = ledger.orderOfPayment(paymentKey(fact));
    if (order !== null) closeObserved(ledger, births, order, aboutOf(fact));
  }
}

/** Compares what an order's provider says of its known payments with what callbacks and people told of them. */
export function compareWithTold(
  ledger: Ledger,
  births: Births,
  { ask, answer, denied, facts }: Pick<AnsweredInput, 'ask' | 'answer' | 'denied' | 'facts'>,
): void {
  agree(ledger, births, facts);
  if (denied.length === 0 || ask.reason === 'callback' || ask.reason === 'refund') return;
  for (const fact of ledger.factsOfOrder(ask.subject)) {
    const { account, kind, source, paymentId, operationId } = fact;
    if (account !== ask.account || kind !== 'captured' || !denied.includes(paymentId)) continue;
    if (source !== 'callback' && source !== 'manual') continue;
    const who = source === 'manual' ? 'a person' : 'a callback';
    const why = `${who} told payment ${operationId} of ${moneyOf(fact)}; asked, its provider says: ${answer}`;
    contradict(ledger, births, ask.subject, { fact, why });
  }
}

/** Another amount is another claim, which the same answer need not end. */
function aboutOf({ account, operationId, amountMinor, currency }: Fact): Pick<Observation, 'kind' | 'subject'> {
  return { kind: 'query_contradicts', subject: [account, operationId, String(amountMinor), currency ?? ''] };
}

function moneyOf({ amountMinor, currency }: Fact): string {
  return amountMinor === null || currency === null ? 'no amount' : moneyText(amountMinor, currency);
}
