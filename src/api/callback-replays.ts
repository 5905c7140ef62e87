import { z } from '@hono/zod-openapi';
import { verdicts } from '../domain/callback.ts';
import {
  type CallbackReplay,
  callbackReplayChanges,
  callbackReplayPhases,
  callbackReplayStates,
  cameOtherwise,
  type Reread,
} from '../domain/callback-replay.ts';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { type Fact, factKinds } from '../domain/fact.ts';
import { asId } from '../domain/ids.ts';
import type { Service } from '../service.ts';
import { type Caller, sees, seesFiltered } from './auth.ts';
import {
  amountOrNull,
  answered,
  filter,
  listOf,
  merchant,
  pageView,
  paging,
  range,
  text,
  timeOrNull,
} from './fields.ts';
import { requireFiltered } from './merchants.ts';
import type { Routes } from './route.ts';

const verdict = z.enum(verdicts);
const newReplay = z
  .strictObject({
    ...range,
    merchant: filter(merchant),
    account: filter(text(1, 64)),
    provider: filter(text(1, 64)),
    verdict: filter(verdict),
    rate_per_second: filter(z.number().min(0.01).max(10_000)).openapi({
      description: 'Callbacks taken into effect a second, once it is applied.',
    }),
  })
  .openapi('NewCallbackReplay');

const count = z.int();
const answer = z
  .object({
    id: z.string(),
    by: z.string(),
    phase: z.enum(callbackReplayPhases),
    state: z.enum(callbackReplayStates),
    rate_per_second: z.number().nullable(),
    filter: z.object({
      merchant: z.string().nullable(),
      account: z.string().nullable(),
      provider: z.string().nullable(),
      verdict: verdict.nullable(),
      from: answered.time.nullable(),
      to: answered.time.nullable(),
    }),
    progress: z.object({
      looked: count.openapi({ description: 'Callbacks looked at.' }),
      same: count.openapi({ description: 'Read by the present code as they stand.' }),
      differ: count.openapi({ description: 'Read otherwise; each is in `…/callbacks`.' }),
      gone: count.openapi({ description: 'Their bytes have been deleted.' }),
      failed: count.openapi({
        description: 'Not to be read: the account is gone, or its credentials do not open them.',
      }),
      cut: z.boolean().openapi({ description: 'More differ than one replay keeps; the rest was not looked at.' }),
      applied: count.openapi({ description: 'Taken into effect.' }),
      otherwise: count.openapi({ description: 'Of these, with another result than was previewed.' }),
    }),
    created_at: answered.time,
    updated_at: answered.time,
  })
  .openapi('CallbackReplay');
export type CallbackReplayAnswer = z.output<typeof answer>;

const judged = z.object({ verdict, code: z.string().nullable(), reason: z.string().nullable() });
const fact = z.object({
  kind: z.enum(factKinds),
  payment_id: z.string(),
  operation_id: z.string(),
  reference: z.string().nullable(),
  amount_minor: answered.amount.nullable(),
  currency: z.string().nullable(),
  provider_time: answered.time,
});
const reread = z
  .object({
    callback: z.string(),
    before: judged,
    after: judged,
    added: z
      .array(fact.extend({ known: z.boolean().openapi({ description: 'Somebody else has told it already.' }) }))
      .openapi({ description: 'Facts that it would tell and has not told.' }),
    untold: z
      .array(fact)
      .openapi({ description: 'Facts that it has told and would not tell now. They stay: facts are never removed.' }),
    applied: z
      .object({
        at: answered.time,
        verdict: verdict.nullable(),
        code: z.string().nullable(),
        reason: z.string().nullable(),
        added: z.array(fact),
        otherwise: z.boolean().openapi({ description: 'It came to something else than its preview.' }),
      })
      .nullable()
      .openapi({ description: 'What taking it into effect came to; `verdict` null: it could not be read any more.' }),
  })
  .openapi('Reread');
export type RereadAnswer = z.output<typeof reread>;

const tag = 'Callbacks';
const params = z.strictObject({ id: text(1, 64) });

export function addCallbackReplays(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/callback-replays',
    tag,
    summary: 'Read callbacks again by filter: what would come of it',
    description:
      'A durable job: any node goes on with it. The kept bytes are read through the present code and secrets, as at the time of their receipt, without effect. What comes out otherwise than it stands is listed in `…/callbacks`; then `…/apply` takes that into effect.',
    need: ['operate'],
    body: newReplay,
    example: { merchant: 'shop', provider: 'stripe', verdict: 'unreadable' },
    statuses: [202],
    answer,
    refusals: ['merchant.unknown', 'account.unknown', 'request.invalid'],
    async run({ service, caller, body }) {
      const replay = await service.callbackReplays.begin({
        filter: await filterOf(service, caller, body),
        by: caller.name,
        ratePerSecond: body.rate_per_second,
      });
      return { status: 202, body: replayView(replay) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/callback-replays',
    tag,
    summary: 'List replays of callbacks',
    need: ['read'],
    query: z.strictObject(paging),
    statuses: [200],
    answer: listOf(answer),
    refusals: [],
    async run({ service, caller, query }) {
      const page = await service.store.read('callbackReplays', { ...query, visible: caller.visible });
      return { status: 200, body: pageView(page, replayView) };
    },
  });
  addOneReplay(routes);
}

