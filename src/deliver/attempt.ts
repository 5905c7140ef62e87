import type { Clock, Instant } from '../domain/clock.ts';
import type { AttemptRecord, Step } from '../domain/delivery.ts';
import { bucketOf, newId, type Random } from '../domain/ids.ts';
import { defaultSchedule, retryAfterMs, type Schedule } from '../domain/retry.ts';
import type { Claimed, Finished } from '../stores/writes.ts';
import { type Outcome, verdictAfter } from './verdict.ts';

/** A delivery leased to this node, with the moment (monotonic) at which the lease is over at the earliest. */
export interface Leased {
  claimed: Claimed;
  leaseEndsAtMs: number;
}

/** What came of a leased delivery. */
export type Tried =
  | { is: 'finished'; finished: Finished }
  /** It was not begun: what is left of the lease may not be enough. */
  | { is: 'given_back' }
  /** A handler's: the store has recorded it already. `work`: it left something in the outbox. */
  | { is: 'committed'; work: boolean; durationMs: number }
  /** A handler's: somebody else has the delivery now; nothing ran. */
  | { is: 'fenced_out' };

/** When an attempt began, on both clocks. */
export interface Begun {
  at: Instant;
  ms: number;
}

export interface AttemptTools {
  clock: Clock;
  random: Random;
}

/** What is to be recorded of an attempt; what is left out did not happen. */
export interface Report {
  outcome: Outcome;
  step: Step;
  error: string | null;
  health: Finished['health'];
  status?: number;
  request?: AttemptRecord['request'];
  response?: AttemptRecord['response'];
  peer?: string | null;
  certificate?: string | null;
  secret?: string | null;
  /** The answer's Retry-After, as it came. */
  retryAfter?: string | null;
  schedule?: Schedule;
}

/** One line of an error, short enough to be kept with every attempt. */
const errorCharactersMax = 300;

export function begin(clock: Clock): Begun {
  return { at: clock.now(), ms: clock.monotonicMs() };
}

/** Makes the record of an attempt, and the verdict on its delivery. */
export function finish(claimed: Claimed, begun: Begun, report: Report, { clock, random }: AttemptTools): Tried {
  const { delivery, merchant, lane, target, number, notification, probe } = claimed;
  const now = clock.now();
  const { outcome, retryAfter = null, schedule = defaultSchedule } = report;
  const attempt: AttemptRecord = {
    id: newId('att', begun.at, bucketOf(merchant), random),
    delivery,
    number,
    startedAt: begun.at,
    durationMs: Math.max(0, Math.round(clock.monotonicMs() - begun.ms)),
    step: report.step,
    status: report.status ?? null,
    error: report.error?.slice(0, errorCharactersMax) ?? null,
    request: report.request ?? null,
    response: report.response ?? null,
    peer: report.peer ?? null,
    certificate: report.certificate ?? null,
    secret: report.secret ?? null,
  };
  const finished: Finished = {
    claimed: { delivery, merchant, lane, target, number, notification, probe },
    provider: claimed.endpoint?.provider ?? null,
    attempt,
    verdict: verdictAfter(outcome, claimed, schedule, { now, random, retryAfterMs: retryAfterMs(retryAfter, now) }),
    health: report.health,
  };
  return { is: 'finished', finished };
}

/** An error of code that is not ours (or of ours, unexpected) as one line for a person. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, errorCharactersMax);
}
