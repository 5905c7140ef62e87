import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { dayAfter } from '../../src/domain/reconciliation.ts';
import { providers } from '../../src/providers/index.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ sandbox: true });
});
afterAll(() => server.stop());

const money = { amount_minor: 8880, currency: 'CNY' };

async function reconciled(account: unknown, date: string) {
  const { call } = server;
  const begun = await call('POST', '/v1/reconciliations', { account, date });
  expect(begun.status, begun.text).toBe(202);
  const read = async () => (await call('GET', `/v1/reconciliations/${begun.body.id}`)).body;
  await eventually(async () => ['done', 'failed'].includes(String((await read()).state)));
  return read();
}

describe.each(['alipay', 'stripe', 'wechatpay'])('a bill of %s that is fetched', (provider) => {
  it('agrees with what callbacks told, tells what none did, and is asked for in vain before its day', async () => {
    const { call } = server;
    const merchant = `shop-${provider}`;
    await call('POST', '/v1/merchants', { id: merchant, name: 'Shop' });
    const { body: made } = await call('GET', `/sandbox/credentials/${provider}`);
    const { body: account } = await call('POST', '/v1/accounts', { merchant, provider, credentials: made.account });
    const notify_url = `${server.url}/callbacks/${account.id}`;
    const pay = async (order_no: string, url: string) => {
      await call('PUT', `/v1/orders/${order_no}`, { merchant, ...money });
      const payment = await call('POST', '/sandbox/payments', { provider, order_no, ...money, notify_url: url });
      expect((await call('POST', `/sandbox/payments/${payment.body.id}/pay`)).status).toBe(200);
    };
    const statusOf = async (order: string) =>
      (await call('GET', `/v1/orders/${order}?merchant=${merchant}`)).body.status;
    await pay(`${provider}-told`, notify_url);
    await eventually(async () => (await statusOf(`${provider}-told`)) === 'paid');
    // Its callback goes where nobody listens.
    await pay(`${provider}-lost`, `${server.url}/callbacks/acc_none`);
    const timeZone = providers.find(({ name }) => name === provider)?.profile.statementZone;
    const day = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(systemClock.now());
    const result = await reconciled(account.id, day);
    expect(result).toMatchObject({ state: 'done', statement: 'fetched', progress: { file_bytes: null } });
    expect(result.counts).toEqual({ matched: 1, missing_here: 1 });
    expect(await statusOf(`${provider}-lost`)).toBe('paid');
    const { text: figures } = await call('GET', '/metrics');
    expect(figures).toMatch(/^paidonce_statement_rows_total\{agrees="false"\} [1-9]/m);
    const early = await reconciled(account.id, dayAfter(day, 2));
    expect(early).toMatchObject({ state: 'failed', failure: { code: 'statement.absent' } });
  });
});
