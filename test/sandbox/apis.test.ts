import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { factKey, paymentKey } from '../../src/domain/fact.ts';
import { asId, randomBytesOf } from '../../src/domain/ids.ts';
import type { Client, Http, Provider, Reference } from '../../src/providers/provider.ts';
import { type Json, type Merchant, type Platform, providers, startMerchant, startPlatform, until } from './harness.ts';

/** Every provider that has a client; `currency`: one that it takes. */
const clients = [...providers.values()].filter((provider) => provider.client !== undefined);
const account = { id: asId.account('acc_test'), mode: 'live' } as const;

let platform: Platform;
let merchant: Merchant;
beforeAll(async () => {
  platform = await startPlatform();
  const receiver = providers.get('hmac')?.receiver(platform.sandbox.accountCredentials('hmac'), account);
  if (receiver === undefined) throw new Error('no hmac');
  merchant = await startMerchant(receiver, () => 200);
});
afterAll(async () => {
  await merchant.stop();
  await platform.stop();
});

/** The platform's own routes without a socket between: what reaches them, and what they answer, is the same. */
const http: Http = {
  async send({ method, url, headers, body }) {
    const { pathname, search } = new URL(url);
    const init = { method, headers: headers.map(([name, value]): [string, string] => [name, value]) };
    const bytes = method === 'GET' ? {} : { body: Buffer.from(body) };
    const reply = await platform.page(pathname + search, { ...init, ...bytes });
    return { status: reply.status, headers: [...reply.headers], body: new Uint8Array(await reply.arrayBuffer()) };
  },
  async *stream(request, signal) {
    yield (await http.send(request, signal)).body;
  },
};

function clientOf(provider: Provider, changes: object = {}): Client {
  const credentials = { ...Object(platform.sandbox.accountCredentials(provider.name)), ...changes };
  const world = { account, http, now: () => systemClock.now(), random: randomBytesOf };
  return provider.client?.(credentials, world) ?? {};
}

const { signal } = new AbortController();
let orders = 0;

interface Opened {
  id: string;
  order: Reference;
  currency: string;
}

async function open(provider: Provider): Promise<Opened> {
  orders += 1;
  const reference = `Q${orders}`;
  const currency =
    provider.profile.currencies?.includes('CNY') === false ? (provider.profile.currencies[0] ?? '') : 'CNY';
  const { json } = await platform.call('POST', '/sandbox/payments', {
    provider: provider.name,
    order_no: reference,
    amount_minor: 8880,
    currency,
    notify_url: merchant.url,
  });
  return { id: String(json.id), order: { reference, paymentId: null }, currency };
}

async function move({ id, order }: Opened, to: string, body: object = {}): Promise<Reference> {
  const { status, json }: { status: number; json: Json } = await platform.call(
    'POST',
    `/sandbox/payments/${id}/${to}`,
    body,
  );
  expect(status).toBe(200);
  return { ...order, paymentId: String(json.payment_id) };
}

/** The id of a refund at the platform. */
async function refund({ id }: Opened, amountMinor: number): Promise<string> {
  const { json } = await platform.call('POST', `/sandbox/payments/${id}/refund`, { amount_minor: amountMinor });
  return String(Object.values(json.notifications ?? {}).at(-1)?.operation_id);
}

const kinds = async (client: Client, order: Reference) => {
  const answer = await client.query?.(order, signal);
  return answer?.facts.map(({ kind, amountMinor }) => `${kind} ${amountMinor}`).sort();
};

/** Platforms that find nothing by the order number alone. */
const byIdAlone = new Set(['paypal', 'unionpay']);

describe.each(clients.map((provider) => [provider.name, provider] as const))('the API of %s', (_name, provider) => {
  it('knows nothing of an order that nobody opened', async () => {
    const paymentId = byIdAlone.has(provider.name) ? '42' : null;
    const answer = await clientOf(provider).query?.({ reference: 'NOBODY', paymentId }, signal);
    expect(answer).toEqual({ state: 'not_found', facts: [] });
  });

  it('says what was paid, by the order number and by the id of the payment', async () => {
    const payment = await open(provider);
    const order = await move(payment, 'pay');
    const client = clientOf(provider);
    const byNumber = byIdAlone.has(provider.name) ? [] : [payment.order];
    for (const asked of [...byNumber, order, { ...order, reference: null }]) {
      const answer = await client.query?.(asked, signal);
      expect(answer).toMatchObject({ state: 'final' });
      expect(answer?.facts).toMatchObject([{ kind: 'captured', amountMinor: 8880n, currency: payment.currency }]);
    }
  });

  it('says what was refunded, where some platforms must be told the number of the refund', async () => {
    const payment = await open(provider);
    const order = await move(payment, 'pay');
    const client = clientOf(provider);
    const refunded = { ...order, operationId: await refund(payment, 880) };
    expect(await kinds(client, refunded)).toEqual(['captured 8880', 'refunded 880']);
  });

  it('says the same as the callbacks', async () => {
    const payment = await open(provider);
    const order = await move(payment, 'pay');
    const operationId = await refund(payment, 880);
    const receiver = provider.receiver(platform.sandbox.accountCredentials(provider.name), account);
    const context = { now: systemClock.now(), publicUrl: 'http://127.0.0.1:7700', random: randomBytesOf };
    const told = await until('both callbacks', () => {
      const opened = merchant.arrivals.map(({ request }) => receiver.open(request, context));
      const facts = opened.flatMap((one) => (one.is === 'facts' ? one.facts : []));
      const ours = facts.filter(({ paymentId }) => paymentId === order.paymentId);
      return ours.length === 2 ? ours : null;
    });
    const answer = await clientOf(provider).query?.({ ...order, operationId }, signal);
    // A total is told by the single refunds that it is made of.
    const comparable = told.filter(({ kind, measure }) => kind !== 'refunded' || measure === 'single');
    expect(answer?.facts.map(factKey)).toEqual(expect.arrayContaining(comparable.map(factKey)));
    expect(answer?.facts.map(paymentKey)).toEqual(told.map(paymentKey));
  });

  it('refunds once under one key', async () => {
    const client = clientOf(provider);
    if (client.refund === undefined) return expect(client.refund).toBeUndefined();
    const payment = await open(provider);
    const order = await move(payment, 'pay');
    const money = { amountMinor: 1000n, currency: payment.currency };
    const first = await client.refund(order, money, 'key-1', signal);
    const second = await client.refund(order, money, 'key-1', signal);
    expect(first).toMatchObject({ amountMinor: 1000n });
    expect(second.operationId).toBe(first.operationId);
    const refunded = { ...order, operationId: 'key-1' };
    expect(await kinds(client, refunded)).toEqual([
      'captured 8880',
      expect.stringMatching(/^refund(ed|_pending) 1000$/),
    ]);
  });

  it('refuses a caller with other credentials', async () => {
    const payment = await open(provider);
    const order = await move(payment, 'pay');
    const stranger = provider.pair?.(randomBytesOf)?.account ?? {};
    const { api_base_url: url } = Object(platform.sandbox.accountCredentials(provider.name));
    const client = clientOf(provider, { ...stranger, api_base_url: url });
    await expect(client.query?.(order, signal)).rejects.toThrow(/provider\.(refused|answer)/);
  });
});
