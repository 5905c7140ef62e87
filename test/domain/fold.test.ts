import { describe, expect, it } from 'vitest';
import type { KnownFact } from '../../src/domain/fact.ts';
import { fold } from '../../src/domain/fold.ts';
import { asId } from '../../src/domain/ids.ts';
import { defaultPolicy, type OrderHistory, type OrderStatus, type Totals } from '../../src/domain/order.ts';
import {
  action,
  captured,
  cumulative,
  expectation,
  fact,
  history,
  other,
  refunded,
  reversed,
  shop,
} from './histories.ts';

interface Case {
  name: string;
  facts: readonly KnownFact[];
  with?: Partial<OrderHistory>;
  now?: number;
  status: OrderStatus;
  totals?: Partial<Totals>;
  /** Kinds of the open discrepancies, sorted; none where absent. */
  open?: readonly string[];
  blocked?: boolean;
}

/** Folds each case, with its facts forwards and backwards. */
function holds(cases: readonly Case[]): void {
  it.each(cases)('$name', (one) => {
    for (const facts of [one.facts, one.facts.toReversed()]) {
      const folded = fold(history(facts, one.with), one.now ?? 100);
      expect(folded.status).toBe(one.status);
      expect(folded.totals).toMatchObject(one.totals ?? {});
      expect(folded.discrepancies.map(({ kind }) => kind).sort()).toEqual(one.open ?? []);
      expect(folded.blocked).toBe(one.blocked ?? folded.discrepancies.some(({ blocks }) => blocks));
    }
  });
}

const authorized = (amount: number | null, at = 5) => fact('authorized', ['P1', 'A1', amount, at]);
const failed = (paymentId: string, at: number) => fact('failed', [paymentId, `${paymentId}-try-${at}`, null, at]);
const closed = (paymentId: string, at: number) => fact('closed', [paymentId, paymentId, null, at]);
const voided = (amount: number | null) => fact('voided', ['P1', 'V1', amount, 8]);
const dollars = { currency: 'USD' };
const fromOrder = { fromOrder: true };
const statement = { source: 'statement' as const };
const query = { source: 'query' as const };

describe('an order without an expectation', () => {
  holds([
    {
      name: 'is pending with no totals, whatever is parked',
      facts: [captured('P1', 100), refunded('R1', 30)],
      with: { expectations: [] },
      status: 'pending',
      totals: { capturedMinor: 0n, refundedMinor: 0n },
    },
    {
      name: 'still shows a payment that came with the references of two orders',
      facts: [],
      with: { expectations: [], linkConflicts: ['some fact'] },
      status: 'pending',
      open: ['fact_conflict'],
    },
  ]);
});

