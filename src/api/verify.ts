import { z } from '@hono/zod-openapi';
import { verdicts } from '../domain/callback.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import { readPasted } from '../domain/pasted/pasted-request.ts';
import type { Diagnosis, Service } from '../service.ts';
import { accountOf } from './accounts.ts';
import type { Caller } from './auth.ts';
import { text } from './fields.ts';
import type { Routes } from './route.ts';

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
const around = z.object({ before: z.string(), at: z.string(), after: z.string() });
const diagnosis = z
  .object({
    accepted: z.boolean(),
    verdict: z.enum(verdicts).nullable().openapi({ description: 'What it would be kept as; null = not kept.' }),
    code: z.string().nullable(),
    why: z.string().openapi({ description: 'What the receiver says, in one line.' }),
    signed_text: z.string().nullable().openapi({ description: 'What should have been signed.' }),
    facts: z.array(z.string()),
    cause: z
      .object({
        name: z.string(),
        what: z.string(),
        next: z.string().openapi({ description: 'The next step.' }),
        proven: z.boolean().openapi({ description: 'The request verifies once this is put right.' }),
        account: z.string().nullable().openapi({ description: 'The other account that it verifies under.' }),
        remaining: z.string().nullable().openapi({ description: 'Why it would still be refused after that.' }),
      })
      .nullable()
      .openapi({ description: 'The likely cause; null where none was found.' }),
    difference: z
      .object({
        of: z.enum(['body', 'url']),
        offset: z.int().openapi({ description: 'In bytes, from 0.' }),
        line: z.int(),
        column: z.int().openapi({ description: 'In bytes, from 1.' }),
        received: around,
        verified: around,
      })
      .nullable()
      .openapi({ description: 'Where what came first differs from what verifies.' }),
    tried: z
      .array(z.object({ cause: z.string(), attempts: z.int(), fits: z.boolean() }))
      .openapi({ description: 'What was tried, in order; the last may fit.' }),
  })
  .openapi('Diagnosis');
export type CauseName = NonNullable<Diagnosis['cause']>['name'];
export type DiagnosisAnswer = z.output<typeof diagnosis>;

export function addVerify(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/verify',
    tag: 'Callbacks',
    summary: 'Say why a request would be refused',
    description:
      'Keeps nothing and changes nothing. Where the signature does not fit, it tries what is known to break signatures, other accounts that the key may see among it. It never shows a secret, nor a signature that would fit.',
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
      const { account, body_base64, headers: given, ...rest } = body;
      const pairs = Array.isArray(given) ? given : Object.entries(given);
      const request = { ...rest, headers: pairs, body: Buffer.from(body_base64, 'base64') };
      return { status: 200, body: view(await diagnosed(service, caller, account, request)) };
    },
  });
  addPasted(routes);
}

function addPasted(routes: Routes): void {
  routes.add({
    method: 'post',
    path: '/v1/verify/pasted',
    tag: 'Callbacks',
    summary: 'Say why a pasted request would be refused',
    description:
      'The same for a request as people have it: a curl command, a HAR or an entry of one, or the text of an HTTP request.',
    need: ['read'],
    body: z
      .strictObject({
        account: text(1, 64),
        pasted: z.string().min(1).max(limits.callbackBytesMax),
        entry: z
          .int()
          .min(1)
          .optional()
          .openapi({ description: 'Entry of the HAR; default: the only one with a body.' }),
      })
      .openapi('PastedToVerify'),
    example: { account: 'acc_01234567890123456789012345', pasted: "curl https://example.com -d '{}'" },
    statuses: [200],
    answer: diagnosis,
    refusals: ['account.unknown', 'request.unreadable'],
    async run({ service, caller, body: { account, pasted, entry } }) {
      // A text field has CRLF for every line break, whatever was pasted.
      const request = await readPasted(Buffer.from(pasted.replaceAll('\r\n', '\n')), { entry });
      return { status: 200, body: view(await diagnosed(service, caller, account, request)) };
    },
  });
}

/** A request as somebody kept it. Without a target it is taken as sent to the account's callback URL. */
interface KeptRequest {
  method: string;
  target?: string | undefined;
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
}

/** @throws AppError `account.unknown`, also for one that the caller may not see; `request.too_large`. */
async function diagnosed(service: Service, caller: Caller, account: string, request: KeptRequest): Promise<Diagnosis> {
  const { id } = await accountOf(service, caller, account);
  if (request.body.length > limits.callbackBytesMax)
    throw new AppError('request.too_large', `the body to verify is larger than ${limits.callbackBytesMax} bytes`);
  const target = request.target ?? new URL(service.accounts.callbackUrl(id)).pathname;
  return service.callbacks.diagnose(id, { ...request, target }, caller.visible);
}

function view({ signedText, facts, tried, ...rest }: Diagnosis): z.input<typeof diagnosis> {
  return { ...rest, signed_text: signedText, facts: [...facts], tried: [...tried] };
}
