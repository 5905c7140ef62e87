import { type AskOfOrder, nextLookAt, sweepOf } from '../domain/asking.ts';
import type { Callback } from '../domain/callback.ts';
import type { AccountId } from '../domain/ids.ts';
import type { Expectation } from '../domain/order.ts';
import type { AskInput, Decisions, RingInput } from '../stores/decisions.ts';
import type { Ledger, StoredFact, StoredOrder } from '../stores/ledger.ts';

/** Has a kept callback read back from its provider. */
export function readBack(
  ledger: Ledger,
  { id, merchant, account }: Pick<Callback, 'id' | 'merchant' | 'account'>,
): void {
  ledger.saveAsk({ ...unasked(ledger), merchant, account, subject: id, reason: 'callback' });
}

/** A person wants to know now. One ask for the order and account waits at most, however often this is called. */
export function askNow(ledger: Ledger, { merchant, orderNo, by }: AskInput): Decisions['ask']['output'] {
  const order = ledger.orderByNo(merchant, orderNo);
  if (order === null || order.expectations.length === 0) return { is: 'order_unknown' };
  if (!askProviders(ledger, order, 'person')) return { is: 'cannot_ask' };
  ledger.addAction({ merchant, by, what: 'order.query', subject: order.id, note: null });
  return { is: 'asked' };
}

/** Orders of these numbers that wait to be asked about by themselves are asked about now. */
export function ring(ledger: Ledger, { merchant, account, references }: RingInput): Decisions['ring']['output'] {
  const orders = references.map((reference) => ledger.orderOfReference(merchant, account, reference));
  let rung = 0;
  for (const id of new Set(orders)) {
    const ask = id === null ? null : ledger.ask(id, account);
    if (ask?.reason !== 'sweep' || ask.dueAt <= ledger.now) continue;
    ledger.saveAsk({ ...ask, dueAt: ledger.now });
    rung += 1;
  }
  return { rung };
}

/** Asks now at every account that may have money of the order. False: none of them can be asked. */
export function askProviders(ledger: Ledger, order: StoredOrder, reason: 'person' | 'close'): boolean {
  const accounts = askedAccounts(ledger, order, ledger.factsOfOrder(order.id));
  for (const account of accounts) {
    const waiting = askOfOrder(ledger, order, account);
    const stronger = waiting?.reason === 'close' ? 'close' : reason;
    const known = waiting ?? { ...unasked(ledger), merchant: order.merchant, account };
    ledger.saveAsk({ ...known, subject: order.id, reason: stronger, dueAt: ledger.now });
  }
  return accounts.length > 0;
}

/** Has an order of which nothing final is known asked about by itself, at the accounts that can be asked, and no other. */
export function keepAsking(
  ledger: Ledger,
  order: StoredOrder,
  expectation: Expectation,
  facts: readonly StoredFact[],
): void {
  const accounts = askedAccounts(ledger, order, facts);
  // Merchants whose accounts cannot be asked pay nothing for those that can.
  const sweep = accounts.length === 0 ? null : sweepOf({ status: order.status, expectation }, facts);
  const dueAt = sweep === null ? null : nextLookAt(sweep, ledger.now);
  for (const account of accounts) {
    const waiting = askOfOrder(ledger, order, account);
    if (sweep === null && waiting?.reason === 'sweep') ledger.endAsk(waiting);
    // What is over by our clock has its last look before it.
    if (dueAt === null) continue;
    const { merchant, id: subject } = order;
    if (waiting === null) ledger.saveAsk({ ...unasked(ledger), merchant, account, subject, reason: 'sweep', dueAt });
    else if (dueAt < waiting.dueAt && waiting.failures === 0) ledger.saveAsk({ ...waiting, dueAt });
  }
}

function askedAccounts(ledger: Ledger, order: StoredOrder, facts: readonly StoredFact[]): readonly AccountId[] {
  const asked = ledger.merchant(order.merchant)?.askedAccounts ?? [];
  if (asked.length === 0) return asked;
  const named = order.expectations.at(-1)?.accounts ?? null;
  if (named === null) return asked;
  const paid = new Set(facts.map(({ account }) => account));
  return asked.filter((account) => named.includes(account) || paid.has(account));
}

function askOfOrder(ledger: Ledger, order: StoredOrder, account: AccountId): AskOfOrder | null {
  const ask = ledger.ask(order.id, account);
  return ask === null || ask.reason === 'callback' || ask.reason === 'refund' ? null : ask;
}

export function unasked({ now }: Ledger) {
  return { dueAt: now, tries: 0, failures: 0, since: now, askedAt: null, answer: null };
}
