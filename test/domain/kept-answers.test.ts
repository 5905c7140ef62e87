import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/domain/clock.ts';
import { inProportion, keptAnswers } from '../../src/domain/kept-answers.ts';

/** A clock that is set by hand, and answers that count how often they were made. */
function counted(costMs: number) {
  const state = { nowMs: 0, made: 0 };
  const clock: Clock = { now: () => state.nowMs, monotonicMs: () => state.nowMs, sleep: async () => {} };
  const answers = keptAnswers<number>(inProportion(60_000));
  const ask = (key = 'all') =>
    answers.of(key, clock, async () => {
      state.nowMs += costMs;
      state.made += 1;
      return state.made;
    });
  return { state, ask };
}

describe('an answer that is kept', () => {
  it.each([
    [105, 30_000],
    [1000, 60_000],
  ])('that cost %d ms is made anew after %d ms', async (costMs, keptMs) => {
    const { state, ask } = counted(costMs);
    expect(await ask()).toBe(1);
    state.nowMs += keptMs - 1;
    expect(await ask()).toBe(1);
    state.nowMs += 1;
    expect(await ask()).toBe(2);
  });

  it('is made each time while it costs little', async () => {
    const { ask } = counted(5);
    expect([await ask(), await ask()]).toEqual([1, 2]);
  });

  it('is made once for all who ask meanwhile', async () => {
    const { ask } = counted(5);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  });

  it('is kept apart from those of others, of which there are at most a hundred', async () => {
    const { state, ask } = counted(100);
    for (let key = 0; key < 100; key += 1) await ask(`${key}`);
    expect(await ask('99')).toBe(100);
    expect(await ask('100')).toBe(101);
    expect(await ask('0')).toBe(102);
    expect(state.made).toBe(102);
  });

  it('is not kept when it failed', async () => {
    const answers = keptAnswers<string>(inProportion(60_000));
    const clock: Clock = { now: () => 0, monotonicMs: () => 0, sleep: async () => {} };
    const failing = () => answers.of('all', clock, () => Promise.reject(new Error('no')));
    await expect(failing()).rejects.toThrow('no');
    expect(await answers.of('all', clock, async () => 'yes')).toBe('yes');
  });
});
