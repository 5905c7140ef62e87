import type { KeyObject } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import type { WechatpayIdentity } from '../events/wechatpay.ts';
import { aesKey, decrypt } from '../primitives/aes-gcm.ts';
import { concat, textOf, toHex, utf8 } from '../primitives/bytes.ts';
import { certificateOf, isValidAt } from '../primitives/certificate.ts';
import { refuseStale } from '../primitives/freshness.ts';
import { header } from '../primitives/headers.ts';
import { at, idAt, type Json, textAt } from '../primitives/json.ts';
import { isRefused, shown } from '../primitives/refusal.ts';
import { rsaMatches, rsaPrivateKey, rsaPublicKey, rsaSignature } from '../primitives/rsa.ts';
import { readWechatpaySignature, wechatpayScheme, wechatpayText } from '../primitives/wechatpay-signature.ts';
import type { ClientWorld, HttpRequest, RawReply } from '../provider.ts';
import { jsonAnswer } from './answers.ts';
import { billFile, billUrl } from './bill-file.ts';

export interface WechatpayAccess extends WechatpayIdentity {
  api_v3_keys: readonly string[];
  platform_keys: Readonly<Record<string, string>>;
  merchant_serial: string;
  merchant_private_key: string;
  api_base_url?: string;
}

interface Call {
  path: string;
  /** Makes it a POST. */
  body?: object;
  signal: AbortSignal;
}
export interface Calls {
  /** What is answered; null for what does not exist. */
  call(call: Call): Promise<Json>;
  /** The platform's present certificates by their serials. */
  certificates(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** A file that an answer named, which no signature covers: its `sha1` does. */
  file(named: { url: string | null; sha1: string }, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

const liveUrl = 'https://api.mch.weixin.qq.com';

/**
 * Platform certificates come encrypted with the APIv3 key, which WeChat Pay and the merchant alone have; that is what makes the first ones
 * trustworthy (as in WeChat Pay's own downloaders). The answer must in addition be signed, with one of them or with a key the account has.
 */
export function createCalls(access: WechatpayAccess, world: ClientWorld): Calls {
  const requestOf = createRequests(access, world);
  const exchange = async ({ signal, ...call }: Call) => world.http.send(await requestOf(call), signal);
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
    async *file({ url, sha1 }, signal) {
      const { api_base_url: baseUrl = liveUrl } = access;
      const { href } = billUrl({ platform: 'wechatpay', baseUrl, hosts: ['mch.weixin.qq.com'] }, url);
      const isBeside = href.startsWith(`${baseUrl}/`);
      const base = isBeside ? baseUrl : new URL(href).origin;
      const request = await requestOf({ base, path: href.slice(base.length) });
      yield* billFile(world, { platform: 'wechatpay', request, sha1 }, signal);
    },
  };
}

/** Makes requests that the merchant's key has signed. */
function createRequests(
  access: WechatpayAccess,
  { now, random }: ClientWorld,
): (call: Pick<Call, 'path' | 'body'> & { base?: string }) => Promise<HttpRequest> {
  const { api_base_url: baseUrl = liveUrl, merchant_serial: serial, mchid } = access;
  const signKey = rsaPrivateKey(access.merchant_private_key);
  const publicKeyId = Object.keys(access.platform_keys).find((id) => id.startsWith(publicKeyPrefix));

  return async ({ path, body, base = baseUrl }) => {
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
    return {
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
    };
  };
}

/** What it says; null for what does not exist. A 204 says nothing, which is an empty object here. */
function contentOf(reply: RawReply): Json {
  return reply.status === 204 ? {} : jsonAnswer('wechatpay', reply, wordsIn);
}

/** @throws AppError `statement.absent` where that is what the platform says. */
function wordsIn(body: Json): string | null {
  const message = textAt(body, 'message');
  if (!['NO_STATEMENT_EXIST', 'STATEMENT_CREATING'].includes(textAt(body, 'code') ?? '')) return message;
  throw new AppError('statement.absent', `wechatpay says: ${shown(message ?? '')}`);
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

const publicKeyPrefix = 'PUB_KEY_ID_';

const serialForm = /^[0-9A-Fa-f]{8,64}$/;

export async function fetchKeys(
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

export function unusable(why: string): AppError {
  return new AppError('provider.answer', `wechatpay answered what cannot be used: ${why}`);
}

export function cannotAsk(why: string): AppError {
  return new AppError('provider.cannot_ask', `wechatpay ${why}`);
}
