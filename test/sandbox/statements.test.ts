import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { asId } from '../../src/domain/ids.ts';
import { type Json, type Merchant, type Platform, providers, startMerchant, startPlatform } from './harness.ts';

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

async function* once(bytes: Uint8Array) {
  yield bytes;
}

const statementOf = (provider: string, day: string) =>
  platform.page(`/sandbox/statements/${provider}/${day}`, {
    headers: { authorization: 'Bearer admin-key-of-the-test' },
  });

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
    const facts: string[] = [];
    for await (const { fact } of provider?.readStatement?.(
      once(file),
      account,
      platform.sandbox.accountCredentials(name),
    ) ?? [])
      if (fact !== null) facts.push(`${fact.kind} ${fact.amountMinor} ${fact.currency} ${fact.reference}`);
    expect(facts).toEqual([`captured 8880 ${currency} S-${name}`, `refunded 880 ${currency} S-${name}`]);
  });

  it('has nothing on another day', async () => {
    const file = new Uint8Array(await (await statementOf(name, '2020-02-29')).arrayBuffer());
    const rows: unknown[] = [];
    const reading = providers
      .get(name)
      ?.readStatement?.(once(file), account, platform.sandbox.accountCredentials(name));
    for await (const row of reading ?? []) rows.push(row.fact);
    expect(rows.filter((fact) => fact !== null)).toEqual([]);
  });
});

it('is refused for a platform without one, and for what is no day', async () => {
  expect((await statementOf('hmac', '2026-01-05')).status).toBe(404);
  expect((await statementOf('stripe', 'today')).status).toBe(422);
  expect((await platform.page('/sandbox/statements/stripe/2026-01-05')).status).toBe(401);
});