function addOneReplay(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/callback-replays/{id}',
    tag,
    summary: 'Read a replay of callbacks with its progress',
    need: ['read'],
    params,
    statuses: [200],
    answer,
    refusals: ['replay.unknown'],
    async run({ service, caller, params }) {
      return { status: 200, body: replayView(await replayFor(service, caller, params.id)) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/callback-replays/{id}/callbacks',
    tag,
    summary: 'List the callbacks that it reads otherwise',
    description: 'Each with its verdict and facts before and after, and, once applied, with what that came to.',
    need: ['read'],
    params,
    query: z.strictObject(paging),
    statuses: [200],
    answer: listOf(reread),
    refusals: ['replay.unknown'],
    async run({ service, caller, params, query }) {
      const { id } = await replayFor(service, caller, params.id);
      const { limit, cursor } = query;
      const before = cursor === null ? null : asId.callback(cursor);
      const found = await service.store.read('rereads', { replay: id, before, most: limit + 1 });
      const data = found.slice(0, limit);
      const nextCursor = found.length > limit ? (data.at(-1)?.callback ?? null) : null;
      return { status: 200, body: pageView({ data, nextCursor }, rereadView) };
    },
  });
  for (const change of callbackReplayChanges) {
    routes.add({
      method: 'post',
      path: `/v1/callback-replays/{id}/${change}`,
      tag,
      summary: `${change.replace(/^./, (first) => first.toUpperCase())} a replay of callbacks`,
      need: ['operate'],
      params,
      statuses: [202],
      answer,
      refusals: ['replay.unknown', 'replay.state'],
      async run({ service, caller, params }) {
        const { id } = await replayFor(service, caller, params.id);
        return { status: 202, body: replayView(await service.callbackReplays.change(id, change, caller.name)) };
      },
    });
  }
}

/** A key that is limited to merchants names the one it means; an account names its own. */
async function filterOf(
  service: Service,
  caller: Caller,
  body: z.output<typeof newReplay>,
): Promise<CallbackReplay['filter']> {
  const { provider, verdict, from, to } = body;
  const account = body.account === null ? null : await service.store.read('account', asId.account(body.account));
  if (body.account !== null) {
    const isSeen = account !== null && sees(caller, account.merchant);
    if (!isSeen || account.merchant !== (body.merchant ?? account.merchant))
      throw new AppError('account.unknown', `there is no account ${body.account}`);
  }
  const merchant = body.merchant ?? account?.merchant ?? null;
  requireFiltered(caller, merchant);
  return { merchant, account: account?.id ?? null, provider, verdict, from, to };
}

/** @throws AppError `replay.unknown`, also for one that the caller may not see. */
async function replayFor(service: Service, caller: Caller, id: string): Promise<CallbackReplay> {
  const found = await service.callbackReplays.find(id);
  if (!seesFiltered(caller, found.filter.merchant)) throw new AppError('replay.unknown', `there is no replay ${id}`);
  return found;
}

function replayView(replay: CallbackReplay): z.input<typeof answer> {
  const { id, by, phase, state, filter, ratePerSecond, progress, createdAt, updatedAt } = replay;
  return {
    id,
    by,
    phase,
    state,
    rate_per_second: ratePerSecond,
    filter: { ...filter, from: timeOrNull(filter.from), to: timeOrNull(filter.to) },
    progress,
    created_at: toIso(createdAt),
    updated_at: toIso(updatedAt),
  };
}

function rereadView(one: Reread): z.input<typeof reread> {
  const { callback, before, after, added, untold } = one;
  return {
    callback,
    before,
    after,
    added: added.map(({ fact, known }) => ({ ...factView(fact), known })),
    untold: untold.map(factView),
    applied: appliedView(one),
  };
}

function appliedView(one: Reread): z.input<typeof reread>['applied'] {
  const { applied } = one;
  if (applied === null) return null;
  const about = { at: toIso(applied.at), otherwise: cameOtherwise(one) };
  if (applied.is === 'failed') return { ...about, verdict: null, code: null, reason: applied.why, added: [] };
  const { verdict, code, reason, added } = applied;
  return { ...about, verdict, code, reason, added: added.map(factView) };
}

function factView(one: Fact): z.input<typeof fact> {
  const { kind, paymentId, operationId, reference, amountMinor, currency, providerTime } = one;
  return {
    kind,
    payment_id: paymentId,
    operation_id: operationId,
    reference,
    amount_minor: amountOrNull(amountMinor),
    currency,
    provider_time: toIso(providerTime),
  };
}