describe('the status', () => {
  holds([
    { name: 'is pending before anything is known', facts: [], status: 'pending' },
    {
      name: 'is authorized while money is reserved',
      facts: [authorized(100)],
      status: 'authorized',
      totals: { authorizedMinor: 100n },
    },
    {
      name: 'is authorized for what a partial void leaves',
      facts: [authorized(100), voided(40)],
      status: 'authorized',
      totals: { authorizedMinor: 60n },
    },
    { name: 'is closed after a void of all', facts: [authorized(100), voided(null)], status: 'closed' },
    { name: 'is closed after voids that add up to all', facts: [authorized(100), voided(100)], status: 'closed' },
    {
      name: 'is paid when the expected amount is captured',
      facts: [captured('P1', 100)],
      status: 'paid',
      totals: { capturedMinor: 100n },
    },
    {
      name: 'reserves nothing beside a capture of the same payment',
      facts: [authorized(100), captured('P1', 100)],
      status: 'paid',
      totals: { authorizedMinor: 0n },
    },
    { name: 'is underpaid when less is captured', facts: [captured('P1', 99)], status: 'underpaid' },
    { name: 'is paid when two payments add up', facts: [captured('P1', 60), captured('P2', 40, 11)], status: 'paid' },
    { name: 'is failed when a try failed', facts: [failed('P1', 1)], status: 'failed' },
    {
      name: 'stays paid when the same payment failed later',
      facts: [captured('P1', 100), failed('P1', 20)],
      status: 'paid',
    },
    {
      name: 'stays paid when another payment failed later',
      facts: [captured('P1', 100), failed('P2', 20)],
      status: 'paid',
    },
    { name: 'is paid by a success after a failure', facts: [failed('P1', 1), captured('P1', 100)], status: 'paid' },
    {
      name: 'is closed when every payment is closed at its provider',
      facts: [closed('P1', 1), closed('P2', 2)],
      status: 'closed',
    },
    { name: 'is not closed while one payment is not', facts: [closed('P1', 1), failed('P2', 2)], status: 'failed' },
    { name: 'is not closed by our clock', facts: [], now: 5000, status: 'pending' },
    {
      name: 'is not closed by our clock while something failed',
      facts: [failed('P1', 1)],
      now: 5000,
      status: 'failed',
    },
    {
      name: 'is reversed when nothing is left of what was captured',
      facts: [captured('P1', 100), reversed('P1', null)],
      status: 'reversed',
      totals: { capturedMinor: 100n, reversedMinor: 100n },
      open: ['reversed_after_paid'],
    },
    {
      name: 'is underpaid after a partial reversal',
      facts: [captured('P1', 100), reversed('P1', 30)],
      status: 'underpaid',
      totals: { reversedMinor: 30n },
      open: ['reversed_after_paid'],
    },
    {
      name: 'is paid again by another payment',
      facts: [captured('P1', 100), reversed('P1', null), captured('P2', 100, 40)],
      status: 'paid',
      totals: { capturedMinor: 200n, reversedMinor: 100n },
    },
    {
      name: 'ignores a reversal whose capture is unknown',
      facts: [reversed('P9', 100)],
      status: 'pending',
      totals: { capturedMinor: 0n, reversedMinor: 0n },
    },
    {
      name: 'takes no more back than the reversed capture brought',
      facts: [captured('P1', 60), reversed('P1', 90), captured('P2', 100)],
      status: 'paid',
      totals: { reversedMinor: 60n },
    },
    {
      name: 'stays paid through refunds',
      facts: [captured('P1', 100), refunded('R1', 100)],
      status: 'paid',
      totals: { refundedMinor: 100n },
    },
    {
      name: 'follows a changed expectation upwards',
      facts: [captured('P1', 100)],
      with: { expectations: [expectation, { ...expectation, amountMinor: 150n }] },
      status: 'underpaid',
    },
    {
      name: 'follows a changed expectation downwards',
      facts: [captured('P1', 90)],
      with: { expectations: [expectation, { ...expectation, amountMinor: 90n }] },
      status: 'paid',
    },
  ]);
});

