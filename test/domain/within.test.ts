import { describe, expect, it } from 'vitest';
import { within } from '../../src/domain/within.ts';
import { FakeClock } from '../deliver/time.ts';

describe('within a time', () => {
  it('gives what came of it, and leaves no sleeper behind', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const clock = new FakeClock();
    clock.sleep = (_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    };
    expect(await within(clock, 100, Promise.resolve('done'))).toBe('done');
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });

  it('fails as it fails', async () => {
    await expect(within(new FakeClock(), 100, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('says that it took longer, and takes no notice of what comes of it later', async () => {
    const clock = new FakeClock();
    const slow = Promise.withResolvers<string>();
    const answer = within(clock, 100, slow.promise);
    clock.advance(100);
    expect(await answer).toBe('late');
    slow.reject(new Error('too late to matter'));
  });
});
