import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answered, adminKey, startTestServer, type TestServer } from '../support/server.ts';

const body = { type: 'payment.succeeded', order_no: 'P-1', amount_minor: 100, currency: 'CNY' };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** A merchant with an endpoint where nobody listens. */
async function merchantWith(id: string, endpoint: object): Promise<string> {
  await server.call('POST', '/v1/merchants', { id, name: id });
  const url = 'http://127.0.0.1:9/never';
  const added = await server.call('POST', `/v1/merchants/${id}/endpoints`, { url, ...endpoint });
  expect(added.status).toBe(201);
  return String(added.body.id);
}

function publish(merchant: string, change: object, headers: Record<string, string> = {}): Promise<Answered> {
  return server.call('POST', '/v1/notifications', { merchant, ...body, ...change }, { headers });
}

describe('a publish', () => {
  it('says that what goes to a paused endpoint is held, the second time as well', async () => {
    const endpoint = await merchantWith('pausing', {});
    await server.call('POST', `/v1/endpoints/${endpoint}/pause`);
    const held = { status: 202, body: { deliveries: [{ endpoint, state: 'held' }] } };
    expect(await publish('pausing', { idempotency_key: 'h' })).toMatchObject(held);
    expect(await publish('pausing', { idempotency_key: 'h' })).toMatchObject(held);
  });

  it('names what it skipped, the second time as well, but nothing that was added since', async () => {
    const encoding = {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    } as const;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, ...encoding });
    const alipay = { provider: 'alipay', credentials: { app_id: '2021000000000001', sign_key: privateKey } };
    const endpoint = await merchantWith('skipping', alipay);
    const dispute = { type: 'dispute.opened', idempotency_key: 'd' };
    const first = await publish('skipping', dispute);
    expect(first.body).toMatchObject({ deliveries: [], skipped: [{ endpoint }] });
    await server.call('POST', '/v1/merchants/skipping/endpoints', { url: 'http://127.0.0.1:9/later', ...alipay });
    expect((await publish('skipping', dispute)).body).toEqual(first.body);
  });

  it('refuses two idempotency keys in the header, which arrive joined by a comma', async () => {
    await merchantWith('doubling', {});
    const refused = await publish('doubling', {}, { 'idempotency-key': 'k1, k2' });
    expect(refused).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    expect((await publish('doubling', { idempotency_key: 'k1, k2' })).status).toBe(202);
  });

  it('refuses a format that is named and does not exist, or cannot say it, also without a URL', async () => {
    await merchantWith('naming', {});
    expect((await publish('naming', { provider: 'nobody' })).body.code).toBe('provider.unknown');
    const dispute = { type: 'dispute.opened', provider: 'wechatpay' };
    expect((await publish('naming', dispute)).body.code).toBe('provider.cannot_say');
    expect((await publish('naming', { provider: 'wechatpay' })).status).toBe(202);
  });
});

describe('an action on an endpoint', () => {
  it('rotate shows the new secret beside the id that stays', async () => {
    const credentials = { api_key: 'known-to-them', api_secrets: ['kF93jd8s7fh2Ks9dj3hf8S7d'] };
    const endpoint = await merchantWith('keeping', { provider: 'hmac', credentials });
    const rotated = await server.call('POST', `/v1/endpoints/${endpoint}/rotate`);
    expect(rotated.body.credentials).toEqual({
      api_key: 'known-to-them',
      api_secrets: [expect.stringMatching(/^.{64}$/)],
    });
  });

  it('needs neither a body nor a content type', async () => {
    const endpoint = await merchantWith('rotating', {});
    // As `curl -X POST` sends it: without a length.
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(
      `POST /v1/endpoints/${endpoint}/rotate HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${adminKey}\r\n\r\n`,
    );
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  });
});