describe('captured amounts', () => {
  holds([
    {
      name: 'TRADE_FINISHED without TRADE_SUCCESS is the capture',
      facts: [captured('P1', 100, 90)],
      status: 'paid',
      totals: { capturedMinor: 100n },
    },
    {
      name: 'of growing totals the largest counts',
      facts: [captured('P1', 40, 10, cumulative), captured('P1', 100, 12, cumulative)],
      status: 'paid',
      totals: { capturedMinor: 100n },
    },
    {
      name: 'a total and the single amounts in it are not added',
      facts: [
        captured('P1', 100, 10, cumulative),
        fact('captured', ['P1', 'C1', 60, 10]),
        fact('captured', ['P1', 'C2', 40, 11]),
      ],
      status: 'paid',
      totals: { capturedMinor: 100n },
    },
    {
      name: 'an unsaid amount counts nothing',
      facts: [captured('P1', null)],
      status: 'pending',
      totals: { capturedMinor: 0n },
      open: ['amount_missing'],
    },
    {
      name: 'an unsaid amount gives way to one known for the operation',
      facts: [captured('P1', null), captured('P1', 100, 12, query)],
      status: 'paid',
    },
    {
      name: 'an unsaid amount is not asked for once it was reversed',
      facts: [captured('P1', null), reversed('P1', null)],
      status: 'pending',
    },
    {
      name: 'an amount taken from the order is the first expectation',
      facts: [captured('P1', null, 10, fromOrder)],
      with: { expectations: [expectation, { ...expectation, amountMinor: 70n }] },
      status: 'paid',
      totals: { capturedMinor: 100n },
      open: ['overpaid'],
    },
    {
      name: 'an amount taken from the order agrees with the same amount said',
      facts: [captured('P1', null, 10, fromOrder), captured('P1', 100, 10, statement)],
      status: 'paid',
      totals: { capturedMinor: 100n },
    },
    {
      name: 'an amount taken from the order is contradicted by another amount said',
      facts: [captured('P1', null, 10, fromOrder), captured('P1', 90, 10, statement)],
      status: 'underpaid',
      totals: { capturedMinor: 90n },
      open: ['fact_conflict'],
    },
    {
      name: 'of two single amounts the statement wins over the callback',
      facts: [captured('P1', 90, 10), captured('P1', 100, 11, statement)],
      status: 'paid',
      totals: { capturedMinor: 100n },
      open: ['fact_conflict'],
    },
    {
      name: 'of two single amounts of one source the smaller wins',
      facts: [captured('P1', 100, 10), captured('P1', 90, 11)],
      status: 'underpaid',
      totals: { capturedMinor: 90n },
      open: ['fact_conflict'],
    },
    {
      name: 'two currencies for one operation are a conflict too',
      facts: [captured('P1', 100), captured('P1', 100, 10, dollars)],
      status: 'paid',
      open: ['fact_conflict'],
    },
    {
      name: 'a fact without an operation counts nothing',
      facts: [captured('P1', 100, 10, { operationIdMissing: true })],
      status: 'pending',
      open: ['operation_id_missing'],
    },
    {
      name: 'an unverified expectation is what the earliest capture brought',
      facts: [captured('P2', 30, 20), captured('P1', 70, 10)],
      with: { expectations: [{ ...expectation, amountMinor: 30n, unverified: true }] },
      status: 'paid',
      totals: { overpaidMinor: 30n },
      open: ['double_payment'],
    },
  ]);
});

describe('refunded amounts', () => {
  const paid = captured('P1', 100);
  const bounced = (refund: string, amount: number | null) => fact('refund_bounced', ['P1', refund, amount, 50]);
  holds([
    {
      name: 'single refunds add up',
      facts: [paid, refunded('R2', 20, 22), refunded('R1', 30, 21)],
      status: 'paid',
      totals: { refundedMinor: 50n },
    },
    {
      name: 'of cumulative refunds the largest counts',
      facts: [paid, refunded('P1', 50, 22, cumulative), refunded('P1', 30, 21, cumulative)],
      status: 'paid',
      totals: { refundedMinor: 50n },
    },
    {
      name: 'cumulative and single reports of the same refunds are not added',
      facts: [paid, refunded('P1', 50, 22, cumulative), refunded('R1', 30, 21, query), refunded('R2', 20, 22, query)],
      status: 'paid',
      totals: { refundedMinor: 50n },
    },
    {
      name: 'TRADE_SUCCESS with refund_fee is a capture and a total refunded',
      facts: [paid, refunded('P1', 40, 10, cumulative)],
      status: 'paid',
      totals: { capturedMinor: 100n, refundedMinor: 40n },
    },
    {
      name: 'a refund not started by us counts like any',
      facts: [paid, refunded('made at the portal', 10)],
      status: 'paid',
      totals: { refundedMinor: 10n },
    },
    {
      name: 'a refund before our record of the payment exceeds it',
      facts: [refunded('R1', 10)],
      status: 'pending',
      totals: { refundedMinor: 10n },
      open: ['refund_exceeds'],
    },
    {
      name: 'a refund before the payment, by provider time, counts once both are known',
      facts: [refunded('R1', 10, 1), paid],
      status: 'paid',
      totals: { refundedMinor: 10n },
    },
    {
      name: 'a refund over the capture is shown',
      facts: [paid, refunded('R1', 110)],
      status: 'paid',
      open: ['refund_exceeds'],
    },
    {
      name: 'a pending or failed refund is not money',
      facts: [paid, fact('refund_pending', ['P1', 'R1', 30, 20]), fact('refund_failed', ['P1', 'R2', 30, 20])],
      status: 'paid',
      totals: { refundedMinor: 0n },
    },
    {
      name: 'a bounced refund is taken off',
      facts: [paid, refunded('R1', 30), bounced('R1', null)],
      status: 'paid',
      totals: { refundedMinor: 0n },
      open: ['refund_bounced'],
    },
    {
      name: 'a bounce takes off no more than was refunded',
      facts: [paid, refunded('R1', 30), refunded('R2', 10), bounced('R1', 60)],
      status: 'paid',
      totals: { refundedMinor: 10n },
      open: ['refund_bounced'],
    },
    {
      name: 'a bounce of what never succeeded is a failed refund',
      facts: [paid, bounced('R1', 30)],
      status: 'paid',
      totals: { refundedMinor: 0n },
    },
    {
      name: 'a refund that waits for a person is shown',
      facts: [
        paid,
        fact('refund_pending', ['P1', 'R1', 30, 20]),
        fact('refund_pending', ['P1', 'R1', 30, 21], { needsPerson: true }),
      ],
      status: 'paid',
      open: ['refund_needs_person'],
    },
    {
      name: 'a refund that waited for a person and succeeded is not',
      facts: [paid, fact('refund_pending', ['P1', 'R1', 30, 20], { needsPerson: true }), refunded('R1', 30)],
      status: 'paid',
    },
    {
      name: 'an unsaid amount is that of the pending refund',
      facts: [paid, fact('refund_pending', ['P1', 'R1', 30, 20]), refunded('R1', null)],
      status: 'paid',
      totals: { refundedMinor: 30n },
    },
    {
      name: 'an unsaid amount without any other is missing',
      facts: [paid, refunded('R1', null)],
      status: 'paid',
      open: ['amount_missing'],
    },
    {
      name: 'an amount taken from the order is what other refunds leave',
      facts: [paid, refunded('R1', 30), refunded('R2', null, 25, fromOrder)],
      status: 'paid',
      totals: { refundedMinor: 100n },
    },
    {
      name: 'of two refunds that take it from the order the later has none',
      facts: [paid, refunded('R1', null, 25, fromOrder), refunded('R2', null, 26, fromOrder)],
      status: 'paid',
      totals: { refundedMinor: 100n },
      open: ['amount_missing'],
    },
  ]);
});

