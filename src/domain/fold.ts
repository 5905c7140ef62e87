import { addUp, type Ledger, netOf, type Payment, type Sums, sumsIn, total } from './amounts.ts';
import type { Instant } from './clock.ts';
import { discrepancyKey, discrepancyKinds, type FoundDiscrepancy } from './discrepancy.ts';
import { compareFacts, compareTexts, type KnownFact, paymentKey, sources } from './fact.ts';
import { disputeStage, findDiscrepancies, lateCaptures, linkConflict, type View } from './find-discrepancies.ts';
import { limits } from './limits.ts';
import { type AmountContext, amountOf, has, larger, type Operation, smaller } from './operation.ts';
import {
  type Decisions,
  decide,
  type Expectation,
  isAccepted,
  type OrderHistory,
  type OrderStatus,
  type Totals,
  zeroTotals,
} from './order.ts';

/** An order as its history makes it. */
export interface Folded {
  status: OrderStatus;
  totals: Totals;
  /** The expectation in force, with amount and currency as they count; null = nobody expects the order, all its facts are parked. */
  expectation: Expectation | null;
  /** The open ones: found, and neither accepted nor ignored. */
  discrepancies: readonly FoundDiscrepancy[];
  /** `payment.succeeded` must wait: an open discrepancy blocks it, or the order is paid only with late money that nobody let in. */
  blocked: boolean;
  /** What must be captured and not reversed for the order to be paid: the expectation, or what a person accepted in its place. */
  neededMinor: bigint;
  /** That is not reached (N < E). */
  short: boolean;
  /** When the order could change by time alone; null = only by new facts or actions. */
  nextAt: Instant | null;
  /** What counts, payment by payment. */
  counted: Ledger;
  /** Payments outside the expectation, which do not count. */
  outside: Ledger;
  /** Captures in another currency, also reversed ones, that a person took for this order. */
  acceptedForeign: readonly { payment: Payment; sums: Sums }[];
}

/**
 * Makes the order from its history: a pure function of the set of facts, whatever their order. `now` decides only whether the
 * time to pay is over.
 */
export function fold(history: OrderHistory, now: Instant): Folded {
  const decisions = decide(history.actions);
  const facts = history.facts.toSorted(compareFacts);
  const named = facts.filter((fact) => !fact.operationIdMissing);
  const [first, expectation] = [history.expectations[0], history.expectations.at(-1)].map(
    (one) => one && inForce(one, named),
  );
  if (first === undefined || expectation === undefined) return unexpected(history, decisions);

  const inside = named.filter((fact) => counts(fact, expectation, decisions));
  const context: AmountContext = {
    currency: expectation.currency,
    first,
    named: (key) => (isAccepted(decisions, key) ? (decisions.byKey.get(key)?.amountMinor ?? null) : null),
  };
  const counted = addUp(inside, context);
  const outside = addUp(
    named.filter((fact) => !counts(fact, expectation, decisions)),
    context,
  );
  const totals = totalsOf(counted.payments, expectation);
  const netMinor = totals.capturedMinor - totals.reversedMinor;
  const neededMinor = needed(expectation, decisions);
  const foreign = foreignAccepted(counted.payments, expectation.currency, decisions);
  const paidByForeign = foreign.some(({ sums }) => netOf(sums) > 0n);
  const short = netMinor < neededMinor && !paidByForeign;
  const partly = short && netMinor > 0n && totals.authorizedMinor === 0n;
  const expiresAt = expectation.expiresAt ?? expectation.recordedAt + limits.expectationMs;
  const view: View = {
    expectation,
    counted,
    outside,
    nameless: facts.filter((fact) => fact.operationIdMissing),
    linkConflicts: history.linkConflicts,
    decisions,
    policy: history.policy,
    capturedMinor: totals.capturedMinor,
    netMinor,
    underpaid: partly && now >= expiresAt,
  };
  const discrepancies = findDiscrepancies(view).filter((found) => !isDecided(found, decisions));
  const held = heldLate(view);
  return {
    status: statusOf([...counted.payments, ...outside.payments], {
      ...totals,
      netMinor,
      short,
      undone: foreign.length > 0,
    }),
    totals,
    expectation,
    discrepancies,
    blocked:
      discrepancies.some(({ blocks }) => blocks) || (held > 0n && !paidByForeign && netMinor - held < neededMinor),
    neededMinor,
    short,
    nextAt: partly && now < expiresAt ? expiresAt : null,
    counted,
    outside,
    acceptedForeign: foreign,
  };
}

/** Nobody expects the order yet: its facts wait. Only what is wrong with the facts' links can be said. */
function unexpected({ linkConflicts }: OrderHistory, decisions: Decisions): Folded {
  const discrepancies = linkConflicts.map(linkConflict).filter((found) => !isDecided(found, decisions));
  return {
    status: 'pending',
    totals: zeroTotals,
    expectation: null,
    discrepancies,
    blocked: discrepancies.length > 0,
    neededMinor: 0n,
    short: true,
    nextAt: null,
    counted: { payments: [], reversals: [] },
    outside: { payments: [], reversals: [] },
    acceptedForeign: [],
  };
}

/** Whether a person has said what is to become of it. Who took a surplus as it was has not taken what it grew to since. */
function isDecided({ key, kind, amountMinor }: FoundDiscrepancy, { byKey }: Decisions): boolean {
  const decided = byKey.get(key);
  if (decided === undefined || !discrepancyKinds[kind].grows) return decided !== undefined;
  return decided.amountMinor === null || (amountMinor ?? 0n) <= decided.amountMinor;
}

