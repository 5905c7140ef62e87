import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { deliveryStates } from '../domain/delivery.ts';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import { minorToJson } from '../domain/money.ts';
import { notificationTypes } from '../domain/notification.ts';
import { type Replay, replayChanges, replayLeft, replayStates } from '../domain/replay.ts';
import type { Service } from '../service.ts';
import { type Caller, sees, seesFiltered } from './auth.ts';
import { answered, filter, listOf, merchant, note, pageView, paging, text, time, timeOrNull } from './fields.ts';
import { requireFiltered } from './merchants.ts';
import type { Routes } from './route.ts';

const state = z.enum([...deliveryStates, 'held', 'missing']);
const newReplay = z
  .strictObject({
    merchant: filter(merchant),
    endpoint: filter(text(1, 64)),
    state: filter(state).openapi({
      description: 'State of the newest delivery to a target; `missing`: the target exists now, and has none.',
    }),
    type: filter(z.enum(notificationTypes)),
    from: filter(time),
    to: filter(time),
    dry_run: z.boolean().default(false).openapi({ description: 'Counts and sums only; nothing is sent.' }),
    rate_per_second: filter(z.number().min(0.01).max(10_000)).openapi({ description: 'Deliveries a second.' }),
    force: z.boolean().default(false).openapi({ description: 'Also runs handlers again that are confirmed.' }),
    note: filter(note),
  })
  .openapi('NewReplay');

const count = z.int();
const answer = z
  .object({
    id: z.string(),
    by: z.string(),
    state: z.enum(replayStates),
    dry_run: z.boolean(),
    force: z.boolean(),
    rate_per_second: z.number().nullable(),
    filter: z.object({
      merchant: z.string().nullable(),
      endpoint: z.string().nullable(),
      state: state.nullable(),
      type: z.enum(notificationTypes).nullable(),
      from: answered.time.nullable(),
      to: answered.time.nullable(),
    }),
    progress: z.object({
      looked: count.openapi({ description: 'Notifications looked at.' }),
      added: count.openapi({ description: 'New deliveries, beside final ones or where there was none.' }),
      retried: count.openapi({ description: 'Dead and waiting deliveries that are due again.' }),
      left: z
        .partialRecord(z.enum(replayLeft), count)
        .openapi({ description: 'Deliveries left as they are, by the reason.' }),
      sums: z.array(
        z.object({
          type: z.enum(notificationTypes),
          currency: z.string(),
          notifications: count,
          amount_minor: answered.amount,
        }),
      ),
    }),
    created_at: answered.time,
    updated_at: answered.time,
  })
  .openapi('Replay');
export type ReplayAnswer = z.output<typeof answer>;

const tag = 'Replays';
const params = z.strictObject({ id: text(1, 64) });

export function addReplays(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/replays',
    tag,
    summary: 'Send notifications again by filter',
    description:
      'A durable job: any node goes on with it. Dead and waiting deliveries are due again; confirmed and canceled ones get a new delivery beside them, with the same notification id and sequence; a target without one gets its first. Confirmed handlers are left unless `force` says otherwise, with a `note`.',
    need: ['operate'],
    body: newReplay,
    example: { merchant: 'shop', state: 'dead', dry_run: true },
    statuses: [202],
    answer,
    refusals: ['merchant.unknown', 'endpoint.unknown', 'request.invalid'],
    async run({ service, caller, body }) {
      if (body.force !== (body.note !== null))
        throw new AppError('request.invalid', '`force` needs a `note` that says why, and only `force` takes one');
      const replay = await service.replays.begin({
        filter: await filterOf(service, caller, body),
        by: caller.name,
        isDryRun: body.dry_run,
        forceNote: body.note,
        ratePerSecond: body.rate_per_second,
      });
      return { status: 202, body: replayView(replay) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/replays',
    tag,
    summary: 'List replays',
    need: ['read'],
    query: z.strictObject(paging),
    statuses: [200],
    answer: listOf(answer),
    refusals: [],
    async run({ service, caller, query }) {
      const page = await service.store.read('replays', { ...query, visible: caller.visible });
      return { status: 200, body: pageView(page, replayView) };
    },
  });
  addOneReplay(routes);
}

function addOneReplay(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/replays/{id}',
    tag,
    summary: 'Read a replay with its progress',
    need: ['read'],
    params,
    statuses: [200],
    answer,
    refusals: ['replay.unknown'],
    async run({ service, caller, params }) {
      return { status: 200, body: replayView(await replayFor(service, caller, params.id)) };
    },
  });
  for (const change of replayChanges) {
    routes.add({
      method: 'post',
      path: `/v1/replays/{id}/${change}`,
      tag,
      summary: `${change.replace(/^./, (first) => first.toUpperCase())} a replay`,
      need: ['operate'],
      params,
      statuses: [202],
      answer,
      refusals: ['replay.unknown', 'replay.state'],
      async run({ service, caller, params }) {
        const { id } = await replayFor(service, caller, params.id);
        return { status: 202, body: replayView(await service.replays.change(id, change, caller.name)) };
      },
    });
  }
}

/** A key that is limited to merchants names the one it means; an endpoint names its own. */
async function filterOf(service: Service, caller: Caller, body: z.output<typeof newReplay>): Promise<Replay['filter']> {
  const { state, type, from, to } = body;
  const endpoint = body.endpoint === null ? null : await service.store.read('endpoint', asId.endpoint(body.endpoint));
  if (body.endpoint !== null) {
    const isSeen = endpoint !== null && sees(caller, endpoint.merchant);
    if (!isSeen || endpoint.merchant !== (body.merchant ?? endpoint.merchant))
      throw new AppError('endpoint.unknown', `there is no endpoint ${body.endpoint}`);
  }
  const merchant = body.merchant ?? endpoint?.merchant ?? null;
  requireFiltered(caller, merchant);
  return { merchant, endpoint: endpoint?.id ?? null, state, type, from, to };
}

/** @throws AppError `replay.unknown`, also for one that the caller may not see. */
async function replayFor(service: Service, caller: Caller, id: string): Promise<Replay> {
  const found = await service.replays.find(id);
  if (!seesFiltered(caller, found.filter.merchant)) throw new AppError('replay.unknown', `there is no replay ${id}`);
  return found;
}

function replayView(replay: Replay): z.input<typeof answer> {
  const { id, by, state, filter, progress, createdAt, updatedAt } = replay;
  return {
    id,
    by,
    state,
    dry_run: replay.isDryRun,
    force: replay.forceNote !== null,
    rate_per_second: replay.ratePerSecond,
    filter: { ...filter, from: timeOrNull(filter.from), to: timeOrNull(filter.to) },
    progress: {
      ...progress,
      sums: progress.sums.map(({ amountMinor, ...sum }) => ({ ...sum, amount_minor: minorToJson(amountMinor) })),
    },
    created_at: toIso(createdAt),
    updated_at: toIso(updatedAt),
  };
}