describe('facts that name only the order', () => {
  const whole = (kind: KnownFact['kind'], operation: string, amount: number | null, at: number) =>
    fact(kind, ['order:ORDER-1', operation, amount, at]);
  const two = [captured('P1', 60), captured('P2', 40, 12)];
  holds([
    {
      name: 'a reversal takes everything back',
      facts: [...two, whole('reversed', 'X', null, 30)],
      status: 'reversed',
      totals: { reversedMinor: 100n },
      open: ['reversed_after_paid'],
    },
    {
      name: 'a reversal of an amount takes that much',
      facts: [...two, whole('reversed', 'X', 50, 30)],
      status: 'underpaid',
      totals: { reversedMinor: 50n },
      open: ['reversed_after_paid'],
    },
    {
      name: 'a reversal that names the capture takes that one back',
      facts: [...two, whole('reversed', 'P2', null, 30)],
      status: 'underpaid',
      totals: { reversedMinor: 40n },
      open: ['reversed_after_paid'],
    },
    {
      name: 'a reversal without any capture counts nothing',
      facts: [whole('reversed', 'X', 50, 30)],
      status: 'pending',
      totals: { reversedMinor: 0n },
    },
    {
      name: 'refunds are held against all captures',
      facts: [...two, whole('refunded', 'R1', 90, 30)],
      status: 'paid',
      totals: { refundedMinor: 90n },
    },
    {
      name: 'refunds over all captures are shown',
      facts: [...two, whole('refunded', 'R1', 90, 30), fact('refunded', ['P1', 'R2', 20, 31])],
      status: 'paid',
      open: ['refund_exceeds'],
    },
    {
      name: 'a refund from the order is what the others leave of all captures',
      facts: [
        ...two,
        fact('refunded', ['P1', 'R2', 20, 31]),
        { ...whole('refunded', 'R1', null, 30), fromOrder: true },
      ],
      status: 'paid',
      totals: { refundedMinor: 100n },
    },
    {
      name: 'a bounce joins the refund it names',
      facts: [...two, refunded('R1', 20), whole('refund_bounced', 'R1', null, 40)],
      status: 'paid',
      totals: { refundedMinor: 0n },
      open: ['refund_bounced'],
    },
    {
      name: 'a close closes what is reserved',
      facts: [authorized(100), whole('closed', 'X', null, 30)],
      status: 'closed',
      totals: { authorizedMinor: 0n },
    },
    { name: 'a close alone closes the order', facts: [whole('closed', 'X', null, 30)], status: 'closed' },
    { name: 'a close does not close what is paid', facts: [...two, whole('closed', 'X', null, 30)], status: 'paid' },
    {
      name: 'a failure is no payment that would have to be closed',
      facts: [closed('P1', 5), whole('failed', 'X', null, 3)],
      status: 'closed',
    },
    {
      name: 'a success after the close is late',
      facts: [whole('closed', 'X', null, 5), captured('P1', 100)],
      status: 'paid',
      open: ['late_payment'],
    },
  ]);
});

