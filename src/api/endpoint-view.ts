import { z } from '@hono/zod-openapi';
import { closedBreaker, failureBudgetUsed } from '../domain/breaker.ts';
import { type Instant, toIso } from '../domain/clock.ts';
import { drainRate } from '../domain/drain.ts';
import { laneOfEndpoint } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Endpoint, UrlChange } from '../domain/merchant.ts';
import type { Service } from '../service.ts';
import { answered, timeOrNull } from './fields.ts';
import { secrets, secretsView } from './secrets.ts';

// An endpoint as it is answered.

const urlChange = z
  .object({
    url: z.string(),
    state: z.enum(['waiting', 'failed', 'expired']).openapi({
      description:
        'Of a failed or expired one nothing more comes by itself: retry it, or set the present URL to end it.',
    }),
    failure: z.string().nullable().openapi({ description: 'Why the URL has not changed.' }),
    tries: z.int(),
    asked_by: z.string(),
    asked_at: answered.time,
    expires_at: answered.time,
  })
  .openapi('UrlChange', { description: 'A URL that has yet to answer the challenge; until then `url` is used.' });

export const answer = z
  .object({
    id: z.string(),
    merchant: z.string(),
    url: z.string(),
    provider: z.string(),
    types: z.array(z.string()),
    schedule: z.array(z.number()).nullable(),
    timeout_ms: z.number(),
    rate_per_second: z.number().nullable(),
    concurrency: z.number(),
    ordering: z.enum(['none', 'order']),
    state: z.enum(['enabled', 'paused', 'disabled']),
    url_change: urlChange.nullable(),
    previous_until: answered.time.nullable().openapi({
      description:
        'When the older secrets end by themselves. Where only one signature fits into the format, the new secret signs from then on.',
    }),
    hidden: z.boolean().openapi({ description: 'Made for a `notify_url`; not listed.' }),
    created_at: answered.time,
  })
  .openapi('Endpoint');
export type EndpointRow = z.output<typeof answer>;
const made = z.unknown().openapi({
  type: 'object',
  additionalProperties: true,
  description: 'Credentials that the server made, shown only here; absent where you brought them.',
});
export const answerWithSecrets = answer.extend({ secrets }).openapi('EndpointWithSecrets');
export const answerWithHealth = answerWithSecrets
  .extend({
    failure_budget: z
      .object({
        used: z.number(),
        since: answered.time.nullable(),
        failures: z.int(),
        warnings: z.array(z.object({ percent: z.int(), at: answered.time })),
      })
      .openapi({
        description:
          'From 0 to 1, at which it is disabled; the failures in a row, and the first of them; the marks that were warned of since.',
      }),
    draining: z.object({ left: z.int(), rate_per_second: z.number() }).nullable().openapi({
      description: 'What waited while it could not be reached, and how fast it goes out now; null: nothing does.',
    }),
  })
  .openapi('EndpointWithHealth');
export type EndpointAnswer = z.output<typeof answerWithHealth>;
export const answerOnce = answer.extend({ credentials: made.optional() }).openapi('EndpointWithCredentials');
export const answerRotated = answerWithSecrets.extend({ credentials: made.optional() }).openapi('RotatedEndpoint');
export type EndpointOnce = z.output<typeof answerOnce>;

export function withSecrets(service: Service, endpoint: Endpoint): z.input<typeof answerWithSecrets> {
  return { ...endpointView(service, endpoint), secrets: secretsView(service.secrets.ofEndpoint(endpoint)) };
}

export async function healthView(service: Service, { id, state, ratePerSecond }: Endpoint) {
  const health = await service.store.read('laneHealth', laneOfEndpoint(id));
  const { breaker, draining } = health ?? { breaker: closedBreaker, draining: null };
  const now = service.clock.now();
  const used = Math.floor(failureBudgetUsed(breaker, now) * 1000) / 1000;
  const warnings = breaker.warnings.map(({ percent, at }) => ({ percent, at: toIso(at) }));
  const rate = (since: Instant) => Math.min(drainRate(now - since), ratePerSecond ?? Number.POSITIVE_INFINITY);
  return {
    failure_budget: { used, since: timeOrNull(breaker.failingSince), failures: breaker.failures, warnings },
    draining:
      draining === null || state !== 'enabled'
        ? null
        : { left: draining.left, rate_per_second: Math.round(rate(draining.since) * 10) / 10 },
  };
}

/** 202 where the URL that was asked for is not the endpoint's yet. */
export function urlAnswer(service: Service, endpoint: Endpoint, isAsked: boolean) {
  return { status: isAsked && endpoint.urlChange !== null ? 202 : 200, body: endpointView(service, endpoint) };
}

export function withMade<View extends object>(view: View, made: unknown): View & { credentials?: unknown } {
  return made === null || made === undefined ? view : { ...view, credentials: made };
}

function urlChangeView({ clock }: Service, change: UrlChange): z.input<typeof urlChange> {
  const { url, by, askedAt, tries, failure } = change;
  const expiresAt = askedAt + limits.urlChangeMs;
  const isOver = failure === null && clock.now() >= expiresAt;
  return {
    url,
    state: failure !== null ? 'failed' : isOver ? 'expired' : 'waiting',
    failure: isOver ? 'no answer was recorded in time' : failure,
    tries,
    asked_by: by,
    asked_at: toIso(askedAt),
    expires_at: toIso(expiresAt),
  };
}

export function endpointView(service: Service, endpoint: Endpoint): z.input<typeof answer> {
  const { id, merchant, url, provider, types, schedule, concurrency, ordering, state, hidden } = endpoint;
  return {
    id,
    merchant,
    url,
    provider,
    types: [...types],
    schedule: schedule?.map((milliseconds) => milliseconds / 1000) ?? null,
    timeout_ms: endpoint.timeoutMs,
    rate_per_second: endpoint.ratePerSecond,
    concurrency,
    ordering,
    state,
    url_change: endpoint.urlChange === null ? null : urlChangeView(service, endpoint.urlChange),
    previous_until: timeOrNull(endpoint.previousUntil),
    hidden,
    created_at: toIso(endpoint.createdAt),
  };
}
