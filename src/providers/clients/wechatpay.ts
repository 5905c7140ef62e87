import type { KeyObject } from 'node:crypto';
import { toIso } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { Fact } from '../../domain/fact.ts';
import { limits } from '../../domain/limits.ts';
import { readWechatpayResource, type WechatpayIdentity } from '../events/wechatpay.ts';
import { aesKey, decrypt } from '../primitives/aes-gcm.ts';
import { concat, textOf, toHex, utf8 } from '../primitives/bytes.ts';
import { certificateOf, isValidAt } from '../primitives/certificate.ts';
import { refuseStale } from '../primitives/freshness.ts';
import { header } from '../primitives/headers.ts';
import { at, exactInteger, idAt, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import { isRefused, shown } from '../primitives/refusal.ts';
import { rsaMatches, rsaPrivateKey, rsaPublicKey, rsaSignature } from '../primitives/rsa.ts';
import { readWechatpaySignature, wechatpayScheme, wechatpayText } from '../primitives/wechatpay-signature.ts';
import type { Client, ClientWorld, QueryAnswer, RawReply, Reference } from '../provider.ts';
import { jsonAnswer, numberOf, readable } from './answers.ts';

export interface WechatpayAccess extends WechatpayIdentity {
  api_v3_keys: readonly string[];
  platform_keys: Readonly<Record<string, string>>;
  merchant_serial: string;
  merchant_private_key: string;
  api_base_url?: string;
}

/**
 * WeChat Pay's APIv3 (pay.weixin.qq.com/doc/v3, "query an order", "close an order", "refund", "query a refund", "download platform certificates",
 * "signature"; read 2026-11-25, checked against wechatpay-go). Refunds are found by their out_refund_no alone: there is no list of
 * an order's refunds, so those that were made elsewhere come by callback and bill. As in WeChat Pay's own libraries, what is no 2xx counts without a signature.
 */
export function wechatpayClient(access: WechatpayAccess, world: ClientWorld): Client {
  const { call, certificates } = createCalls(access, world);
  const order = (reference: Reference, signal: AbortSignal) => call({ path: orderPath(access, reference), signal });
  return {
    async query(reference, signal) {
      const { operationId } = reference;
      const trade = await order(reference, signal);
      if (trade === null) return { state: 'not_found', facts: [] };
      const answer = answerOf(trade, reference, { access, world });
      if (operationId === undefined) return answer;
      const refund = await call({ path: refundPath(access, numberOf(operationId, refundNoForm)), signal });
      return refund === null ? answer : { ...answer, facts: [...answer.facts, refundIn(refund, access, world)] };
    },
    async refund(reference, { amountMinor, currency }, idempotencyKey, signal) {
      const trade = await order(reference, signal);
      if (trade === null) throw new AppError('provider.refused', 'wechatpay knows no such order');
      const body = {
        ...(access.role === 'partner' ? { sub_mchid: subMchidOf(access) } : {}),
        transaction_id: idAt(trade, 'transaction_id'),
        out_refund_no: numberOf(idempotencyKey, refundNoForm),
        amount: { refund: exactInteger(amountMinor), total: at(trade, 'amount.total'), currency },
      };
      return refundIn(await call({ path: refundsPath, body, signal }), access, world);
    },
    async close({ reference }, signal) {
      if (reference === null) throw cannotAsk('needs the order number to close an order');
      const path = `${transactionsPath(access)}/out-trade-no/${encodeURIComponent(reference)}/close`;
      const closed = await call({ path, body: identityFields(access), signal });
      return closed === null ? null : closedFact(reference, world);
    },
    fetchKeys: (keyId, signal) => fetchKeys(keyId, access, () => certificates(signal)),
  };
}

const refundsPath = '/v3/refund/domestic/refunds';
const refundNoForm = /^[0-9A-Za-z_|*@-]{1,64}$/;

interface Call {
  path: string;
  /** Makes it a POST. */
  body?: object;
  signal: AbortSignal;
}
interface Calls {
  /** What is answered; null for what does not exist. */
  call(call: Call): Promise<Json>;
  /** The platform's present certificates by their serials. */
  certificates(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
}

/**
 * Platform certificates come encrypted with the APIv3 key, which WeChat Pay and the merchant alone have; that is what makes the first ones
 * trustworthy (as in WeChat Pay's own downloaders). The answer must in addition be signed, with one of them or with a key the account has.
 */
function createCalls(access: WechatpayAccess, world: ClientWorld): Calls {
  const exchange = createExchange(access, world);
  const decryptionKeys = access.api_v3_keys.map((text) => aesKey(utf8(text)));
  const known = new Map(keysOf(access.platform_keys));
  let learning: Promise<void> = Promise.resolve();
  let askedAt = Number.NEGATIVE_INFINITY;

  const certificates: Calls['certificates'] = async (signal) => {
    const reply = await exchange({ path: '/v3/certificates', signal });
    const answer = contentOf(reply);
    if (answer === null) return {};
    const found = readCertificates(answer, decryptionKeys, world.now());
    assertSigned(reply, new Map([...keysOf(found), ...known]), world.now());
    return found;
  };
  const learn = async (signal: AbortSignal) => {
    try {
      for (const [serial, key] of keysOf(await certificates(signal))) known.set(serial, key);
    } catch {
      // The answer that needed the key is then one that cannot be used, which says more than this.
    }
  };
  return {
    certificates,
    async call(asked) {
      const reply = await exchange(asked);
      const answer = contentOf(reply);
      if (answer === null) return null;
      const serial = header(reply.headers, 'wechatpay-serial') ?? '';
      if (!known.has(serial) && serialForm.test(serial) && askedAt + limits.keyFetchGapMs <= world.now()) {
        askedAt = world.now();
        learning = learn(asked.signal);
      }
      await learning;
      assertSigned(reply, known, world.now());
      return answer;
    },
  };
}

/** Sends requests that the merchant's key has signed. */
function createExchange(
  access: WechatpayAccess,
  { http, now, random }: ClientWorld,
): (call: Call) => Promise<RawReply> {
  const { api_base_url: base = 'https://api.mch.weixin.qq.com', merchant_serial: serial, mchid } = access;
  const signKey = rsaPrivateKey(access.merchant_private_key);
  const publicKeyId = Object.keys(access.platform_keys).find((id) => id.startsWith(publicKeyPrefix));

  return async ({ path, body, signal }) => {
    const method = body === undefined ? 'GET' : 'POST';
    const bytes = utf8(body === undefined ? '' : JSON.stringify(body));
    const [timestamp, nonce] = [String(Math.floor(now() / 1000)), toHex(random(16))];
    const text = concat(`${method}\n${path}\n${timestamp}\n${nonce}\n`, bytes, '\n');
    const fields = {
      mchid,
      nonce_str: nonce,
      timestamp,
      serial_no: serial,
      signature: await rsaSignature(signKey, text),
    };
    const authorization = Object.entries(fields).map(([name, value]) => `${name}="${value}"`);
    return http.send(
      {
        method,
        url: base + path,
        headers: [
          ['authorization', `${wechatpayScheme} ${authorization.join(',')}`],
          ['accept', 'application/json'],
          ['content-type', 'application/json'],
          // Says that this key shall sign the answer, while an account changes from certificates to it.
          ...(publicKeyId === undefined ? [] : [['wechatpay-serial', publicKeyId] as const]),
        ],
        body: bytes,
      },
      signal,
    );
  };
}

/** What it says; null for what does not exist. A 204 says nothing, which is an empty object here. */
function contentOf(reply: RawReply): Json {
  return reply.status === 204 ? {} : jsonAnswer('wechatpay', reply, (body) => textAt(body, 'message'));
}

/** @throws AppError `provider.answer` unless one of the keys has signed the answer just now. */
function assertSigned({ headers, body }: RawReply, keys: ReadonlyMap<string, KeyObject>, now: number): void {
  const signed = readWechatpaySignature(headers);
  if (isRefused(signed)) throw unusable(signed.why);
  const key = keys.get(signed.serial);
  if (key === undefined) throw unusable(`it is signed with ${signed.serial}, which is none of platform_keys`);
  if (!rsaMatches(key, wechatpayText(signed, body), signed.signature)) throw unusable('its signature is wrong');
  const stale = refuseStale(signed.timestamp, now);
  if (stale !== null) throw unusable(stale.why);
}

function keysOf(texts: Readonly<Record<string, string>>): ReadonlyMap<string, KeyObject> {
  return new Map(Object.entries(texts).map(([serial, text]) => [serial, rsaPublicKey(text)]));
}

function orderPath(access: WechatpayAccess, { reference, paymentId }: Reference): string {
  const query = new URLSearchParams(identityFields(access));
  // The id is the surer one, but one that we made up (`order:…`) is unknown to WeChat Pay.
  const isKnown = paymentId !== null && /^\d+$/.test(paymentId);
  if (!isKnown && reference === null) throw cannotAsk('needs the order number or the transaction_id');
  const place = isKnown ? `id/${paymentId}` : `out-trade-no/${encodeURIComponent(reference ?? '')}`;
  return `${transactionsPath(access)}/${place}?${query}`;
}

function refundPath(access: WechatpayAccess, refundNo: string): string {
  const query = access.role === 'partner' ? `?${new URLSearchParams({ sub_mchid: subMchidOf(access) })}` : '';
  return `${refundsPath}/${encodeURIComponent(refundNo)}${query}`;
}

function transactionsPath({ role }: WechatpayAccess): string {
  return role === 'partner' ? '/v3/pay/partner/transactions' : '/v3/pay/transactions';
}

function identityFields(access: WechatpayAccess): Record<string, string> {
  const { mchid, role } = access;
  return role === 'partner' ? { sp_mchid: mchid, sub_mchid: subMchidOf(access) } : { mchid };
}

function subMchidOf({ sub_mchids: subMchids = [] }: WechatpayAccess): string {
  const [only] = subMchids;
  if (only === undefined || subMchids.length > 1)
    throw cannotAsk('must be asked for one sub-merchant: sub_mchids must name exactly one');
  return only;
}

/** An order that waits, or whose payer may still try again, is open. */
const finalStates: readonly (string | null)[] = ['SUCCESS', 'REFUND', 'CLOSED', 'REVOKED'];

function answerOf(
  trade: Json,
  asked: Reference,
  { access, world }: { access: WechatpayAccess; world: ClientWorld },
): QueryAnswer {
  const [transactionId, outTradeNo] = [idAt(trade, 'transaction_id'), idAt(trade, 'out_trade_no')];
  if (asked.reference === null ? transactionId !== asked.paymentId : outTradeNo !== asked.reference)
    throw unusable('it is about another order than was asked for');
  const tradeState = textAt(trade, 'trade_state');
  const state = finalStates.includes(tradeState) ? 'final' : 'open';
  // An order that nobody paid has no payment.
  if (transactionId === null && outTradeNo !== null)
    return { state, facts: tradeState === 'CLOSED' ? [closedFact(outTradeNo, world)] : [] };
  return { state, facts: factsIn(trade, 'transaction', { access, world }) };
}

/** A refund's answers are a notification's resource under other names, without the merchant, who is in the request. */
function refundIn(answer: Json, access: WechatpayAccess, world: ClientWorld): Fact {
  const refund: JsonObject = isObject(answer) ? answer : {};
  const partner = access.role === 'partner' ? { sp_mchid: access.mchid, sub_mchid: subMchidOf(access) } : {};
  const resource = { mchid: access.mchid, ...partner, ...refund, refund_status: refund.status ?? null };
  const [fact] = factsIn(resource, 'refund', { access, world });
  if (fact === undefined) throw unusable('the refund is in a state that is not known');
  return fact;
}

function factsIn(
  resource: Json,
  originalType: 'transaction' | 'refund',
  { access, world }: { access: WechatpayAccess; world: ClientWorld },
): readonly Fact[] {
  const createTime = textAt(resource, 'create_time') ?? toIso(world.now());
  const facts = readWechatpayResource(resource, {
    originalType,
    account: world.account,
    credentials: access,
    createTime,
  });
  if (isRefused(facts)) throw unusable(facts.why);
  return readable('wechatpay', facts);
}

/** WeChat Pay does not say when an order was closed. */
function closedFact(orderNo: string, { account, now }: ClientWorld): Fact {
  const paymentId = `order:${orderNo}`;
  return {
    account: account.id,
    kind: 'closed',
    paymentId,
    operationId: paymentId,
    reference: orderNo,
    amountMinor: null,
    currency: null,
    fromOrder: false,
    measure: 'single',
    providerTime: now(),
  };
}

const publicKeyPrefix = 'PUB_KEY_ID_';

const serialForm = /^[0-9A-Fa-f]{8,64}$/;

async function fetchKeys(
  keyId: string,
  access: WechatpayAccess,
  certificates: () => Promise<Readonly<Record<string, string>>>,
): Promise<Readonly<Record<string, unknown>>> {
  if (keyId.startsWith(publicKeyPrefix)) throw cannotAsk(`gives ${shown(keyId)} in the merchant platform alone`);
  if (!serialForm.test(keyId)) throw cannotAsk(`has no certificate ${shown(keyId)}: that is no serial`);
  const found = await certificates();
  // New ones count even where they are not what somebody asked for.
  if (Object.keys(found).every((serial) => Object.hasOwn(access.platform_keys, serial)))
    throw new AppError('provider.refused', `${shown(keyId)} is none of the certificates that wechatpay signs with`);
  return { platform_keys: found };
}

function readCertificates(answer: Json, keys: readonly KeyObject[], now: number): Readonly<Record<string, string>> {
  const data = at(answer, 'data');
  const entries: readonly Json[] = Array.isArray(data) ? data : [];
  return Object.fromEntries(entries.map((entry) => readCertificate(entry, keys, now)));
}

function readCertificate(entry: Json, keys: readonly KeyObject[], now: number): [serial: string, pem: string] {
  const opened = decrypt(keys, at(entry, 'encrypt_certificate'));
  if ('why' in opened) throw unusable(`a certificate cannot be decrypted: ${opened.why}`);
  const [serial, pem] = [idAt(entry, 'serial_no'), textOf(opened.plain)];
  if (serial === null || pem === null) throw unusable('a certificate without its serial');
  const certificate = certificateWithRsa(pem);
  if (certificate?.serialNumber !== serial.toUpperCase()) throw unusable(`${serial} is not the certificate's serial`);
  if (!isValidAt(certificate, now)) throw unusable(`certificate ${serial} is not valid at this time`);
  return [serial, pem];
}

function certificateWithRsa(pem: string): ReturnType<typeof certificateOf> | null {
  try {
    rsaPublicKey(pem);
    return certificateOf(pem);
  } catch {
    return null; // What an answer holds is data; only credentials must be certificates.
  }
}

function unusable(why: string): AppError {
  return new AppError('provider.answer', `wechatpay answered what cannot be used: ${why}`);
}

function cannotAsk(why: string): AppError {
  return new AppError('provider.cannot_ask', `wechatpay ${why}`);
}
