import { bouncedOf, compareByCapture, netOf, type Payment, sumsIn } from './amounts.ts';
import type { Instant } from './clock.ts';
import { compareFacts, type FactKind, paymentKey } from './fact.ts';
import type { Folded } from './fold.ts';
import type { Money } from './money.ts';
import type { NotificationType } from './notification.ts';
import { larger, type Operation, sumOf } from './operation.ts';
import type { Expectation, SentNotification } from './order.ts';

/** A notification to make; the caller gives it id, sequence and the order's own amount. */
export interface NotificationDraft {
  type: NotificationType;
  /** With the type unique within the order. */
  cause: string;
  amountMinor: bigint;
  currency: string;
  paymentId: string;
  operationId: string;
  /** `refund.succeeded` only: what of this payment is refunded after it, less what bounced. */
  refundedTotalMinor: bigint | null;
  occurredAt: Instant;
}

/**
 * The notifications that the fold makes due and that were not sent yet, in the order in which to number them. `fellShort` is
 * memory kept with the order, false at first: after a sent `payment.reversed`, a fold had less than is needed. Save what comes
 * back: it lets `payment.succeeded` be sent once more. Notifications of discrepancies are not among these: their cause is an id,
 * see `compareDiscrepancies`.
 */
export function notificationsDue(input: { folded: Folded; sent: readonly SentNotification[]; fellShort: boolean }): {
  due: NotificationDraft[];
  fellShort: boolean;
} {
  const { folded } = input;
  const { expectation } = folded;
  if (expectation === null) return { due: [], fellShort: input.fellShort };
  const sent = input.sent.toSorted((one, other) => one.sequence - other.sequence);
  const { due: ofPayments, fellShort } = paymentsDue({ folded, expectation, sent, fellShort: input.fellShort });
  const payments = [...folded.counted.payments, ...folded.outside.payments];
  const due = [
    ...folded.counted.payments.flatMap((payment) => authorized(payment, expectation)),
    ...(folded.status === 'paid' ? [] : failed(payments, expectation)),
    ...ofPayments,
    ...payments.flatMap((payment) => unfinishedRefunds(payment, expectation)),
    ...payments.flatMap((payment) => succeededRefunds(payment, sent)),
    ...payments.flatMap((payment) => bouncedRefunds(payment, expectation)),
    ...payments.flatMap((payment) => disputes(payment, expectation)),
    ...(folded.status === 'closed' ? closed(payments, expectation) : []),
  ];
  const told = new Set(sent.map(nameOf));
  // One operation may come up twice (in two currencies, inside and outside the expectation); its name decides.
  const once = due.filter((draft) => !told.has(nameOf(draft)) && told.add(nameOf(draft)));
  return { due: once, fellShort };
}

function nameOf({ type, cause }: { type: NotificationType; cause: string }): string {
  return `${type} ${cause}`;
}

/** `payment.succeeded` and `payment.reversed`, which depend on each other. */
function paymentsDue(input: {
  folded: Folded;
  expectation: Expectation;
  sent: readonly SentNotification[];
  fellShort: boolean;
}): { due: NotificationDraft[]; fellShort: boolean } {
  const { folded, expectation, sent } = input;
  const successes = sent.filter(({ type }) => type === 'payment.succeeded');
  const last = successes.at(-1);
  const reversals = last === undefined ? [] : reversed(folded, expectation, last.occurredAt);
  const told = new Set(sent.map(nameOf));
  const wasReversed =
    reversals.some((draft) => !told.has(nameOf(draft))) ||
    sent.some(({ type, sequence }) => type === 'payment.reversed' && last !== undefined && sequence > last.sequence);
  const fellShort = input.fellShort || (wasReversed && folded.short);
  if (folded.status !== 'paid' || folded.blocked || (last !== undefined && !fellShort))
    return { due: reversals, fellShort };
  const success = succeeded(folded, expectation, String(successes.length + 1));
  // A first success comes before its reversals, a later one after those that made it necessary.
  const due =
    last === undefined ? [success, ...reversed(folded, expectation, success.occurredAt)] : [...reversals, success];
  return { due, fellShort: false };
}

/** What made the order paid: payments in the order of their captures, up to the one that completed what was needed. */
function succeeded(folded: Folded, expectation: Expectation, cause: string): NotificationDraft {
  const { currency } = expectation;
  const paying = folded.counted.payments
    .filter((payment) => netOf(sumsIn(payment, currency)) > 0n)
    .sort(compareByCapture);
  let amountMinor = 0n;
  for (const payment of paying) {
    amountMinor += netOf(sumsIn(payment, currency));
    if (amountMinor >= folded.neededMinor) return paid(payment, { amountMinor, currency }, cause);
  }
  // Not by money in its own currency: then by what a person took in its place.
  const foreign = folded.acceptedForeign.find(({ sums }) => netOf(sums) > 0n);
  if (foreign === undefined) throw new Error('an order is paid by nothing');
  return paid(foreign.payment, { amountMinor: netOf(foreign.sums), currency: foreign.sums.currency }, cause);
}

