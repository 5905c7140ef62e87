import { describe, expect, it } from 'vitest';
import { type PaypalAccess, paypalClient } from '../../../src/providers/clients/paypal.ts';
import { paypal } from '../../../src/providers/index.ts';
import { selfSigned } from '../../../src/providers/primitives/certificate.ts';
import { account, failureOf, now, playedHttp, seededRandom } from '../support.ts';

type Answer = { status: number; body: object | string };

const { signal } = new AbortController();
const access: PaypalAccess = { client_id: 'client', client_secret: 'secret' };
const amount = { currency_code: 'USD', value: '88.80' };
const create_time = '2026-01-05T02:21:33Z';
const related = { supplementary_data: { related_ids: { order_id: '5O190127TN364715T' } } };
const capture = { id: 'CAP1', status: 'COMPLETED', amount, invoice_id: 'O-1', create_time, ...related };
const up = { rel: 'up', href: 'https://api-m.paypal.com/v2/payments/captures/CAP1' };
const refund = { id: 'REF1', status: 'COMPLETED', amount: { ...amount, value: '8.80' }, create_time, links: [up] };
const orderPath = '/v2/checkout/orders/5O190127TN364715T';
const capturePath = '/v2/payments/captures/CAP1';
const orderWith = (payments: object) => ({ status: 'COMPLETED', purchase_units: [{ invoice_id: 'O-1', payments }] });

/** PayPal with these objects, and a clock that can be put forward. */
function platform(objects: Readonly<Record<string, object>>, options: { mode?: 'live' | 'test'; token?: Answer } = {}) {
  const clock = { now };
  let tokens = 0;
  const { http, asked } = playedHttp(({ url, headers }): Answer => {
    const { pathname } = new URL(url);
    if (pathname === '/v1/oauth2/token') {
      tokens += 1;
      return options.token ?? { status: 200, body: { access_token: `token-${tokens}`, expires_in: 32_400 } };
    }
    const isCurrent = headers.some(([, value]) => value === `Bearer token-${tokens}`);
    if (!isCurrent) return { status: 401, body: { error_description: 'Token signature verification failed' } };
    const found = objects[pathname];
    return found === undefined ? { status: 404, body: { name: 'RESOURCE_NOT_FOUND' } } : { status: 200, body: found };
  });
  const mode = options.mode ?? 'live';
  const world = { account: { ...account, mode }, http, now: () => clock.now, random: seededRandom('paypal') };
  const revoke = () => {
    tokens += 1;
  };
  return {
    client: paypalClient(access, world),
    asked,
    clock,
    revoke,
    paths: () => asked.map(({ url }) => new URL(url).pathname),
  };
}

const byId = { reference: null, paymentId: 'CAP1' };

