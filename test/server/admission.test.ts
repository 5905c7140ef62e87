import { describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import type { Signal } from '../../src/domain/observe.ts';
import { Admission, type AdmissionLimits } from '../../src/server/admission.ts';
import { Shares } from '../../src/server/shares.ts';
import { FakeClock } from '../deliver/time.ts';

function admissionWith(change: Partial<AdmissionLimits> = {}) {
  const clock = new FakeClock();
  const signals: Signal[] = [];
  const told: string[] = [];
  const soon: (() => void)[] = [];
  const admission = new Admission({
    clock,
    observe: (name, level, fields) => signals.push({ name, level, fields }),
    reading: { pause: () => told.push('pause'), resume: () => told.push('resume') },
    afterReading: (run) => soon.push(run),
    most: { ...limits, ...change },
  });
  const enter = (count: number, key = 'shop') => Array.from({ length: count }, () => admission.enter(key));
  /** All of a window were answered after that long. */
  const answered = (count: number, waitedMs: number) => {
    clock.advance(100);
    for (let n = 0; n < count; n += 1) admission.decided(waitedMs);
  };
  /** The end of what was ready to be read. */
  const read = () => {
    for (const run of soon.splice(0)) run();
  };
  return { admission, clock, signals, told, enter, answered, read };
}

describe('an admission', () => {
  it('always lets requestsWaitingMin wait, and refuses one more', () => {
    const { admission, enter } = admissionWith();
    enter(limits.requestsWaitingMin - 1);
    expect(admission.refuses('shop')).toBe(false);
    const [leave] = enter(1);
    expect(admission.refuses('shop')).toBe(true);
    leave?.();
    leave?.();
    expect(admission.refuses('shop')).toBe(false);
    enter(1);
    expect(admission.refuses('shop')).toBe(true);
  });

  it('lets more wait while they are answered within waitMs, up to requestsWaitingMax', () => {
    const { admission, enter, answered } = admissionWith({ requestsWaitingMin: 10, requestsWaitingMax: 25 });
    expect(admission.bound).toBe(10);
    answered(10, 5);
    expect(admission.bound, 'nobody needed more').toBe(10);
    const leaves = enter(10);
    expect(admission.refuses('shop')).toBe(true);
    answered(10, 5);
    answered(10, 5);
    expect(admission.bound).toBeGreaterThan(10);
    for (let window = 0; window < 50; window += 1) {
      leaves.push(...enter(admission.bound - leaves.length));
      answered(2, limits.waitMs);
      answered(2, limits.waitMs);
    }
    expect(admission.bound).toBe(25);
  });

  it('lets as many wait as are answered in waitMs, once they wait longer', () => {
    const { admission, enter, answered } = admissionWith({ requestsWaitingMin: 10, requestsWaitingMax: 400 });
    for (let round = 0, waiting = 0; round < 100; round += 1) {
      const more = admission.bound - waiting;
      waiting += more;
      enter(more);
      answered(1, 5);
    }
    expect(admission.bound).toBe(400);
    // A hundred a tenth of a second, of which each waited three.
    answered(1, 5);
    for (let n = 0; n < 3; n += 1) answered(100, 3 * limits.waitMs);
    expect(admission.bound).toBeLessThanOrEqual(limits.waitMs + 1);
    expect(admission.bound).toBeGreaterThanOrEqual(10);
    for (let n = 0; n < 3; n += 1) answered(1, 100 * limits.waitMs);
    expect(admission.bound, 'never less than the least').toBe(10);
  });

  it('first stops reading, and goes on as soon as there is room', async () => {
    const { admission, told, enter, read } = admissionWith({ requestsWaitingMin: 10 });
    const leaves = enter(9);
    expect(told, 'what is ready is still read').toEqual([]);
    read();
    expect(told).toEqual(['pause']);
    expect(admission.refuses('shop')).toBe(false);
    for (const leave of leaves.splice(0, 3)) leave();
    await expect.poll(() => told).toEqual(['pause', 'resume']);
  });

  it('reads again after readingPausedMs, and then refuses rather than stop again', async () => {
    const { admission, clock, told, enter, read } = admissionWith({ requestsWaitingMin: 10 });
    enter(9);
    read();
    clock.advance(limits.readingPausedMs - 1);
    await Promise.resolve();
    expect(told).toEqual(['pause']);
    clock.advance(1);
    await expect.poll(() => told).toEqual(['pause', 'resume']);
    enter(1);
    read();
    expect(admission.refuses('shop')).toBe(true);
    read();
    expect(told).toEqual(['pause', 'resume']);
    clock.advance(2000);
    enter(1);
    read();
    expect(told, 'a new burst').toEqual(['pause', 'resume', 'pause']);
  });

  it('refuses who has most waiting, and lets in who has little', () => {
    const { admission, enter } = admissionWith({ requestsWaitingMin: 10 });
    enter(10, 'large');
    expect(admission.refuses('large')).toBe(true);
    expect(admission.refuses('small')).toBe(false);
    enter(4, 'small');
    expect(admission.refuses('small')).toBe(false);
    enter(1, 'small');
    expect(admission.refuses('small')).toBe(true);
    expect(admission.refuses('other')).toBe(false);
  });

  it('tells its refusals together', () => {
    const { admission, clock, signals, enter } = admissionWith({ requestsWaitingMin: 1 });
    enter(1);
    for (let n = 0; n < 5; n += 1) admission.refuses('shop');
    expect(signals).toMatchObject([{ name: 'server.overloaded', fields: { refused: 1, waiting: 1, bound: 1 } }]);
    clock.advance(1000);
    admission.refuses('shop');
    expect(signals.slice(1)).toMatchObject([{ fields: { refused: 5 } }]);
  });
});

describe('shares', () => {
  it('give out at most twice the bound, however many share it', () => {
    const shares = new Shares();
    const most = 60;
    for (let round = 0; round < most; round += 1) {
      for (let key = 0; key <= round; key += 1) if (!shares.isOver(`k${key}`, most)) shares.add(`k${key}`, 1);
    }
    expect(shares.total).toBeGreaterThanOrEqual(most);
    expect(shares.total).toBeLessThanOrEqual(2 * most);
  });

  it('forget who holds nothing', () => {
    const shares = new Shares();
    shares.add('a', 4);
    shares.add('b', 4);
    expect(shares.isOver('a', 8)).toBe(true);
    shares.remove('b', 4);
    shares.add('a', 4);
    shares.remove('a', 8);
    expect(shares.total).toBe(0);
    expect(shares.isOver('a', 1)).toBe(false);
  });
});
