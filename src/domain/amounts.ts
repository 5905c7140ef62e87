import type { Instant } from './clock.ts';
import { compareFacts, type FactKind, type KnownFact } from './fact.ts';
import type { Money } from './money.ts';
import {
  type AmountContext,
  amountOf,
  earliest,
  gatherPayments,
  has,
  isMissing,
  larger,
  type Operation,
  type PaymentOperations,
  type Said,
  smaller,
  sumOf,
} from './operation.ts';

/** What one payment comes to in one currency, all ≥ 0 and in its minor units. */
export interface Sums {
  currency: string;
  /** Reserved and neither captured, voided nor closed. */
  authorizedMinor: bigint;
  /** All captures, those reversed later included. */
  capturedMinor: bigint;
  /** At most what was captured. */
  reversedMinor: bigint;
  /** All refunds that succeeded, those that bounced later included: it only grows, so notifications add up to it. */
  refundedGrossMinor: bigint;
  /** Refunds that succeeded and did not bounce. */
  refundedMinor: bigint;
}

export interface Payment extends PaymentOperations {
  /** One per currency that its facts name. */
  sums: readonly Sums[];
}

/** A capture that the provider undid. */
export interface Reversal {
  payment: Payment;
  operation: Operation;
  amountMinor: bigint;
  currency: string;
  at: Instant;
}

export interface Ledger {
  /** Sorted by key. */
  payments: readonly Payment[];
  /** By time. A reversal whose capture is unknown is not among them and counts nothing. */
  reversals: readonly Reversal[];
}

/** Adds up facts, in tie order, per payment and currency. */
export function addUp(facts: readonly KnownFact[], context: AmountContext): Ledger {
  if (facts.length === 0) return { payments: [], reversals: [] };
  const gathered = gatherPayments(facts, context);
  const whole = gathered.filter((payment) => payment.wholeOrder);
  const voided = whole.some((payment) => has(payment, 'closed') || has(payment, 'voided'));
  const ready: Payment[] = [];
  for (const payment of [...gathered.filter((one) => !one.wholeOrder), ...whole]) {
    const filled = fillRefund(payment, gathered, ready, context.first.currency);
    const sums = currenciesOf(filled).map((currency) => sumUp(filled, currency));
    ready.push({ ...filled, sums: voided ? sums.map((sum) => ({ ...sum, authorizedMinor: 0n })) : sums });
  }
  const named = ready.flatMap((payment) => payment.operations.flatMap((operation) => reversalsOf(payment, operation)));
  const { payments, reversals } = reverseWhole(ready);
  return {
    payments: payments.toSorted((one, other) => (one.key < other.key ? -1 : 1)),
    reversals: [...named, ...reversals].sort((one, other) => one.at - other.at),
  };
}

const nothing = {
  authorizedMinor: 0n,
  capturedMinor: 0n,
  reversedMinor: 0n,
  refundedGrossMinor: 0n,
  refundedMinor: 0n,
};

/** A payment's sums in a currency; zeros where it has none. */
export function sumsIn(payment: Payment, currency: string): Sums {
  return payment.sums.find((sums) => sums.currency === currency) ?? { currency, ...nothing };
}

/** Captured and not reversed. */
export function netOf(sums: Sums): bigint {
  return sums.capturedMinor - sums.reversedMinor;
}

/** Money that is still here: captured, not reversed and not refunded. */
export function keptOf(sums: Sums): bigint {
  return larger(0n, netOf(sums) - sums.refundedMinor);
}

export function total(payments: readonly Payment[], currency: string, figure: (sums: Sums) => bigint): bigint {
  return payments.reduce((sum, payment) => sum + figure(sumsIn(payment, currency)), 0n);
}

/** What of an operation's capture was reversed: an amount not said in its currency is all of it. */
export function reversedOf(operation: Operation, currency: string): bigint {
  const captured = amountOf(operation, 'captured', currency);
  if (captured === null || !operation.said.has('reversed')) return 0n;
  return smaller(captured, amountOf(operation, 'reversed', currency) ?? captured);
}

/** What of a refund came back; 0 where it is not known to have succeeded. */
export function bouncedOf(operation: Operation, currency: string): bigint {
  const refunded = amountOf(operation, 'refunded', currency);
  if (refunded === null || !operation.said.has('refund_bounced')) return 0n;
  return smaller(refunded, amountOf(operation, 'refund_bounced', currency) ?? refunded);
}

function sumUp(payment: PaymentOperations, currency: string): Sums {
  const over = (figure: (operation: Operation, currency: string) => bigint) =>
    payment.operations.reduce((sum, operation) => sum + figure(operation, currency), 0n);
  const capturedMinor = sumOf(payment, 'captured', currency);
  const refundedGrossMinor = sumOf(payment, 'refunded', currency);
  return {
    currency,
    authorizedMinor: has(payment, 'captured') || has(payment, 'closed') ? 0n : openAuthorisation(payment, currency),
    capturedMinor,
    reversedMinor: smaller(capturedMinor, over(reversedOf)),
    refundedGrossMinor,
    refundedMinor: larger(0n, refundedGrossMinor - over(bouncedOf)),
  };
}

