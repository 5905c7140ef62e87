import { z } from '@hono/zod-openapi';
import { type Instant, toIso } from '../domain/clock.ts';
import { actionsOn, isDiscrepancyKind } from '../domain/discrepancy.ts';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import type { Service } from '../service.ts';
import type { StoredDiscrepancy } from '../stores/kept.ts';
import { type Caller, sees } from './auth.ts';
import {
  amountMinor,
  amountOrNull,
  answered,
  filter,
  listOf,
  merchant,
  note,
  pageView,
  paging,
  shortText,
  text,
  timeOrNull,
} from './fields.ts';
import { requireMerchant } from './merchants.ts';
import type { Routes } from './route.ts';

type Discrepancy = StoredDiscrepancy & { orderNo: string | null };

const actions = ['accept', 'refund', 'reopen', 'ignore'] as const;
const state = z.enum(['open', 'resolved', 'ignored', 'accepted']);
export const discrepancy = z
  .object({
    id: z.string(),
    merchant: z.string(),
    order_no: z.string().nullable().openapi({ description: 'Null for parked money.' }),
    kind: z.string(),
    blocks: z.boolean().openapi({ description: 'While it is open, `payment.succeeded` is not sent.' }),
    why: z.string(),
    amount_minor: answered.amount.nullable(),
    currency: z.string().nullable(),
    state,
    actions: z.array(z.string()).openapi({ description: 'What a person may do about it.' }),
    opened_at: answered.time,
    closed_at: answered.time.nullable(),
    age_seconds: z.int().openapi({ description: 'How long it has been open, or was.' }),
    assigned_to: z.string().nullable().openapi({ description: 'Whose work it is.' }),
    assigned_at: answered.time.nullable(),
    decision: z
      .object({
        action: z.enum(actions),
        by: z.string(),
        at: answered.time,
        note: z.string(),
        amount_minor: answered.amount.nullable(),
      })
      .nullable()
      .openapi({ description: 'What was last said is to become of it, by whom and why.' }),
  })
  .openapi('Discrepancy');
export type DiscrepancyRow = z.output<typeof discrepancy>;

const tag = 'Discrepancies';

export function addDiscrepancies(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/discrepancies',
    tag,
    summary: 'List discrepancies',
    need: ['read'],
    query: z.strictObject({
      ...paging,
      merchant: filter(merchant),
      state: filter(state),
      kind: filter(z.string().refine(isDiscrepancyKind, 'must be a kind of discrepancy')),
      assignee: filter(shortText).openapi({ description: 'Whose work it is.' }),
    }),
    statuses: [200],
    answer: listOf(discrepancy),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const page = await service.store.read('discrepancies', { ...query, visible: caller.visible });
      const now = service.clock.now();
      return { status: 200, body: pageView(page, (one) => discrepancyView(one, now)) };
    },
  });
  addAssignment(routes);
  routes.add({
    method: 'post',
    path: '/v1/discrepancies/{id}/resolve',
    tag,
    summary: 'Say what is to become of a discrepancy',
    need: ['operate'],
    params: z.strictObject({ id: text(1, 64) }),
    body: z
      .strictObject({
        action: z.enum(actions),
        note,
        amount_minor: amountMinor.optional(),
      })
      .openapi('Resolution'),
    example: { action: 'accept', note: 'The customer paid the rest in cash.' },
    statuses: [200],
    answer: discrepancy,
    refusals: ['discrepancy.unknown', 'discrepancy.action'],
    async run({ service, caller, params, body }) {
      const { id } = await discrepancyOf(service, caller, params.id);
      const { action, note, amount_minor = null } = body;
      await service.orders.resolve({ discrepancy: id, with: action, amountMinor: amount_minor, note, by: caller.name });
      return discrepancyAnswer(service, caller, id);
    },
  });
}

function addAssignment(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/discrepancies/{id}/assign',
    tag,
    summary: 'Say whose work a discrepancy is',
    need: ['operate'],
    params: z.strictObject({ id: text(1, 64) }),
    body: z
      .strictObject({
        to: shortText.nullable().openapi({ description: "A person's name; null: nobody's any more." }),
        note: note.optional(),
      })
      .openapi('Assignment'),
    example: { to: 'alice', note: 'She knows this customer.' },
    statuses: [200],
    answer: discrepancy,
    refusals: ['discrepancy.unknown', 'discrepancy.action'],
    async run({ service, caller, params, body }) {
      const { id } = await discrepancyOf(service, caller, params.id);
      const { to, note = null } = body;
      await service.orders.assign({ discrepancy: id, to, note, by: caller.name });
      return discrepancyAnswer(service, caller, id);
    },
  });
}

async function discrepancyAnswer(service: Service, caller: Caller, id: string) {
  const found = await discrepancyOf(service, caller, id);
  return { status: 200 as const, body: discrepancyView(found, service.clock.now()) };
}

/** @throws AppError `discrepancy.unknown`, also for one that the caller may not see. */
async function discrepancyOf(service: Service, caller: Caller, id: string): Promise<Discrepancy> {
  const found = await service.store.read('discrepancy', asId.discrepancy(id));
  if (found === null || !sees(caller, found.merchant))
    throw new AppError('discrepancy.unknown', `there is no discrepancy ${id}`);
  return found;
}

export function discrepancyView(one: Discrepancy, now: Instant): z.input<typeof discrepancy> {
  const { id, merchant, orderNo, kind, blocks, why, currency, state, assigned, decision } = one;
  return {
    id,
    merchant,
    order_no: orderNo,
    kind,
    blocks,
    why,
    amount_minor: amountOrNull(one.amountMinor),
    currency,
    state,
    actions: state === 'open' ? [...actionsOn(one)] : [],
    opened_at: toIso(one.openedAt),
    closed_at: timeOrNull(one.closedAt),
    age_seconds: Math.floor(((one.closedAt ?? now) - one.openedAt) / 1000),
    assigned_to: assigned?.to ?? null,
    assigned_at: timeOrNull(assigned?.at ?? null),
    decision: decision && {
      action: decision.is,
      by: decision.by,
      at: toIso(decision.at),
      note: decision.note,
      amount_minor: amountOrNull(decision.amountMinor),
    },
  };
}
