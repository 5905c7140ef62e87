import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { alipay, hmac, providers, standard, stripe, wechatpay } from '../../src/providers/index.ts';
import { seededRandom, sidesOf } from './support.ts';

const ofAccount = (name: string) => sidesOf(name).credentials.account;
const accepts = (provider: (typeof providers)[number], changes: object) =>
  provider.accountCredentials.safeParse({ ...ofAccount(provider.name), ...changes }).success;

/** Self-signed and thrown away: openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -days 36500. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIDATCCAemgAwIBAgIUQx/WhAjc7NFSq1hd7zEi4OsTsKwwDQYJKoZIhvcNAQEL
BQAwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxNjA0NTBaGA8yMTI2MTAzMDE2
MDQ1MFowDzENMAsGA1UEAwwEdGVzdDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCC
AQoCggEBAJ+wJNGcSy/Sjdofwu+lxeAqwCbv5entrPZQ+lB/AAhP9hp4KMFTedkz
GZc1dNtEVlf6ZuB1s+NI2WhtDN9sXlqFME2QbeIK3MwLENIXFxp/M3UZvbhH152d
IcpyriV0lBFR0znWmLrC4JaIYWeH20IuQkbHKJYF5sSSRzAEFh++3KYdS9zNdVxa
TcsP1kff9h8heR0eqlSDsyNOryOPI4cWbpdfAS/1saicpeLNGGfDY7jQn/vDD+Gn
SSj9BjKDvgAZB8MSji4pYAqeNYIdT5Okf3JGB5jAbPaD5A9CiRFAzYIKzn7Ev/Hb
HAMpsHSbQBK6zbhW6sh9bRZMq+gXG88CAwEAAaNTMFEwHQYDVR0OBBYEFGRHRPRC
m+uH5JwaA5ht6dg7tj8dMB8GA1UdIwQYMBaAFGRHRPRCm+uH5JwaA5ht6dg7tj8d
MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAHz8BSRxTvFUAlbB
1lJymW0DjtkZPTvy68b5x67wK+I+UivskDqiEWSb3CK851ONq55DNn0pGtR1p2NJ
Ut4JWsv8SJ+EAxVj6p4WEqy4wbtNAfk7OG4gOaox51IC/CQMTufSkBYa6RSjUQMV
X5MYXh0Vu2CptDqXTCiSu9igBhc8wONUluX+CEhMaOOgTPUHBPmp0PVBaEyCqokU
25q4wlmyCDpyDCspMNLxl0N6cd2mSKv4jkCVGdZ54hfjiLT/2A8mWoSx05UljLiz
l58DZSsD1ecIrXFDQHlJ7Xs4zg5Ckqz4ws5iMQMNXGAuO9P+YhokhpCBLvIB314X
pCrjZvY=
-----END CERTIFICATE-----`;

describe('the credentials of every provider', () => {
  it.each(providers)('$name: a made-up pair passes its own schemas, no other field does', (provider) => {
    const pair = provider.pair?.(seededRandom('pair'));
    expect(provider.accountCredentials.safeParse(pair?.account).error).toBeUndefined();
    expect(provider.endpointCredentials.safeParse(pair?.endpoint).error).toBeUndefined();
    expect(accepts(provider, { surprise: 1 })).toBe(false);
    expect(provider.accountCredentials.safeParse({}).success).toBe(false);
    expect(provider.endpointCredentials.safeParse({}).success).toBe(false);
  });

  it.each(providers.filter((provider) => provider.generate))(
    '$name: what the server makes passes the schema of endpoints',
    (provider) => {
      expect(provider.endpointCredentials.safeParse(provider.generate?.(seededRandom('made'))).error).toBeUndefined();
    },
  );

  it('are handed to the library with the provider that they are for', () => {
    expect(stripe.account({ webhook_secrets: ['whsec_1'] })).toEqual({
      provider: 'stripe',
      credentials: { webhook_secrets: ['whsec_1'] },
    });
    expect(hmac.endpoint({ api_key: 'a', api_secrets: ['b'] })).toEqual({
      provider: 'hmac',
      credentials: { api_key: 'a', api_secrets: ['b'] },
    });
  });

  it('are parsed before a receiver or a sender is made', () => {
    expect(() =>
      stripe.receiver({ webhook_secrets: [] }, { id: sidesOf('stripe').receiver as never, mode: 'live' }),
    ).toThrow();
    expect(() => stripe.sender({})).toThrow();
  });
});

describe('a secret', () => {
  it.each([
    '',
    'short',
    'aaaaaaaaaaaaaaaaaaaaaaaa',
    '<your secret goes here>',
    '<0123456789abcdef0123>',
    'your-api-secret-0123456789',
    'YOUR_API_SECRET_0123456789',
    'changeme-changeme-changeme',
    'ChangeMe0123456789abcdef',
    'xxxxxxxx0123456789abcdef',
    'xXx-0123456789abcdef0123',
    'a secret with spaces in it',
    'ending-in-a-newline-0123456789\n',
  ])('%j is refused', (secret) => {
    expect(accepts(hmac, { api_secrets: [secret] })).toBe(false);
    expect(accepts(stripe, { webhook_secrets: [`whsec_${secret}`] })).toBe(false);
  });

  it('is accepted from 16 characters on, up to 8 at once', () => {
    expect(accepts(hmac, { api_secrets: ['0123456789abcdef'] })).toBe(true);
    expect(accepts(hmac, { api_secrets: ['0123456789abcde'] })).toBe(false);
    expect(accepts(hmac, { api_secrets: Array.from({ length: 8 }, (_, index) => `0123456789abcdef${index}`) })).toBe(
      true,
    );
    expect(accepts(hmac, { api_secrets: Array.from({ length: 9 }, (_, index) => `0123456789abcdef${index}`) })).toBe(
      false,
    );
    expect(accepts(hmac, { api_secrets: [] })).toBe(false);
  });

  it('that only happens to begin like a placeholder behind its prefix is accepted', () => {
    for (const rest of ['xXx', 'your', 'YOUR', 'xxxxx']) {
      expect(accepts(stripe, { webhook_secrets: [`whsec_${rest}0123456789abcdef`] })).toBe(true);
      expect(accepts(standard, { secrets: [`whsec_${rest.padEnd(40, '0aB')}`] })).toBe(true);
    }
  });

  it('never shows in the message that refuses it', () => {
    const secret = 'your-very-own-secret-0123456789';
    const error = hmac.accountCredentials.safeParse({ api_key: 'a', api_secrets: [secret] }).error;
    expect(error?.issues[0]).toMatchObject({ path: ['api_secrets', 0], message: 'is a placeholder, not a secret' });
    expect(JSON.stringify(error?.issues)).not.toContain(secret);
  });

  it.each([
    ['whsec_', 23, false],
    ['whsec_', 24, true],
    ['whsec_', 64, true],
    ['whsec_', 65, false],
    ['', 32, false],
  ])('of standard is %s and base64 of %d bytes: %s', (prefix, bytes, accepted) => {
    const text = `${prefix}${Buffer.from(seededRandom('secret')(bytes)).toString('base64')}`;
    expect(accepts(standard, { secrets: [text] })).toBe(accepted);
    expect(accepts(standard, { secrets: [text.replace(/=+$/, '')] })).toBe(accepted);
    expect(accepts(standard, { secrets: [`${text}*`] })).toBe(false);
  });

  it('of standard may be a public key instead; one of the two is needed', () => {
    const publicKey = `whpk_${Buffer.from(seededRandom('key')(32)).toString('base64')}`;
    expect(standard.accountCredentials.safeParse({ public_keys: [publicKey] }).success).toBe(true);
    expect(
      standard.accountCredentials.safeParse({
        encryption_keys: [Buffer.from(seededRandom('key')(32)).toString('base64')],
      }).success,
    ).toBe(false);
    expect(
      standard.endpointCredentials.safeParse({
        private_keys: [`whsk_${Buffer.from(seededRandom('key')(64)).toString('base64')}`],
      }).success,
    ).toBe(false);
  });

  it('for encryption is base64 of 32 bytes', () => {
    const key = (bytes: number) => [Buffer.from(seededRandom('key')(bytes)).toString('base64')];
    expect([31, 32, 33].map((bytes) => accepts(hmac, { encryption_keys: key(bytes) }))).toEqual([false, true, false]);
    expect(accepts(hmac, { encryption_keys: [Buffer.alloc(32).toString('base64')] })).toBe(false);
  });

  it('of WeChat Pay’s APIv3 has 32 characters', () => {
    const key = '8f3c1e5a7b9d2f4061728394a5b6c7d8';
    expect([key, key.slice(1), `${key}0`].map((one) => accepts(wechatpay, { api_v3_keys: [one] }))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('an id', () => {
  it('is checked for its characters and its length, nothing else', () => {
    for (const id of ['your-mchid', '1111111111', 'xxx', 'a'.repeat(64)])
      expect(accepts(wechatpay, { mchid: id })).toBe(true);
    for (const id of ['', 'a'.repeat(65), 'a b', 'a,b', 'a\n', '商户'])
      expect(accepts(wechatpay, { mchid: id })).toBe(false);
  });
});

describe('an RSA key', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const wrapped = (base64: string) => base64.replaceAll(/.{64}/g, '$&\n');
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const pkcs1 = pair.publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64');

  it.each([
    ['PEM', pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['PEM of PKCS#1', pair.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['bare base64', spki],
    ['bare base64 in lines', wrapped(spki)],
    ['bare base64 of PKCS#1', pkcs1],
  ])('that is public may be %s', (_form, text) => {
    expect(accepts(alipay, { alipay_public_keys: [text] })).toBe(true);
  });

  it.each([
    ['PEM', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['bare base64', pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')],
    ['bare base64 of PKCS#1', pair.privateKey.export({ type: 'pkcs1', format: 'der' }).toString('base64')],
  ])('that is private may be %s, and never stands where a public one belongs', (_form, text) => {
    expect(accepts(alipay, { app_private_key: text })).toBe(true);
    expect(accepts(alipay, { alipay_public_keys: [text] })).toBe(false);
  });

  it('that is short, of another kind, or no key is refused', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString();
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    for (const text of [short, other, '', 'your public key', spki.slice(10), 'A'.repeat(400)]) {
      expect(accepts(alipay, { alipay_public_keys: [text] })).toBe(false);
    }
  });

  it('of WeChat Pay may be a certificate', () => {
    expect(accepts(wechatpay, { platform_keys: { '7A F3': spki } })).toBe(false);
    expect(accepts(wechatpay, { platform_keys: { PUB_KEY_ID_01: spki, '7AF3': certificate } })).toBe(true);
    expect(accepts(alipay, { alipay_public_keys: [certificate.replaceAll(/-----.*-----|\s/g, '')] })).toBe(true);
  });

  it('of WeChat Pay may be missing only where it can be fetched', () => {
    const { merchant_private_key: _, ...cannotFetch } = wechatpay.pair?.(seededRandom('key')).account ?? {};
    expect(accepts(wechatpay, { platform_keys: {} })).toBe(true);
    expect(wechatpay.accountCredentials.safeParse(cannotFetch).success).toBe(true);
    expect(wechatpay.accountCredentials.safeParse({ ...cannotFetch, platform_keys: {} }).success).toBe(false);
  });
});
