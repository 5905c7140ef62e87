import type { Hono } from 'hono';
import { type Authentication, requireNeed, requireUnlimited } from '../api/auth.ts';
import { problemResponse } from '../api/problem.ts';
import { type Clock, toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { Service } from '../service.ts';
import { metricsType } from './observe.ts';

export interface HealthOptions {
  service: Service;
  /** The figures as Prometheus reads them. */
  metrics(): Promise<string>;
  /** This machine's, which judges replay windows. */
  clock: Clock;
  authentication: Authentication;
  /** Only this machine can connect, so /metrics needs no key. */
  isLoopback: boolean;
}

/** /healthz, /readyz and /metrics: for machines that watch this one. */
export function addHealth(app: Hono, { service, metrics, clock, authentication, isLoopback }: HealthOptions): void {
  app.get('/healthz', (context) => context.json({ status: 'alive' }));

  app.get('/readyz', async (context) => {
    const problem = await unready(service, clock);
    if (problem !== null) return problemResponse(new AppError('server.not_ready', problem));
    return context.json({ status: 'ready', node: service.node, now: toIso(service.clock.now()) });
  });

  app.get('/metrics', async (context) => {
    if (!isLoopback) {
      const caller = await authentication.callerOf(context.req.header('authorization') ?? null);
      requireNeed(caller, ['read']);
      requireUnlimited(caller);
    }
    return context.text(await metrics(), 200, { 'content-type': metricsType, 'cache-control': 'no-store' });
  });
}

async function unready(service: Service, clock: Clock): Promise<string | null> {
  try {
    const { now } = await service.store.read('ready', null);
    const driftMs = Math.abs(clock.now() - now);
    return driftMs > limits.clockDriftMs ? `this clock and the store's differ by ${Math.round(driftMs)} ms` : null;
  } catch (error) {
    // The answer is what the caller asked for; the log has the store's own signal.
    return `the store does not answer: ${error instanceof AppError ? error.message : String(error)}`;
  }
}
