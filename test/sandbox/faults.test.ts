import { describe, expect, it } from 'vitest';
import { notificationTypes } from '../../src/domain/notification.ts';
import {
  faultsOfTry,
  faultsSchema,
  hasFaults,
  noFaults,
  staleMs,
  tampered,
  wronglySigned,
} from '../../src/sandbox/faults.ts';
import { planned, scriptNames } from '../../src/sandbox/scripts.ts';
import { seeded } from '../../src/sandbox/seeded.ts';
import { context, notificationOf, now, sayableBy, sidesOf } from '../providers/support.ts';

const formats = [
  'hmac',
  'standard',
  'adyen',
  'alipay',
  'braintree',
  'cashfree',
  'checkout',
  'coinbase-commerce',
  'gocardless',
  'lemonsqueezy',
  'mercadopago',
  'mollie',
  'midtrans',
  'paddle',
  'paypal',
  'paystack',
  'razorpay',
  'shopify',
  'square',
  'stripe',
  'unionpay',
  'wechatpay',
  'wechatpay-v2',
  'xendit',
];

describe('chance from a seed', () => {
  it('answers the same for the same seed and label, and otherwise not', () => {
    const one = seeded('7');
    expect(one.share('a')).toBe(seeded('7').share('a'));
    expect(one.share('a')).not.toBe(one.share('b'));
    expect(one.share('a')).not.toBe(seeded('8').share('a'));
    expect(Buffer.from(one.random('r')(40))).toEqual(Buffer.from(seeded('7').random('r')(40)));
  });

  it('is spread evenly enough to be a share of all', () => {
    const seed = seeded('spread');
    const hits = Array.from({ length: 2000 }, (_, index) => seed.share(`${index}`)).filter(
      (share) => share < 0.3,
    ).length;
    expect(hits).toBeGreaterThan(500);
    expect(hits).toBeLessThan(700);
  });

  it('goes on from call to call of one source of bytes', () => {
    const random = seeded('7').random('r');
    expect(Buffer.from(random(16))).not.toEqual(Buffer.from(random(16)));
  });
});

describe('what faults may be', () => {
  it('are none unless they are said', () => {
    expect(hasFaults(noFaults)).toBe(false);
    expect(hasFaults(faultsSchema.parse({ duplicate: 2 }))).toBe(true);
    expect(faultsSchema.parse({ drop: true, tamper: 0.5 })).toMatchObject({ drop: 1, tamper: 0.5, stale: 0 });
  });

  it.each([
    { duplicate: 0 },
    { duplicate: 11 },
    { duplicate: 1.5 },
    { drop: 2 },
    { drop: -1 },
    { slow_ms: 5001 },
    { delay_ms: -1 },
    { unknown: 1 },
    { tamper: '1' },
  ])('are refused as %j', (faults) => {
    expect(faultsSchema.safeParse(faults).success).toBe(false);
  });
});

describe.each(formats)('a request in the format of %s', (format) => {
  const { sender, receiver, provider } = sidesOf(format);
  const sealed = () => sender.seal(sayableBy(provider, 'payment.succeeded'), context);

  it('is accepted as it was sealed', async () => {
    expect(receiver.open(await sealed(), context).is).toMatch(/^(facts|ping)$/);
  });

  it('is not believed, and of the same length, when it was tampered with, wherever the seed hits', async () => {
    const request = await sealed();
    for (const seed of ['1', '2', '3', '4', '5', '6', '7', '8']) {
      const changed = tampered(request, seeded(seed), '0:0');
      expect(changed.body).not.toEqual(request.body);
      expect(changed.body).toHaveLength(request.body.length);
      const opened = receiver.open(changed, context);
      // Where nothing signs the body, it is asked about before it is believed.
      if (opened.is === 'facts' && provider.profile.unsigned) expect(opened.readBack).toBe(true);
      else expect(opened.is).toMatch(format === 'xendit' ? /^(ignored|unreadable)$/ : /^(refused|unknown_key)$/);
    }
  });

  it('is refused for its signature when it is wrongly signed', async () => {
    expect(receiver.open(wronglySigned(await sealed()), context)).toMatchObject({
      is: 'refused',
      code: 'signature.mismatch',
    });
  });
});

