import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FactKind, factKey, factKinds, type KnownFact } from '../../src/domain/fact.ts';
import { fold } from '../../src/domain/fold.ts';
import { type Action, defaultPolicy, type OrderHistory, type OrderStatus } from '../../src/domain/order.ts';
import { action, emptyKept, expectation, fact, history, type Kept, merge, other, shop, take } from './histories.ts';

const kindsOfRefunds: ReadonlySet<FactKind> = new Set([
  'refund_pending',
  'refunded',
  'refund_failed',
  'refund_bounced',
]);

/** P1 and P2 are expected, P3 is on an account that is not, P4 is for another payee, the last names only the order. */
const payments = ['P1', 'P2', 'P3', 'P4', 'order:ORDER-1'] as const;

/**
 * Where an operation's facts say they belong. It is decided by the operation, as a provider's format decides it: a reversal of
 * P2, a lost dispute of P2 and a bounce of P1's third refund name only the order, though capture and refund named the payment.
 */
function placeOf(kind: FactKind, payment: string, choice: number): [payment: string, operation: string] {
  if (kind === 'reversed')
    return payment === 'P2' ? ['order:ORDER-1', 'P2'] : [payment, choice === 0 ? payment : `${payment}-C1`];
  if (kind === 'captured') return [payment, choice === 0 ? payment : `${payment}-C1`];
  if (kindsOfRefunds.has(kind)) {
    const joins = kind === 'refund_bounced' && payment === 'P1' && choice === 2;
    return [joins ? 'order:ORDER-1' : payment, `${payment}-R${choice}`];
  }
  if (kind === 'dispute_lost' && payment === 'P2') return ['order:ORDER-1', 'P2-D0'];
  return [payment, kind.startsWith('dispute') ? `${payment}-D${choice % 2}` : `${payment}-${choice % 2}`];
}

