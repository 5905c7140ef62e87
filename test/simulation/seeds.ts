import { expect, it } from 'vitest';
import { simulate } from './simulation.ts';

/** A test for each hundred of five hundred seeds, from this one on. */
export function fiveHundred(first: number): void {
  it.each([0, 100, 200, 300, 400].map((more) => first + more))(
    'ends as the platform has it in its books, seeds %i and the 99 after it',
    async (seed) => {
      const wrong: string[] = [];
      for (let one = seed; one < seed + 100; one += 1) {
        const { differences } = await simulate(String(one), 6);
        wrong.push(...differences.map((difference) => `seed ${one}: ${difference}`));
      }
      expect(wrong).toEqual([]);
    },
    240_000,
  );
}
