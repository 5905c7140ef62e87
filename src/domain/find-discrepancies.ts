import {
  bouncedOf,
  compareByCapture,
  keptOf,
  type Ledger,
  netOf,
  type Payment,
  reversedOf,
  sumsIn,
  total,
} from './amounts.ts';
import type { Instant } from './clock.ts';
import { exponentOf } from './currencies.ts';
import { type DiscrepancyKind, discrepancyKey, discrepancyKinds, type FoundDiscrepancy } from './discrepancy.ts';
import { type FactKind, factKey, type KnownFact } from './fact.ts';
import { decimalFromMinor, type Money } from './money.ts';
import { amountOf, earliest, has, isMissing, larger, type Operation, smaller } from './operation.ts';
import type { Decisions, Expectation, Policy } from './order.ts';

/** What discrepancies are found from. */
export interface View {
  expectation: Expectation;
  /** What counts: on the expectation's accounts, or accepted elsewhere. */
  counted: Ledger;
  /** What does not. */
  outside: Ledger;
  /** Facts that name no operation. */
  nameless: readonly KnownFact[];
  linkConflicts: readonly string[];
  decisions: Decisions;
  policy: Policy;
  /** Of what counts, in the expectation's currency: all captures, and those less reversals. */
  capturedMinor: bigint;
  netMinor: bigint;
  /** Something was paid but not enough, nothing is reserved, and the time to pay is over. */
  underpaid: boolean;
}

/** Every discrepancy that the history shows, whatever was decided about it; late money that was given back is not one any more. */
export function findDiscrepancies(view: View): FoundDiscrepancy[] {
  const all = [...view.counted.payments, ...view.outside.payments];
  const found = [
    ...lateCaptures(view).filter((late) => !late.givenBack),
    ...underpaid(view),
    ...view.counted.payments.flatMap((payment) => wrongCurrency(payment, view.expectation.currency)),
    ...view.outside.payments.flatMap(wrongAccount),
    ...all.flatMap(unclearAmounts),
    ...view.nameless.map(nameless),
    ...view.linkConflicts.map(linkConflict),
    ...tooMuch(view),
    ...all.flatMap((payment) => refundExceeds(payment, all)),
    ...all.flatMap(refundProblems),
    ...disputesAfterRefund(all),
    ...reversedAfterPaid(view),
  ];
  return [...new Map(found.map((one) => [one.key, one])).values()];
}

/** A fact that arrived with a reference of another order; `subject` is its key. */
export function linkConflict(subject: string): FoundDiscrepancy {
  return about(
    ['fact_conflict', 'link', subject],
    'A payment arrived with the references of two orders, or contradicts what its message said before.',
  );
}

export interface LateCapture extends FoundDiscrepancy {
  amountMinor: bigint;
  currency: string;
  /** The whole payment was refunded. */
  givenBack: boolean;
}

/** Captures that count and came after the order or their own payment was closed; none where the policy reopens. */
export function lateCaptures({
  counted,
  decisions,
  policy,
}: Pick<View, 'counted' | 'decisions' | 'policy'>): LateCapture[] {
  if (policy.latePayment === 'reopen') return [];
  const orderClosures = counted.payments
    .filter((payment) => payment.wholeOrder)
    .map((payment) => earliest(payment, 'closed'));
  const isAfter = (at: Instant, closedAt: Instant | null) => closedAt !== null && closedAt < at;
  return counted.payments.flatMap((payment) =>
    payment.operations.flatMap((operation) => {
      const at = operation.said.get('captured')?.at;
      if (at === undefined) return [];
      const byMerchant = isAfter(at, decisions.closedAt);
      if (!byMerchant && ![earliest(payment, 'closed'), ...orderClosures].some((closedAt) => isAfter(at, closedAt)))
        return [];
      const who = byMerchant ? 'the merchant closed the order' : 'the provider closed the payment';
      return payment.sums.flatMap((sums) => {
        const { currency } = sums;
        const own = (amountOf(operation, 'captured', currency) ?? 0n) - reversedOf(operation, currency);
        const money = { amountMinor: smaller(own, netOf(sums)), currency };
        if (money.amountMinor === 0n) return [];
        const why = `${write(money)} arrived after ${who}.`;
        const late = about(['late_payment', operation.key], why, { payment, operation, money });
        return [{ ...late, ...money, givenBack: keptOf(sums) === 0n }];
      });
    }),
  );
}