const someFact = fc
  .record({
    kind: fc.oneof(
      { weight: 3, arbitrary: fc.constant<FactKind>('captured') },
      { weight: 3, arbitrary: fc.constant<FactKind>('refunded') },
      { weight: 4, arbitrary: fc.constantFrom(...factKinds) },
    ),
    payment: fc.oneof(fc.constant<string>('P1'), fc.constant<string>('P2'), fc.constantFrom<string>(...payments)),
    choice: fc.integer({ min: 0, max: 2 }),
    amount: fc.oneof(
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 6, arbitrary: fc.constantFrom(0, 10, 30, 60, 100, 130) },
    ),
    currency: fc.oneof({ weight: 9, arbitrary: fc.constant('CNY') }, { weight: 1, arbitrary: fc.constant('USD') }),
    measure: fc.oneof(
      { weight: 3, arbitrary: fc.constant('single' as const) },
      { weight: 1, arbitrary: fc.constant('cumulative' as const) },
    ),
    source: fc.constantFrom('callback' as const, 'query' as const, 'statement' as const, 'manual' as const),
    at: fc.integer({ min: 1, max: 9 }),
    nameless: fc.oneof({ weight: 30, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    needsPerson: fc.boolean(),
  })
  .map(({ kind, payment, choice, amount, currency, measure, source, at, nameless, needsPerson }): KnownFact => {
    const [paymentId, operationId] = placeOf(kind, payment, choice);
    return fact(kind, [paymentId, nameless ? `${operationId}?` : operationId, amount, at], {
      account: payment === 'P3' ? other : shop,
      currency: amount === null ? null : currency,
      // What is not part of a fact's key is the same for all its sightings.
      fromOrder: operationId.endsWith('1') || operationId.endsWith('R2'),
      measure: kind.startsWith('dispute') ? 'single' : measure,
      source,
      ...(payment === 'P4' ? { payee: 'B' } : {}),
      ...(nameless ? { operationIdMissing: true as const } : {}),
      ...(kind === 'refund_pending' && needsPerson ? { needsPerson: true as const } : {}),
    });
  });

/** Sets in which each operation has one amount and nothing is undone, so that most of them have nothing that blocks. */
const calmFact = someFact.map((one): KnownFact => {
  const amounts: Record<string, number> = { 'P1-R0': 20, 'P1-R1': 10, 'P1-R2': 30, P1: 60, 'P1-C1': 40, P2: 100 };
  const kind = one.kind === 'reversed' || one.kind === 'closed' ? 'failed' : one.kind;
  const [paymentId, operationId] = placeOf(
    kind,
    one.paymentId === 'P1' ? 'P1' : 'P2',
    Number(one.operationId.at(-1)) || 0,
  );
  return fact(kind, [paymentId, operationId, amounts[operationId] ?? 15, one.providerTime], { source: one.source });
});

const closings = [
  [],
  [],
  [action('close', 4)],
  [action('close', 4), action('reopen', 6)],
  [action('accept', 5, `wrong_account:["${other}","P3"]`), action('accept', 5, `wrong_currency:["${shop}","P1"]:USD`)],
  [action('accept', 5, `amount_missing:["${shop}","P1"]:P1:captured`, 100), action('ignore', 5, 'overpaid')],
  [action('accept', 5, 'underpaid:100', 60)],
];

const someContext: fc.Arbitrary<Partial<OrderHistory>> = fc.record({
  expectations: fc.constantFrom(
    [{ ...expectation, accounts: [shop], payee: 'A' }],
    [{ ...expectation, accounts: null }],
    [expectation, { ...expectation, amountMinor: 60n }],
    [{ ...expectation, accounts: [shop], unverified: true }],
  ),
  actions: fc.constantFrom(...closings),
  policy: fc.constantFrom(defaultPolicy, { ...defaultPolicy, latePayment: 'reopen' as const }),
  linkConflicts: fc.constant([]),
});

interface Run {
  facts: readonly KnownFact[];
  /** Sightings in the order of one arrival: a permutation, with copies. */
  arrival: readonly KnownFact[];
  /** Places at which a batch ends. */
  cuts: readonly number[];
  /** The batch with which the expectation is there. */
  expectedFrom: number;
  context: Partial<OrderHistory>;
}

function runs(one: fc.Arbitrary<KnownFact>, sizes: { maxLength: number }): fc.Arbitrary<Run> {
  return fc.array(one, sizes).chain((facts) =>
    fc.record({
      facts: fc.constant(facts),
      arrival: fc
        .tuple(fc.shuffledSubarray(facts, { minLength: facts.length }), fc.shuffledSubarray(facts))
        .map(([all, copies]) => [...all, ...copies]),
      cuts: fc.array(fc.integer({ min: 0, max: 2 * facts.length })),
      expectedFrom: fc.integer({ min: 0, max: 3 }),
      context: someContext,
    }),
  );
}

function playAll({ arrival, cuts, expectedFrom, context }: Run): Kept {
  const kept = emptyKept();
  let batch: KnownFact[] = [];
  let number = 0;
  const end = () => {
    take(kept, batch, number < expectedFrom ? { ...context, expectations: [] } : context);
    number += 1;
    batch = [];
  };
  arrival.forEach((one, index) => {
    batch.push(one);
    if (cuts.includes(index)) end();
  });
  end();
  take(kept, [], context);
  return kept;
}

/** The same facts in one batch, with the expectation there from the start. */
function playAtOnce(run: Run): Kept {
  return playAll({ ...run, arrival: run.facts, cuts: [], expectedFrom: 0 });
}

/** Where two single amounts were said for one operation. An amount taken from the order is said, one that a person named too. */
function hasConflict(facts: readonly KnownFact[], actions: readonly Action[] = []): boolean {
  const isNamed = actions.some((one) => one.discrepancy?.startsWith('amount_missing'));
  const said = new Map<string, string>(isNamed ? [[`${shop} P1 captured`, '100 CNY']] : []);
  return facts.some((one) => {
    const isFromOrder =
      one.amountMinor === null && one.fromOrder && (one.kind === 'captured' || one.kind === 'authorized');
    if ((one.amountMinor === null && !isFromOrder) || (one.measure === 'cumulative' && !isFromOrder)) return false;
    const operation = `${one.account} ${one.operationId} ${one.kind}`;
    const amount = isFromOrder ? '100 CNY' : `${one.amountMinor} ${one.currency}`;
    const before = said.get(operation) ?? amount;
    said.set(operation, before);
    return before !== amount;
  });
}

function expectUnique(kept: Kept): void {
  const names = kept.sent.map(({ type, cause }) => `${type} ${cause}`);
  expect(new Set(names).size).toBe(names.length);
}

/** What must not depend on the order of arrival: successes, disputes, and refunds of payments whose refunds all say their own amount. */
function steadyOf(kept: Kept): string[] {
  const mixed = [...kept.facts.values()].filter(
    (one) => one.kind === 'refunded' && (one.measure === 'cumulative' || one.amountMinor === null),
  );
  return kept.sent
    .filter(({ type }) => type === 'payment.succeeded' || type === 'refund.succeeded' || type.startsWith('dispute.'))
    .filter(({ type, paymentId }) => type !== 'refund.succeeded' || !mixed.some((one) => one.paymentId === paymentId))
    .map(({ type, cause }) => `${type} ${cause}`)
    .sort();
}

function expectReversalBetweenSuccesses(kept: Kept): void {
  const successes = kept.sent.filter(({ type }) => type === 'payment.succeeded');
  successes.slice(1).forEach((success, index) => {
    const before = successes[index]?.sequence ?? 0;
    const reversal = kept.sent.find(
      ({ type, sequence }) => type === 'payment.reversed' && sequence > before && sequence < success.sequence,
    );
    expect(reversal).toBeDefined();
    expect(kept.folds.slice(reversal?.batch, success.batch).some(({ short }) => short)).toBe(true);
  });
}

/** Per payment and currency, told refunds add up to the most that was ever refunded, bounced refunds included. */
function expectRefundsAddUp(kept: Kept): void {
  const reached = new Map<string, bigint>();
  const told = new Map<string, bigint>();
  for (const { counted, outside } of kept.folds) {
    for (const payment of [...counted.payments, ...outside.payments]) {
      for (const { currency, refundedGrossMinor } of payment.sums) {
        const name = `${payment.key} ${currency}`;
        if (refundedGrossMinor > (reached.get(name) ?? 0n)) reached.set(name, refundedGrossMinor);
      }
    }
  }
  for (const { cause, type, currency, amountMinor } of kept.sent) {
    if (type !== 'refund.succeeded') continue;
    expect(amountMinor).toBeGreaterThan(0n);
    const name = `${cause.slice(0, cause.indexOf(']') + 1)} ${currency}`;
    told.set(name, (told.get(name) ?? 0n) + amountMinor);
  }
  expect(Object.fromEntries([...told].sort())).toEqual(Object.fromEntries([...reached].sort()));
}

describe('any arrival of the same facts', () => {
  it('makes the same order and the same open discrepancies', () => {
    fc.assert(
      fc.property(runs(someFact, { maxLength: 12 }), (run) => {
        expect(playAll(run).folds.at(-1)).toEqual(playAtOnce(run).folds.at(-1));
      }),
      { numRuns: 1500 },
    );
  });

  it('tells successes only again after a reversal that left too little, refunds up to the most refunded, and nothing twice', () => {
    fc.assert(
      fc.property(runs(someFact, { maxLength: 12 }), (run) => {
        const kept = playAll(run);
        expectUnique(kept);
        expectReversalBetweenSuccesses(kept);
        expectRefundsAddUp(kept);
      }),
      { numRuns: 1500 },
    );
  });

  it.each([
    { name: 'nasty', facts: someFact },
    { name: 'calm', facts: calmFact },
  ])('tells the same of $name facts without a reversal, a conflict or a block', ({ facts }) => {
    let compared = 0;
    fc.assert(
      fc.property(runs(facts, { maxLength: 12 }), (run) => {
        if (run.facts.some(({ kind }) => kind === 'reversed') || hasConflict(run.facts, run.context.actions)) return;
        const atOnce = playAtOnce(run);
        if (atOnce.folds.at(-1)?.blocked) return;
        compared += 1;
        expect(steadyOf(playAll(run))).toEqual(steadyOf(atOnce));
      }),
      { numRuns: 1500 },
    );
    expect(compared).toBeGreaterThan(150);
  });
});

describe('a paid order', () => {
  it('stays paid whatever arrives, but a reversal or a conflict', () => {
    let paid = 0;
    fc.assert(
      fc.property(runs(someFact, { maxLength: 10 }), fc.array(someFact, { maxLength: 6 }), (run, more) => {
        const facts = run.facts.filter(({ kind }) => kind !== 'reversed');
        const added = [...facts, ...more.filter(({ kind }) => kind !== 'reversed')];
        if (hasConflict(added, run.context.actions) || foldOf(facts, run.context) !== 'paid') return;
        paid += 1;
        expect(foldOf(added, run.context)).toBe('paid');
      }),
      { numRuns: 1500 },
    );
    expect(paid).toBeGreaterThan(150);
  });
});

function foldOf(sightings: readonly KnownFact[], context: Partial<OrderHistory>): OrderStatus {
  const facts = new Map<string, KnownFact>();
  for (const one of sightings) facts.set(factKey(one), merge(facts.get(factKey(one)), one));
  return fold(history([...facts.values()], context), 100).status;
}