describe('the client of PayPal', () => {
  it('asks for a capture, and for the order that lists its refunds', async () => {
    const payments = { captures: [{ ...capture, status: 'PARTIALLY_REFUNDED' }], refunds: [refund] };
    const { client, paths } = platform({ [capturePath]: capture, [orderPath]: orderWith(payments) });
    expect(await client.query?.(byId, signal)).toMatchObject({
      state: 'final',
      facts: [
        { kind: 'captured', paymentId: 'CAP1', operationId: 'CAP1', amountMinor: 8880n, reference: 'O-1' },
        { kind: 'refunded', paymentId: 'CAP1', operationId: 'REF1', amountMinor: 880n, reference: 'O-1' },
      ],
    });
    expect(paths()).toEqual(['/v1/oauth2/token', capturePath, orderPath]);
  });

  it.each([
    ['live', 'https://api-m.paypal.com/'],
    ['test', 'https://api-m.sandbox.paypal.com/'],
  ] as const)('asks the host of mode %s', async (mode, host) => {
    const { client, asked } = platform({ [capturePath]: capture }, { mode });
    await client.query?.(byId, signal);
    expect(asked.every(({ url }) => url.startsWith(host))).toBe(true);
    const authorization = `Basic ${Buffer.from('client:secret').toString('base64')}`;
    expect(asked[0]?.method).toBe('POST');
    expect(Buffer.from(asked[0]?.body ?? '').toString()).toBe('grant_type=client_credentials');
    expect(asked[0]?.headers).toContainEqual(['authorization', authorization]);
  });

  it('believes the capture alone where its order is gone', async () => {
    const { client } = platform({ [capturePath]: capture });
    expect(await client.query?.(byId, signal)).toMatchObject({ state: 'final', facts: [{ kind: 'captured' }] });
  });

  it('finds by the id of an order of PayPal that is among the references', async () => {
    const { client } = platform({ [orderPath]: orderWith({ captures: [capture] }) });
    const order = { reference: '5O190127TN364715T', paymentId: null };
    expect(await client.query?.(order, signal)).toMatchObject({ facts: [{ kind: 'captured', reference: 'O-1' }] });
    const unpaid = platform({ [orderPath]: { status: 'CREATED', purchase_units: [{ invoice_id: 'O-1' }] } });
    expect(await unpaid.client.query?.(order, signal)).toEqual({ state: 'open', facts: [] });
  });

  it('cannot ask by an order number, which PayPal does not search', async () => {
    const { client, asked } = platform({});
    const query = client.query?.({ reference: 'ORDER-1', paymentId: null }, signal);
    await expect(query).rejects.toMatchObject(failureOf('provider.cannot_ask'));
    expect(asked).toEqual([]);
  });

  it('takes the number from the purchase unit where a payment does not bear it', async () => {
    const { invoice_id: _, ...bare } = capture;
    const { client } = platform({ [orderPath]: orderWith({ captures: [bare] }) });
    const order = { reference: '5O190127TN364715T', paymentId: null };
    expect(await client.query?.(order, signal)).toMatchObject({ facts: [{ reference: 'O-1' }] });
  });

  it.each([
    [
      'AUTH1',
      { '/v2/payments/authorizations/AUTH1': { ...capture, id: 'AUTH1', status: 'CREATED' } },
      'open',
      'authorized',
    ],
    [
      'AUTH1',
      { '/v2/payments/authorizations/AUTH1': { ...capture, id: 'AUTH1', status: 'VOIDED' } },
      'final',
      'voided',
    ],
    ['CAP1', { [capturePath]: { ...capture, status: 'DECLINED' } }, 'final', 'failed'],
  ])('reads %s: %#', async (paymentId, objects, state, kind) => {
    const answer = await platform(objects).client.query?.({ reference: null, paymentId }, signal);
    expect(answer).toMatchObject({ state, facts: [{ kind, paymentId }] });
  });

  it('waits for what is pending', async () => {
    const { client } = platform({ [capturePath]: { ...capture, status: 'PENDING' } });
    expect(await client.query?.(byId, signal)).toEqual({ state: 'open', facts: [] });
  });

  it.each([
    ['REF1', { '/v2/payments/refunds/REF1': refund }, { kind: 'refunded', operationId: 'REF1' }],
    [
      'PP-D-1',
      {
        '/v1/customer/disputes/PP-D-1': {
          dispute_id: 'PP-D-1',
          status: 'OPEN',
          disputed_transactions: [{ seller_transaction_id: 'CAP1' }],
          dispute_amount: amount,
          create_time,
        },
      },
      { kind: 'dispute_opened', operationId: 'PP-D-1' },
    ],
  ])('asks for %s by itself where no order lists it', async (operationId, objects, expected) => {
    const { client } = platform({ ...objects, [capturePath]: capture });
    const answer = await client.query?.({ ...byId, operationId }, signal);
    expect(answer?.facts).toMatchObject([{ kind: 'captured' }, { paymentId: 'CAP1', ...expected }]);
  });

  it('keeps its token until a minute before the end, and drops one that is no longer taken', async () => {
    const { client, clock, revoke, paths } = platform({ [capturePath]: capture });
    const tokens = () => paths().filter((path) => path === '/v1/oauth2/token').length;
    await client.query?.(byId, signal);
    await client.query?.(byId, signal);
    expect(tokens()).toBe(1);
    clock.now += 32_400_000 - 60_000;
    await client.query?.(byId, signal);
    expect(tokens()).toBe(2);
    revoke();
    await expect(client.query?.(byId, signal)).rejects.toMatchObject(failureOf('provider.refused'));
    expect(await client.query?.(byId, signal)).toMatchObject({ state: 'final' });
  });

  it.each([
    [{ status: 401, body: { error_description: 'Client Authentication failed' } }, 'provider.refused'],
    [{ status: 503, body: 'busy' }, 'provider.unreachable'],
    [{ status: 200, body: { access_token: 'a', expires_in: 0 } }, 'provider.answer'],
    [{ status: 200, body: { access_token: 'a b', expires_in: 9 } }, 'provider.answer'],
    [{ status: 200, body: 'no JSON' }, 'provider.answer'],
  ])('fails without a token: %j', async (token, code) => {
    await expect(platform({}, { token }).client.query?.(byId, signal)).rejects.toMatchObject(failureOf(code));
  });

  it('refunds a capture under a key, and wants the whole refund back', async () => {
    const { client, asked } = platform({ [`${capturePath}/refund`]: refund });
    const fact = await client.refund?.(byId, { amountMinor: 880n, currency: 'USD' }, 'key-1', signal);
    expect(fact).toMatchObject({ kind: 'refunded', paymentId: 'CAP1', operationId: 'REF1', amountMinor: 880n });
    const { headers = [], body = '' } = asked.at(-1) ?? {};
    expect(headers).toEqual(
      expect.arrayContaining([
        ['paypal-request-id', 'key-1'],
        ['prefer', 'return=representation'],
      ]),
    );
    expect(JSON.parse(Buffer.from(body).toString())).toEqual({ amount: { value: '8.80', currency_code: 'USD' } });
  });

  it('does not believe the refund of another payment, nor one that is not there', async () => {
    const money = { amountMinor: 880n, currency: 'USD' };
    const other = platform({ '/v2/payments/captures/CAP2/refund': refund }).client;
    const asked = { reference: null, paymentId: 'CAP2' };
    await expect(other.refund?.(asked, money, 'k', signal)).rejects.toMatchObject(failureOf('provider.answer'));
    const none = platform({}).client;
    await expect(none.refund?.(byId, money, 'k', signal)).rejects.toMatchObject(failureOf('provider.refused'));
  });
});

