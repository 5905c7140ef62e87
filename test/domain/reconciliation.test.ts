import { describe, expect, it } from 'vitest';
import { feeOf, isFee } from '../../src/domain/reconciliation.ts';

const contract = { ratePpm: 29_000n, fixedMinor: 30n };

describe('the fee that a provider is to keep', () => {
  it('is a share of the amount, rounded half up, and a fixed part', () => {
    expect(feeOf(10_000n, contract)).toBe(320n);
    expect(feeOf(10_017n, contract)).toBe(320n);
    expect(feeOf(10_018n, contract)).toBe(321n);
  });

  it('is taken however it is rounded, and not when it is a minor unit off', () => {
    // 10,018 × 2.9 % + 30 = 320.522
    expect([319n, 320n, 321n, 322n].map((fee) => isFee(fee, 10_018n, contract))).toEqual([false, true, true, false]);
    expect([319n, 320n, 321n].map((fee) => isFee(fee, 10_000n, contract))).toEqual([false, true, false]);
  });
});
