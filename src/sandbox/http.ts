import type { Context } from 'hono';
import { AppError } from '../domain/errors.ts';
import { type Holder, rightsOf } from '../domain/merchant.ts';
import { bearerTokenOf, sessionTokenIn } from '../domain/session-cookie.ts';
import { sandboxMerchant } from './credentials.ts';
import type { SandboxService } from './service.ts';

/** No request of the sandbox needs more. */
const bodyBytesMax = 65_536;

/**
 * Whoever opens payments here decides where this server sends requests to: that takes a key that may publish for the sandbox, or
 * a session that stands for one.
 *
 * @throws AppError `auth.missing`, `auth.invalid`, `auth.scope`
 */
export async function authorized(context: Context, service: SandboxService): Promise<void> {
  const { merchants, scopes } = rightsOf(await holderOf(context.req.raw, service));
  const isOurs = merchants === null || merchants.includes(sandboxMerchant);
  if (!isOurs || !scopes.includes('publish')) {
    throw new AppError('auth.scope', `this needs the scope publish for the merchant ${sandboxMerchant}`);
  }
}

async function holderOf(request: Request, service: SandboxService): Promise<Holder> {
  const session = sessionTokenIn(request);
  if (session !== null) {
    const found = await service.sessions.find(session);
    if (found === null) throw new AppError('auth.invalid', 'the session has ended; sign in again');
    return found.holder;
  }
  const found = await service.apiKeys.find(bearerTokenOf(request.headers.get('authorization')));
  if (found === null) throw new AppError('auth.invalid', 'the API key is not known, or was removed');
  return found;
}

/** The body as JSON without loss: whole numbers beyond 2^53 − 1 come as bigint. An absent body is an empty object. */
export async function readJson(context: Context): Promise<unknown> {
  const text = await readText(context);
  if (text === '') return {};
  try {
    return JSON.parse(text, keepBigIntegers);
  } catch {
    // V8 quotes the body in its message, so it is not passed on.
    throw new AppError('request.malformed', 'the body is not valid JSON');
  }
}

/** The fields of a form, the last of each name. */
export async function readForm(context: Context): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(new URLSearchParams(await readText(context)));
}

/** @throws AppError `request.too_large` */
export async function readBytes(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > bodyBytesMax) throw new AppError('request.too_large', `the body is larger than ${bodyBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readText(context: Context): Promise<string> {
  const bytes = await readBytes(context.req.raw);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder says only that it is not UTF-8.
    throw new AppError('request.malformed', 'the body is not valid UTF-8');
  }
}

function keepBigIntegers(_key: string, value: unknown, ...rest: readonly unknown[]): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const [context] = rest;
  const source = typeof context === 'object' && context !== null && 'source' in context ? context.source : null;
  return typeof source === 'string' && /^\d{16,20}$/.test(source) ? BigInt(source) : value;
}