describe.each(['paddle', 'stripe', 'standard', 'wechatpay'])('a stale request in the format of %s', (format) => {
  it('is refused as stale', async () => {
    const { sender, receiver } = sidesOf(format);
    const request = await sender.seal(notificationOf('payment.succeeded'), { ...context, now: now - staleMs });
    expect(receiver.open(request, { ...context, now })).toMatchObject({ is: 'refused', code: 'callback.stale' });
  });
});

describe('the plan of a scenario', () => {
  const plan = (changes: Partial<Parameters<typeof planned>[0]> = {}) =>
    planned({
      script: 'partial_refunds',
      provider: 'standard',
      says: notificationTypes,
      orderNo: 'O-1',
      amountMinor: 101n,
      startAt: now,
      faults: noFaults,
      seed: seeded('7'),
      ...changes,
    });

  it.each(scriptNames)('is the same for the same seed: %s', (script) => {
    expect(plan({ script })).toEqual(plan({ script }));
    expect(plan({ script }).steps.length).toBeGreaterThan(0);
  });

  it('refunds to the last minor unit, and counts the total up', () => {
    const refunds = plan().steps.filter(({ type }) => type === 'refund.succeeded');
    expect(refunds.map(({ amountMinor }) => amountMinor)).toEqual([30n, 20n, 51n]);
    expect(refunds.map(({ refundedTotalMinor }) => refundedTotalMinor)).toEqual([30n, 50n, 101n]);
    expect(new Set(refunds.map(({ operationId }) => operationId)).size).toBe(3);
  });

  it('has two payments of one order in paid_twice and in failed_then_paid', () => {
    for (const script of ['paid_twice', 'failed_then_paid'] as const) {
      expect(new Set(plan({ script }).steps.map(({ paymentId }) => paymentId)).size).toBe(2);
    }
  });

  it('tells the same things in another order where it is told to', () => {
    const faults = { ...noFaults, reorder: true };
    for (const seed of ['1', '2', '3', '4']) {
      const { order, steps } = plan({ faults, seed: seeded(seed) });
      expect(order).not.toEqual([0, 1, 2, 3]);
      expect([...order].sort()).toEqual([0, 1, 2, 3]);
      expect(steps).toEqual(plan({ faults: { ...faults }, seed: seeded(seed) }).steps);
    }
  });

  it('drops what the seed says, and all where the share is 1', () => {
    const dropped = (drop: number) =>
      plan({ faults: { ...noFaults, drop } }).steps.filter(({ unsent }) => unsent !== null).length;
    expect(dropped(1)).toBe(4);
    expect(dropped(0)).toBe(0);
    expect(dropped(0.5)).toBe(dropped(0.5));
  });

  it('says what a format cannot say, and sends the rest', () => {
    const says = notificationTypes.filter((type) => type !== 'payment.failed');
    const { steps } = plan({ script: 'failed_then_paid', says });
    expect(steps.map(({ unsent }) => unsent === null)).toEqual([false, true]);
    expect(steps[0]?.unsent).toContain('cannot say payment.failed');
  });
});

describe('one try', () => {
  it('has its faults decided by the seed, and not all tries the same ones', () => {
    const faults = faultsSchema.parse({ tamper: 0.5, wrong_signature: 0.5, stale: true });
    const tries = (seed: string) =>
      Array.from({ length: 20 }, (_, index) => faultsOfTry(faults, seeded(seed), `0:${index}`));
    expect(tries('7')).toEqual(tries('7'));
    expect(tries('7')).not.toEqual(tries('8'));
    expect(tries('7').every(({ stale }) => stale)).toBe(true);
    expect(new Set(tries('7').map(({ tamper }) => tamper))).toEqual(new Set([true, false]));
  });
});
