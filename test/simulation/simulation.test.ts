import { describe, expect, it } from 'vitest';
import { simulate } from './simulation.ts';

/** Twenty files' worth of seeds would start twenty times; one file with a test for each hundred tells which hundred it was. */
const hundreds = Array.from({ length: 10 }, (_, index) => index * 100 + 1);

describe('the simulation', () => {
  it.each(hundreds)(
    'ends as the platform has it in its books, seeds %i and the 99 after it',
    async (first) => {
      const wrong: string[] = [];
      for (let seed = first; seed < first + 100; seed += 1) {
        const { differences } = await simulate(String(seed), 6);
        wrong.push(...differences.map((difference) => `seed ${seed}: ${difference}`));
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );

  it('hears of a payment that no callback told of within one gap of the sweep and 30 seconds', async () => {
    const waits: number[] = [];
    for (let seed = 1; seed <= 40; seed += 1)
      waits.push((await simulate(`quiet ${seed}`, 6, { calm: true })).unheardMs);
    expect(waits.filter((wait) => wait > 0).length).toBeGreaterThan(10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000 + 30_000);
  }, 120_000);

  it('plays the same seed the same', async () => {
    expect(await simulate('7', 6)).toEqual(await simulate('7', 6));
  });
});
