import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
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
  text,
  timeOrNull,
} from './fields.ts';
import { requireMerchant } from './merchants.ts';
import type { Routes } from './route.ts';

type Discrepancy = StoredDiscrepancy & { orderNo: string | null };

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
  })
  .openapi('Discrepancy');
export type DiscrepancyRow = z.output<typeof discrepancy>;

export function addDiscrepancies(routes: Routes): void {
  const tag = 'Discrepancies';
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
    }),
    statuses: [200],
    answer: listOf(discrepancy),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const page = await service.store.read('discrepancies', { ...query, visible: caller.visible });
      return { status: 200, body: pageView(page, discrepancyView) };
    },
  });
  routes.add({
    method: 'post',
    path: '/v1/discrepancies/{id}/resolve',
    tag,
    summary: 'Say what is to become of a discrepancy',
    need: ['operate'],
    params: z.strictObject({ id: text(1, 64) }),
    body: z
      .strictObject({
        action: z.enum(['accept', 'refund', 'reopen', 'ignore']),
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
      return { status: 200, body: discrepancyView(await discrepancyOf(service, caller, id)) };
    },
  });
}

/** @throws AppError `discrepancy.unknown`, also for one that the caller may not see. */
async function discrepancyOf(service: Service, caller: Caller, id: string): Promise<Discrepancy> {
  const found = await service.store.read('discrepancy', asId.discrepancy(id));
  if (found === null || !sees(caller, found.merchant))
    throw new AppError('discrepancy.unknown', `there is no discrepancy ${id}`);
  return found;
}

export function discrepancyView(one: Discrepancy): z.input<typeof discrepancy> {
  const { id, merchant, orderNo, kind, blocks, why, currency, state } = one;
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
  };
}
