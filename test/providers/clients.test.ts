import { describe, expect, it } from 'vitest';
import { asId, randomBytesOf } from '../../src/domain/ids.ts';
import type { Client, Http, HttpRequest, Reference } from '../../src/providers/provider.ts';
import { failureOf, now, sidesOf, textOf } from './support.ts';

const { signal } = new AbortController();
const nobody: Reference = { reference: 'O-1', paymentId: null };
const known: Reference = { reference: 'O-1', paymentId: 'P1' };
const money = { amountMinor: 1000n, currency: 'USD' };

interface Asked {
  client: Client;
  requests: readonly HttpRequest[];
}

/** A client whose platform answers what stands for the first part of a URL that fits; anything else is not there. */
function clientOf(
  name: string,
  answers: Readonly<Record<string, unknown>>,
  { credentials = {}, mode = 'live' }: { credentials?: object; mode?: 'live' | 'test' } = {},
): Asked {
  const requests: HttpRequest[] = [];
  const http: Http = {
    async send(request) {
      requests.push(request);
      const found = Object.entries(answers).find(([part]) => `${request.method} ${request.url}`.includes(part));
      return {
        status: found === undefined ? 404 : 200,
        headers: [],
        body: Buffer.from(JSON.stringify(found?.[1] ?? {})),
      };
    },
    async *stream() {},
  };
  const sides = sidesOf(name);
  const account = { id: asId.account('acc_1'), mode };
  const world = { account, http, now: () => now, random: randomBytesOf };
  const client = sides.provider.client?.({ ...sides.credentials.account, ...credentials }, world) ?? {};
  return { client, requests };
}

const headersOf = (request: HttpRequest | undefined) => Object.fromEntries(request?.headers ?? []);
const bodyOf = (request: HttpRequest | undefined) => JSON.parse(textOf(request?.body ?? Buffer.from('{}')));

describe('a client that looks among the newest payments', () => {
  it.each([
    ['square', { '/v2/payments?': { payments: [], cursor: 'more' } }],
    ['gocardless', { '/payments?': { payments: [], meta: { cursors: { after: 'more' } } } }],
    ['paddle', { '/transactions?': { data: [{ id: 'txn_1' }], meta: { pagination: { has_more: true } } } }],
    [
      'coinbase-commerce',
      { '/charges?': { data: [{ code: 'A1' }], pagination: { next_uri: 'https://x.example.com' } } },
    ],
  ])('stops after ten pages at %s', async (name, answers) => {
    const { client, requests } = clientOf(name, answers);
    expect(await client.query?.(nobody, signal)).toEqual({ state: 'not_found', facts: [] });
    expect(requests).toHaveLength(10);
    expect(new Set(requests.slice(1).map(({ url }) => url)).size).toBe(1);
    expect(requests[1]?.url).not.toBe(requests[0]?.url);
  });
});

describe('an id in a request', () => {
  it.each(['square', 'razorpay', 'paystack', 'checkout', 'gocardless', 'paddle', 'shopify', 'coinbase-commerce'])(
    'cannot leave its place in the path of %s',
    async (name) => {
      const credentials = name === 'shopify' ? { shop_domain: 'shop.example.com' } : {};
      const { client, requests } = clientOf(name, {}, { credentials });
      await client.query?.({ reference: null, paymentId: '../a?b=c#d' }, signal);
      const [{ url } = { url: '' }] = requests;
      expect(url).toContain('..%2Fa%3Fb%3Dc%23d');
      expect(new URL(url).search).toBe('');
    },
  );
});

describe('asking Razorpay', () => {
  it('refunds under a key of the form that it takes', async () => {
    const refund = { id: 'rfnd_1', payment_id: 'P1', amount: 1000, currency: 'USD', status: 'pending', created_at: 1 };
    const { client, requests } = clientOf('razorpay', { '/refund': refund });
    const fact = await client.refund?.(known, money, 'ü', signal);
    expect(fact).toMatchObject({ kind: 'refund_pending', paymentId: 'P1', operationId: 'rfnd_1', amountMinor: 1000n });
    expect(headersOf(requests[0])['x-refund-idempotency']).toMatch(/^[A-Za-z0-9_-]{10,}$/);
    expect(bodyOf(requests[0])).toEqual({ amount: 1000 });
  });

  it('cannot look for an order number that is not the receipt', async () => {
    const path = { credentials: { order_no_path: 'payload.payment.entity.notes.cart' } };
    const { client, requests } = clientOf('razorpay', {}, path);
    await expect(client.query?.(nobody, signal)).rejects.toMatchObject(failureOf('provider.cannot_ask'));
    expect(requests).toEqual([]);
  });

  it('does not take a failed try for the end', async () => {
    const payment = { id: 'P1', amount: 5, currency: 'INR', status: 'failed', created_at: 1 };
    const { client } = clientOf('razorpay', { '/refunds': { items: [] }, '/payments/P1': payment });
    expect(await client.query?.(known, signal)).toMatchObject({ state: 'open', facts: [{ kind: 'failed' }] });
  });
});

