import { describe, expect, it } from 'vitest';
import {
  acceptNeedsAmount,
  actionsFor,
  discrepancyKinds,
  isDiscrepancyKind,
  policyFor,
} from '../../src/domain/discrepancy.ts';
import { AppError, errorCatalogue, isErrorCode } from '../../src/domain/errors.ts';
import { limits } from '../../src/domain/limits.ts';
import { defaultPolicy } from '../../src/domain/order.ts';
import { defaultSchedule } from '../../src/domain/retry.ts';

describe('the catalogue of errors', () => {
  it.each(Object.entries(errorCatalogue))('%s says what happened and what to do', (code, entry) => {
    expect(code).toMatch(/^[a-z_]+\.[a-z_]+$/);
    expect(entry.status).toBeGreaterThanOrEqual(400);
    expect(entry.status).toBeLessThan(600);
    expect(entry.title).toMatch(/^[A-Z].*[^.]$/);
    expect(entry.fix).toMatch(/^[A-Z`].*\.$/);
    if ([408, 429, 503].includes(entry.status)) expect(entry.retryable).toBe(true);
    else if (entry.status < 500) expect(entry.retryable).toBe(false);
  });

  it('is what an error carries', () => {
    const cause = new Error('disk full');
    const error = new AppError('store.unavailable', 'commit failed', { cause });
    expect(error.message).toBe('store.unavailable: commit failed');
    expect(error.entry.status).toBe(503);
    expect(error.cause).toBe(cause);
    expect(error.errors).toEqual([]);
  });

  it('knows its codes, and nothing that objects have by themselves', () => {
    expect(isErrorCode('order.unknown')).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
  });
});

describe('the limits', () => {
  it('are whole and positive', () => {
    for (const [name, limit] of Object.entries(limits)) {
      expect(Number.isSafeInteger(limit), name).toBe(true);
      expect(limit, name).toBeGreaterThan(0);
    }
  });

  it('fit each other', () => {
    expect(limits.pageDefault).toBeLessThanOrEqual(limits.pageMax);
    expect(limits.endpointTimeoutMs).toBeLessThanOrEqual(limits.endpointTimeoutMsMax);
    expect(limits.breakerOpenMs).toBeLessThan(limits.breakerOpenMsMax);
    expect(limits.endpointConcurrency).toBeLessThan(limits.deliveriesInFlight);
    expect(limits.firstSendSlots).toBeLessThan(limits.deliveriesInFlight);
    expect(limits.responseBytesKept).toBeLessThanOrEqual(limits.responseBytesMax);
    expect(defaultSchedule.length).toBeLessThanOrEqual(limits.scheduleStepsMax);
    expect(Math.max(...defaultSchedule)).toBeLessThanOrEqual(limits.scheduleStepMsMax);
  });
});

describe('the kinds of discrepancies', () => {
  it('that block payment.succeeded are those where the money is not clear', () => {
    const blocking = Object.entries(discrepancyKinds).filter(([, { blocks }]) => blocks);
    expect(blocking.map(([kind]) => kind).sort()).toEqual([
      'amount_missing',
      'fact_conflict',
      'late_payment',
      'operation_id_missing',
      'underpaid',
      'wrong_account',
      'wrong_currency',
    ]);
  });

  it('can each be accepted and ignored; only a late payment reopens its order', () => {
    for (const kind of Object.keys(discrepancyKinds).filter(isDiscrepancyKind)) {
      expect(actionsFor(kind)).toContain('accept');
      expect(actionsFor(kind)).toContain('ignore');
      expect(actionsFor(kind).includes('reopen')).toBe(kind === 'late_payment');
    }
    expect(actionsFor('late_payment')).toEqual(['accept', 'refund', 'reopen', 'ignore']);
    expect(actionsFor('fact_conflict')).toEqual(['accept', 'ignore']);
    expect(acceptNeedsAmount('amount_missing')).toBe(true);
    expect(acceptNeedsAmount('underpaid')).toBe(false);
  });

  it('that a policy speaks of follow it; the others are for a person', () => {
    const refund = 'refund' as const;
    const policy = {
      ...defaultPolicy,
      latePayment: 'reopen' as const,
      doublePayment: refund,
      underpaid: refund,
      wrongCurrency: refund,
      wrongAccount: refund,
    };
    const automatic = Object.keys(discrepancyKinds)
      .filter(isDiscrepancyKind)
      .filter((kind) => policyFor(kind, policy) !== 'manual');
    expect(automatic.sort()).toEqual([
      'double_payment',
      'late_payment',
      'underpaid',
      'wrong_account',
      'wrong_currency',
    ]);
    expect(policyFor('late_payment', policy)).toBe('reopen');
    expect(
      Object.keys(discrepancyKinds)
        .filter(isDiscrepancyKind)
        .every((kind) => policyFor(kind, defaultPolicy) === 'manual'),
    ).toBe(true);
  });
});
