import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { addCounts, emptyCounts, type FunnelCounts, ratesOf } from '../domain/funnel.ts';
import { asId } from '../domain/ids.ts';
import { inProportion, keptAnswers } from '../domain/kept-answers.ts';
import { addLatencies, emptyLatency, type LatencyCounts, latencyAt, latencyCountOf } from '../domain/latency.ts';
import { limits } from '../domain/limits.ts';
import { notificationTypes } from '../domain/notification.ts';
import type { Gauges } from '../stores/reads.ts';
import { type Caller, requireUnlimited } from './auth.ts';
import { answered, filter, listOf, merchant, range, text, timeOrNull } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import type { Routes } from './route.ts';

const minuteMs = 60_000;
const bucketSizes = { '1m': minuteMs, '1h': 60 * minuteMs, '1d': 1440 * minuteMs } as const;

const asked = {
  ...range,
  bucket: z.enum(['1m', '1h', '1d']).default('1h'),
  merchant: filter(merchant),
  provider: filter(text(1, 64)),
  endpoint: filter(text(1, 64)),
  type: filter(z.enum(notificationTypes)),
  side: z.enum(['sending', 'handlers', 'receiving']).default('sending'),
};

const rate = z.number().nullable().openapi({ description: 'Null: no data.' });
const counts = {
  total: z.int(),
  sent: z.int(),
  received: z.int(),
  handled: z.int(),
  confirmed: z.int(),
  p_s: rate,
  p_r: rate,
  p_h: rate,
  p_c: rate,
};
const funnel = z
  .object({
    from: answered.time,
    to: answered.time,
    buckets: z.array(z.object({ at: answered.time, ...counts })),
    totals: z.object(counts),
  })
  .openapi('Funnel');
export type Funnel = z.output<typeof funnel>;

const latencyCounts = {
  count: z.int(),
  p50_ms: z.number().nullable(),
  p99_ms: z.number().nullable(),
};
const latency = z
  .object({
    from: answered.time,
    to: answered.time,
    buckets: z.array(z.object({ at: answered.time, ...latencyCounts })),
    totals: z.object(latencyCounts),
  })
  .openapi('Latency');
export type Latency = z.output<typeof latency>;

const backlog = z
  .object({
    merchant: z.string(),
    kind: z.enum(['handler', 'effect']),
    name: z.string(),
    type: z.string().nullable(),
    waiting: z.int(),
    dead: z.int(),
  })
  .openapi('HandlerBacklog');

const backlogNow = z
  .object({
    pending: z.int(),
    sending: z.int(),
    dead: z.int(),
    oldest_due_at: answered.time.nullable().openapi({ description: 'Null: nothing is due.' }),
    parked_facts: z.int(),
    quarantined: z.int(),
    discrepancies_open: z.int(),
    asks: z.int().openapi({ description: 'What is to be asked of providers.' }),
  })
  .openapi('Backlog');
export type Backlog = z.output<typeof backlogNow>;

const backlogOverTime = z
  .object({
    from: answered.time,
    to: answered.time,
    buckets: z.array(
      z.object({
        at: answered.time,
        waiting: z.int().openapi({ description: 'Deliveries that were not final.' }),
        dead: z.int(),
        oldest_due_ms: z.int().openapi({ description: 'How long the one that was due longest had been due.' }),
      }),
    ),
  })
  .openapi('BacklogOverTime');
export type BacklogOverTime = z.output<typeof backlogOverTime>;

export function addFigures(routes: Routes): void {
  addFunnel(routes);
  addLatency(routes);
  addBacklogNow(routes);
  addBacklogHistory(routes);
  addHandlers(routes);
}

function addFunnel(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/funnel',
    tag: 'Figures',
    summary: 'How many reached each step, and the four rates between them',
    description: 'From ≤ at < to; default: the last 24 hours, the running minute included.',
    need: ['read'],
    query: z.strictObject({
      ...asked,
      per: z.enum(['attempt', 'delivery']).default('attempt'),
      source: z.enum(['kept', 'rows']).default('kept').openapi({
        description: 'The figures as they are kept, or counted again from the stored rows: both must agree.',
      }),
    }),
    statuses: [200],
    answer: funnel,
    refusals: ['merchant.unknown', 'store.deadline'],
    async run({ service, caller, query }) {
      const { source, ...filters } = query;
      const filter = filterOf(filters, caller, service.clock.now());
      const { from, to } = filter;
      const buckets = await service.store.read(source === 'rows' ? 'recount' : 'funnel', filter);
      const totals = buckets.reduce((sum, { counts }) => addCounts(sum, counts), emptyCounts);
      const views = buckets.map(({ at, counts }) => ({ at: toIso(at), ...countsView(counts) }));
      return { status: 200, body: { from: toIso(from), to: toIso(to), buckets: views, totals: countsView(totals) } };
    },
  });
}

