import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ sandbox: true });
});
afterAll(() => server.stop());

describe('a policy that refunds', () => {
  it.each(['alipay', 'stripe', 'wechatpay'])('gives the second of two payments back at %s', async (provider) => {
    const { call } = server;
    const merchant = `shop-${provider}`;
    const orderNo = `${merchant}-1`;
    await call('POST', '/v1/merchants', { id: merchant, name: 'Shop', policies: { double_payment: 'refund' } });
    const { body: made } = await call('GET', `/sandbox/credentials/${provider}`);
    const account = await call('POST', '/v1/accounts', { merchant, provider, credentials: made.account, name: 'main' });
    expect(account.status).toBe(201);
    const money = { amount_minor: 8880, currency: 'CNY' };
    await call('PUT', `/v1/orders/${orderNo}`, { merchant, ...money });
    for (const order_no of [orderNo, orderNo]) {
      const notify_url = `${server.url}/callbacks/${account.body.id}`;
      const payment = await call('POST', '/sandbox/payments', { provider, order_no, ...money, notify_url });
      const paid = await call('POST', `/sandbox/payments/${payment.body.id}/pay`);
      expect(paid.status).toBe(200);
    }
    const path = `/v1/orders/${orderNo}`;
    await eventually(async () => {
      const { body } = await call('GET', `${path}?merchant=${merchant}`);
      return body.refunded_minor === 8880;
    });
    const { body } = await call('GET', `/v1/discrepancies?merchant=${merchant}`);
    expect(body.data).toMatchObject([{ kind: 'double_payment', state: 'resolved' }]);
  });
});
