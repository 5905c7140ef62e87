import { compareFacts, type Fact, type FactKind, factKey, paymentKey } from '../domain/fact.ts';
import type { OrderId } from '../domain/ids.ts';
import { decide } from '../domain/order.ts';
import {
  type Difference,
  type DifferenceKind,
  type ExpectedFee,
  feeOf,
  isFee,
  movesMoney,
  type Side,
  Tallies,
} from '../domain/reconciliation.ts';
import type { Births } from '../notify/fan-out.ts';
import type { MissedInput, StatementInput, StatementOutput, ToldRow } from '../stores/decisions.ts';
import type { Ledger, StoredFact } from '../stores/ledger.ts';
import { closeObserved, type Observation, openObserved } from './observe.ts';
import { hearKnown, recordFacts, type Telling } from './record.ts';
import { settle } from './settle.ts';

/** What a row of a bill is beside what we knew before it. */
interface Compared {
  is: 'matched' | DifferenceKind;
  ours: StoredFact | null;
  expectedFeeMinor?: bigint;
}

/**
 * Takes rows of a bill into effect as facts of the best source, and says how they differ from what we knew. Taken again, the same
 * rows change nothing, and differ alike. An order is folded again only where the row can change it.
 */
export function takeStatement(ledger: Ledger, input: StatementInput, births: Births): StatementOutput {
  const telling: Telling = {
    merchant: input.merchant,
    source: 'statement',
    callback: null,
    at: ledger.now,
    withoutOrder: input.withoutOrder,
    note: null,
  };
  const touched = new Set<OrderId>();
  const tallies = new Tallies();
  const parked: string[] = [];
  let differences = 0;
  // Rows whose facts are not read yet would be taken for news, and folded for nothing: there is a next time.
  const rows = ledger.hasReadFacts(input.rows.map(({ fact }) => factKey(fact))) ? input.rows : [];
  for (const row of rows) {
    const { compared: told, order } = takeRow(ledger, births, row, { telling, touched });
    const compared = withFee(told, row, input.expectedFee);
    if (order === null && row.fact.reference !== null) parked.push(row.fact.reference);
    if (order !== null && input.closes) closeObserved(ledger, births, order, missingOf(row.fact));
    if (order !== null && compared.is === 'status') openObserved(ledger, births, order, contradictionOf(row, compared));
    const kind = compared.is === 'status' ? (compared.ours?.kind ?? row.fact.kind) : row.fact.kind;
    if (!movesMoney(kind) && compared.is !== 'status') continue;
    tallies.addRow(kind, compared.is, oursIn(compared, row.fact), moved(row.fact, compared));
    if (compared.is === 'matched') continue;
    differences += 1;
    if (input.keeps) ledger.addDifference(input, differenceOf(ledger, row, { compared, day: input.day, order }));
  }
  for (const order of [...touched].sort()) settle(ledger, births, order, null);
  return { ...births.effects, tallies: tallies.all, differences, parked };
}

/** What matches but for its fee. */
function withFee(compared: Compared, { fact, feeMinor }: ToldRow, expected: ExpectedFee | null): Compared {
  const { kind, amountMinor } = fact;
  if (expected === null || compared.is !== 'matched' || kind !== 'captured') return compared;
  if (feeMinor === null || amountMinor === null || isFee(feeMinor, amountMinor, expected)) return compared;
  return { ...compared, is: 'fee', expectedFeeMinor: feeOf(amountMinor, expected) };
}

/** A matched row is what we have, so ours need not be looked up. */
function oursIn({ is, ours }: Compared, fact: Fact): Side | null {
  if (ours !== null) return sideOf(ours);
  return is === 'matched' || is === 'fee' ? sideOf(fact) : null;
}

/** What of a row moved money by the bill's word: where the statuses contradict, only what the bill says did. */
function moved(fact: Fact, { is }: Compared): Side {
  const side = sideOf(fact);
  return is === 'status' && !movesMoney(fact.kind) ? { ...side, amountMinor: 0n } : side;
}