/** An unverified expectation is for what its earliest capture brought, whichever capture arrived first. */
function inForce(expectation: Expectation, facts: readonly KnownFact[]): Expectation {
  if (!expectation.unverified) return expectation;
  const [earliest] = facts
    .filter((fact) => fact.kind === 'captured' && (expectation.accounts?.includes(fact.account) ?? true))
    .flatMap(({ amountMinor, currency, ...fact }) =>
      amountMinor && currency ? [{ ...fact, amountMinor, currency }] : [],
    )
    .sort(
      (one, other) =>
        one.providerTime - other.providerTime ||
        compareTexts(one.operationId, other.operationId) ||
        sources.indexOf(one.source) - sources.indexOf(other.source) ||
        Number(one.amountMinor - other.amountMinor),
    );
  return earliest === undefined
    ? expectation
    : { ...expectation, amountMinor: earliest.amountMinor, currency: earliest.currency };
}

/** Whether a fact is on the expectation's accounts and for its payee. Judged fact by fact, so that no fact moves another out. */
function counts(fact: KnownFact, { accounts, payee }: Expectation, decisions: Decisions): boolean {
  const fits =
    (accounts === null || accounts.includes(fact.account)) && (payee === null || (fact.payee ?? payee) === payee);
  return fits || isAccepted(decisions, discrepancyKey('wrong_account', paymentKey(fact)));
}

function needed({ amountMinor }: Expectation, decisions: Decisions): bigint {
  const underpaid = decisions.byKey.get(discrepancyKey('underpaid', String(amountMinor)));
  return underpaid?.is === 'accept' ? smaller(amountMinor, underpaid.amountMinor ?? 1n) : amountMinor;
}

function foreignAccepted(
  payments: readonly Payment[],
  currency: string,
  decisions: Decisions,
): { payment: Payment; sums: Sums }[] {
  return payments.flatMap((payment) =>
    payment.sums
      .filter((sums) => sums.currency !== currency && sums.capturedMinor > 0n)
      .filter((sums) => isAccepted(decisions, discrepancyKey('wrong_currency', payment.key, sums.currency)))
      .map((sums) => ({ payment, sums })),
  );
}

/** Late money that was ignored or given back: no person let it in, so it does not earn `payment.succeeded`. */
function heldLate(view: View): bigint {
  return lateCaptures(view).reduce((sum, late) => {
    const decision = view.decisions.byKey.get(late.key)?.is ?? (late.givenBack ? 'ignore' : null);
    return decision === 'ignore' && late.currency === view.expectation.currency ? sum + late.amountMinor : sum;
  }, 0n);
}

function totalsOf(payments: readonly Payment[], { amountMinor, currency }: Expectation): Totals {
  const capturedMinor = total(payments, currency, (sums) => sums.capturedMinor);
  const reversedMinor = total(payments, currency, (sums) => sums.reversedMinor);
  const disputes = (stage: 'dispute_opened' | 'dispute_lost') =>
    payments
      .flatMap((payment) => payment.operations.map((operation) => ({ payment, operation })))
      .filter(({ operation }) => disputeStage(operation) === stage)
      .reduce((sum, { payment, operation }) => sum + disputedOf(payment, operation, currency), 0n);
  return {
    capturedMinor,
    authorizedMinor: total(payments, currency, (sums) => sums.authorizedMinor),
    reversedMinor,
    refundedMinor: total(payments, currency, (sums) => sums.refundedMinor),
    disputedMinor: disputes('dispute_opened'),
    chargedBackMinor: disputes('dispute_lost'),
    overpaidMinor: larger(0n, capturedMinor - reversedMinor - amountMinor),
  };
}

/** What a dispute is about in a currency: what its last stage says, else another stage; where none says an amount, the whole payment. */
export function disputedOf(payment: Payment, operation: Operation, currency: string): bigint {
  const amounts = (['dispute_lost', 'dispute_won', 'dispute_opened'] as const).flatMap(
    (stage) => amountOf(operation, stage, currency) ?? [],
  );
  const unsaid = [...operation.said.values()].every(
    ({ single, cumulative }) => single === null && cumulative.length === 0,
  );
  return amounts[0] ?? (unsaid ? netOf(sumsIn(payment, currency)) : 0n);
}

interface Sum {
  capturedMinor: bigint;
  authorizedMinor: bigint;
  netMinor: bigint;
  short: boolean;
  undone: boolean;
}

function statusOf(payments: readonly Payment[], sum: Sum): OrderStatus {
  if (sum.short && sum.netMinor === 0n && (sum.capturedMinor > 0n || sum.undone)) return 'reversed';
  if (!sum.short) return 'paid';
  if (sum.netMinor > 0n) return 'underpaid';
  if (sum.authorizedMinor > 0n) return 'authorized';
  const wholeIsClosed = payments.some((payment) => payment.wholeOrder && isClosed(payment));
  const tries = payments.filter(
    (payment) => !payment.wholeOrder || has(payment, 'captured') || has(payment, 'authorized'),
  );
  const isOver = (payment: Payment) => isClosed(payment) || (wholeIsClosed && !has(payment, 'captured'));
  if ((tries.length > 0 || wholeIsClosed) && tries.every(isOver)) return 'closed';
  return payments.some((payment) => has(payment, 'failed')) ? 'failed' : 'pending';
}

/** Closed, or voided whole, at its provider. */
function isClosed(payment: Payment): boolean {
  const reserved = payment.sums.some((sums) => sums.authorizedMinor > 0n);
  return has(payment, 'closed') || (has(payment, 'voided') && !has(payment, 'captured') && !reserved);
}