function addLatency(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/latency',
    tag: 'Figures',
    summary: 'How long attempts and callbacks took: the median and the 99th percentile',
    description:
      'Of attempts that were sent, until they ended; of callbacks that were answered with success, from when they had arrived ' +
      'whole until the answer was written. Counted in buckets of which each ends twice as far as the one before: from 1 ms on a ' +
      'percentile is at most twice or half of what is exact, and never past 32.8 s. Ranges as in the funnel.',
    need: ['read'],
    query: z.strictObject(asked),
    statuses: [200],
    answer: latency,
    refusals: ['merchant.unknown', 'store.deadline'],
    async run({ service, caller, query }) {
      const filter = filterOf({ ...query, per: 'attempt' }, caller, service.clock.now());
      const { from, to } = filter;
      const buckets = await service.store.read('latency', filter);
      const totals = buckets.reduce((sum, { counts }) => addLatencies(sum, counts), emptyLatency);
      const views = buckets.map(({ at, counts }) => ({ at: toIso(at), ...latencyView(counts) }));
      return { status: 200, body: { from: toIso(from), to: toIso(to), buckets: views, totals: latencyView(totals) } };
    },
  });
}

function addBacklogNow(routes: Routes): void {
  // It counts all that waits, and every viewer's overview asks for it each 5 s.
  const kept = keptAnswers<Gauges>(inProportion(limits.gaugesMs));
  routes.add({
    method: 'get',
    path: '/v1/backlog',
    tag: 'Figures',
    summary: 'What waits now',
    description:
      'Needs a key that is not limited to merchants. Where so much waits that counting takes long, it is counted anew each 15 s at most.',
    need: ['read'],
    statuses: [200],
    answer: backlogNow,
    refusals: [],
    async run({ service, caller }) {
      requireUnlimited(caller);
      const { pending, sending, dead, oldestDueAt, ...others } = await kept.of('', service.clock, () =>
        service.store.read('gauges', null),
      );
      return {
        status: 200,
        body: {
          pending,
          sending,
          dead,
          oldest_due_at: timeOrNull(oldestDueAt),
          parked_facts: others.parkedFacts,
          quarantined: others.quarantined,
          discrepancies_open: others.discrepanciesOpen,
          asks: others.asks,
        },
      };
    },
  });
}

function addBacklogHistory(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/backlog/history',
    tag: 'Figures',
    summary: 'What waited, over time',
    description:
      'Looked at twice a minute, by one node: of each bucket the most. Minutes in which no node ran are not there. Needs a key that is ' +
      'not limited to merchants. Ranges as in the funnel.',
    need: ['read'],
    query: z.strictObject({ ...range, bucket: asked.bucket }),
    statuses: [200],
    answer: backlogOverTime,
    refusals: [],
    async run({ service, caller, query }) {
      requireUnlimited(caller);
      const bucketMs = bucketSizes[query.bucket];
      const { from, to } = rangeOf(query, service.clock.now(), bucketMs);
      const buckets = await service.store.read('backlog', { from, to, bucketMs });
      const views = buckets.map(({ at, waiting, dead, oldestDueMs }) => ({
        at: toIso(at),
        waiting,
        dead,
        oldest_due_ms: oldestDueMs,
      }));
      return { status: 200, body: { from: toIso(from), to: toIso(to), buckets: views } };
    },
  });
}

function addHandlers(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/handlers',
    tag: 'Figures',
    summary: 'List handlers and effects with what waits for them',
    need: ['read'],
    query: z.strictObject({ merchant: filter(merchant) }),
    statuses: [200],
    answer: listOf(backlog),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const visible = query.merchant === null ? caller.visible : [query.merchant];
      const handlers = await service.store.read('handlers', { visible });
      return { status: 200, body: { data: handlers.map((handler) => ({ ...handler })), next_cursor: null } };
    },
  });
}

function filterOf(
  { bucket, endpoint, ...others }: z.output<z.ZodObject<typeof asked>> & { per: 'attempt' | 'delivery' },
  caller: Caller,
  now: number,
) {
  if (others.merchant !== null) requireMerchant(caller, others.merchant);
  const bucketMs = bucketSizes[bucket];
  return {
    ...others,
    ...rangeOf(others, now, bucketMs),
    bucketMs,
    endpoint: endpoint === null ? null : asId.endpoint(endpoint),
    visible: caller.visible,
  };
}

function rangeOf(
  query: { from: number | null; to: number | null },
  now: number,
  bucketMs: number,
): { from: number; to: number } {
  const to = query.to ?? (Math.floor(now / minuteMs) + 1) * minuteMs;
  const from = query.from ?? to - 1440 * minuteMs;
  if (from >= to) throw refused('/to', 'must be after `from`');
  if ((to - from) / bucketMs > limits.funnelBucketsMax) {
    throw refused('/bucket', `gives more than ${limits.funnelBucketsMax} buckets over this range; take a larger one`);
  }
  return { from, to };
}

function refused(pointer: string, detail: string): AppError {
  return new AppError('request.invalid', `the query is not valid: ${pointer} ${detail}`, {
    errors: [{ pointer, detail }],
  });
}

function countsView(counts: FunnelCounts) {
  const { total, sent, received, handled, confirmed } = counts;
  const { pS, pR, pH, pC } = ratesOf(counts);
  return { total, sent, received, handled, confirmed, p_s: pS, p_r: pR, p_h: pH, p_c: pC };
}

function latencyView(counts: LatencyCounts) {
  return {
    count: latencyCountOf(counts),
    p50_ms: rounded(latencyAt(counts, 0.5)),
    p99_ms: rounded(latencyAt(counts, 0.99)),
  };
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
