import { describe, expect, it } from 'vitest';
import { fromIso, systemClock, toIso } from '../../src/domain/clock.ts';

describe('ISO 8601 times', () => {
  it.each([
    ['2026-01-05T10:21:33+08:00', Date.UTC(2026, 0, 5, 2, 21, 33)],
    ['2026-01-05T02:21:33Z', Date.UTC(2026, 0, 5, 2, 21, 33)],
    ['2026-01-05T02:21Z', Date.UTC(2026, 0, 5, 2, 21)],
    ['2026-01-05T02:21:33.123456789Z', Date.UTC(2026, 0, 5, 2, 21, 33, 123)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('%s is read', (text, at) => {
    expect(fromIso(text)).toBe(at);
    expect(fromIso(toIso(at))).toBe(at);
  });

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-02-31T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-05T25:00:00Z',
    '2026-01-05T02:60:00Z',
    '2026-01-05T02:21:33',
    '2026-01-05 02:21:33Z',
    '2026-01-05',
    '2026-1-5T02:21:33Z',
    '2026-01-05T02:21:33+0800',
    '2026-01-05T02:21:33+99:99',
    '2026-01-05T02:21:33.Z',
    '1767579693',
    '',
  ])('%j is refused', (text) => {
    expect(fromIso(text)).toBeNull();
  });

  it('leave in UTC with milliseconds', () => {
    expect(toIso(Date.UTC(2026, 0, 5))).toBe('2026-01-05T00:00:00.000Z');
  });
});

describe('the clock of this process', () => {
  it('sleeps no shorter than asked, and wakes at once when aborted', async () => {
    const start = systemClock.monotonicMs();
    await systemClock.sleep(20);
    expect(systemClock.monotonicMs() - start).toBeGreaterThanOrEqual(19);

    const controller = new AbortController();
    const asleep = systemClock.sleep(600_000, controller.signal);
    controller.abort();
    await asleep;
    await systemClock.sleep(600_000, controller.signal);
    expect(systemClock.monotonicMs() - start).toBeLessThan(60_000);
  });
});
