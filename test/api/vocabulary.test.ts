import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomBytesOf } from '../../src/domain/ids.ts';
import { alipay } from '../../src/providers/index.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describe('what a format has no word for', () => {
  let server: TestServer;
  const money = { merchant: 'shop', order_no: 'O-1', amount_minor: 100 };
  const notifyUrl = { notify_url: 'http://127.0.0.1:9/', provider: 'alipay' };

  beforeAll(async () => {
    server = await startTestServer();
    const credentials = alipay.pair?.(randomBytesOf).endpoint;
    await server.call('POST', '/v1/merchants', { id: 'shop', name: 'Shop', credentials: { alipay: credentials } });
    const endpoint = { url: 'http://127.0.0.1:9/', provider: 'alipay', credentials };
    expect((await server.call('POST', '/v1/merchants/shop/endpoints', endpoint)).status).toBe(201);
  });
  afterAll(() => server.stop());

  it.each([
    ['a type', { type: 'dispute.opened', currency: 'CNY' }, 'dispute.opened'],
    ['a currency', { type: 'payment.succeeded', currency: 'USD' }, 'USD'],
  ])(
    '%s, is skipped for an endpoint with a reason, and refused for a URL that names the format',
    async (_, said, word) => {
      const published = await server.call('POST', '/v1/notifications', { ...money, ...said });
      expect(published.status).toBe(202);
      expect(published.body).toMatchObject({ deliveries: [], skipped: [{ reason: expect.stringContaining(word) }] });
      const named = await server.call('POST', '/v1/notifications', { ...money, ...said, ...notifyUrl });
      expect(named).toMatchObject({ status: 422, body: { code: 'provider.cannot_say' } });
      expect(String(named.body.detail)).toContain(word);
    },
  );
});
