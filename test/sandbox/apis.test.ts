import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asId, randomBytesOf } from '../../src/domain/ids.ts';
import type { Client, Provider, Reference } from '../../src/providers/provider.ts';
import {
  clientAt,
  type Json,
  type Merchant,
  type Platform,
  providers,
  startMerchant,
  startPlatform,
} from './harness.ts';

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

const clientOf = (provider: Provider, changes: object = {}) => clientAt(platform, provider.name, changes);

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

const kinds = async (client: Client, order: Reference) => {
  const answer = await client.query?.(order, signal);
  return answer?.facts.map(({ kind, amountMinor }) => `${kind} ${amountMinor}`).sort();
};

describe.each(clients.map((provider) => [provider.name, provider] as const))('the API of %s', (_name, provider) => {
  it('knows nothing of an order that nobody opened', async () => {
    const answer = await clientOf(provider).query?.({ reference: 'NOBODY', paymentId: null }, signal);
    expect(answer).toEqual({ state: 'not_found', facts: [] });
  });

  it('says what was paid, by the order number and by the id of the payment', async () => {
    const payment = await open(provider);
    const order = await move(payment, 'pay');
    const client = clientOf(provider);
    for (const asked of [payment.order, order, { ...order, reference: null }]) {
      const answer = await client.query?.(asked, signal);
      expect(answer).toMatchObject({ state: 'final' });
      expect(answer?.facts).toMatchObject([{ kind: 'captured', amountMinor: 8880n, currency: payment.currency }]);
    }
  });

  it('says what was refunded', async () => {
    const payment = await open(provider);
    await move(payment, 'pay');
    const order = await move(payment, 'refund', { amount_minor: 880 });
    expect(await kinds(clientOf(provider), order)).toEqual(['captured 8880', 'refunded 880']);
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
    expect(await kinds(client, order)).toEqual(['captured 8880', expect.stringMatching(/^refund(ed|_pending) 1000$/)]);
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
