import { z } from '@hono/zod-openapi';
import { type Callback, verdicts } from '../domain/callback.ts';
import { toIso } from '../domain/clock.ts';
import { steps } from '../domain/delivery.ts';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Service } from '../service.ts';
import { accountOf } from './accounts.ts';
import { type Caller, sees } from './auth.ts';
import { answered, filter, listOf, merchant, orderNo, pageView, paging, range, text } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import type { Routes } from './route.ts';

const verdict = z.enum(verdicts);
const row = z
  .object({
    id: z.string(),
    merchant: z.string(),
    account: z.string(),
    provider: z.string(),
    received_at: answered.time,
    method: z.string(),
    target: z.string().openapi({ description: 'Path and query as on the request line.' }),
    message_id: z.string().nullable(),
    verdict,
    code: z.string().nullable(),
    reason: z.string().nullable(),
    step: z.enum(steps),
  })
  .openapi('CallbackRow');
const callback = row
  .extend({
    headers: z.array(z.array(z.string())).openapi({ description: 'Pairs of name and value, as received.' }),
    body: z.string().openapi({ format: 'byte', description: 'The bytes as received, in base64.' }),
  })
  .openapi('Callback');

const base64 = z
  .string()
  .max(Math.ceil(limits.callbackBytesMax / 3) * 4)
  .refine((given) => Buffer.from(given, 'base64').toString('base64') === given, 'must be base64 with its padding');
const headers = z
  .union([z.array(z.tuple([z.string(), z.string()])).max(200), z.record(z.string(), z.string())])
  .openapi({
    type: ['array', 'object'],
    description: 'Pairs of name and value, or an object.',
    example: [['content-type', 'application/json']],
  });
const diagnosis = z
  .object({
    accepted: z.boolean(),
    code: z.string().nullable(),
    why: z.string().openapi({ description: 'The likely cause, in one line.' }),
    signed_text: z.string().nullable().openapi({ description: 'What should have been signed.' }),
    facts: z.array(z.string()),
  })
  .openapi('Diagnosis');

const tag = 'Callbacks';

export function addCallbacks(routes: Routes): void {
  const params = z.strictObject({ id: text(1, 64) });
  routes.add({
    method: 'get',
    path: '/v1/callbacks',
    tag,
    summary: 'List callbacks',
    need: ['read'],
    query: z.strictObject({
      ...paging,
      ...range,
      merchant: filter(merchant),
      account: filter(text(1, 64)),
      verdict: filter(verdict),
      order_no: filter(orderNo),
    }),
    statuses: [200],
    answer: listOf(row),
    refusals: ['merchant.unknown'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const { order_no, account, ...others } = query;
      const filter = { account: account === null ? null : asId.account(account), orderNo: order_no };
      const page = await service.store.read('callbacks', { ...others, ...filter, visible: caller.visible });
      return { status: 200, body: pageView(page, rowView) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/callbacks/{id}',
    tag,
    summary: 'Read a callback, byte for byte',
    need: ['read'],
    params,
    statuses: [200],
    answer: callback,
    refusals: ['callback.unknown'],
    async run({ service, caller, params }) {
      return { status: 200, body: callbackView(await callbackOf(service, caller, params.id)) };
    },
  });
  routes.add({
    method: 'post',
    path: '/v1/callbacks/{id}/reprocess',
    tag,
    summary: 'Read a callback again with the present secrets',
    need: ['operate'],
    params,
    statuses: [202],
    answer: callback,
    refusals: ['callback.unknown', 'account.unknown'],
    async run({ service, caller, params }) {
      const { id } = await callbackOf(service, caller, params.id);
      await service.callbacks.reprocess(id);
      return { status: 202, body: callbackView(await callbackOf(service, caller, id)) };
    },
  });
  addVerify(routes);
}

function addVerify(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/verify',
    tag,
    summary: 'Say why a request would be refused',
    description: 'Keeps nothing and changes nothing.',
    need: ['read'],
    body: z
      .strictObject({
        account: text(1, 64),
        method: z
          .string()
          .regex(/^[A-Z]{1,16}$/, 'must be an HTTP method in upper case')
          .default('POST'),
        target: text(1, 4096)
          .optional()
          .openapi({ description: "Path and query; default: the account's callback URL." }),
        headers,
        body_base64: base64,
      })
      .openapi('RequestToVerify'),
    example: {
      account: 'acc_01234567890123456789012345',
      method: 'POST',
      headers: [['authorization', 'HMAC shop-1:00ff']],
      body_base64: 'e30=',
    },
    statuses: [200],
    answer: diagnosis,
    refusals: ['account.unknown'],
    async run({ service, caller, body }) {
      const { id } = await accountOf(service, caller, body.account);
      const { method, target = new URL(service.accounts.callbackUrl(id)).pathname, body_base64 } = body;
      const pairs = Array.isArray(body.headers) ? body.headers : Object.entries(body.headers);
      const request = { method, target, headers: pairs, body: Buffer.from(body_base64, 'base64') };
      const { accepted, code, why, signedText, facts } = await service.callbacks.diagnose(id, request);
      return { status: 200, body: { accepted, code, why, signed_text: signedText, facts: [...facts] } };
    },
  });
}

/** @throws AppError `callback.unknown`, also for one that the caller may not see. */
async function callbackOf(service: Service, caller: Caller, id: string): Promise<Callback> {
  const found = await service.store.read('callback', asId.callback(id));
  if (found === null || !sees(caller, found.merchant))
    throw new AppError('callback.unknown', `there is no callback ${id}`);
  return found;
}

function callbackView(one: Callback): z.input<typeof callback> {
  const { headers, body } = one;
  return { ...rowView(one), headers: headers.map((pair) => [...pair]), body: Buffer.from(body).toString('base64') };
}

function rowView(one: Omit<Callback, 'headers' | 'body'>): z.input<typeof row> {
  const { id, merchant, account, provider, receivedAt, method, target, messageId, verdict, code, reason, step } = one;
  const received_at = toIso(receivedAt);
  return {
    id,
    merchant,
    account,
    provider,
    received_at,
    method,
    target,
    message_id: messageId,
    verdict,
    code,
    reason,
    step,
  };
}