describe('disputes', () => {
  const paid = captured('P1', 100);
  const dispute = (kind: 'opened' | 'won' | 'lost', amount: number | null, at = 60) =>
    fact(`dispute_${kind}`, ['P1', 'D1', amount, at]);
  holds([
    {
      name: 'an open one is disputed money',
      facts: [paid, dispute('opened', 80)],
      status: 'paid',
      totals: { disputedMinor: 80n, chargedBackMinor: 0n },
    },
    {
      name: 'a lost one is charged back',
      facts: [paid, dispute('opened', 80), dispute('lost', 80, 70)],
      status: 'paid',
      totals: { disputedMinor: 0n, chargedBackMinor: 80n },
    },
    {
      name: 'a won one is neither',
      facts: [paid, dispute('opened', 80), dispute('won', 80, 70)],
      status: 'paid',
      totals: { disputedMinor: 0n, chargedBackMinor: 0n },
    },
    {
      name: 'going backwards changes nothing',
      facts: [paid, dispute('lost', 80, 50), dispute('won', 80, 60), dispute('opened', 80, 70)],
      status: 'paid',
      totals: { disputedMinor: 0n, chargedBackMinor: 80n },
    },
    {
      name: 'without an amount is about the whole payment',
      facts: [paid, dispute('opened', null)],
      status: 'paid',
      totals: { disputedMinor: 100n },
    },
    {
      name: 'without an amount takes it from another stage',
      facts: [paid, dispute('opened', 80), dispute('lost', null, 70)],
      status: 'paid',
      totals: { chargedBackMinor: 80n },
    },
    {
      name: 'after a refund is shown',
      facts: [paid, refunded('R1', 100, 20), dispute('opened', 100)],
      status: 'paid',
      open: ['dispute_after_refund'],
    },
    {
      name: 'after a refund, but won, is not',
      facts: [paid, refunded('R1', 100, 20), dispute('opened', 100), dispute('won', 100, 70)],
      status: 'paid',
    },
    {
      name: 'before a refund is not',
      facts: [paid, dispute('opened', 100, 15), refunded('R1', 100, 20)],
      status: 'paid',
    },
  ]);
});