function underpaid(view: View): FoundDiscrepancy[] {
  const { amountMinor, currency } = view.expectation;
  const { payments } = view.counted;
  if (!view.underpaid || total(payments, currency, keptOf) === 0n) return [];
  const money = { amountMinor: view.netMinor, currency };
  const why = `${write(money)} of ${write(view.expectation)} was paid, and the time to pay is over.`;
  const payment = payments.find((one) => keptOf(sumsIn(one, currency)) > 0n) ?? null;
  // The expected amount is part of the cause: what was accepted for one amount is not accepted for another.
  return [about(['underpaid', String(amountMinor)], why, { payment, money })];
}

function wrongCurrency(payment: Payment, expected: string): FoundDiscrepancy[] {
  return moneyHeld(payment)
    .filter((money) => money.currency !== expected)
    .map((money) =>
      about(['wrong_currency', payment.key, money.currency], `${write(money)} arrived for an order in ${expected}.`, {
        payment,
        money,
      }),
    );
}

function wrongAccount(payment: Payment): FoundDiscrepancy[] {
  const [money = null] = moneyHeld(payment);
  if (money === null && !payment.operations.some((operation) => isUnsaid(payment, operation, 'captured'))) return [];
  const what = money === null ? 'Money' : write(money);
  const why = `${what} arrived on an account, or for a payee, that the order does not name.`;
  return [about(['wrong_account', payment.key], why, { payment, money })];
}

/** What of a payment is here or reserved, per currency. */
function moneyHeld(payment: Payment): Money[] {
  return payment.sums
    .map((sums) => ({ amountMinor: keptOf(sums) || sums.authorizedMinor, currency: sums.currency }))
    .filter(({ amountMinor }) => amountMinor > 0n);
}

function unclearAmounts(payment: Payment): FoundDiscrepancy[] {
  return payment.operations.flatMap((operation) =>
    [...operation.said].flatMap(([kind, said]) => {
      const on = { payment, operation, money: said.single };
      if (said.conflicting && said.single !== null) {
        const why = `Different amounts were said for one operation (${kind}); ${write(said.single)} counts until a person decides.`;
        return [about(['fact_conflict', operation.key, kind], why, on)];
      }
      if (!isUnsaid(payment, operation, kind)) return [];
      return [
        about(['amount_missing', operation.key, kind], `Nothing says how much was ${kind}, so it counts nothing.`, on),
      ];
    }),
  );
}

/** Whether an amount is missing that would count: not that of a capture undone, or of an authorisation that is over. */
function isUnsaid(payment: Payment, operation: Operation, kind: FactKind): boolean {
  const said = operation.said.get(kind);
  if (said === undefined || !isMissing(said)) return false;
  if (kind === 'captured') return !operation.said.has('reversed');
  if (kind === 'authorized') return !has(payment, 'captured') && !has(payment, 'closed') && !has(payment, 'voided');
  return kind === 'refunded';
}

function nameless(fact: KnownFact): FoundDiscrepancy {
  const { account, paymentId, amountMinor, currency } = fact;
  const why = `A ${fact.kind} names no operation, so a copy of it could not be told from a second one; it counts nothing.`;
  return { ...about(['operation_id_missing', factKey(fact)], why), account, paymentId, amountMinor, currency };
}

function tooMuch(view: View): FoundDiscrepancy[] {
  const { currency, amountMinor: expected } = view.expectation;
  const { payments } = view.counted;
  const surplus = surplusOf(view);
  // What was refunded without naming a payment is taken to have given back the surplus.
  let unnamed = total(
    payments.filter((payment) => payment.wholeOrder),
    currency,
    (sums) => larger(0n, sums.refundedMinor - netOf(sums)),
  );
  const found = surplus.flatMap((payment) => {
    const kept = keptOf(sumsIn(payment, currency));
    const covered = smaller(kept, unnamed);
    unnamed -= covered;
    const money = { amountMinor: kept - covered, currency };
    const why = `The order of ${write(view.expectation)} is paid without this payment too.`;
    return money.amountMinor === 0n ? [] : [about(['double_payment', payment.key], why, { payment, money })];
  });
  const excess = view.netMinor - total(payments, currency, (sums) => sums.refundedMinor) - expected;
  if (surplus.length > 0 || excess <= view.policy.overpaidToleranceMinor) return found;
  const money = { amountMinor: excess, currency };
  const payment = payments.toSorted(compareByCapture).findLast((one) => keptOf(sumsIn(one, currency)) > 0n) ?? null;
  return [
    about(['overpaid'], `${write(money)} more than the order's ${write(view.expectation)} was paid.`, {
      payment,
      money,
    }),
  ];
}