function takeRow(
  ledger: Ledger,
  births: Births,
  { fact }: ToldRow,
  { telling, touched }: { telling: Telling; touched: Set<OrderId> },
): { compared: Compared; order: OrderId | null } {
  const known = ledger.factByKey(factKey(fact));
  const isLinked = known !== null && known.order !== null;
  if (isLinked && (fact.reference === null || fact.reference === known.reference)) {
    const compared = compare(ledger, fact, { known, order: known.order });
    const heard = hearKnown(ledger, known, fact, telling);
    if (known.order !== null && heard && canChange(ledger, known.order, { known, fact })) touched.add(known.order);
    return { compared, order: known.order };
  }
  const compared = compare(ledger, fact, { known, order: ledger.orderOfPayment(paymentKey(fact)) });
  const { orders } = recordFacts(ledger, births, [fact], telling);
  const [order = null] = orders;
  return { compared, order };
}

/**
 * Whether a better source for a known fact can change its order: where another fact stands beside it whose order in time, or whose
 * amount for the same operation, it may decide, and where its time is one to be compared with the merchant's close.
 */
function canChange(ledger: Ledger, id: OrderId, { known, fact }: { known: StoredFact; fact: Fact }): boolean {
  const order = ledger.order(id);
  const facts = ledger.factsOfOrder(id);
  if (order === null) return false;
  if (fact.providerTime === known.providerTime)
    return facts.some((one) => one.id !== known.id && one.operationId === fact.operationId && one.kind === fact.kind);
  return facts.length > 1 || decide(order.actions).closedAt !== null;
}

function compare(
  ledger: Ledger,
  fact: Fact,
  { known, order }: { known: StoredFact | null; order: OrderId | null },
): Compared {
  // The bill was the first to tell it if it is the first to tell it now, or was when it was read before.
  const isNew = known === null || (known.source === 'statement' && ledger.firstSource(known.id) === 'statement');
  if (!isNew) return { is: 'matched', ours: null };
  const payment = paymentKey(fact);
  const facts = order === null ? ledger.parkedFactsOfPayment(payment) : ledger.factsOfOrder(order);
  const ofPayment = facts.filter((one) => paymentKey(one) === payment && one.id !== known?.id);
  const beside = ofPayment.filter(
    (one) => one.operationId === fact.operationId && !(one.source === 'statement' && isStated(ledger, one)),
  );
  const same = beside.filter(({ kind, measure }) => kind === fact.kind && measure === fact.measure);
  const differing = same.find(({ amountMinor }) => amountMinor !== null);
  if (differing !== undefined)
    return { is: differing.currency === fact.currency ? 'amount' : 'currency', ours: differing };
  // We know that it happened, and the bill says how much.
  if (same.length > 0) return { is: 'matched', ours: null };
  const contrary = beside.find(({ kind }) => contradicts(fact.kind, kind));
  if (contrary !== undefined) return { is: 'status', ours: contrary };
  return isToldInSum(fact, ofPayment) ? { is: 'matched', ours: null } : { is: 'missing_here', ours: null };
}

function isStated(ledger: Ledger, { id }: StoredFact): boolean {
  return ledger.firstSource(id) === 'statement';
}

/** What the bill says against what we believed. That money did come where we believed it had not is a missing fact, and nothing more. */
function contradicts(theirs: FactKind, ours: FactKind): boolean {
  if (theirs === 'closed' || theirs === 'failed') return ours === 'captured';
  if (theirs === 'refund_failed') return ours === 'refunded';
  return theirs === 'refunded' && ours === 'refund_failed';
}

/** A single of which a cumulative amount has told us already: the singles up to it come to no more. */
function isToldInSum(fact: Fact, ofPayment: readonly StoredFact[]): boolean {
  if (fact.measure !== 'single') return false;
  const ofKind = ofPayment.filter(({ kind, currency }) => kind === fact.kind && currency === fact.currency);
  const singles = ofKind.filter((one) => one.measure === 'single' && compareFacts(one, fact) < 0);
  const sum = singles.reduce((total, { amountMinor }) => total + (amountMinor ?? 0n), fact.amountMinor ?? 0n);
  return ofKind.some(({ measure, amountMinor }) => measure === 'cumulative' && (amountMinor ?? 0n) >= sum);
}