/** Made with openssl, the keys thrown away: an issuer, what it issued in PayPal's name, and in another. */
const issued = {
  issuer: `-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUAjfZarTnsz+/2sUkyrFriBWXMcYwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGaXNzdWVyMCAXDTI2MTEyNTIxNTQ0NloYDzIxMjYxMTAxMjE1
NDQ2WjARMQ8wDQYDVQQDDAZpc3N1ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQzASbwrzeEwfRE2l2BG3FKS/4sh4V9Lokc1WLGxzSbzgQ5gTL4UghA7T2Vy3a8
yAqtF4WFzRj+7ZjhPg9RoSp4o1MwUTAdBgNVHQ4EFgQUiIgjnxC8PmT7G7FS1syo
8pmt8PAwHwYDVR0jBBgwFoAUiIgjnxC8PmT7G7FS1syo8pmt8PAwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAvufL+RuAjIHisyFsO8L8m+VqiqRK
2VRxgQ93fMt47Y8CIAJ6OiKzg5gS/6SY/p4qZNXl95EKrJqCXqPl8f+UPPdw
-----END CERTIFICATE-----`,
  leaf: `-----BEGIN CERTIFICATE-----
MIIB9jCCAZsCAhABMAoGCCqGSM49BAMCMBExDzANBgNVBAMMBmlzc3VlcjAgFw0y
NjExMjUyMTU0NDZaGA8yMTI2MTEwMTIxNTQ0NlowLjEsMCoGA1UEAwwjbWVzc2Fn
ZXZlcmlmaWNhdGlvbmNlcnRzLnBheXBhbC5jb20wggEiMA0GCSqGSIb3DQEBAQUA
A4IBDwAwggEKAoIBAQCa9h6Y4Osn/Fuqlb2F02OqC3wYWLNGmcEYg629V0WFE79a
dTw5gza/LyAJ8ibaYhVmZ6E7Lga5COdS5uEC/Vh2ynFnHNiaF8ZgZEQhCyQHUMqv
AoeftCdat5mI/LwklpMg/tgQaeu8TClNNd2j5z/5/0jSfIn/8ejZogLOWGFFO8VP
Vi/0AhpmVybf1fOA0+NwDkdVTFoYkDp1/U8oCAnbcnJFInd0ArcULq5WDPS6O8Sn
E56xJuD3KhNRPT2D/9JBwDk/S+hU8ay05V10bN7Z65ZOAHDwZyo/C2RDfGRpIGgT
GbP7kpTd6jdkYy6XAX6mrJEdJLKo/CDkdJscrgyRAgMBAAEwCgYIKoZIzj0EAwID
SQAwRgIhAPYmAVBJbGmDJCSHhP8xWYW1K6VlJ/jkKDmykDhC6FP7AiEAocY4CBBn
IvL0BgcXL81avcHuFTx7F3oxtZBi3aYf91k=
-----END CERTIFICATE-----`,
  other: `-----BEGIN CERTIFICATE-----
MIIBeDCCAR2gAwIBAgIUL/SMvKy/ePXZH7gJtgdXh+H1OLMwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFb3RoZXIwIBcNMjYxMTI1MjE1NDQ2WhgPMjEyNjExMDEyMTU0
NDZaMBAxDjAMBgNVBAMMBW90aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
8osJn1B8OdmBD12owIjj9M5zS03fdZNZa+iMAg+JYloxWwOL1tPB5YT1yX7xlDTS
lkNYrJeVgixv/9pwqC3Je6NTMFEwHQYDVR0OBBYEFPSkpQGj6O7tAgYYFfUSQ8ad
MA/QMB8GA1UdIwQYMBaAFPSkpQGj6O7tAgYYFfUSQ8adMA/QMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhALI36K9TeXDonaC8xkvAZqIluWdfYEDx
fZid60lB5s4HAiEApqhLgD99AHLIjH0rW+bLrn1iYFjZ5WNgYE2aVuFjBfc=
-----END CERTIFICATE-----`,
};

