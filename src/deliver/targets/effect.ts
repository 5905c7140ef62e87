import type { Step } from '../../domain/delivery.ts';
import { type AttemptTools, begin, errorLine, finish, type Leased, type Report, type Tried } from '../attempt.ts';
import type { Registry, StoredEffect } from '../registry.ts';

export interface EffectTools extends AttemptTools {
  registry: Pick<Registry, 'effectOf'>;
  effectMs: number;
}

/** How an effect ended. */
type Ended = { is: 'returned' } | { is: 'threw'; error: unknown } | { is: 'late' };

/** Runs work that leaves the database: one attempt, under the key that all attempts share. */
export async function tryEffect(leased: Leased, tools: EffectTools, signal: AbortSignal): Promise<Tried> {
  const { claimed, leaseEndsAtMs } = leased;
  const { clock, effectMs } = tools;
  const begun = begin(clock);
  const tried = (report: Report) => finish(claimed, begun, report, tools);
  const effect = tools.registry.effectOf(claimed.lane);
  if (effect === null || claimed.effect === null) {
    return tried({
      outcome: 'own_fault',
      step: 'total',
      error: 'this process does not have the effect',
      health: 'nothing',
    });
  }
  if (clock.monotonicMs() + effectMs > leaseEndsAtMs) return { is: 'given_back' };
  const { key, payload } = claimed.effect;
  const over = new AbortController();
  const ended = await Promise.race([
    run(effect, { key, payload, notification: claimed.notification, signal: AbortSignal.any([signal, over.signal]) }),
    clock.sleep(effectMs, AbortSignal.any([signal, over.signal])).then((): Ended => ({ is: 'late' })),
  ]);
  over.abort();
  switch (ended.is) {
    case 'returned':
      return tried({ outcome: 'confirmed', step: 'confirmed', error: null, health: 'success' });
    case 'threw':
      return tried({ ...failure(signal, 'received', errorLine(ended.error)), health: 'nothing' });
    case 'late':
      // It kept a slot all that time; its breaker leaves that slot to others.
      return tried({
        ...failure(signal, 'sent', `did not return within ${effectMs} ms`),
        health: signal.aborted ? 'nothing' : 'failure',
      });
  }
}

async function run(effect: StoredEffect, context: Parameters<StoredEffect>[0]): Promise<Ended> {
  try {
    await effect(context);
    return { is: 'returned' };
  } catch (error) {
    // The user's own error: it becomes the attempt's.
    return { is: 'threw', error };
  }
}

/** What an effect does when it is told to stop says nothing about it. */
function failure(signal: AbortSignal, step: Step, error: string): Omit<Report, 'health'> {
  if (!signal.aborted) return { outcome: 'failed', step, error };
  return { outcome: 'given_up', step, error: 'this process stopped before the effect returned' };
}
