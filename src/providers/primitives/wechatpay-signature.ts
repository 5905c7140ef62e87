import type { KeyObject } from 'node:crypto';
import type { Instant } from '../../domain/clock.ts';
import type { Random } from '../../domain/ids.ts';
import type { Headers, Refusal } from '../provider.ts';
import { concat, toHex } from './bytes.ts';
import { grammars, header, singleHeader } from './headers.ts';
import { isRefused, refused, shown } from './refusal.ts';
import { rsaSignature } from './rsa.ts';

/** The only scheme that is spoken, in both directions. */
export const wechatpayScheme = 'WECHATPAY2-SHA256-RSA2048';

/** Headers of which a second copy would let two readers see two signatures. */
export const wechatpayHeaders = [
  'wechatpay-serial',
  'wechatpay-timestamp',
  'wechatpay-nonce',
  'wechatpay-signature',
  'wechatpay-signature-type',
];
/** How the signatures begin that WeChat Pay sends to see whether they are refused. */
export const wechatpayProbe = 'WECHATPAY/SIGNTEST/';

/** What says how a notification, or an answer of WeChat Pay's API, is signed. */
export interface WechatpaySigned {
  serial: string;
  timestamp: string;
  nonce: string;
  signature: string;
}

export function readWechatpaySignature(headers: Headers): WechatpaySigned | Refusal {
  if (header(headers, 'wechatpay-signature')?.startsWith(wechatpayProbe)) {
    return refused(
      'signature.probe',
      'a probe with a wrong signature, refused as it should be; WeChat Pay sends the notification again',
    );
  }
  // Pinned: another type would let a sender choose a weaker scheme.
  if (header(headers, 'wechatpay-signature-type') !== null) {
    const type = singleHeader(headers, 'wechatpay-signature-type', grammars.token);
    if (isRefused(type)) return type;
    if (type !== wechatpayScheme)
      return refused('signature.scheme', `signature type ${shown(type)}; only ${wechatpayScheme} is accepted`);
  }
  const serial = singleHeader(headers, 'wechatpay-serial', grammars.token);
  if (isRefused(serial)) return serial;
  const timestamp = singleHeader(headers, 'wechatpay-timestamp', grammars.seconds);
  if (isRefused(timestamp)) return timestamp;
  const nonce = singleHeader(headers, 'wechatpay-nonce', grammars.token);
  if (isRefused(nonce)) return nonce;
  const signature = singleHeader(headers, 'wechatpay-signature', grammars.base64);
  return isRefused(signature) ? signature : { serial, timestamp, nonce, signature };
}

/** What is signed; an empty body leaves its line empty. */
export function wechatpayText(
  { timestamp, nonce }: { timestamp: string; nonce: string },
  body: Uint8Array,
): Uint8Array {
  return concat(`${timestamp}\n${nonce}\n`, body, '\n');
}

/** The headers that sign a body as WeChat Pay does. */
export async function wechatpaySignature(
  body: Uint8Array,
  { serial, key }: { serial: string; key: KeyObject },
  { now, random }: { now: Instant; random: Random },
): Promise<Headers> {
  const [timestamp, nonce] = [String(Math.floor(now / 1000)), toHex(random(16))];
  return [
    ['wechatpay-serial', serial],
    ['wechatpay-timestamp', timestamp],
    ['wechatpay-nonce', nonce],
    ['wechatpay-signature-type', wechatpayScheme],
    ['wechatpay-signature', await rsaSignature(key, wechatpayText({ timestamp, nonce }, body))],
  ];
}
