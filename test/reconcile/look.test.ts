import { describe, expect, it } from 'vitest';
import { asId, merchantId, newId } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import { zeroTotals } from '../../src/domain/order.ts';
import { lookOf } from '../../src/reconcile/sweep.ts';
import type { StoredFact, StoredOrder } from '../../src/stores/kept.ts';
import { expectation, fact, other, shop } from '../domain/histories.ts';

const ids = { id: newId('ord', 0, 0), merchant: merchantId('shop'), orderNo: asId.orderNo('ORDER-1') };
const order: StoredOrder = {
  ...ids,
  status: 'pending',
  totals: zeroTotals,
  expectations: [expectation],
  references: [{ account: null, reference: 'ORDER-1' }],
  actions: [],
  linkConflicts: [],
  description: null,
  metadata: null,
  sequence: 0,
  fellShort: false,
  refoldAt: null,
  createdAt: 0,
  updatedAt: 0,
};
const state = { dueAt: 0, tries: 0, failures: 0, since: 0, askedAt: null, answer: null };
const ask = { ...state, merchant: ids.merchant, account: shop, subject: ids.id, reason: 'sweep' } as const;
const told = (...given: Parameters<typeof fact>): StoredFact => {
  return { ...fact(...given), merchant: ids.merchant, order: ids.id, recordedAt: 10 };
};

describe('what an order makes us ask', () => {
  it('is its references, and the payments that are known on the account', () => {
    const failed = told('failed', ['P1', 'P1', 100, 10]);
    const elsewhere = told('failed', ['P2', 'P2', 100, 10], { account: other });
    const unnamed = told('failed', ['order:ORDER-1', 'x', 100, 10]);
    expect(lookOf({ order, facts: [failed, elsewhere, unnamed] }, ask, 20)?.references).toEqual([
      { reference: 'ORDER-1', paymentId: 'P1' },
      { reference: 'ORDER-1', paymentId: null },
    ]);
  });

  it('is its known payments alone where only a refund is pending', () => {
    const paid = { ...order, status: 'paid' } as const;
    const facts = [told('captured', ['P1', 'P1', 100, 10]), told('refund_pending', ['P1', 'R1', 5, 11])];
    expect(lookOf({ order: paid, facts }, ask, 20)).toEqual({
      references: [{ reference: 'ORDER-1', paymentId: 'P1' }],
      closes: false,
    });
    expect(lookOf({ order: paid, facts: facts.slice(0, 1) }, ask, 20)).toBeNull();
  });

  it('has a bound', () => {
    const references = Array.from({ length: 100 }, (_, index) => ({ account: shop, reference: `R-${index}` }));
    expect(lookOf({ order: { ...order, references }, facts: [] }, ask, 20)?.references).toHaveLength(
      limits.askReferencesMax,
    );
  });

  it('closes it first when it has expired, but only by what its merchant said', () => {
    const closesAt = (now: number, expiresAt: number | null) =>
      lookOf({ order: { ...order, expectations: [{ ...expectation, expiresAt }] }, facts: [] }, ask, now)?.closes;
    expect(closesAt(999, 1000)).toBe(false);
    expect(closesAt(1000, 1000)).toBe(true);
    expect(closesAt(limits.expectationMs, null)).toBe(false);
    const authorized = { ...order, status: 'authorized' } as const;
    expect(lookOf({ order: authorized, facts: [] }, { ...ask, reason: 'close' }, 0)?.closes).toBe(false);
  });
});
