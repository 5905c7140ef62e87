import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { asId, randomBytesOf } from '../../src/domain/ids.ts';
import {
  clientAt,
  type Json,
  type Merchant,
  type Platform,
  providers,
  startMerchant,
  startPlatform,
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

const { signal } = new AbortController();

async function* once(bytes: Uint8Array) {
  yield bytes;
}

const statementOf = (provider: string, day: string) =>
  platform.page(`/sandbox/statements/${provider}/${day}`, {
    headers: { authorization: 'Bearer admin-key-of-the-test' },
  });

async function factsIn(name: string, file: AsyncIterable<Uint8Array>) {
  const facts: string[] = [];
  const credentials = platform.sandbox.accountCredentials(name);
  for await (const { fact } of providers.get(name)?.readStatement?.(file, account, credentials) ?? [])
    if (fact !== null) facts.push(`${fact.kind} ${fact.amountMinor} ${fact.currency} ${fact.reference}`);
  return facts;
}

describe.each(['adyen', 'alipay', 'paypal', 'stripe', 'wechatpay'])('the statement of %s', (name) => {
  it('has what was paid and refunded that day, in the file that the platform gives', async () => {
    const provider = providers.get(name);
    const { currencies, statementZone: timeZone = 'UTC' } = provider?.profile ?? {};
    const currency = currencies?.includes('CNY') === false ? currencies[0] : 'CNY';
    const order = { order_no: `S-${name}`, amount_minor: 8880, currency, notify_url: merchant.url };
    const { json }: { json: Json } = await platform.call('POST', '/sandbox/payments', { provider: name, ...order });
    await platform.call('POST', `/sandbox/payments/${json.id}/pay`, {});
    await platform.call('POST', `/sandbox/payments/${json.id}/refund`, { amount_minor: 880 });
    const day = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(systemClock.now());
    const file = new Uint8Array(await (await statementOf(name, day)).arrayBuffer());
    const booked = [`captured 8880 ${currency} S-${name}`, `refunded 880 ${currency} S-${name}`];
    expect(await factsIn(name, once(file))).toEqual(booked);
    const client = clientAt(platform, name);
    expect(client.statement !== undefined).toBe(['alipay', 'stripe', 'wechatpay'].includes(name));
    if (client.statement !== undefined) expect(await factsIn(name, client.statement(day, signal))).toEqual(booked);
  });

  it('has nothing on another day', async () => {
    const file = new Uint8Array(await (await statementOf(name, '2020-02-29')).arrayBuffer());
    expect(await factsIn(name, once(file))).toEqual([]);
  });

  it('is absent for a day that has not begun, and not for a stranger', async () => {
    expect((await statementOf(name, '2089-12-31')).status).toBe(503);
    const read = (day: string, changes = {}) => {
      const { statement } = clientAt(platform, name, { changes });
      return statement === undefined ? null : factsIn(name, statement(day, signal));
    };
    const { api_base_url } = Object(platform.sandbox.accountCredentials(name));
    const stranger = { ...Object(providers.get(name)?.pair?.(randomBytesOf)?.account), api_base_url };
    const refused = read('2020-02-29', stranger);
    if (refused === null) return;
    await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/^provider\./) });
    await expect(read('2089-12-31')).rejects.toMatchObject({ code: 'statement.absent' });
  });
});

it('is refused for a platform without one, and for what is no day', async () => {
  expect((await statementOf('hmac', '2026-01-05')).status).toBe(404);
  expect((await statementOf('stripe', 'today')).status).toBe(422);
  expect((await platform.page('/sandbox/statements/stripe/2026-01-05')).status).toBe(401);
});
