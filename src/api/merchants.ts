import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { MerchantId } from '../domain/ids.ts';
import type { Merchant } from '../domain/merchant.ts';
import { type Caller, requireUnlimited, sees } from './auth.ts';
import { answered, credentials, listOf, merchant, pageView, paging, shortText } from './fields.ts';
import type { Routes } from './route.ts';
import { secrets, secretsView } from './secrets.ts';

const manualOrRefund = z.enum(['manual', 'refund']);
const policies = z
  .strictObject({
    late_payment: z.enum(['manual', 'refund', 'reopen']).optional(),
    double_payment: manualOrRefund.optional(),
    overpaid_tolerance_minor: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    underpaid: manualOrRefund.optional(),
    wrong_currency: manualOrRefund.optional(),
    wrong_account: manualOrRefund.optional(),
  })
  .transform((given) => z.record(z.string(), z.union([z.string(), z.number()])).parse(given))
  .openapi({ description: 'What is done with a kind of discrepancy without a person.' });

const byProvider = z
  .record(z.string(), credentials)
  .openapi({ description: 'Signing secrets by provider, for notifications with a `notify_url`.' });

const answer = z
  .object({
    id: z.string(),
    name: z.string(),
    policies: z.record(z.string(), z.union([z.string(), z.number()])),
    providers: z.array(z.string()).openapi({ description: 'Providers for which signing secrets are kept.' }),
    created_at: answered.time,
  })
  .openapi('Merchant');

const answerWithSecrets = answer
  .extend({ secrets: z.record(z.string(), secrets).openapi({ description: 'Signing secrets, by provider.' }) })
  .openapi('MerchantWithSecrets');

export type MerchantRow = z.output<typeof answer>;
export type MerchantAnswer = z.output<typeof answerWithSecrets>;

const tag = 'Merchants';
const params = z.strictObject({ id: merchant });

export function addMerchants(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/merchants',
    tag,
    summary: 'Create a merchant',
    need: ['operate'],
    body: z
      .strictObject({
        id: merchant.optional(),
        name: shortText,
        policies: policies.optional(),
        credentials: byProvider.optional(),
      })
      .openapi('NewMerchant'),
    example: { id: 'shop', name: 'The shop' },
    statuses: [201],
    answer,
    refusals: ['merchant.exists', 'provider.unknown', 'account.credentials'],
    async run({ service, caller, body }) {
      requireUnlimited(caller);
      const { id, name, policies, credentials } = body;
      const request = { name, ...(id && { id }), ...(policies && { policies }), ...(credentials && { credentials }) };
      return { status: 201, body: merchantView(await service.merchants.add(request, caller.name)) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/merchants',
    tag,
    summary: 'List merchants',
    need: ['read'],
    query: z.strictObject(paging),
    statuses: [200],
    answer: listOf(answer),
    refusals: [],
    async run({ service, caller, query }) {
      const page = await service.store.read('merchants', { ...query, visible: caller.visible });
      return { status: 200, body: pageView(page, merchantView) };
    },
  });
  addOneMerchant(routes);
}

function addOneMerchant(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/merchants/{id}',
    tag,
    summary: 'Read a merchant',
    need: ['read'],
    params,
    statuses: [200],
    answer: answerWithSecrets,
    refusals: ['merchant.unknown'],
    async run({ service, caller, params }) {
      requireMerchant(caller, params.id);
      const found = await service.store.read('merchant', params.id);
      if (found === null) throw unknownMerchant(params.id);
      const kept = Object.entries(service.secrets.ofMerchant(found));
      const secrets = Object.fromEntries(kept.map(([provider, views]) => [provider, secretsView(views)]));
      return { status: 200, body: { ...merchantView(found), secrets } };
    },
  });
  routes.add({
    method: 'patch',
    path: '/v1/merchants/{id}',
    tag,
    summary: 'Change a merchant',
    description: 'Credentials are replaced provider by provider; policies as a whole.',
    need: ['operate'],
    params,
    body: z
      .strictObject({ name: shortText.optional(), policies: policies.optional(), credentials: byProvider.optional() })
      .openapi('MerchantChange'),
    example: { name: 'The new shop' },
    statuses: [200],
    answer,
    refusals: ['merchant.unknown', 'provider.unknown', 'account.credentials'],
    async run({ service, caller, params, body }) {
      requireMerchant(caller, params.id);
      const { name, policies, credentials } = body;
      const change = { ...(name && { name }), ...(policies && { policies }), ...(credentials && { credentials }) };
      return { status: 200, body: merchantView(await service.merchants.change(params.id, change, caller.name)) };
    },
  });
}

/** What a caller may not see answers like what does not exist. @throws AppError `merchant.unknown` */
export function requireMerchant(caller: Caller, id: Merchant['id']): void {
  if (!sees(caller, id)) throw unknownMerchant(id);
}

/** For a filter of a job: a key that is limited to merchants names the one it means. @throws AppError also `request.invalid`. */
export function requireFiltered(caller: Caller, merchant: MerchantId | null): void {
  if (merchant !== null) requireMerchant(caller, merchant);
  else if (caller.visible !== null)
    throw new AppError('request.invalid', 'this key is limited to merchants: name one with `merchant`');
}

function unknownMerchant(id: string): AppError {
  return new AppError('merchant.unknown', `there is no merchant ${id}`);
}

function merchantView({ id, name, policies, credentials, createdAt }: Merchant): z.input<typeof answer> {
  return { id, name, policies: { ...policies }, providers: Object.keys(credentials), created_at: toIso(createdAt) };
}
