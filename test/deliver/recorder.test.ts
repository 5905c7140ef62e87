import { describe, expect, it } from 'vitest';
import { createRecorder, type RecorderTools } from '../../src/deliver/recorder.ts';
import { AppError } from '../../src/domain/errors.ts';
import { asId } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import type { Finished, FinishOutput } from '../../src/stores/writes.ts';
import { FakeClock, until } from './time.ts';

const nothing: FinishOutput = { fencedOut: [], warned: [] };

/** A store that fails as it is told: what no real store does on demand. */
function createFailingStore(write: (items: readonly Finished[]) => FinishOutput) {
  const groups: number[] = [];
  const clock = new FakeClock();
  const unrecorded: unknown[] = [];
  const tools: RecorderTools = {
    store: {
      write: async (_name: string, items: unknown) => {
        const group = items as readonly Finished[];
        groups.push(group.length);
        await Promise.resolve();
        return write(group) as never;
      },
    },
    clock,
    random: (bytes) => new Uint8Array(bytes),
    observe: (name, _level, fields) => {
      if (name === 'delivery.unrecorded') unrecorded.push(fields.delivery);
    },
  };
  return { recorder: createRecorder(tools), clock, groups, unrecorded };
}

describe('what records attempts', () => {
  it('gathers what ends while a write runs, up to the rows of one commit', async () => {
    const { recorder, groups } = createFailingStore(() => nothing);
    const count = limits.commitRows * 2 + 10;
    const recorded = await Promise.all(
      Array.from({ length: count }, (_, n) => recorder.record(finished(`d${n}`), 1000)),
    );
    expect(recorded.every((one) => one)).toBe(true);
    expect(groups.reduce((sum, group) => sum + group, 0)).toBe(count);
    expect(groups.length).toBeLessThanOrEqual(4);
    expect(Math.max(...groups)).toBe(limits.commitRows);
  });

  it('tries again while the store cannot commit, as long as the lease lasts', async () => {
    let failures = 3;
    const { recorder, clock } = createFailingStore(() => {
      if (failures-- > 0) throw new AppError('store.unavailable', 'disk full');
      return nothing;
    });
    const recorded = recorder.record(finished('d'), clock.monotonicMs() + 60_000);
    await until('recorded', () => {
      clock.advance(20);
      return failures < 0;
    });
    expect(await recorded).toBe(true);
  });

  it('tries again for a while also after the lease: a process that stood still finds its connections broken', async () => {
    let failures = 3;
    const { recorder, clock, unrecorded } = createFailingStore(() => {
      if (failures-- > 0) throw new AppError('store.unavailable', 'the connection is lost');
      return { ...nothing, fencedOut: [asId.delivery('d')] };
    });
    const recorded = recorder.record(finished('d'), clock.monotonicMs() - 60_000);
    await until('recorded', () => {
      clock.advance(20);
      return failures < 0;
    });
    expect(await recorded).toBe(true);
    expect(unrecorded).toEqual([]);
  });

  it('says so when the lease is over before the store can commit', async () => {
    const { recorder, clock, unrecorded } = createFailingStore(() => {
      throw new AppError('store.unavailable', 'disk full');
    });
    const recorded = recorder.record(finished('d'), clock.monotonicMs() + 500);
    await until('given up', () => {
      clock.advance(50);
      return unrecorded.length === 1;
    });
    expect(await recorded).toBe(false);
    expect(unrecorded).toEqual(['d']);
  });

  it('finds the one that the store refuses, and records the others', async () => {
    const { recorder, unrecorded } = createFailingStore((items) => {
      if (items.some(({ attempt }) => attempt.delivery === 'd3')) throw new Error('constraint failed');
      return nothing;
    });
    const recorded = await Promise.all(Array.from({ length: 8 }, (_, n) => recorder.record(finished(`d${n}`), 1000)));
    expect(recorded).toEqual([true, true, true, false, true, true, true, true]);
    expect(unrecorded).toEqual(['d3']);
  });
});

/** The recorder looks at nothing else. */
function finished(delivery: string): Finished {
  return { attempt: { delivery: asId.delivery(delivery) } } as Finished;
}
