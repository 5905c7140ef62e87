import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { limits } from '../domain/limits.ts';
import type { RecordedAction } from '../stores/kept.ts';
import { answered, filter, listOf, merchant, pageView, paging, range, text } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import type { Routes } from './route.ts';

const action = z
  .object({
    at: answered.time,
    merchant: z.string().nullable(),
    by: z.string().openapi({
      description:
        '`admin`, the id of an API key, a person as `email:ann@example.com`, or `paidonce` for what the program did.',
    }),
    what: z.string().openapi({ example: 'endpoint.change_url' }),
    subject: z.string().openapi({ description: 'The id of what it was done to.' }),
    note: z.string().nullable(),
  })
  .openapi('Action');
export type ActionRow = z.output<typeof action>;

export function addActions(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/actions',
    tag: 'Figures',
    summary: 'List what people did, and what the program did in their place',
    need: ['read'],
    query: z.strictObject({
      ...paging,
      ...range,
      merchant: filter(merchant),
      by: filter(text(1, limits.personCharactersMax)),
      subject: filter(text(1, 128)),
      what: filter(text(1, 64)),
    }),
    statuses: [200],
    answer: listOf(action),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const page = await service.store.read('actions', { ...query, visible: caller.visible });
      return { status: 200, body: pageView(page, actionView) };
    },
  });
}

function actionView({ at, merchant, by, what, subject, note }: RecordedAction): z.input<typeof action> {
  return { at: toIso(at), merchant, by, what, subject, note };
}
