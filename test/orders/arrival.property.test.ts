import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Fact } from '../../src/domain/fact.ts';
import { asId, merchantId, newId, type OrderNo } from '../../src/domain/ids.ts';
import type { ExpectInput } from '../../src/stores/decisions.ts';
import type { Store } from '../../src/stores/store.ts';
import { temporaryStore } from '../../src/testing/testing.ts';

const merchant = merchantId('shop');
const account = asId.account('acc_wx');
const program = new URL('../../src/program.ts', import.meta.url);
let store: Store;
let dispose: () => Promise<void>;

beforeAll(async () => {
  ({ store, dispose } = await temporaryStore());
  await store.open({ program, node: newId('nod', 0, 0) });
  await store.write('addMerchant', {
    by: 'ann',
    id: merchant,
    name: 'Shop',
    policies: {},
    credentials: {},
    createdAt: 0,
  });
});
afterAll(async () => {
  await store.close();
  await dispose();
});

/** What happened to one of two payments; some facts do not name the order, as a provider's later events often do not. */
const happened = fc.record({
  kind: fc.constantFrom('captured', 'failed', 'refunded', 'dispute_opened', 'dispute_lost', 'closed'),
  payment: fc.constantFrom('p1', 'p2'),
  names: fc.boolean(),
  amountMinor: fc.bigInt(1n, 3n).map((hundreds) => hundreds * 100n),
  at: fc.nat(3),
});
type Happened = typeof happened extends fc.Arbitrary<infer T> ? T : never;

function factOf(orderNo: OrderNo, { kind, payment, names, amountMinor, at }: Happened, index: number): Fact {
  const paymentId = `${payment}-${orderNo}`;
  return {
    account,
    kind: kind as Fact['kind'],
    paymentId,
    operationId: kind === 'captured' || kind === 'closed' ? paymentId : `${kind}-${index}-${orderNo}`,
    reference: names ? orderNo : null,
    amountMinor: kind === 'closed' ? null : amountMinor,
    currency: kind === 'closed' ? null : 'CNY',
    fromOrder: false,
    measure: 'single',
    providerTime: 1000 + at,
  };
}

type Told = { is: 'expectation' } | { is: 'fact'; fact: Fact };

async function tell(orderNo: OrderNo, told: Told): Promise<void> {
  if (told.is === 'fact') {
    const sight = {
      merchant,
      source: 'query',
      facts: [told.fact],
      orderNo: null,
      withoutOrder: 'park',
      note: null,
      by: null,
      born: null,
    } as const;
    await store.decide('sight', sight);
    return;
  }
  const nothing = {
    accounts: [account],
    references: [],
    payee: null,
    expiresAt: null,
    description: null,
    metadata: null,
  };
  const expectation: ExpectInput = { merchant, orderNo, amountMinor: 200n, currency: 'CNY', ...nothing, born: null };
  await store.decide('expect', expectation);
}

/** What must not depend on the order of arrival. */
async function outcome(orderNo: OrderNo) {
  const detail = await store.read('order', { merchant, orderNo });
  const open = detail?.discrepancies.filter(({ state }) => state === 'open') ?? [];
  return {
    status: detail?.order.status,
    totals: detail?.order.totals,
    open: open
      .map(({ key, amountMinor, currency, why }) => `${key} ${amountMinor} ${currency} ${why}`.replaceAll(orderNo, '#'))
      .sort(),
    facts: detail?.facts.map(({ operationId, kind }) => `${kind} ${operationId}`.replaceAll(orderNo, '#')).sort(),
  };
}

it('makes the same order, whatever arrives first, parked or linked, once or twice', async () => {
  let orders = 0;
  const scenario = fc
    .array(happened, { minLength: 1, maxLength: 6 })
    // One fact of each payment names the order; without one nobody could know.
    .map((list) =>
      list.map((one, index) =>
        list.findIndex(({ payment }) => payment === one.payment) === index ? { ...one, names: true } : one,
      ),
    )
    .chain((list) => fc.tuple(fc.constant(list), order(list.length + 1), order(list.length + 1)));
  await fc.assert(
    fc.asyncProperty(scenario, async ([list, one, other]) => {
      const outcomes = [];
      for (const arrival of [one, other]) {
        orders += 1;
        const orderNo = asId.orderNo(`O-${orders}`);
        const all: Told[] = [
          { is: 'expectation' },
          ...list.map((what, index) => ({ is: 'fact' as const, fact: factOf(orderNo, what, index) })),
        ];
        for (const index of arrival) {
          const told = all[index];
          if (told !== undefined) await tell(orderNo, told);
        }
        outcomes.push(await outcome(orderNo));
      }
      expect(outcomes[1]).toEqual(outcomes[0]);
    }),
    { numRuns: 150 },
  );
});

/** Every index at least once, in any order, some twice. */
function order(length: number): fc.Arbitrary<number[]> {
  const all = Array.from({ length }, (_, index) => index);
  return fc
    .tuple(fc.shuffledSubarray(all, { minLength: length }), fc.shuffledSubarray(all))
    .chain(([whole, again]) => fc.shuffledSubarray([...whole, ...again], { minLength: whole.length + again.length }));
}