describe('late payments', () => {
  const late = `late_payment:["${shop}","P1"]:P1`;
  const close = action('close', 5);
  const givenBack = refunded('R1', 100, 40);
  holds([
    {
      name: 'a capture after the merchant closed the order blocks',
      facts: [captured('P1', 100)],
      with: { actions: [close] },
      status: 'paid',
      open: ['late_payment'],
      blocked: true,
    },
    {
      name: 'a capture before it does not',
      facts: [captured('P1', 100, 4)],
      with: { actions: [close] },
      status: 'paid',
    },
    {
      name: 'a success after its own payment was closed blocks',
      facts: [closed('P1', 5), captured('P1', 100)],
      status: 'paid',
      open: ['late_payment'],
      blocked: true,
    },
    {
      name: 'a success after another payment was closed does not',
      facts: [closed('P2', 5), captured('P1', 100)],
      status: 'paid',
    },
    { name: 'a close after the success does not', facts: [captured('P1', 100, 10), closed('P1', 50)], status: 'paid' },
    {
      name: 'a reversed one is over',
      facts: [closed('P1', 5), captured('P1', 100), reversed('P1', null)],
      status: 'reversed',
      open: ['reversed_after_paid'],
    },
    {
      name: 'accepting it lifts the block',
      facts: [captured('P1', 100)],
      with: { actions: [close, action('accept', 50, late)] },
      status: 'paid',
      blocked: false,
    },
    {
      name: 'reopening it lifts the block',
      facts: [closed('P1', 5), captured('P1', 100)],
      with: { actions: [close, action('reopen', 50, late)] },
      status: 'paid',
      blocked: false,
    },
    {
      name: 'reopening undoes the close for later captures',
      facts: [captured('P2', 100, 60)],
      with: { actions: [close, action('reopen', 50, late)] },
      status: 'paid',
      blocked: false,
    },
    {
      name: 'closing again counts again',
      facts: [captured('P1', 100, 60)],
      with: { actions: [action('close', 55), action('reopen', 50), close] },
      status: 'paid',
      open: ['late_payment'],
    },
    {
      name: 'the policy may reopen without a person',
      facts: [captured('P1', 100)],
      with: { actions: [close], policy: { ...defaultPolicy, latePayment: 'reopen' } },
      status: 'paid',
      blocked: false,
    },
    {
      name: 'ignoring it hides it and lets nothing in',
      facts: [captured('P1', 100)],
      with: { actions: [close, action('ignore', 50, late)] },
      status: 'paid',
      blocked: true,
    },
    {
      name: 'giving it back settles it and lets nothing in',
      facts: [captured('P1', 100), givenBack],
      with: { actions: [close] },
      status: 'paid',
      blocked: true,
    },
    {
      name: 'money on time pays the order beside late money given back',
      facts: [closed('P1', 5), captured('P1', 100), givenBack, captured('P2', 100, 60)],
      status: 'paid',
      blocked: false,
    },
  ]);
});

describe('underpaid orders', () => {
  const accept = action('accept', 1500, 'underpaid:100', 60);
  holds([
    { name: 'wait until the time to pay is over', facts: [captured('P1', 60)], now: 999, status: 'underpaid' },
    { name: 'are shown then', facts: [captured('P1', 60)], now: 1000, status: 'underpaid', open: ['underpaid'] },
    {
      name: 'are shown a day after an expectation without an end',
      facts: [captured('P1', 60)],
      with: { expectations: [{ ...expectation, expiresAt: null }] },
      now: 86_400_000,
      status: 'underpaid',
      open: ['underpaid'],
    },
    {
      name: 'are not shown while money is reserved',
      facts: [captured('P2', 60), authorized(40)],
      now: 2000,
      status: 'underpaid',
    },
    {
      name: 'are not shown once all was given back',
      facts: [captured('P1', 60), refunded('R1', 60)],
      now: 2000,
      status: 'underpaid',
    },
    {
      name: 'count as paid once accepted',
      facts: [captured('P1', 60)],
      with: { actions: [accept] },
      now: 2000,
      status: 'paid',
    },
    {
      name: 'stay paid when more arrives',
      facts: [captured('P1', 60), captured('P2', 10, 50)],
      with: { actions: [accept] },
      now: 2000,
      status: 'paid',
      totals: { overpaidMinor: 0n },
    },
    {
      name: 'are not paid by the acceptance after a partial reversal',
      facts: [captured('P1', 60), reversed('P1', 20)],
      with: { actions: [accept] },
      now: 2000,
      status: 'underpaid',
    },
    {
      name: 'are not paid by an acceptance for another expectation',
      facts: [captured('P1', 60)],
      with: { actions: [accept], expectations: [expectation, { ...expectation, amountMinor: 200n }] },
      now: 2000,
      status: 'underpaid',
      open: ['underpaid'],
    },
  ]);

  it('say when time alone would change them', () => {
    expect(fold(history([captured('P1', 60)]), 10).nextAt).toBe(1000);
    expect(fold(history([captured('P1', 60)]), 1000).nextAt).toBeNull();
    expect(fold(history([captured('P1', 100)]), 10).nextAt).toBeNull();
    expect(fold(history([]), 10).nextAt).toBeNull();
  });
});

