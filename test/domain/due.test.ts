import { describe, expect, it } from 'vitest';
import { compareDiscrepancies } from '../../src/domain/discrepancy.ts';
import { notificationsDue } from '../../src/domain/due.ts';
import type { KnownFact } from '../../src/domain/fact.ts';
import { fold } from '../../src/domain/fold.ts';
import type { OrderHistory } from '../../src/domain/order.ts';
import {
  action,
  captured,
  cumulative,
  emptyKept,
  expectation,
  fact,
  history,
  play,
  refunded,
  reversed,
  shop,
  take,
} from './histories.ts';

interface Case {
  name: string;
  batches: readonly (readonly KnownFact[])[];
  with?: Partial<OrderHistory>;
  /** What each batch makes due. */
  due: readonly (readonly string[])[];
}

function tells(cases: readonly Case[]): void {
  it.each(cases)('$name', (one) => {
    expect(play(one.batches, one.with)).toEqual(one.due);
  });
}

const paid = captured('P1', 100);
const second = captured('P2', 100, 40);
const back = reversed('P1', null);
const pending = fact('refund_pending', ['P1', 'R1', 30, 15]);
const bounced = fact('refund_bounced', ['P1', 'R1', null, 50]);
const failed = fact('failed', ['P1', 'try 1', 100, 5]);
const close = (payment: string) => fact('closed', [payment, payment, null, 5]);
const dispute = (kind: 'opened' | 'won' | 'lost', at: number) => fact(`dispute_${kind}`, ['P1', 'D1', 80, at]);

describe('payment.succeeded', () => {
  tells([
    {
      name: 'is sent when the order is paid, once',
      batches: [[paid], [paid], []],
      due: [['payment.succeeded 100'], [], []],
    },
    {
      name: 'is sent for TRADE_SUCCESS, and not again for TRADE_FINISHED',
      batches: [[paid], [{ ...paid, providerTime: 90 }]],
      due: [['payment.succeeded 100'], []],
    },
    {
      name: 'is sent when the last part has arrived',
      batches: [[captured('P1', 60)], [captured('P2', 40)]],
      due: [[], ['payment.succeeded 100']],
    },
    {
      name: 'is for what paid the order, also where a second payment came with it',
      batches: [[second, paid]],
      due: [['payment.succeeded 100']],
    },
    {
      name: 'waits until nothing blocks',
      batches: [[paid, captured('P2', null)], [captured('P2', 10)]],
      due: [[], ['payment.succeeded 100']],
    },
    {
      name: 'stays sent when something blocks later',
      batches: [[paid], [captured('P1', 90)]],
      due: [['payment.succeeded 100'], []],
    },
    { name: 'is not sent where nobody expects the order', batches: [[paid]], with: { expectations: [] }, due: [[]] },
    {
      name: 'is sent for a success after a failure',
      batches: [[failed], [paid]],
      due: [['payment.failed 100'], ['payment.succeeded 100']],
    },
    {
      name: 'is sent again when the order is paid again after a reversal',
      batches: [[paid], [back], [second], [second]],
      due: [['payment.succeeded 100'], ['payment.reversed 100'], ['payment.succeeded 100'], []],
    },
    {
      name: 'is not sent again when the order stayed paid through the reversal',
      batches: [[paid, second], [back], [captured('P3', 100, 60)]],
      due: [['payment.succeeded 100'], ['payment.reversed 100'], []],
    },
    {
      name: 'is for the payment that stands, where another was reversed before it',
      batches: [[paid, back, second], []],
      due: [['payment.succeeded 100'], []],
    },
  ]);

  it('names the payment that completed the order, and numbers itself', () => {
    const kept = emptyKept();
    take(kept, [captured('P1', 60)]);
    expect(take(kept, [captured('P2', 50, 40)])).toEqual([
      {
        type: 'payment.succeeded',
        cause: '1',
        amountMinor: 110n,
        currency: 'CNY',
        paymentId: 'P2',
        operationId: 'P2',
        refundedTotalMinor: null,
        occurredAt: 40,
      },
    ]);
    take(kept, [back]);
    expect(take(kept, [captured('P3', 60, 60)]).map(({ type, cause }) => [type, cause])).toEqual([
      ['payment.succeeded', '2'],
    ]);
  });

  it('is in the currency of the money that a person took for the order', () => {
    const facts = [captured('P1', 15, 10, { currency: 'USD' })];
    const actions = [action('accept', 50, `wrong_currency:["${shop}","P1"]:USD`)];
    const { due } = notificationsDue({ folded: fold(history(facts, { actions }), 100), sent: [], fellShort: false });
    expect(due).toMatchObject([{ type: 'payment.succeeded', amountMinor: 15n, currency: 'USD' }]);
  });

  it('remembers that the order fell short while something else keeps it unpaid', () => {
    const kept = emptyKept();
    take(kept, [paid]);
    take(kept, [back]);
    expect(kept.fellShort).toBe(true);
    take(kept, [captured('P2', null)]);
    expect(kept.fellShort).toBe(true);
    expect(take(kept, [second])).toMatchObject([{ type: 'payment.succeeded', cause: '2' }]);
    expect(kept.fellShort).toBe(false);
  });
});

