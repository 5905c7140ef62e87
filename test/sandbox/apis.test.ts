import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { AppError } from '../../src/domain/errors.ts';
import type { Fact } from '../../src/domain/fact.ts';
import { asId, randomBytesOf } from '../../src/domain/ids.ts';
import type { Client, Http, Opened, Provider, Reference } from '../../src/providers/provider.ts';
import {
  clientAt,
  httpAt,
  type Json,
  type Merchant,
  type Platform,
  providers,
  startMerchant,
  startPlatform,
  until,
} from './harness.ts';

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

const http = httpAt(() => platform);
const clientOf = (provider: Provider, changes: object = {}, way = http) =>
  clientAt(platform, provider.name, { changes, http: way });

const { signal } = new AbortController();

/** The providers whose clients can do this with what the sandbox makes up. */
function able(to: keyof Client) {
  const made = [...providers.values()].map((provider) => {
    const credentials = { ...Object(provider.client && provider.pair?.(randomBytesOf).account) };
    const world = { account, http, now: () => systemClock.now(), random: randomBytesOf };
    const api = { api_base_url: 'http://127.0.0.1' };
    return { provider, client: provider.client?.({ ...credentials, ...api }, world) };
  });
  return made
    .filter(({ client }) => client?.[to] !== undefined)
    .map(({ provider }) => [provider.name, provider] as const);
}
let orders = 0;

interface OpenedPayment {
  id: string;
  order: Reference;
  currency: string;
}

async function open(provider: Provider): Promise<OpenedPayment> {
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

async function move({ id, order }: OpenedPayment, to: string, body: object = {}): Promise<Reference> {
  const { status, json }: { status: number; json: Json } = await platform.call(
    'POST',
    `/sandbox/payments/${id}/${to}`,
    body,
  );
  expect(status).toBe(200);
  return { ...order, paymentId: String(json.payment_id) };
}

/** The id of a refund at the platform. */
async function refundOf({ id }: OpenedPayment, amountMinor: number): Promise<string> {
  const { json } = await platform.call('POST', `/sandbox/payments/${id}/refund`, { amount_minor: amountMinor });
  return String(Object.values(json.notifications ?? {}).at(-1)?.operation_id);
}

/** Platforms that find nothing by the order number alone. */
const byIdAlone = new Set(['paypal', 'unionpay']);

const kinds = async (client: Client, order: Reference) => {
  const answer = await client.query?.(order, signal);
  return answer?.facts.map(({ kind, amountMinor }) => `${kind} ${amountMinor}`).sort();
};

describe.each(able('query'))('asking %s', (_name, provider) => {
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
    const refunded = { ...order, operationId: await refundOf(payment, 880) };
    // Where money comes back by other ways, the platform knows nothing of it.
    const refunds = provider.profile.types.includes('refund.succeeded') ? ['refunded 880'] : [];
    expect(await kinds(clientOf(provider), refunded)).toEqual(['captured 8880', ...refunds]);
  });

  it('says of a payment what its callback said', async () => {
    const payment = await open(provider);
    const order = await move(payment, 'pay');
    const receiver = provider.receiver(platform.sandbox.accountCredentials(provider.name), account);
    const about = { now: systemClock.now(), publicUrl: 'http://127.0.0.1:7700', random: randomBytesOf };
    const isAbout = (opened: Opened) =>
      opened.is === 'ping' ||
      (opened.is === 'facts' && opened.facts.some((fact) => fact.reference === order.reference));
    const opened = await until(
      'the callback has come',
      () => merchant.arrivals.map(({ request }) => receiver.open(request, about)).find(isAbout) ?? null,
    );
    if (opened.is !== 'facts') return expect(opened.is).toBe('ping');
    const answer = await clientOf(provider).query?.(order, signal);
    // What is read back may leave the amount to the answer.
    const said = ({ kind, paymentId, operationId, measure, ...money }: Fact) =>
      [kind, paymentId, operationId, measure, ...(opened.readBack ? [] : [money.amountMinor, money.currency])].join(
        ' ',
      );
    expect(answer?.facts.map(said)).toEqual(opened.facts.map(said));
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

/** Answers all the same, whatever is asked. */
const answering = (status: number, body: string): Http => ({
  ...http,
  send: async () => ({ status, headers: [], body: Buffer.from(body) }),
});

describe.each(able('query'))('what %s may answer', (_name, provider) => {
  const order = { reference: 'Q-0', paymentId: '42' };
  const ask = (status: number, body: string) => clientOf(provider, {}, answering(status, body)).query?.(order, signal);

  it.each([
    [500, '{}', /provider\.(unreachable|answer)/],
    [429, 'slow down', /provider\.(unreachable|answer)/],
    [403, '{"message":"no"}', /provider\.(refused|answer)/],
    [200, 'not JSON', /provider\.answer/],
    [200, '{"a":', /provider\.answer/],
  ])('is no answer: %i %s', async (status, body, code) => {
    await expect(ask(status, body)).rejects.toThrow(code);
  });

  it.each(['{}', '[]', 'null', '1', '{"data":7}', '{"data":[[],null,{}]}', '{"payment":{"id":{}},"items":3}'])(
    'is nothing that was paid: %s',
    async (body) => {
      const answer = await ask(200, body)?.catch((error: unknown) => error);
      if (answer instanceof AppError) return expect(answer.code).toBe('provider.answer');
      expect(answer).toMatchObject({ facts: [] });
    },
  );
});

describe.each(able('refund'))('refunding at %s', (_name, provider) => {
  it('gives the money back once under one key', async () => {
    const client = clientOf(provider);
    const payment = await open(provider);
    const order = await move(payment, 'pay');
    const money = { amountMinor: 1000n, currency: payment.currency };
    const first = await client.refund?.(order, money, 'key-1', signal);
    const second = await client.refund?.(order, money, 'key-1', signal);
    expect(first).toMatchObject({ amountMinor: 1000n, currency: payment.currency });
    expect(second?.operationId).toBe(first?.operationId);
    const { json } = await platform.call('GET', `/sandbox/payments/${payment.id}`);
    expect(json).toMatchObject({ refunded_minor: 1000, notifications: [{}, {}] });
    if (client.query !== undefined)
      expect(await kinds(client, { ...order, operationId: 'key-1' })).toEqual([
        'captured 8880',
        expect.stringMatching(/^refund(ed|_pending) 1000$/),
      ]);
  });
});