describe('asking Paystack', () => {
  const data = {
    id: 7,
    reference: 'P1',
    status: 'success',
    amount: 5000,
    currency: 'NGN',
    paid_at: '2026-01-05T02:21:33Z',
  };
  const refund = { id: 9, transaction: 7, amount: 1000, currency: 'NGN', status: 'pending' };
  const naira = { amountMinor: 1000n, currency: 'NGN' };

  it('refunds no second time what a refund with the same note was made for', async () => {
    const first = clientOf('paystack', { 'POST ': { data: refund }, '/refund?': { data: [] }, '/verify/': { data } });
    await first.client.refund?.(known, naira, 'key-1', signal);
    const { merchant_note } = bodyOf(first.requests.find(({ method }) => method === 'POST'));
    const second = clientOf('paystack', { '/refund?': { data: [{ ...refund, merchant_note }] }, '/verify/': { data } });
    expect(await second.client.refund?.(known, naira, 'key-1', signal)).toMatchObject({ operationId: '9' });
    expect(second.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  it('does not take an abandoned transaction for the end', async () => {
    const { client } = clientOf('paystack', { '/verify/': { data: { ...data, status: 'abandoned' } }, '/refund?': {} });
    expect(await client.query?.(known, signal)).toEqual({ state: 'open', facts: [] });
  });
});

describe('asking Checkout.com', () => {
  it('makes no fact of an action that is not decided, and of a declined refund none that it was paid out', async () => {
    const payment = { id: 'P1', status: 'Captured', amount: 1000, currency: 'USD', reference: 'O-1' };
    const at = { amount: 1000, processed_on: '2026-01-05T02:21:33Z' };
    const actions = [
      { id: 'act_3', type: 'Refund', ...at },
      { id: 'act_2', type: 'Refund', approved: false, ...at },
      { id: 'act_1', type: 'Capture', approved: true, ...at },
    ];
    const { client } = clientOf('checkout', { '/actions': actions, '/payments/P1': payment });
    const answer = await client.query?.(known, signal);
    expect(answer?.facts.map(({ kind, operationId }) => `${kind} ${operationId}`)).toEqual([
      'refund_failed act_2',
      'captured act_1',
    ]);
  });
});

describe('asking Shopify', () => {
  it('takes the sum of the captures where refunds have changed the status of the order', async () => {
    const sale = { kind: 'sale', status: 'success', currency: 'USD' };
    const transactions = [
      { ...sale, id: 1, amount: '60.00' },
      { ...sale, id: 2, kind: 'capture', amount: '28.80' },
      { ...sale, id: 3, status: 'failure', amount: '5.00' },
      { ...sale, id: 4, currency: 'EUR', amount: '7.00' },
    ];
    const order = {
      id: 'P1',
      financial_status: 'partially_refunded',
      total_price: '99.00',
      currency: 'USD',
      refunds: [],
    };
    const credentials = { shop_domain: 'shop.example.com' };
    const answers = { 'transactions.json': { transactions }, '/orders/P1.json': { order } };
    const answer = await clientOf('shopify', answers, { credentials }).client.query?.(known, signal);
    expect(answer).toMatchObject({
      state: 'final',
      facts: [{ kind: 'captured', amountMinor: 8880n, measure: 'cumulative' }],
    });
  });
});

describe('asking GoCardless', () => {
  const payment = { id: 'PM1', amount: 500, currency: 'GBP', status: 'paid_out', metadata: { order_no: 'O-1' } };
  const event = (action: string, created_at: string) => ({
    action,
    created_at,
    resource_type: 'payments',
    links: { payment: 'PM1' },
  });

  it('finds the payment through a refund whose event named none', async () => {
    const answers = {
      '/refunds/RF1': { refunds: { id: 'RF1', links: { payment: 'PM1' } } },
      '/refunds?': { refunds: [] },
      '/payments/PM1': { payments: payment },
      '/events?': { events: [event('paid_out', '2026-01-06T00:00:00Z'), event('confirmed', '2026-01-05T00:00:00Z')] },
    };
    const { client } = clientOf('gocardless', answers);
    const answer = await client.query?.({ reference: null, paymentId: 'RF1' }, signal);
    const providerTime = Date.parse('2026-01-05T00:00:00Z');
    expect(answer?.facts).toMatchObject([{ kind: 'captured', paymentId: 'PM1', amountMinor: 500n, providerTime }]);
  });
});

describe('a client of Adyen', () => {
  const credentials = { api_base_url: 'https://pre-checkout-live.example.com/v71' };

  it('cancels by the reference where no payment is known, and says nothing of how it ends', async () => {
    const { client, requests } = clientOf('adyen', { '/cancels': { status: 'received' } }, { credentials });
    expect(await client.close?.(nobody, signal)).toBeNull();
    expect(requests[0]?.url).toBe('https://pre-checkout-live.example.com/v71/cancels');
    expect(bodyOf(requests[0])).toMatchObject({ merchantAccount: 'TestMerchant', paymentReference: 'O-1' });
  });

  it('does not refund what was not answered with its reference', async () => {
    const { client } = clientOf('adyen', { '/refunds': { status: 'received' } }, { credentials });
    await expect(client.refund?.(known, money, 'k', signal)).rejects.toMatchObject(failureOf('provider.answer'));
  });

  it('needs the address with its prefix on a live account', () => {
    expect(clientOf('adyen', {}).client).toEqual({});
    expect(clientOf('adyen', {}, { mode: 'test' }).client.refund).toBeDefined();
  });
});
