import { unionpay } from '../../src/providers/index.ts';
import type { RawRequest } from '../../src/providers/provider.ts';
import {
  headerOf,
  now,
  sayableBy,
  seededRandom,
  sidesOf,
  textOf,
  withBody,
  withHeader,
  withoutHeader,
} from './support.ts';

/** Something hostile, damaged or late that every provider meets, and how it must be refused. */
export interface NegativeCase {
  name: string;
  /** What is sent; null where the format has no such thing. */
  request(format: Format): Promise<RawRequest | null>;
  /** Milliseconds between sealing and opening. */
  laterMs?: number;
  /** How `refusalOf` must begin, or a pattern of all of it. */
  refused: RegExp;
}

/** What the table needs to know of a format. */
export interface Format {
  name: string;
  sealed: RawRequest;
  /** Headers that carry or select the signature; empty where it is in the body. */
  signatureHeaders: readonly string[];
  hasTimestamp: boolean;
  isJson: boolean;
  /** Whether a signature covers the body. */
  signsBody: boolean;
  /** The request with another signature text, as the format writes signatures. */
  withSignature(change: (signature: string) => string): RawRequest;
  withUnknownKey(): RawRequest | null;
  withOtherScheme(): RawRequest | null;
}

const bodySignatureHeaders: Readonly<Record<string, string>> = {
  checkout: 'cko-signature',
  mollie: 'x-mollie-signature',
  paystack: 'x-paystack-signature',
  razorpay: 'x-razorpay-signature',
  shopify: 'x-shopify-hmac-sha256',
  square: 'x-square-hmacsha256-signature',
};

export async function formatOf(name: string): Promise<Format> {
  const extra = name === 'hmac' ? { replay_window_s: 300 } : {};
  const { sender, provider } = sidesOf(name, { endpoint: extra });
  const sealed = await sender.seal(sayableBy(provider, 'payment.succeeded'), {
    now,
    publicUrl: '',
    random: (bytes) => new Uint8Array(bytes).fill(7),
  });
  const read = formats[name] ?? bodySigned(bodySignatureHeaders[name]);
  if (read === undefined) throw new Error(`the table of negative cases does not know ${name}`);
  return {
    name,
    sealed,
    isJson: true,
    signsBody: true,
    hasTimestamp: true,
    withUnknownKey: () => null,
    ...read(sealed),
  };
}

type Read = Pick<Format, 'signatureHeaders' | 'withSignature' | 'withOtherScheme'> & Partial<Format>;

