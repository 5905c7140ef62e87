import { isInstant } from '../domain/clock.ts';
import { exponentOf } from '../domain/currencies.ts';
import { isAmount } from '../domain/money.ts';
import type { Expectation } from '../domain/order.ts';
import type { Births } from '../notify/fan-out.ts';
import { newOrder } from '../notify/new-order.ts';
import type { ExpectInput, ExpectOutput } from '../stores/decisions.ts';
import type { Ledger, OrderReference, StoredOrder } from '../stores/ledger.ts';
import { adoptAwaiting } from './record.ts';
import { settle } from './settle.ts';

/**
 * Keeps what an order is to cost: the first time as it is, with another body as a revision, with the same body not at all. Money
 * that waited under one of its references is released.
 */
export function expect(ledger: Ledger, input: Omit<ExpectInput, 'born'>, births: Births): ExpectOutput {
  const existing = ledger.orderByNo(input.merchant, input.orderNo);
  const refusal = refusalOf(ledger, input, existing);
  if (refusal !== null) return { ...births.effects, is: 'refused', ...refusal };
  const references = referencesOf(input);
  const announced = existing?.expectations.some((expectation) => !expectation.unverified) ?? false;
  if (existing !== null && announced && isSame(existing, input, references))
    return { ...births.effects, is: 'unchanged', order: existing, isBare: false };

  const expectation: Expectation = {
    amountMinor: input.amountMinor,
    currency: input.currency,
    accounts: input.accounts,
    payee: input.payee,
    expiresAt: input.expiresAt,
    recordedAt: ledger.now,
    unverified: false,
  };
  const before = existing ?? newOrder(ledger, input.merchant, input.orderNo);
  const order: StoredOrder = {
    ...before,
    expectations: [...before.expectations.filter((revision) => !revision.unverified), expectation],
    references,
    description: input.description,
    metadata: input.metadata,
    updatedAt: ledger.now,
  };
  if (existing === null) ledger.addOrder(order);
  else ledger.saveOrder(order);
  const others = references.flatMap((reference) => {
    ledger.claimReference(order.id, input.merchant, reference);
    return adoptAwaiting(ledger, order, reference);
  });
  for (const id of [...new Set([order.id, ...others])].sort()) settle(ledger, births, id, null);
  const settled = ledger.order(order.id) ?? order;
  // Every discrepancy took a sequence.
  const isBare = settled.sequence === 0 && ledger.factsOfOrder(order.id).length === 0;
  return { ...births.effects, is: announced ? 'revised' : 'created', order: settled, isBare };
}

function refusalOf(ledger: Ledger, input: Omit<ExpectInput, 'born'>, existing: StoredOrder | null) {
  const { merchant, orderNo, amountMinor, currency, expiresAt } = input;
  if (ledger.merchant(merchant) === null)
    return { code: 'merchant.unknown', detail: `there is no merchant ${merchant}` } as const;
  if (!isAmount(amountMinor) || amountMinor < 1n || exponentOf(currency) === null) {
    return {
      code: 'request.invalid',
      detail: `${amountMinor} ${currency} is not an amount that an order can cost`,
    } as const;
  }
  if (expiresAt !== null && !isInstant(expiresAt))
    return { code: 'request.invalid', detail: 'expiresAt is not a moment in whole milliseconds' } as const;
  const was = existing?.expectations.findLast((expectation) => !expectation.unverified)?.currency;
  if (existing !== null && was !== undefined && was !== currency && ledger.factsOfOrder(existing.id).some(isMoney)) {
    return { code: 'order.currency_fixed', detail: `order ${orderNo} is in ${was} and has received money` } as const;
  }
  for (const reference of referencesOf(input)) {
    const owner = ledger.otherWithReference(merchant, reference, existing?.id ?? null);
    if (owner !== null) {
      return {
        code: 'order.reference_taken',
        detail: `reference ${reference.reference} belongs to order ${ledger.order(owner)?.orderNo ?? owner}`,
      } as const;
    }
  }
  return null;
}

function isMoney(fact: { kind: string }): boolean {
  return fact.kind === 'captured' || fact.kind === 'authorized';
}

/** Each reference on each of the order's accounts; without a list of accounts, on any. The order's number is one by default. */
function referencesOf(input: Omit<ExpectInput, 'born'>): readonly OrderReference[] {
  const given = input.references.length > 0 ? input.references : [{ account: null, reference: input.orderNo }];
  const spread = given.flatMap(({ account, reference }): OrderReference[] => {
    if (account !== null || input.accounts === null) return [{ account, reference }];
    return input.accounts.map((one) => ({ account: one, reference }));
  });
  // In key order, so that two transactions that claim several never wait for each other in a circle.
  return spread.sort((one, other) => (referenceText(one) < referenceText(other) ? -1 : 1));
}

function referenceText({ account, reference }: OrderReference): string {
  return JSON.stringify([account, reference]);
}

function isSame(order: StoredOrder, input: Omit<ExpectInput, 'born'>, references: readonly OrderReference[]): boolean {
  const latest = order.expectations.at(-1);
  const accountsText = (accounts: readonly string[] | null) =>
    JSON.stringify(accounts === null ? null : [...accounts].sort());
  return (
    latest !== undefined &&
    latest.amountMinor === input.amountMinor &&
    latest.currency === input.currency &&
    latest.payee === input.payee &&
    latest.expiresAt === input.expiresAt &&
    accountsText(latest.accounts) === accountsText(input.accounts) &&
    order.description === input.description &&
    order.metadata === input.metadata &&
    JSON.stringify(order.references.map(referenceText)) === JSON.stringify(references.map(referenceText))
  );
}