/** Facts of the day that its bill does not list, each looked at again: what was found meanwhile is none of them. */
export function missedByStatement(ledger: Ledger, input: MissedInput, births: Births): StatementOutput {
  const tallies = new Tallies();
  let differences = 0;
  for (const { key, day, is } of input.facts) {
    const fact = ledger.factByKey(key);
    if (fact === null || isListed(ledger, fact)) continue;
    const isOwn = day === input.day;
    // What a neighbour's bill leaves open is that day's to say.
    if (is === 'undecided' && !isOwn) continue;
    if (is === 'missing_at_provider' && fact.order !== null)
      openObserved(ledger, births, fact.order, {
        ...missingOf(fact),
        amountMinor: fact.amountMinor,
        currency: fact.currency,
        why: `The ${fact.kind} of payment ${fact.paymentId} is not in the provider's bill of ${day}.`,
      });
    if (isOwn) tallies.addRow(fact.kind, is, sideOf(fact), null);
    differences += 1;
    const { paymentId, operationId, reference, kind: factKind } = fact;
    const about = { day, factKind, paymentId, operationId, reference, orderNo: orderNoOf(ledger, fact.order) };
    const sides = { expectedFeeMinor: null, ours: sideOf(fact), theirs: null };
    if (input.keeps) ledger.addDifference(input, { kind: is, ...about, ...sides });
  }
  return { ...births.effects, tallies: tallies.all, differences, parked: [] };
}

/** A bill lists it, or the operation in another way: with another amount, as pending, or its single parts. */
function isListed(ledger: Ledger, fact: StoredFact): boolean {
  if (fact.source === 'statement') return true;
  const payment = paymentKey(fact);
  const facts = fact.order === null ? ledger.parkedFactsOfPayment(payment) : ledger.factsOfOrder(fact.order);
  const stated = facts.filter((one) => one.source === 'statement' && paymentKey(one) === payment);
  if (stated.some(({ operationId }) => operationId === fact.operationId)) return true;
  if (fact.measure === 'single') return false;
  const parts = stated.filter((one) => one.kind === fact.kind && one.currency === fact.currency);
  return parts.reduce((sum, { amountMinor }) => sum + (amountMinor ?? 0n), 0n) >= (fact.amountMinor ?? 0n);
}

function missingOf(fact: Fact): Pick<Observation, 'kind' | 'subject'> {
  const { account, kind, operationId, amountMinor, currency } = fact;
  return { kind: 'missing_at_provider', subject: [account, kind, operationId, String(amountMinor), String(currency)] };
}

/** No fact can say which of the two is right, so a person is to. */
function contradictionOf({ fact, type }: ToldRow, { ours }: Compared): Observation {
  const { account, operationId } = fact;
  const { amountMinor, currency } = ours ?? fact;
  const why = `We know it as ${ours?.kind ?? 'something else'}; the provider's bill says ${type}: ${fact.kind}.`;
  return { kind: 'statement_differs', subject: [account, operationId, 'status'], amountMinor, currency, why };
}

function differenceOf(
  ledger: Ledger,
  { fact, line, type, feeMinor }: ToldRow,
  { compared, day, order }: { compared: Compared; day: string; order: OrderId | null },
): Difference {
  const { kind: factKind, paymentId, operationId, reference } = fact;
  return {
    kind: compared.is === 'matched' ? 'missing_here' : compared.is,
    day,
    factKind,
    paymentId,
    operationId,
    reference,
    orderNo: orderNoOf(ledger, order),
    expectedFeeMinor: compared.expectedFeeMinor ?? null,
    ours: oursIn(compared, fact),
    theirs: { ...sideOf(fact), line, type, feeMinor },
  };
}

function orderNoOf(ledger: Ledger, order: OrderId | null): string | null {
  return order === null ? null : (ledger.order(order)?.orderNo ?? null);
}

function sideOf({ kind, amountMinor, currency, providerTime }: Fact): Side {
  return { kind, amountMinor, currency, at: providerTime };
}