function paid(payment: Payment, money: Money, cause: string): NotificationDraft {
  const captures = payment.operations.filter(({ said }) => said.has('captured'));
  const last = captures.toSorted((one, other) => timeOf(one, 'captured') - timeOf(other, 'captured')).at(-1);
  if (last === undefined) throw new Error('a payment without a capture cannot pay');
  return { ...ofFact('payment.succeeded', { payment, operation: last, kind: 'captured' }, money), cause };
}

/**
 * A reversal that was over before the order was paid, and leaves it paid, is not told: its payment was never what the merchant
 * heard of.
 */
function reversed(folded: Folded, { currency }: Expectation, paidAt: Instant): NotificationDraft[] {
  return folded.counted.reversals
    .filter((reversal) => folded.short || reversal.at >= paidAt)
    .filter(
      ({ payment, ...reversal }) =>
        reversal.currency === currency ||
        folded.acceptedForeign.some((accepted) => accepted.payment.key === payment.key),
    )
    .map(({ payment, operation, ...money }) =>
      ofFact('payment.reversed', { payment, operation, kind: 'reversed' }, money),
    );
}

function authorized(payment: Payment, { currency }: Expectation): NotificationDraft[] {
  const [operation] = payment.operations.filter(({ said }) => said.has('authorized'));
  const money = { amountMinor: sumOf(payment, 'authorized', currency), currency };
  if (operation === undefined || money.amountMinor === 0n) return [];
  return [{ ...ofFact('payment.authorized', { payment, operation, kind: 'authorized' }, money), cause: payment.key }];
}

function failed(payments: readonly Payment[], expectation: Expectation): NotificationDraft[] {
  return operationsWith(payments, 'failed')
    .filter(({ operation }) => !operation.said.has('captured'))
    .map((one) => ofFact('payment.failed', one, moneyOf(one.operation, ['failed']) ?? expectation));
}

/** By the payment that was closed last. */
function closed(payments: readonly Payment[], expectation: Expectation): NotificationDraft[] {
  const [last] = [...operationsWith(payments, 'closed'), ...operationsWith(payments, 'voided')].sort(
    (one, other) => timeOf(other.operation, other.kind) - timeOf(one.operation, one.kind),
  );
  return last === undefined ? [] : [{ ...ofFact('payment.closed', last, expectation), cause: 'closed' }];
}

function unfinishedRefunds(payment: Payment, expectation: Expectation): NotificationDraft[] {
  return payment.operations.flatMap((operation) => {
    const { said } = operation;
    if (said.has('refunded')) return [];
    const money = moneyOf(operation, ['refund_failed', 'refund_bounced', 'refund_pending']) ?? {
      ...expectation,
      amountMinor: 0n,
    };
    // A refund that came back without ever having succeeded, as far as we know, has failed.
    for (const kind of ['refund_failed', 'refund_bounced'] as const) {
      if (said.has(kind)) return [ofFact('refund.failed', { payment, operation, kind }, money)];
    }
    return said.has('refund_pending')
      ? [ofFact('refund.pending', { payment, operation, kind: 'refund_pending' }, money)]
      : [];
  });
}

function bouncedRefunds(payment: Payment, expectation: Expectation): NotificationDraft[] {
  return operationsWith([payment], 'refund_bounced')
    .filter(({ operation }) => operation.said.has('refunded'))
    .map((one) => {
      const [money = { ...expectation, amountMinor: 0n }] = payment.sums
        .map(({ currency }) => ({ amountMinor: bouncedOf(one.operation, currency), currency }))
        .filter(({ amountMinor }) => amountMinor > 0n);
      return ofFact('refund.bounced', one, money);
    });
}

/**
 * One notification for each rise of what was refunded of a payment over what was told: first what is known of refunds told
 * before, then the others in tie order. Bounced refunds stay in this total, else a refund that follows a bounce would raise
 * nothing and nobody would hear of it; `refund.bounced` takes them off again.
 */
