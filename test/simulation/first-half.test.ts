import { describe, expect, it } from 'vitest';
import { fiveHundred } from './seeds.ts';
import { simulate } from './simulation.ts';

describe('the simulation', () => {
  fiveHundred(1);

  it('hears of a payment that no callback told of within one gap of the sweep and 30 seconds', async () => {
    const waits: number[] = [];
    // Not alipay: its signatures end in the thread pool, for which simulated time does not wait.
    const formats = ['stripe', 'checkout', 'midtrans', 'mollie', 'razorpay', 'square', 'xendit'];
    for (const [seed, format] of Array.from({ length: 6 }, () => formats)
      .flat()
      .entries())
      waits.push((await simulate(`quiet ${seed}`, 6, { calm: true, format })).unheardMs);
    expect(waits.filter((wait) => wait > 0).length).toBeGreaterThan(10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000 + 30_000);
  }, 120_000);

  it('plays the same seed the same', async () => {
    expect(await simulate('7', 6)).toEqual(await simulate('7', 6));
  });
});
