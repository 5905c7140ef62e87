import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { sources } from '../domain/fact.ts';
import type { MerchantId, OrderNo } from '../domain/ids.ts';
import { madeKinds } from '../domain/made.ts';
import type { Made } from '../stores/reads.ts';
import { sees } from './auth.ts';
import { callbackRow, callbackRowView } from './callbacks.ts';
import { shortAttempt, shortAttemptView } from './deliveries.ts';
import { discrepancy, discrepancyView } from './discrepancies.ts';
import { EventStream } from './event-stream.ts';
import { answered, filter, merchant, orderNo } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import { notification, notificationView } from './notifications.ts';
import { shortFact, shortFactView } from './orders.ts';
import type { Routes } from './route.ts';

const fact = shortFact
  .extend({
    merchant: z.string(),
    order_no: z.string().nullable().openapi({ description: 'Null while it is parked.' }),
    source: z.enum(sources),
    callback: z.string().nullable().openapi({ description: 'The callback that told it first.' }),
    recorded_at: answered.time,
  })
  .openapi('StreamedFact');
const attempt = shortAttempt
  .extend({
    merchant: z.string(),
    order_no: z.string(),
    notification: z.string(),
    type: z.string(),
    delivery: z.string(),
    endpoint: z.string().nullable(),
    url: z.string().nullable(),
    state: z.string().openapi({ description: "The delivery's, as it is now." }),
  })
  .openapi('StreamedAttempt');
const data = z.union([callbackRow, fact, notification, attempt, discrepancy]);

const types = z
  .string()
  .transform((text, context) => {
    const named = text.split(',');
    const known = madeKinds.filter((kind) => named.includes(kind));
    if (known.length === new Set(named).size) return known;
    context.addIssue({ code: 'custom', message: `must be one or more of ${madeKinds.join(',')}` });
    return z.NEVER;
  })
  .openapi({ type: 'string', example: 'notification,attempt', description: 'Kinds of events, separated by commas.' });
const position = z.string().max(64);

export function addStream(routes: Routes): void {
  // Made once for all viewers, who are told of the same object.
  const texts = new WeakMap<Made, string>();
  const textOf = (made: Made): string => {
    const known = texts.get(made) ?? JSON.stringify(viewOf(made));
    texts.set(made, known);
    return known;
  };
  routes.add({
    method: 'get',
    path: '/v1/stream',
    tag: 'Figures',
    summary: 'Watch what happens',
    description:
      'Server-sent events, in the order of the commits: `callback`, `fact`, `notification`, `attempt`, `discrepancy`, each with the short form of the object as data. ' +
      'Each has an `id`: who sends the last one as `Last-Event-ID` (or `after`) goes on behind it, and misses nothing. The first line is the `id` from which on everything is told, and comes at once. `reset` says that what was in between is not kept any more.',
    need: ['read'],
    headers: z.object({ 'last-event-id': position.optional() }),
    query: z.strictObject({
      types: filter(types),
      merchant: filter(merchant),
      order_no: filter(orderNo).openapi({ description: 'Callbacks are of no order yet; its facts name theirs.' }),
      after: filter(position).openapi({ description: '`Last-Event-ID`, for who cannot send headers.' }),
    }),
    statuses: [200],
    answer: data,
    answerType: 'text/event-stream',
    refusals: ['merchant.unknown', 'stream.full'],
    async run({ service, caller, query, headers, authenticate }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const wants = (made: Made) =>
        sees(caller, made.merchant) &&
        fits(query.merchant, made.merchant) &&
        fits<OrderNo | null>(query.order_no, made.orderNo);
      service.stream.requireRoom(caller.name);
      const events = new EventStream(service.stream, {
        key: caller.name,
        kinds: query.types ?? madeKinds,
        wants,
        // A browser repeats the query when it comes back, and knows more by then.
        after: headers.get('last-event-id') ?? query.after,
        textOf,
        authenticate,
      });
      return events.response();
    },
  });
}

function fits<T extends MerchantId | OrderNo | null>(wanted: T | null, value: T): boolean {
  return wanted === null || wanted === value;
}

function viewOf(made: Made): z.input<typeof data> {
  switch (made.is) {
    case 'callback':
      return callbackRowView(made.callback);
    case 'notification':
      return notificationView(made.notification);
    case 'discrepancy':
      // Its age as it opened, or closed.
      return discrepancyView(made.discrepancy, made.discrepancy.openedAt);
    case 'fact':
      return factView(made);
    case 'attempt':
      return attemptView(made);
  }
}

function factView({ fact: one, callback, orderNo }: Extract<Made, { is: 'fact' }>): z.input<typeof fact> {
  const { merchant, source, recordedAt } = one;
  return {
    ...shortFactView(one),
    merchant,
    order_no: orderNo,
    source,
    callback,
    recorded_at: toIso(recordedAt),
  };
}

function attemptView({ delivery, attempt: one }: Extract<Made, { is: 'attempt' }>): z.input<typeof attempt> {
  const { id, merchant, orderNo, notification, type, endpoint, url, state } = delivery;
  return {
    ...shortAttemptView(one),
    merchant,
    order_no: orderNo,
    notification,
    type,
    delivery: id,
    endpoint,
    url,
    state,
  };
}