function succeededRefunds(payment: Payment, sent: readonly SentNotification[]): NotificationDraft[] {
  const ofPayment = sent.filter(({ type, cause }) => type === 'refund.succeeded' && cause.startsWith(payment.key));
  const told = new Set(ofPayment.map(({ cause }) => cause));
  return payment.sums.flatMap(({ currency }) => {
    const due: NotificationDraft[] = [];
    let toldMinor = ofPayment.reduce((sum, one) => (one.currency === currency ? sum + one.amountMinor : sum), 0n);
    let singlesMinor = 0n;
    let largestMinor = 0n;
    const seen = new Set<Operation>();
    const items = refundItems(payment, currency).map((item) => ({ ...item, isTold: told.has(item.cause) }));
    for (const item of items.sort((one, other) => Number(other.isTold) - Number(one.isTold))) {
      if (item.measure === 'single') singlesMinor += item.amountMinor;
      else largestMinor = larger(largestMinor, item.amountMinor);
      seen.add(item.operation);
      const totalMinor = larger(singlesMinor, largestMinor);
      if (totalMinor <= toldMinor) continue;
      const others = [...seen].filter((operation) => operation !== item.operation);
      const bounced = others.reduce((sum, operation) => sum + bouncedOf(operation, currency), 0n);
      due.push({
        ...ofFact(
          'refund.succeeded',
          { payment, operation: item.operation, kind: 'refunded' },
          { amountMinor: totalMinor - toldMinor, currency },
        ),
        cause: item.measure === 'single' && !item.isTold ? item.cause : totalCause(payment, totalMinor, currency),
        refundedTotalMinor: larger(0n, totalMinor - bounced),
        occurredAt: item.at,
      });
      toldMinor = totalMinor;
    }
    return due;
  });
}

function totalCause(payment: Payment, totalMinor: bigint, currency: string): string {
  return `${payment.key}=${totalMinor} ${currency}`;
}

/** What raises the refunded total of a payment, in tie order: refunds by their own amounts, and totals that were said. */
function refundItems(payment: Payment, currency: string) {
  return operationsWith([payment], 'refunded')
    .flatMap(({ operation }) => {
      const facts = operation.facts.filter(({ kind }) => kind === 'refunded');
      const totals = facts.flatMap((fact) =>
        fact.measure === 'cumulative' && fact.amountMinor !== null && fact.currency === currency
          ? [
              {
                fact,
                amountMinor: fact.amountMinor,
                measure: 'cumulative' as const,
                cause: totalCause(payment, fact.amountMinor, currency),
              },
            ]
          : [],
      );
      const single = operation.said.get('refunded')?.single ?? null;
      const own = facts.find((fact) => fact.measure === 'single') ?? facts[0];
      const isOwn = single?.currency === currency && own !== undefined;
      const singles = isOwn
        ? [{ fact: own, amountMinor: single.amountMinor, measure: 'single' as const, cause: operation.key }]
        : [];
      return [...totals, ...singles].map((item) => ({ ...item, operation, at: item.fact.providerTime }));
    })
    .sort((one, other) => compareFacts(one.fact, other.fact));
}

function disputes(payment: Payment, expectation: Expectation): NotificationDraft[] {
  const [sums = sumsIn(payment, expectation.currency)] = payment.sums;
  return (['dispute_opened', 'dispute_won', 'dispute_lost'] as const).flatMap((kind) =>
    operationsWith([payment], kind).map((one) => {
      const whole = { amountMinor: netOf(sums), currency: sums.currency };
      const money = moneyOf(one.operation, [kind, 'dispute_lost', 'dispute_won', 'dispute_opened']) ?? whole;
      return ofFact(disputeTypes[kind], one, money);
    }),
  );
}

const disputeTypes = {
  dispute_opened: 'dispute.opened',
  dispute_won: 'dispute.won',
  dispute_lost: 'dispute.lost',
} as const;

/** One kind of fact about one operation of a payment. */
interface Told {
  payment: Payment;
  operation: Operation;
  kind: FactKind;
}

function operationsWith(payments: readonly Payment[], kind: FactKind): Told[] {
  return payments.flatMap((payment) =>
    payment.operations.filter(({ said }) => said.has(kind)).map((operation) => ({ payment, operation, kind })),
  );
}

/** The cause is the fact's own payment and operation, which no later fact can change. */
function ofFact(type: NotificationType, { payment, operation, kind }: Told, money: Money): NotificationDraft {
  const fact = operation.facts.find((one) => one.kind === kind);
  return {
    type,
    cause: fact === undefined ? operation.key : `${paymentKey(fact)}:${fact.operationId}`,
    amountMinor: money.amountMinor,
    currency: money.currency,
    paymentId: payment.paymentId,
    operationId: operation.operationId,
    refundedTotalMinor: null,
    occurredAt: timeOf(operation, kind),
  };
}

/** What the first of these kinds says of an operation, in whatever currency. */
function moneyOf(operation: Operation, kinds: readonly FactKind[]): Money | null {
  const said = kinds.flatMap((kind) => operation.said.get(kind) ?? []);
  return said.flatMap(({ single, cumulative }) => single ?? cumulative[0] ?? [])[0] ?? null;
}

function timeOf(operation: Operation, kind: FactKind): Instant {
  return operation.said.get(kind)?.at ?? 0;
}