/** Whole payments too many: those tried latest go first. A payment that was refunded in full is not there any more. */
function surplusOf({ counted, expectation }: View): Payment[] {
  const { currency, amountMinor } = expectation;
  const there = counted.payments.filter((payment) => keptOf(sumsIn(payment, currency)) > 0n).sort(compareByCapture);
  if (there.length < 2) return [];
  let remaining = total(there, currency, netOf);
  return there.reverse().filter((payment) => {
    const without = remaining - netOf(sumsIn(payment, currency));
    if (without < amountMinor) return false;
    remaining = without;
    return true;
  });
}

function refundExceeds(payment: Payment, all: readonly Payment[]): FoundDiscrepancy[] {
  return payment.sums.flatMap(({ currency, refundedMinor }) => {
    const scope = payment.wholeOrder ? all : [payment];
    const money = { amountMinor: total(scope, currency, (sums) => sums.refundedMinor - netOf(sums)), currency };
    if (refundedMinor === 0n || money.amountMinor <= 0n) return [];
    const why = `${write(money)} more was refunded than we know to be captured.`;
    return [about(['refund_exceeds', payment.key, currency], why, { payment, money })];
  });
}

function refundProblems(payment: Payment): FoundDiscrepancy[] {
  return payment.operations.flatMap((operation) => {
    const { said, facts } = operation;
    const moneyOf = (kind: FactKind) => said.get(kind)?.single ?? null;
    if (said.has('refunded') && said.has('refund_bounced')) {
      const why = 'A refund that had succeeded came back: the buyer does not have the money.';
      return [about(['refund_bounced', operation.key], why, { payment, operation, money: moneyOf('refunded') })];
    }
    const waits = facts.some((fact) => fact.kind === 'refund_pending' && fact.needsPerson);
    if (!waits || said.has('refunded') || said.has('refund_failed') || said.has('refund_bounced')) return [];
    const why = 'The provider will not go on with this refund until a person acts there.';
    return [
      about(['refund_needs_person', operation.key], why, { payment, operation, money: moneyOf('refund_pending') }),
    ];
  });
}

function disputesAfterRefund(payments: readonly Payment[]): FoundDiscrepancy[] {
  const refunds = payments.flatMap((payment) =>
    payment.operations.flatMap((operation) => {
      const refunded = operation.said.get('refunded');
      const stays = payment.sums.some(
        ({ currency }) => (amountOf(operation, 'refunded', currency) ?? 0n) > bouncedOf(operation, currency),
      );
      return refunded !== undefined && stays ? [{ payment, at: refunded.at }] : [];
    }),
  );
  return payments.flatMap((payment) =>
    payment.operations.flatMap((operation) => {
      const stage = disputeStage(operation);
      if (stage === null || stage === 'dispute_won') return [];
      const at = Math.min(...operation.facts.map((fact) => fact.providerTime));
      const before = refunds.some(
        (refund) => refund.at <= at && (refund.payment === payment || refund.payment.wholeOrder || payment.wholeOrder),
      );
      const why = 'The buyer disputes a payment that was refunded before: the money may go out twice.';
      return before ? [about(['dispute_after_refund', operation.key], why, { payment, operation })] : [];
    }),
  );
}

/** Where a dispute stands: what decided it wins, whatever came last. Null for an operation that is no dispute. */
export function disputeStage({ said }: Operation): 'dispute_lost' | 'dispute_won' | 'dispute_opened' | null {
  if (said.has('dispute_lost')) return 'dispute_lost';
  if (said.has('dispute_won')) return 'dispute_won';
  return said.has('dispute_opened') ? 'dispute_opened' : null;
}

function reversedAfterPaid(view: View): FoundDiscrepancy[] {
  const { currency, amountMinor } = view.expectation;
  if (view.capturedMinor < amountMinor || view.netMinor >= amountMinor) return [];
  return view.counted.reversals
    .filter((reversal) => reversal.currency === currency)
    .map(({ payment, operation, ...money }) =>
      about(['reversed_after_paid', operation.key], `${write(money)} of a paid order was reversed.`, {
        payment,
        operation,
        money,
      }),
    );
}

function about(
  [kind, ...subject]: readonly [DiscrepancyKind, ...string[]],
  why: string,
  on: { payment?: Payment | null; operation?: Operation; money?: Money | null } = {},
): FoundDiscrepancy {
  return {
    key: discrepancyKey(kind, ...subject),
    kind,
    blocks: discrepancyKinds[kind].blocks,
    account: on.payment?.account ?? null,
    paymentId: on.payment?.paymentId ?? null,
    operationId: on.operation?.operationId ?? null,
    amountMinor: on.money?.amountMinor ?? null,
    currency: on.money?.currency ?? null,
    why,
  };
}

function write({ amountMinor, currency }: Money): string {
  return exponentOf(currency) === null
    ? `${amountMinor} minor units of ${currency}`
    : `${decimalFromMinor(amountMinor, currency)} ${currency}`;
}
