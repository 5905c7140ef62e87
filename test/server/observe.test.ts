import { expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import { createObservation } from '../../src/server/observe.ts';

it('asks the store for its gauges once within gaugesMs, and again after', async () => {
  let atMs = 0;
  let reads = 0;
  const clock = { ...systemClock, monotonicMs: () => atMs };
  const { metrics } = createObservation({ level: 'silent', log: { write: () => {} }, clock });
  const nobody = { asks: 0, oldestAskDueAt: null, oldestXminAge: null };
  const gauges = async () => {
    reads += 1;
    const none = { pending: 0, sending: 0, dead: 0, oldestDueAt: null, rescuedLeases: 0 };
    return { ...none, discrepanciesOpen: reads, parkedFacts: 0, quarantined: 0, outbox: 0, ...nobody };
  };
  await metrics(gauges);
  atMs = limits.gaugesMs - 1;
  expect(await metrics(gauges)).toContain('paidonce_discrepancies_open 1');
  atMs = limits.gaugesMs;
  expect(await metrics(gauges)).toContain('paidonce_discrepancies_open 2');
});