describe('money in the wrong place', () => {
  const onOther = { account: other };
  const toB = { payee: 'B' };
  const payeeA = [{ ...expectation, payee: 'A' }];
  const acceptAccount = [action('accept', 50, `wrong_account:["${other}","P1"]`)];
  const acceptDollars = [action('accept', 50, `wrong_currency:["${shop}","P1"]:USD`)];
  holds([
    {
      name: 'another account does not count and is shown',
      facts: [captured('P1', 100, 10, onOther)],
      status: 'pending',
      totals: { capturedMinor: 0n },
      open: ['wrong_account'],
    },
    {
      name: 'another account is shown for reserved money too',
      facts: [fact('authorized', ['P1', 'P1', 100, 5], onOther)],
      status: 'pending',
      open: ['wrong_account'],
    },
    {
      name: 'another account is shown where no amount was said',
      facts: [captured('P1', null, 10, onOther)],
      status: 'pending',
      open: ['amount_missing', 'wrong_account'],
    },
    {
      name: 'another account is settled when all went back',
      facts: [captured('P1', 100, 10, onOther), refunded('R1', 100, 20, onOther)],
      status: 'pending',
    },
    { name: 'a failure there is no money', facts: [fact('failed', ['P1', 'P1', null, 5], onOther)], status: 'failed' },
    {
      name: 'every account counts where none is named',
      facts: [captured('P1', 100, 10, onOther)],
      with: { expectations: [{ ...expectation, accounts: null }] },
      status: 'paid',
    },
    {
      name: 'accepting it lets its facts count',
      facts: [captured('P1', 100, 10, onOther), refunded('R1', 10, 20, onOther)],
      with: { actions: acceptAccount },
      status: 'paid',
      totals: { refundedMinor: 10n },
    },
    {
      name: 'another payee does not count',
      facts: [captured('P1', 100, 10, toB)],
      with: { expectations: payeeA },
      status: 'pending',
      open: ['wrong_account'],
    },
    { name: 'an unnamed payee counts', facts: [captured('P1', 100)], with: { expectations: payeeA }, status: 'paid' },
    {
      name: 'another currency does not count and blocks',
      facts: [captured('P1', 100, 10, dollars), captured('P2', 100)],
      status: 'paid',
      totals: { capturedMinor: 100n },
      open: ['wrong_currency'],
      blocked: true,
    },
    {
      name: 'another currency is settled when all went back',
      facts: [captured('P1', 100, 10, dollars), refunded('R1', 100, 20, dollars)],
      status: 'pending',
    },
    {
      name: 'accepting the currency pays the order, and converts nothing',
      facts: [captured('P1', 15, 10, dollars)],
      with: { actions: acceptDollars },
      status: 'paid',
      totals: { capturedMinor: 0n },
    },
    {
      name: 'an accepted currency is reversed like any',
      facts: [captured('P1', 15, 10, dollars), reversed('P1', null)],
      with: { actions: acceptDollars },
      status: 'reversed',
    },
  ]);
});