describe('the other payment notifications', () => {
  const authorized = fact('authorized', ['P1', 'A1', 100, 5]);
  tells([
    {
      name: 'an authorisation is told once, before the success',
      batches: [[authorized], [authorized], [paid]],
      due: [['payment.authorized 100'], [], ['payment.succeeded 100']],
    },
    {
      name: 'an authorisation that arrives late is told too',
      batches: [[paid], [authorized]],
      due: [['payment.succeeded 100'], ['payment.authorized 100']],
    },
    {
      name: 'a failure is not told while the order is paid',
      batches: [[paid], [failed]],
      due: [['payment.succeeded 100'], []],
    },
    {
      name: 'each failed try is told',
      batches: [[failed], [fact('failed', ['P1', 'try 2', null, 6])]],
      due: [['payment.failed 100'], ['payment.failed 100']],
    },
    {
      name: 'a close is told once, when all payments are closed',
      batches: [[close('P1'), failed], [close('P2')]],
      due: [['payment.failed 100', 'payment.closed 100'], []],
    },
    {
      name: 'a reversal is not told where no success was',
      batches: [[captured('P1', 60)], [reversed('P1', null)]],
      due: [[], []],
    },
    {
      name: 'a reversal before a late success, by provider time, is told as soon as it undoes it',
      batches: [[captured('P1', 60), captured('P2', 40, 40)], [reversed('P1', null, 20)]],
      due: [['payment.succeeded 100'], ['payment.reversed 60']],
    },
    {
      name: 'every stage of a dispute is told, in whatever order it arrives',
      batches: [[paid], [dispute('lost', 70)], [dispute('opened', 60)]],
      due: [['payment.succeeded 100'], ['dispute.lost 80'], ['dispute.opened 80']],
    },
    {
      name: 'a dispute without an amount is about the whole payment',
      batches: [[paid], [fact('dispute_opened', ['P1', 'D1', null, 60])]],
      due: [['payment.succeeded 100'], ['dispute.opened 100']],
    },
  ]);
});

it('an operation that is told of two payees is notified once', () => {
  const toB = fact('dispute_opened', ['P1', 'D1', 70, 60], { payee: 'B' });
  const due = play([[paid], [dispute('opened', 60), toB], []], { expectations: [{ ...expectation, payee: 'A' }] });
  expect(due).toEqual([['payment.succeeded 100'], ['dispute.opened 80'], []]);
});

