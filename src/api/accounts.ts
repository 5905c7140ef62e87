import { z } from '@hono/zod-openapi';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import type { Account } from '../domain/merchant.ts';
import type { Service } from '../service.ts';
import { type Caller, sees } from './auth.ts';
import { answered, credentials, filter, listOf, merchant, pageView, paging, shortText, text } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import { camelFields } from './names.ts';
import { done, noBody, type Routes } from './route.ts';
import { rotation, rotationOf, secrets, secretsView } from './secrets.ts';

const settings = {
  name: shortText.optional(),
  mode: z.enum(['live', 'test']).optional(),
  acknowledge: z.enum(['after_commit', 'after_handling']).optional(),
  without_order: z.enum(['park', 'accept']).optional(),
};

const answer = z
  .object({
    id: z.string(),
    merchant: z.string(),
    provider: z.string(),
    name: z.string(),
    mode: z.enum(['live', 'test']),
    acknowledge: z.enum(['after_commit', 'after_handling']),
    without_order: z.enum(['park', 'accept']),
    callback_url: z.string().openapi({ description: 'Give this URL to the provider. It is a secret of its own.' }),
    statement_zone: z.string().nullable().openapi({
      example: 'Asia/Shanghai',
      description: "Time zone of a day of the provider's bills; null: its bills are not read.",
    }),
    created_at: answered.time,
  })
  .openapi('Account');

const answerWithSecrets = answer.extend({ secrets }).openapi('AccountWithSecrets');

export type AccountRow = z.output<typeof answer>;
export type AccountAnswer = z.output<typeof answerWithSecrets>;

const tag = 'Accounts';
const params = z.strictObject({ id: text(1, 64) });

export function addAccounts(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/accounts',
    tag,
    summary: 'Add an account at a provider',
    description: 'Empty, placeholder or malformed credentials are refused.',
    need: ['operate'],
    body: z.strictObject({ merchant, provider: text(1, 64), credentials, ...settings }).openapi('NewAccount'),
    example: {
      merchant: 'shop',
      provider: 'hmac',
      credentials: { api_key: 'shop-1', api_secrets: ['c2VjcmV0IGZvciB0aGUgZXhhbXBsZQ'] },
    },
    statuses: [201],
    answer,
    refusals: ['merchant.unknown', 'provider.unknown', 'account.credentials'],
    async run({ service, caller, body }) {
      requireMerchant(caller, body.merchant);
      return { status: 201, body: accountView(service, await service.accounts.add(camelFields(body), caller.name)) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/accounts',
    tag,
    summary: 'List accounts',
    need: ['read'],
    query: z.strictObject({ ...paging, merchant: filter(merchant) }),
    statuses: [200],
    answer: listOf(answer),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const page = await service.store.read('accounts', { ...query, visible: caller.visible });
      return { status: 200, body: pageView(page, (account) => accountView(service, account)) };
    },
  });
  addOneAccount(routes);
  addRotation(routes);
}

function addOneAccount(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/accounts/{id}',
    tag,
    summary: 'Read an account',
    need: ['read'],
    params,
    statuses: [200],
    answer: answerWithSecrets,
    refusals: ['account.unknown'],
    async run({ service, caller, params }) {
      return { status: 200, body: withSecrets(service, await accountOf(service, caller, params.id)) };
    },
  });
  routes.add({
    method: 'patch',
    path: '/v1/accounts/{id}',
    tag,
    summary: 'Change an account',
    description: 'New credentials replace the old ones whole; what is in quarantine is then verified again.',
    need: ['operate'],
    params,
    body: z.strictObject({ credentials: credentials.optional(), ...settings }).openapi('AccountChange'),
    example: { name: 'Main account' },
    statuses: [200],
    answer,
    refusals: ['account.unknown', 'account.credentials'],
    async run({ service, caller, params, body }) {
      const { id } = await accountOf(service, caller, params.id);
      return {
        status: 200,
        body: accountView(service, await service.accounts.change(id, camelFields(body), caller.name)),
      };
    },
  });
  routes.add({
    method: 'delete',
    path: '/v1/accounts/{id}',
    tag,
    summary: 'Remove an account',
    description: 'Its callback URL answers 404 from then on; what it received stays.',
    need: ['operate'],
    params,
    statuses: [204],
    answer: noBody,
    refusals: ['account.unknown'],
    async run({ service, caller, params }) {
      const { id } = await accountOf(service, caller, params.id);
      await service.accounts.remove(id, caller.name);
      return done;
    },
  });
}

function addRotation(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/accounts/{id}/rotate',
    tag,
    summary: 'Change the secrets of an account without a gap',
    description: 'New ones stand beside the present ones, and any of them opens, until `finish`.',
    need: ['operate'],
    params,
    body: rotation,
    example: { finish: true },
    statuses: [200],
    answer: answerWithSecrets,
    refusals: ['account.unknown', 'account.credentials'],
    async run({ service, caller, params, body }) {
      const { id } = await accountOf(service, caller, params.id);
      const account = await service.accounts.rotate(id, rotationOf(body), caller.name);
      return { status: 200, body: withSecrets(service, account) };
    },
  });
}

/** @throws AppError `account.unknown`, also for one that the caller may not see. */
export async function accountOf(service: Service, caller: Caller, id: string): Promise<Account> {
  const found = await service.store.read('account', asId.account(id));
  if (found === null || !sees(caller, found.merchant))
    throw new AppError('account.unknown', `there is no account ${id}`);
  return found;
}

function withSecrets(service: Service, account: Account): z.input<typeof answerWithSecrets> {
  return { ...accountView(service, account), secrets: secretsView(service.secrets.ofAccount(account)) };
}

function accountView(service: Service, account: Account): z.input<typeof answer> {
  const { id, merchant, provider, name, mode, acknowledge, withoutOrder, createdAt } = account;
  return {
    id,
    merchant,
    provider,
    name,
    mode,
    acknowledge,
    without_order: withoutOrder,
    callback_url: service.accounts.callbackUrl(id),
    statement_zone: service.providers.get(provider)?.profile.statementZone ?? null,
    created_at: toIso(createdAt),
  };
}
