import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../domain/errors.ts';
import type { MerchantId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { LruMap } from '../domain/lru-map.ts';
import type { RawReply } from '../providers/provider.ts';
import type { ArrivedRequest, Confirmed, Service } from '../service.ts';
import type { Admission } from './admission.ts';
import { plainReply, refuseForNow, refuseUnread, writeReply } from './plain.ts';
import { Shares } from './shares.ts';

/** The path under which callback URLs live; what follows is the account's id. */
export const callbacksPath = '/callbacks/';

/**
 * Answers callback URLs, straight on node's HTTP: signatures are over exactly the bytes and header pairs that arrived, and
 * a Request and a Response around them cost a third of the throughput. `sayContinue`: the client waits for 100 Continue.
 */
export type CallbackEntrance = (incoming: IncomingMessage, outgoing: ServerResponse, sayContinue: boolean) => void;

type Body = { is: 'whole'; bytes: Uint8Array } | { is: 'too_large' | 'incomplete' | 'too_slow' };

/** What is between its headers and its answer, by merchant: a sender that drips its bodies is not in the way of the others. */
interface Load {
  callbacks: Shares;
  bytes: Shares;
}

/** The limits of the entrance; tests take smaller ones. */
export type EntranceLimits = Record<'bodyReadMs' | 'callbacksInFlight' | 'callbacksInFlightBytes', number>;

interface Parts {
  service: Service;
  admission: Admission;
  most: EntranceLimits;
  load: Load;
  /** The latest by account: while there is too much, a refusal must cost as little as it can. */
  refusals: LruMap<string, { merchant: MerchantId; reply: RawReply; untilMs: number }>;
}

/** How long an account's refusal is used again; it may hold the time, and its account may be removed. */
const refusalMs = 1000;
const refusalsMax = 1000;

export function createCallbackEntrance(
  service: Service,
  admission: Admission,
  most: EntranceLimits = limits,
): CallbackEntrance {
  const parts: Parts = {
    service,
    admission,
    most,
    load: { callbacks: new Shares(), bytes: new Shares() },
    refusals: new LruMap(refusalsMax),
  };
  return (incoming, outgoing, sayContinue) => {
    serve(parts, incoming, outgoing, sayContinue).catch((error: unknown) => {
      const reason =
        error instanceof AppError
          ? error.message
          : error instanceof Error
            ? (error.stack ?? error.message)
            : String(error);
      service.observe('callback.failed', 'error', { error: reason });
      // Nothing was acknowledged, so the provider sends again.
      if (!outgoing.headersSent) refuseUnread(incoming, outgoing, tryLater);
    });
  };
}

async function serve(
  parts: Parts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  sayContinue: boolean,
): Promise<void> {
  const { service, load, admission, refusals } = parts;
  const account = accountIn(incoming.url ?? '');
  const refusal = account === null ? undefined : refusals.get(account);
  if (refusal !== undefined && refusal.untilMs > service.clock.monotonicMs() && admission.refuses(refusal.merchant))
    return refuseForNow(incoming, outgoing, { reply: refusal.reply, sayContinue });
  const gate = account === null ? null : await service.callbacks.gate(account);
  if (account === null || gate === null) return refuseUnread(incoming, outgoing, nothingHere);
  const request = requestOf(incoming, account, service.clock.now());
  if (!gate.methods.includes(request.method)) return refuseUnread(incoming, outgoing, methodRefused(gate.methods));
  if (request.method === 'GET' && gate.confirm !== null) {
    answerConfirmation(await gate.confirm(request), outgoing);
    return;
  }

  const announced = Number(incoming.headers['content-length'] ?? Number.NaN);
  if (announced > limits.callbackBytesMax) return refuseCut(parts, request, 'too_large', { incoming, outgoing });
  const { merchant } = gate.account;
  if (isOverloaded(parts, merchant)) {
    const reply = gate.tryLater();
    refusals.set(account, { merchant, reply, untilMs: service.clock.monotonicMs() + refusalMs });
    return refuseForNow(incoming, outgoing, { reply, sayContinue });
  }
  if (outgoing.destroyed) return refuseCut(parts, request, 'incomplete', { incoming, outgoing });
  const held = holdLoad(load, merchant, outgoing);
  if (sayContinue) outgoing.writeContinue();
  const body = readyBody(incoming, announced, held) ?? (await readBody(parts, held, incoming));
  if (body.is !== 'whole') return refuseCut(parts, request, body.is, { incoming, outgoing });
  // Bodies that came after their headers may have become too many meanwhile.
  if (admission.refuses(merchant)) return writeReply(outgoing, gate.tryLater());
  const leave = admission.enter(merchant);
  try {
    const received = await service.callbacks.receive({ ...request, body: body.bytes }, leave);
    if (received === null) return refuseUnread(incoming, outgoing, nothingHere);
    writeReply(outgoing, received.reply, received.written);
  } finally {
    leave();
  }
}

/** A request that was not read whole is answered at once, and counted behind the answer. */
async function refuseCut(
  { service }: Parts,
  request: ArrivedRequest,
  cut: 'too_large' | 'incomplete' | 'too_slow',
  { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
): Promise<void> {
  if (cut === 'too_large') refuseUnread(incoming, outgoing, tooLarge);
  else if (!outgoing.destroyed) refuseUnread(incoming, outgoing, cut === 'too_slow' ? tooSlow : incomplete);
  await service.callbacks.receive({ ...request, cut: cut === 'too_large' ? 'too_large' : 'incomplete' });
}

/** A sender asked whether what it sent has arrived (docs/reference/providers/hmac.md). */
function answerConfirmation({ confirmed, waitSeconds }: Confirmed, outgoing: ServerResponse): void {
  if (waitSeconds > 0) {
    const line = 'too many confirmations for this account; wait for the seconds in retry-after';
    writeReply(outgoing, plainReply('request.rate_limited', line, [['retry-after', String(waitSeconds)]]));
  } else writeReply(outgoing, confirmed ? confirmedReply : notConfirmed);
}

/** `/callbacks/acc_…`, with or without a query; null for anything else. */
function accountIn(url: string): string | null {
  const query = url.indexOf('?');
  const account = url.slice(callbacksPath.length, query === -1 ? undefined : query);
  return account === '' || account.includes('/') ? null : account;
}

function requestOf(incoming: IncomingMessage, account: string, receivedAt: number): ArrivedRequest {
  const { rawHeaders, method = '', url = '' } = incoming;
  const headers: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  return { account, method, target: url, headers, body: new Uint8Array(0), receivedAt, cut: null };
}

function isOverloaded({ service, admission, load, most }: Parts, merchant: MerchantId): boolean {
  if (admission.refuses(merchant)) return true;
  const { callbacks, bytes } = load;
  const over =
    callbacks.isOver(merchant, most.callbacksInFlight) || bytes.isOver(merchant, most.callbacksInFlightBytes);
  if (over)
    service.observe('callback.overloaded', 'warn', { merchant, callbacks: callbacks.total, bytes: bytes.total });
  return over;
}

/** Counts a callback, and the bytes of it that are held, until its answer is out. Gives what counts more bytes. */
function holdLoad(
  { callbacks, bytes }: Load,
  merchant: MerchantId,
  outgoing: ServerResponse,
): (length: number) => void {
  let held = 0;
  callbacks.add(merchant, 1);
  outgoing.once('close', () => {
    callbacks.remove(merchant, 1);
    bytes.remove(merchant, held);
  });
  return (length) => {
    held += length;
    bytes.add(merchant, length);
  };
}

/** A body that came with its headers, as nearly all do: listeners and a deadline for it took a tenth of the main thread's time. */
function readyBody(incoming: IncomingMessage, announced: number, hold: (length: number) => void): Body | null {
  if (incoming.readableLength !== announced) return null;
  hold(announced);
  const bytes: Buffer | null = incoming.read();
  return { is: 'whole', bytes: bytes ?? Buffer.alloc(0) };
}

/** Reads up to the limit, within the time, and never more into memory. */
function readBody({ most }: Parts, hold: (length: number) => void, incoming: IncomingMessage): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (body: Body) => {
      clearTimeout(deadline);
      incoming.removeAllListeners('data');
      resolve(body);
    };
    const deadline = setTimeout(() => end({ is: 'too_slow' }), most.bodyReadMs);
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length;
      hold(chunk.length);
      if (length > limits.callbackBytesMax) return end({ is: 'too_large' });
      chunks.push(chunk);
    });
    incoming.once('end', () => end({ is: 'whole', bytes: Buffer.concat(chunks) }));
    // `error` comes before `close` when the peer goes away; either way the body is not whole.
    incoming.once('error', () => end({ is: 'incomplete' }));
    incoming.once('close', () => end({ is: 'incomplete' }));
  });
}

function methodRefused(methods: readonly string[]) {
  return plainReply('request.method', 'this method is not used by the provider', [['allow', methods.join(', ')]]);
}

const nothingHere = plainReply('request.not_found', 'not found');
const tooLarge = plainReply('request.too_large', `the body is larger than ${limits.callbackBytesMax} bytes`);
const tooSlow = plainReply('request.timeout', 'the body did not arrive in time');
const incomplete = plainReply('request.incomplete', 'the body ended early');
const tryLater = plainReply('store.unavailable', 'try again later', [['retry-after', '10']]);
const confirmedReply = { ...plainReply('request.not_found', 'confirmed'), status: 200 };
const notConfirmed = { ...plainReply('auth.invalid', 'not confirmed'), status: 401 };