describe('refund notifications', () => {
  const of = (batches: readonly (readonly KnownFact[])[]) => play([[paid], ...batches]).slice(1);
  const first = refunded('R1', 30, 21);
  const next = refunded('R2', 20, 22);
  const total = (amount: number, at: number) => refunded('P1', amount, at, cumulative);

  it.each([
    {
      name: 'singles are told each',
      batches: [[first], [next]],
      due: [['refund.succeeded 30'], ['refund.succeeded 20']],
    },
    {
      name: 'singles are told each, whichever came first',
      batches: [[next], [first]],
      due: [['refund.succeeded 20'], ['refund.succeeded 30']],
    },
    {
      name: 'singles of one batch are told in tie order',
      batches: [[next, first]],
      due: [['refund.succeeded 30', 'refund.succeeded 20']],
    },
    {
      name: 'totals tell the rise',
      batches: [[total(30, 21)], [total(50, 22)]],
      due: [['refund.succeeded 30'], ['refund.succeeded 20']],
    },
    {
      name: 'an older total tells nothing',
      batches: [[total(50, 22)], [total(30, 21)]],
      due: [['refund.succeeded 50'], []],
    },
    {
      name: 'the same refund as total and as single is told once',
      batches: [[total(30, 21)], [first]],
      due: [['refund.succeeded 30'], []],
    },
    {
      name: 'a single beyond the total is told',
      batches: [[total(30, 21)], [first, next]],
      due: [['refund.succeeded 30'], ['refund.succeeded 20']],
    },
    {
      name: 'a pending one is told before it succeeds',
      batches: [[pending], [first]],
      due: [['refund.pending 30'], ['refund.succeeded 30']],
    },
    {
      name: 'a pending one is not told after it succeeded',
      batches: [[first], [pending]],
      due: [['refund.succeeded 30'], []],
    },
    {
      name: 'a failed one is told',
      batches: [[pending], [fact('refund_failed', ['P1', 'R1', null, 20])]],
      due: [['refund.pending 30'], ['refund.failed 30']],
    },
    {
      name: 'a bounced one is told after it succeeded',
      batches: [[first], [bounced]],
      due: [['refund.succeeded 30'], ['refund.bounced 30']],
    },
    {
      name: 'a bounced one is told with the success that comes with it',
      batches: [[bounced, first]],
      due: [['refund.succeeded 30', 'refund.bounced 30']],
    },
    {
      name: 'one that came back without having succeeded has failed',
      batches: [[pending, bounced]],
      due: [['refund.failed 30']],
    },
    {
      name: 'a refund after a bounce is told',
      batches: [[first], [bounced], [refunded('R2', 30, 60)]],
      due: [['refund.succeeded 30'], ['refund.bounced 30'], ['refund.succeeded 30']],
    },
    {
      name: 'an amount that turns out larger tells the rise',
      batches: [[first], [refunded('R1', 40, 21, { source: 'statement' })]],
      due: [['refund.succeeded 30'], ['refund.succeeded 10']],
    },
    {
      name: 'refunds of the order as a whole are told',
      batches: [[fact('refunded', ['order:ORDER-1', 'R9', 10, 20])]],
      due: [['refund.succeeded 10']],
    },
  ])('$name', ({ batches, due }) => {
    expect(of(batches)).toEqual(due);
  });

  it('carry the total of the payment after them, less what bounced', () => {
    const kept = emptyKept();
    take(kept, [paid, first]);
    take(kept, [bounced]);
    take(kept, [refunded('R2', 50, 60), refunded('R3', 5, 61)]);
    const totals = kept.sent.filter(({ type }) => type === 'refund.succeeded').map((one) => one.refundedTotalMinor);
    expect(totals).toEqual([30n, 50n, 55n]);
  });

  it('are told per currency', () => {
    const dollars = { currency: 'USD' };
    const kept = emptyKept();
    take(kept, [paid, captured('P2', 10, 10, dollars), fact('refunded', ['P2', 'R1', 10, 20], dollars)]);
    take(kept, [first]);
    expect(kept.sent.map(({ type, amountMinor, currency }) => `${type} ${amountMinor} ${currency}`)).toEqual([
      'payment.succeeded 100 CNY',
      'refund.succeeded 10 USD',
      'refund.succeeded 30 CNY',
    ]);
  });
});

describe('discrepancies beside what is stored of them', () => {
  const found = fold(
    history([captured('P1', 130), fact('refund_bounced', ['P1', 'R1', null, 50]), refunded('R1', 5)]),
    100,
  ).discrepancies;

  const [excess] = found.filter(({ kind }) => kind === 'overpaid');
  if (excess === undefined) throw new Error('nothing is overpaid');
  const overpaid = { ...excess, id: 1 };

  it('are restated where they have come to something else', () => {
    const { opened, restated } = compareDiscrepancies(found, [{ ...overpaid, amountMinor: 5n, why: 'less' }]);
    expect(opened.map(({ kind }) => kind)).toEqual(['refund_bounced']);
    expect(restated).toEqual([overpaid]);
  });

  it('are opened where new and resolved where gone, by key', () => {
    const stored = [overpaid, { ...overpaid, key: 'underpaid:100', id: 2 }];
    const { opened, resolved, restated } = compareDiscrepancies(found, stored);
    expect(opened.map(({ kind }) => kind)).toEqual(['refund_bounced']);
    expect(resolved.map(({ id }) => id)).toEqual([2]);
    expect(restated).toEqual([]);
  });

  it('are found neither once accepted nor once ignored', () => {
    for (const is of ['accept', 'ignore'] as const) {
      const actions = found.map(({ key }) => action(is, 60, key));
      expect(fold(history([captured('P1', 130)], { actions, expectations: [expectation] }), 100).discrepancies).toEqual(
        [],
      );
    }
  });
});