/** What differs from a body of JSON with a timestamp and no key id. */
const formats: Readonly<Record<string, (sealed: RawRequest) => Read>> = {
  hmac: (sealed) => ({
    signatureHeaders: ['authorization', 'x-timestamp', 'x-nonce'],
    withSignature: over(sealed, 'authorization', /^(.*:)(.*)$/),
    withUnknownKey: () => withHeader(sealed, 'authorization', (value) => value.replace(/ .*:/, ' somebody-else:')),
    withOtherScheme: () => withHeader(sealed, 'authorization', (value) => value.replace('HMAC', 'Bearer')),
  }),
  standard: (sealed) => ({
    signatureHeaders: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
    withSignature: over(sealed, 'webhook-signature', /^(v1,)(.*)$/),
    withOtherScheme: () => withHeader(sealed, 'webhook-signature', (value) => value.replace('v1,', 'v0,')),
  }),
  cashfree: (sealed) => ({
    hasTimestamp: false,
    signatureHeaders: ['x-webhook-timestamp', 'x-webhook-signature'],
    withSignature: over(sealed, 'x-webhook-signature', /^()(.*)$/),
    withOtherScheme: () => withHeader(sealed, 'x-webhook-signature', (value) => `sha256:${value}`),
  }),
  'coinbase-commerce': (sealed) => ({
    hasTimestamp: false,
    signatureHeaders: ['x-cc-webhook-signature'],
    withSignature: over(sealed, 'x-cc-webhook-signature', /^()(.*)$/),
    withOtherScheme: () => withHeader(sealed, 'x-cc-webhook-signature', (value) => `sha1=${value}`),
  }),
  gocardless: (sealed) => ({
    hasTimestamp: false,
    signatureHeaders: ['webhook-signature'],
    withSignature: over(sealed, 'webhook-signature', /^()(.*)$/),
    withOtherScheme: () => withHeader(sealed, 'webhook-signature', (value) => `v2=${value}`),
  }),
  lemonsqueezy: (sealed) => ({
    hasTimestamp: false,
    signatureHeaders: ['x-signature'],
    withSignature: over(sealed, 'x-signature', /^()(.*)$/),
    withOtherScheme: () => withHeader(sealed, 'x-signature', (value) => `sha1=${value}`),
  }),
  paddle: (sealed) => ({
    signatureHeaders: ['paddle-signature'],
    withSignature: over(sealed, 'paddle-signature', /^(.*h1=)(.*)$/),
    withOtherScheme: () => withHeader(sealed, 'paddle-signature', (value) => value.replace('h1=', 'h2=')),
  }),
  stripe: (sealed) => ({
    signatureHeaders: ['stripe-signature'],
    withSignature: over(sealed, 'stripe-signature', /^(.*v1=)(.*)$/),
    withOtherScheme: () => withHeader(sealed, 'stripe-signature', (value) => value.replace('v1=', 'v0=')),
  }),
  wechatpay: (sealed) => ({
    signatureHeaders: ['wechatpay-serial', 'wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-signature'],
    withSignature: over(sealed, 'wechatpay-signature', /^()(.*)$/),
    withUnknownKey: () => withHeader(sealed, 'wechatpay-serial', () => 'PUB_KEY_ID_OTHER'),
    withOtherScheme: () => withHeader(sealed, 'wechatpay-signature-type', () => 'WECHATPAY2-SM2-WITH-SM3'),
  }),
  /** Of the body nothing but `data.id` counts. */
  mercadopago: (sealed) => ({
    isJson: false,
    hasTimestamp: false,
    signatureHeaders: ['x-signature', 'x-request-id'],
    withSignature: over(sealed, 'x-signature', /^(.*v1=)(.*)$/),
    withOtherScheme: () => withHeader(sealed, 'x-signature', (value) => value.replace('v1=', 'v2=')),
  }),
  /** Each item is signed by itself, so JSON may be written anew. */
  adyen: (sealed) => ({
    isJson: false,
    hasTimestamp: false,
    signatureHeaders: [],
    withSignature: inJson(sealed, 'hmacSignature'),
    withOtherScheme: () => null,
  }),
  alipay: (sealed) => ({
    isJson: false,
    hasTimestamp: false,
    signatureHeaders: [],
    withSignature: inForm(sealed, 'sign'),
    withOtherScheme: () => withBody(sealed, textOf(sealed.body).replace('sign_type=RSA2', 'sign_type=RSA')),
  }),
  braintree: (sealed) => {
    const changed = (change: (signature: string) => string) => {
      const fields = new URLSearchParams(textOf(sealed.body));
      fields.set('bt_signature', change(fields.get('bt_signature') ?? ''));
      return withBody(sealed, fields.toString());
    };
    return {
      isJson: false,
      hasTimestamp: false,
      signatureHeaders: [],
      withSignature: (change) =>
        changed((pair) => pair.replace(/\|(.*)$/, (_, signature: string) => `|${change(signature)}`)),
      withUnknownKey: () => changed((pair) => pair.replace(/^.*\|/, 'another|')),
      withOtherScheme: () => changed((pair) => pair.replace('|', '|sha256|')),
    };
  },
  midtrans: (sealed) => ({
    isJson: false,
    hasTimestamp: false,
    signatureHeaders: [],
    withSignature: inJson(sealed, 'signature_key'),
    withOtherScheme: () => null,
  }),
  paypal: (sealed) => ({
    hasTimestamp: false,
    signatureHeaders: [
      'paypal-cert-url',
      'paypal-transmission-id',
      'paypal-transmission-time',
      'paypal-transmission-sig',
    ],
    withSignature: over(sealed, 'paypal-transmission-sig', /^()(.*)$/),
    withUnknownKey: () => withHeader(sealed, 'paypal-cert-url', (value) => `${value}0`),
    withOtherScheme: () => withHeader(sealed, 'paypal-auth-algo', () => 'SHA1withRSA'),
  }),
  xendit: (sealed) => ({
    isJson: false,
    signsBody: false,
    hasTimestamp: false,
    signatureHeaders: ['x-callback-token'],
    withSignature: over(sealed, 'x-callback-token', /^()(.*)$/),
    withOtherScheme: () => null,
  }),
  'wechatpay-v2': (sealed) => ({
    isJson: false,
    hasTimestamp: false,
    signatureHeaders: [],
    withSignature: (change) =>
      withBody(
        sealed,
        textOf(sealed.body).replace(/(?<=<sign><!\[CDATA\[)[0-9A-F]+/, (signature) => change(signature)),
      ),
    withOtherScheme: () => withBody(sealed, textOf(sealed.body).replace('HMAC-SHA256', 'MD5')),
  }),
  unionpay: (sealed) => ({
    isJson: false,
    hasTimestamp: false,
    signatureHeaders: [],
    withSignature: inForm(sealed, 'signature'),
    withUnknownKey: () => {
      const fields = new URLSearchParams(textOf(sealed.body));
      fields.set('signPubKeyCert', unionpay.pair?.(seededRandom('other')).endpoint.certificate ?? '');
      return withBody(sealed, fields.toString());
    },
    withOtherScheme: () => withBody(sealed, textOf(sealed.body).replace('signMethod=01', 'signMethod=12')),
  }),
};

/** Formats with one header over the body, without a timestamp or the name of a scheme. */
function bodySigned(header: string | undefined): ((sealed: RawRequest) => Read) | undefined {
  if (header === undefined) return undefined;
  return (sealed) => ({
    hasTimestamp: false,
    signatureHeaders: [header],
    withSignature: over(sealed, header, /^((?:sha256=)?)(.*)$/),
    withOtherScheme: () => null,
  });
}

/** The last field of a form holds the signature. */
const inForm = (sealed: RawRequest, field: string) => (change: (signature: string) => string) =>
  withBody(
    sealed,
    textOf(sealed.body).replace(
      new RegExp(`${field}=([^&]*)$`),
      (_, signature: string) => `${field}=${encodeURIComponent(change(decodeURIComponent(signature)))}`,
    ),
  );

/** A field of a JSON body holds the signature. */
const inJson = (sealed: RawRequest, field: string) => (change: (signature: string) => string) =>
  withBody(
    sealed,
    textOf(sealed.body).replace(
      new RegExp(`("${field}":")([^"]*)`),
      (_, before: string, signature: string) => before + change(signature),
    ),
  );

const over = (sealed: RawRequest, header: string, pattern: RegExp) => (change: (signature: string) => string) =>
  withHeader(sealed, header, (value) =>
    value.replace(pattern, (_, before: string, signature: string) => before + change(signature)),
  );

const eachHeader = (change: (format: Format, header: string) => RawRequest) =>
  [0, 1, 2, 3].map((index) => async (format: Format) => {
    const header = format.signatureHeaders[index];
    return header === undefined ? null : change(format, header);
  });

const twice = eachHeader(({ sealed }, header) => ({
  ...sealed,
  headers: [...sealed.headers, [header.toUpperCase(), headerOf(sealed, header)]],
}));
const joined = eachHeader(({ sealed }, header) => withHeader(sealed, header, (value) => `${value}, ${value}`));
const missing = eachHeader(({ sealed }, header) => withoutHeader(sealed, header));
const emptied = eachHeader(({ sealed }, header) => withHeader(sealed, header, () => ''));

export const negativeCases: readonly NegativeCase[] = [
  {
    name: 'a changed byte of the body',
    request: async ({ sealed, signsBody }) =>
      signsBody
        ? withBody(
            sealed,
            textOf(sealed.body).replace(/[0-9]/, (digit) => String((Number(digit) + 1) % 10)),
          )
        : null,
    refused: /^(signature\.mismatch|callback\.\w+): /,
  },
  {
    name: 'an empty body',
    request: async ({ sealed, signsBody }) => (signsBody ? withBody(sealed, '') : null),
    refused: /^signature\.(mismatch|missing): /,
  },
  {
    name: 'a body that was re-serialised',
    request: async ({ isJson, sealed }) => {
      if (!isJson) return null;
      const value: unknown = JSON.parse(textOf(sealed.body));
      const pretty = JSON.stringify(value, null, 2);
      return withBody(sealed, pretty === textOf(sealed.body) ? JSON.stringify(value) : pretty);
    },
    refused: /^signature\.mismatch: body was re-serialised: the signature matches the body /,
  },
  {
    name: 'a trailing newline',
    request: async ({ isJson, sealed }) => (isJson ? withBody(sealed, `${textOf(sealed.body)}\n`) : null),
    refused: /^signature\.mismatch: body was re-serialised: the signature matches the body without the space around it/,
  },
  {
    name: 'a body sealed with lone surrogates and NULs put in',
    request: async ({ sealed, signsBody }) =>
      signsBody ? withBody(sealed, Buffer.from([0, 0xff, 0xfe, 0xed, 0xa0, 0x80])) : null,
    refused: /^(signature|callback)\.\w+: /,
  },
  {
    name: 'a timestamp from the past',
    request: async ({ hasTimestamp, sealed }) => (hasTimestamp ? sealed : null),
    laterMs: 412_000,
    refused: /^callback\.stale: timestamp 412 s old, window 300 s$/,
  },
  {
    name: 'a timestamp from the future',
    request: async ({ hasTimestamp, sealed }) => (hasTimestamp ? sealed : null),
    laterMs: -301_000,
    refused: /^callback\.stale: timestamp 301 s in the future, window 300 s$/,
  },
  {
    name: 'a timestamp put forward without a new signature',
    request: async ({ sealed }) => {
      const header = sealed.headers
        .map(([name]) => name)
        .find((name) => /timestamp|(paddle|stripe)-signature/.test(name));
      return header === undefined
        ? null
        : withHeader(sealed, header, (value) => value.replace(/\d{10}/, (seconds) => String(Number(seconds) + 500)));
    },
    laterMs: 500_000,
    refused: /^signature\.mismatch: /,
  },
  ...missing.map((request, index) => ({
    name: `a missing header (${index + 1})`,
    request,
    refused: /^signature\.missing: header /,
  })),
  ...emptied.map((request, index) => ({
    name: `an empty header (${index + 1})`,
    request,
    refused: /^signature\.missing: header /,
  })),
  ...twice.map((request, index) => ({
    name: `a header twice (${index + 1})`,
    request,
    refused: /^signature\.duplicated: /,
  })),
  ...joined.map((request, index) => ({
    name: `a header twice, joined by a comma (${index + 1})`,
    request,
    refused: /^signature\.duplicated: /,
  })),
  {
    name: 'a signature that is too short',
    request: async (format) => format.withSignature((signature) => signature.slice(0, -8)),
    refused: /^signature\.(mismatch|malformed): /,
  },
  {
    name: 'a signature that is too long',
    request: async (format) => format.withSignature((signature) => signature.replace(/=*$/, '') + signature),
    refused: /^signature\.(mismatch|malformed): /,
  },
  {
    name: 'a signature in no encoding',
    request: async (format) => format.withSignature(() => '!not$encoded!'),
    refused: /^signature\.(mismatch|malformed): /,
  },
  {
    name: 'a signature over something else',
    request: async (format) =>
      format.withSignature(
        (signature) =>
          [...signature].reverse().join('').replace(/^=+/, '') + '='.repeat(/=*$/.exec(signature)?.[0].length ?? 0),
      ),
    refused: /^signature\.(mismatch|malformed): /,
  },
  {
    name: 'an unknown key id',
    request: async (format) => format.withUnknownKey(),
    refused: /^signature\.unknown_key: no (key|secrets) for .*; the account has /,
  },
  {
    name: 'another signature scheme',
    request: async (format) => format.withOtherScheme(),
    refused: /^signature\.(scheme|malformed): /,
  },
];
