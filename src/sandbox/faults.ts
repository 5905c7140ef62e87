import { z } from 'zod';
import type { RawRequest } from '../providers/provider.ts';
import { oddityNames } from './oddities.ts';
import type { Seeded } from './seeded.ts';

/** How often something happens: always (`true`), never, or to this share of all, as the seed decides. */
const share = z
  .union([z.boolean(), z.number().min(0).max(1)])
  .transform(Number)
  .default(0);

/** What goes wrong on the way, on purpose. Nothing, unless it is said. */
export const faultsSchema = z.strictObject({
  /** How often a notification is sent in all: the first n − 1 good acknowledgements are taken for lost. */
  duplicate: z.int().min(1).max(10).default(1),
  /** Sent in another order than things happened. */
  reorder: z.boolean().default(false),
  /** Never sent at all. */
  drop: share,
  /** Sent this much later. */
  delay_ms: z.int().min(0).max(86_400_000).default(0),
  /** One character of the body is changed after signing. */
  tamper: share,
  /** The signature is that of nobody. */
  wrong_signature: share,
  /** Signed as of an hour ago. */
  stale: share,
  /** Waits before each try. */
  slow_ms: z.int().min(0).max(5000).default(0),
  /** What is odd about this one platform. */
  oddity: z.exactOptional(z.enum(oddityNames)),
});
export type Faults = z.output<typeof faultsSchema>;

export const noFaults: Faults = faultsSchema.parse({});

export function hasFaults(faults: Faults): boolean {
  return JSON.stringify(faults) !== JSON.stringify(noFaults);
}

/** What is wrong with one try, decided by the seed. */
export interface TryFaults {
  tamper: boolean;
  wrongSignature: boolean;
  stale: boolean;
}

export function faultsOfTry(faults: Faults, seed: Seeded, label: string): TryFaults {
  return {
    tamper: seed.share(`tamper:${label}`) < faults.tamper,
    wrongSignature: seed.share(`wrong_signature:${label}`) < faults.wrong_signature,
    stale: seed.share(`stale:${label}`) < faults.stale,
  };
}

/** Formats whose JSON holds its own signature, over some fields alone; the amount is among them. */
const signedJson = [
  { signature: 'hmacSignature', amount: /"value":\d+/ },
  { signature: 'signature_key', amount: /"gross_amount":"[\d.]+/ },
] as const;

/** How old a stale signature is; no provider's window is as wide. */
export const staleMs = 3_600_000;

/** The request with one digit of its body replaced by another one, or its middle byte where there is no digit. */
export function tampered(request: RawRequest, seed: Seeded, label: string): RawRequest {
  const body = Uint8Array.from(request.body);
  const { from, to } = signedRange(request);
  const digits = [...body.keys()].filter((index) => index >= from && index < to && isDigit(body[index] ?? 0));
  const at = digits[Math.floor(seed.share(`tamper_at:${label}`) * digits.length)] ?? body.length >> 1;
  const byte = body[at];
  if (byte === undefined) return request;
  body[at] = isDigit(byte) ? 48 + ((byte - 48 + 1) % 10) : byte ^ 1;
  return { ...request, body };
}

/** What of the body is signed: all of it, but where it holds its own signature, or only the id, as of Mercado Pago. */
function signedRange({ headers, body }: RawRequest): { from: number; to: number } {
  const text = Buffer.from(body).toString('latin1');
  const signsIdAlone = headers.some(([name]) => name === 'x-request-id');
  const own = signedJson.find(({ signature }) => text.includes(`"${signature}":"`))?.amount;
  const signed = (own ?? (signsIdAlone ? /"id":"[^"]*"/ : null))?.exec(text) ?? null;
  return signed === null ? { from: 0, to: body.length } : { from: signed.index, to: signed.index + signed[0].length };
}

/** The request with every signature in it changed, wherever the format carries them. */
export function wronglySigned(request: RawRequest): RawRequest {
  const headers = request.headers.map(([name, value]) => {
    const signs = /signature$|hmac-sha256$|transmission-sig$|callback-token$|^authorization$/i.test(name);
    return [name, signs ? value.replace(/[A-Za-z0-9+/=_-]{43,}/g, otherSignature) : value] as const;
  });
  return { ...request, headers, body: signatureInBodyChanged(request) };
}

/** Formats that sign inside a form (`sign=…`, `signature=…`) or inside their JSON have no header to change. */
function signatureInBodyChanged(request: RawRequest): Uint8Array {
  const isForm = request.headers.some(
    ([name, value]) => name.toLowerCase() === 'content-type' && value.startsWith('application/x-www-form-urlencoded'),
  );
  const text = Buffer.from(request.body).toString('latin1');
  if (!isForm) {
    if (text.startsWith('<xml>'))
      return Buffer.from(text.replace(/(?<=<sign><!\[CDATA\[)[0-9A-F]+/, otherSignature), 'latin1');
    const names = signedJson.map(({ signature }) => signature).join('|');
    const changed = text.replace(
      new RegExp(`("(?:${names})":")([^"]+)`, 'g'),
      (_, before: string, value: string) => before + otherSignature(value),
    );
    return Buffer.from(changed, 'latin1');
  }
  const changed = text.replace(/(?<=^|&)([a-z_]*sign(?:ature)?)=([^&]+)/, (_, field: string, value: string) => {
    const other = decodeURIComponent(value).replace(/[A-Za-z0-9+/=]{40,}/, otherSignature);
    return `${field}=${encodeURIComponent(other)}`;
  });
  return Buffer.from(changed, 'latin1');
}

/** Still of the same form and length, so that it is refused for what it says and not for how it looks. */
function otherSignature(signature: string): string {
  const at = signature.length >> 1;
  const other = signature.charAt(at) === '0' ? '1' : '0';
  return signature.slice(0, at) + other + signature.slice(at + 1);
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