describe('a certificate that PayPal signs with', () => {
  const url = 'https://api.paypal.com/v1/notifications/certs/CERT-1';
  const fetching = (answer: Answer, ca_certificates?: string[]) => {
    const { http, asked } = playedHttp(() => answer);
    const world = { account, http, now: () => Date.parse('2030-01-01T00:00:00Z'), random: seededRandom('keys') };
    const client = paypalClient(ca_certificates === undefined ? {} : { ca_certificates }, world);
    return { client, asked, fetch: (address = url) => client.fetchKeys?.(address, signal) };
  };

  it('is fetched from PayPal alone, without any secret', async () => {
    const { fetch, asked, client } = fetching({ status: 200, body: `${issued.leaf}\n${issued.issuer}\n` });
    expect(client.query).toBeUndefined();
    expect(await fetch()).toEqual({ certificates: { [url]: `${issued.leaf}\n` } });
    expect(asked).toMatchObject([{ method: 'GET', url, headers: [] }]);
    for (const other of ['http://127.0.0.1/cert', 'https://api.paypal.com.evil.example/v1/notifications/certs/C', ''])
      await expect(fetch(other)).rejects.toMatchObject(failureOf('provider.refused'));
    expect(asked).toHaveLength(1);
  });

  it('makes a credential that the account takes', async () => {
    const change = await fetching({ status: 200, body: issued.leaf }).fetch();
    expect(paypal.accountCredentials.safeParse({ webhook_id: 'W', ...change }).error).toBeUndefined();
  });

  it('must be issued by who is pinned', async () => {
    const answer = { status: 200, body: issued.leaf };
    expect(await fetching(answer, [issued.issuer]).fetch()).toHaveProperty('certificates');
    await expect(fetching(answer, [issued.other]).fetch()).rejects.toThrow(/issued by none of the pinned/);
  });

  it.each([
    ['another name', { status: 200, body: issued.other }, /the name of the certificate is/],
    ['no issuer', { status: 200, body: ownIssuer() }, /has signed itself/],
    ['no certificate', { status: 200, body: '<html>' }, /there is no certificate/],
    ['a redirect', { status: 302, body: '' }, /answered 302/],
    ['nothing', { status: 404, body: '' }, /answered 404/],
    ['a fault', { status: 503, body: '' }, /provider\.unreachable/],
  ])('with %s is not taken', async (_name, answer, expected) => {
    await expect(fetching(answer).fetch()).rejects.toThrow(expected);
  });

  it('that is not valid yet is not taken', async () => {
    const { http } = playedHttp(() => ({ status: 200, body: issued.leaf }));
    const client = paypalClient({}, { account, http, now: () => now, random: seededRandom('keys') });
    await expect(client.fetchKeys?.(url, signal)).rejects.toThrow(/not valid at this time/);
  });

  function ownIssuer(): string {
    const period = { from: 0, until: Date.parse('2040-01-01T00:00:00Z'), serial: Buffer.of(1) };
    return selfSigned('messageverificationcerts.paypal.com', period).certificate;
  }
});