function openAuthorisation(payment: PaymentOperations, currency: string): bigint {
  const unsaid = payment.operations.some(({ said }) => {
    const voided = said.get('voided');
    return voided !== undefined && isMissing(voided);
  });
  return unsaid ? 0n : larger(0n, sumOf(payment, 'authorized', currency) - sumOf(payment, 'voided', currency));
}

function currenciesOf(payment: PaymentOperations): string[] {
  const all = payment.operations.flatMap(({ said }) =>
    [...said.values()].flatMap(({ single, cumulative }) =>
      [single, ...cumulative].flatMap((money) => money?.currency ?? []),
    ),
  );
  return [...new Set(all)].sort();
}

/**
 * Gives the earliest refund without an amount, where the account takes amounts from the order, what is left of the capture
 * after all other refunds. `ready` are the payments before it, which count where the payment stands for the whole order.
 */
function fillRefund(
  payment: PaymentOperations,
  all: readonly PaymentOperations[],
  ready: readonly Payment[],
  currency: string,
): PaymentOperations {
  const [unsaid] = payment.operations
    .flatMap((operation) => {
      const said = operation.said.get('refunded');
      const fact = operation.facts.find(({ kind, fromOrder }) => kind === 'refunded' && fromOrder);
      return said !== undefined && isMissing(said) && fact !== undefined ? [{ operation, said, fact }] : [];
    })
    .sort((one, other) => compareFacts(one.fact, other.fact));
  if (unsaid === undefined) return payment;
  const scope = payment.wholeOrder ? all : [payment];
  const captured = scope.reduce((sum, one) => sum + sumOf(one, 'captured', currency), 0n);
  const others = payment.wholeOrder ? total(ready, currency, (sums) => sums.refundedMinor) : 0n;
  const single: Money = {
    amountMinor: larger(0n, captured - others - sumUp(payment, currency).refundedMinor),
    currency,
  };
  const said = new Map<FactKind, Said>(unsaid.operation.said).set('refunded', { ...unsaid.said, single });
  const filled = { ...unsaid.operation, said };
  return { ...payment, operations: payment.operations.map((one) => (one === unsaid.operation ? filled : one)) };
}

function reversalsOf(payment: Payment, operation: Operation): Reversal[] {
  const at = operation.said.get('reversed')?.at;
  if (at === undefined) return [];
  return payment.sums.flatMap(({ currency }) => {
    const amountMinor = reversedOf(operation, currency);
    return amountMinor > 0n ? [{ payment, operation, amountMinor, currency, at }] : [];
  });
}

/**
 * Takes reversals that name neither a payment nor a known capture from the order as a whole: from the latest captures first,
 * all of them where no amount is said.
 */
function reverseWhole(payments: readonly Payment[]): Ledger {
  const left = payments
    .toSorted((one, other) => compareByCapture(other, one))
    .map((payment) => ({ ...payment, sums: payment.sums.map((sums) => ({ ...sums })) }));
  const reversals: Reversal[] = [];
  for (const payment of left.filter((one) => one.wholeOrder)) {
    for (const operation of payment.operations) {
      const said = operation.said.get('reversed');
      if (said === undefined || operation.said.has('captured')) continue;
      const currencies = isMissing(said)
        ? [...new Set(left.flatMap(currenciesOf))].sort()
        : currenciesOf({ ...payment, operations: [operation] });
      for (const currency of currencies) {
        const asked = isMissing(said) ? null : (amountOf(operation, 'reversed', currency) ?? 0n);
        const amountMinor = takeBack(left, currency, asked);
        if (amountMinor > 0n) reversals.push({ payment, operation, amountMinor, currency, at: said.at });
      }
    }
  }
  return { payments: left, reversals };
}

/** Raises `reversedMinor`, payment by payment, until `asked` (null = everything) is reached; answers how much it was. */
function takeBack(payments: readonly Payment[], currency: string, asked: bigint | null): bigint {
  let taken = 0n;
  for (const payment of payments) {
    const sums = payment.sums.find((one) => one.currency === currency);
    if (sums === undefined) continue;
    const part = asked === null ? netOf(sums) : smaller(netOf(sums), asked - taken);
    sums.reversedMinor += part;
    taken += part;
  }
  return taken;
}

/** By the time of the first capture, then by payment id; payments without a capture last. */
export function compareByCapture(one: PaymentOperations, other: PaymentOperations): number {
  const [a, b] = [
    earliest(one, 'captured') ?? Number.MAX_SAFE_INTEGER,
    earliest(other, 'captured') ?? Number.MAX_SAFE_INTEGER,
  ];
  if (a !== b) return a - b;
  return one.paymentId === other.paymentId ? (one.key < other.key ? -1 : 1) : one.paymentId < other.paymentId ? -1 : 1;
}