describe('too much money', () => {
  const tolerant = { policy: { ...defaultPolicy, overpaidToleranceMinor: 5n } };
  holds([
    {
      name: 'two payments both succeed',
      facts: [captured('P1', 100), captured('P2', 100, 12)],
      status: 'paid',
      totals: { overpaidMinor: 100n },
      open: ['double_payment'],
    },
    {
      name: 'the second was given back',
      facts: [captured('P1', 100), captured('P2', 100, 12), fact('refunded', ['P2', 'R1', 100, 20])],
      status: 'paid',
    },
    {
      name: 'the first was given back instead',
      facts: [captured('P1', 100), captured('P2', 100, 12), refunded('R1', 100)],
      status: 'paid',
    },
    {
      name: 'the surplus was given back without naming the payment',
      facts: [captured('P1', 100), captured('P2', 100, 12), fact('refunded', ['order:ORDER-1', 'R1', 100, 20])],
      status: 'paid',
    },
    {
      name: 'two payments that only together pay the order are no double payment',
      facts: [captured('P1', 60), captured('P2', 60, 12)],
      status: 'paid',
      totals: { overpaidMinor: 20n },
      open: ['overpaid'],
    },
    {
      name: 'one payment of more than expected',
      facts: [captured('P1', 130)],
      status: 'paid',
      totals: { overpaidMinor: 30n },
      open: ['overpaid'],
    },
    {
      name: 'the excess was given back',
      facts: [captured('P1', 130), refunded('R1', 30)],
      status: 'paid',
      totals: { overpaidMinor: 30n },
    },
    {
      name: 'within the tolerance',
      facts: [captured('P1', 105)],
      with: tolerant,
      status: 'paid',
      totals: { overpaidMinor: 5n },
    },
    { name: 'over the tolerance', facts: [captured('P1', 106)], with: tolerant, status: 'paid', open: ['overpaid'] },
    {
      name: 'ignored by a person',
      facts: [captured('P1', 130)],
      with: { actions: [action('ignore', 50, 'overpaid')] },
      status: 'paid',
    },
  ]);

  it('gives back the payments tried last, as long as the order stays paid', () => {
    const facts = [captured('P3', 60, 12), captured('P2', 60, 12), captured('P1', 60, 10), captured('P4', 10, 9)];
    const surplus = fold(history(facts), 100).discrepancies.map(({ paymentId, amountMinor }) => [
      paymentId,
      amountMinor,
    ]);
    // 190 in all: without P3 130 are left; without P2 70, so it stays; without P1 too; without P4 120.
    expect(surplus).toEqual([
      ['P3', 60n],
      ['P4', 10n],
    ]);
  });
});

describe('what a person decides about amounts', () => {
  const conflict = `fact_conflict:["${shop}","P1"]:P1:captured`;
  const missing = `amount_missing:["${shop}","P1"]:P1:captured`;
  const two = [captured('P1', 90), captured('P1', 100, 11)];
  holds([
    {
      name: 'the named amount settles a conflict',
      facts: two,
      with: { actions: [action('accept', 50, conflict, 100)] },
      status: 'paid',
      totals: { capturedMinor: 100n },
    },
    {
      name: 'without one, what counted before is accepted',
      facts: two,
      with: { actions: [action('accept', 50, conflict)] },
      status: 'underpaid',
      totals: { capturedMinor: 90n },
    },
    {
      name: 'the named amount stands for a missing one',
      facts: [captured('P1', null)],
      with: { actions: [action('accept', 50, missing, 100)] },
      status: 'paid',
      totals: { capturedMinor: 100n },
    },
    {
      name: 'the named amount is contradicted by another that the provider says later',
      facts: [captured('P1', null), captured('P1', 90, 12, statement)],
      with: { actions: [action('accept', 50, missing, 100)] },
      status: 'underpaid',
      totals: { capturedMinor: 90n },
      open: ['fact_conflict'],
    },
    {
      name: 'the last decision counts',
      facts: two,
      with: { actions: [action('ignore', 60, conflict), action('accept', 50, conflict, 100)] },
      status: 'underpaid',
    },
    {
      name: 'asking for a refund decides nothing by itself',
      facts: [captured('P1', 130)],
      with: { actions: [action('refund', 50, 'overpaid')] },
      status: 'paid',
      open: ['overpaid'],
    },
    {
      name: 'a payment under two references blocks until accepted',
      facts: [captured('P1', 100)],
      with: { linkConflicts: ['k'] },
      status: 'paid',
      open: ['fact_conflict'],
    },
    {
      name: 'a payment under two references, accepted',
      facts: [captured('P1', 100)],
      with: { linkConflicts: ['k'], actions: [action('accept', 50, 'fact_conflict:link:k')] },
      status: 'paid',
    },
  ]);
});

describe('payments that are only unique with their reference', () => {
  it('are kept apart by it', () => {
    const scoped = { scopedByReference: true as const };
    const facts = [
      captured('1', 60, 10, { ...scoped, reference: 'A' }),
      captured('1', 60, 10, { ...scoped, reference: 'B' }),
    ];
    expect(fold(history(facts), 100).totals.capturedMinor).toBe(120n);
  });

  it('are kept apart by account', () => {
    const facts = [captured('1', 60), captured('1', 60, 10, { account: asId.account('acc_two') })];
    expect(fold(history(facts, { expectations: [{ ...expectation, accounts: null }] }), 100).totals.capturedMinor).toBe(
      120n,
    );
  });
});
