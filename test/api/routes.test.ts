import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';

const secret = 'kF93jd8s7fh2Ks9dj3hf8S7d';
const hmacCredentials = { api_key: 'shop-1', api_secrets: [secret] };

let server: TestServer;
let account: string;

beforeAll(async () => {
  server = await startTestServer();
  await server.call('POST', '/v1/merchants', { id: 'shop', name: 'The shop' });
  const added = await server.call('POST', '/v1/accounts', {
    merchant: 'shop',
    provider: 'hmac',
    credentials: hmacCredentials,
  });
  expect(added).toMatchObject({ status: 201 });
  account = String(added.body.id);
});
afterAll(() => server.stop());

/** A callback as the provider would send it. */
async function callback(body: string, options: { signature?: string; account?: string } = {}): Promise<Response> {
  const signature = options.signature ?? createHmac('sha256', secret).update(body).digest('hex');
  return fetch(`${server.url}/callbacks/${options.account ?? account}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `HMAC shop-1:${signature}` },
    body,
  });
}

describe('merchants', () => {
  it('are created, listed, read and changed', async () => {
    const made = await server.call('POST', '/v1/merchants', {
      id: 'tickets',
      name: 'Tickets',
      policies: { late_payment: 'manual' },
    });
    expect([made.status, made.body.id, made.body.name]).toEqual([201, 'tickets', 'Tickets']);
    expect(made.body.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const changed = await server.call('PATCH', '/v1/merchants/tickets', { name: 'More tickets' });
    expect([changed.status, changed.body.name]).toEqual([200, 'More tickets']);
    const read = await server.call('GET', '/v1/merchants/tickets');
    expect(read.body).toEqual({ ...changed.body, secrets: {} });
    const listed = await server.call('GET', '/v1/merchants');
    expect(listed.body.data).toContainEqual(changed.body);
    expect(await server.call('POST', '/v1/merchants', { id: 'tickets', name: 'Twice' })).toMatchObject({
      status: 409,
      body: { code: 'merchant.exists' },
    });
  });

  it('get an id where none is given', async () => {
    const made = await server.call('POST', '/v1/merchants', { name: 'Nameless' });
    expect(made.body.id).toMatch(/^mer_/);
  });

  it('keep signing secrets without showing them', async () => {
    const made = await server.call('POST', '/v1/merchants', { name: 'Signs', credentials: { hmac: hmacCredentials } });
    expect(made.body.providers).toEqual(['hmac']);
    expect(made.text).not.toContain(secret);
  });
});

describe('accounts', () => {
  it('show everything but their secrets', async () => {
    const read = await server.call('GET', `/v1/accounts/${account}`);
    expect(read.body).toMatchObject({
      id: account,
      merchant: 'shop',
      provider: 'hmac',
      mode: 'live',
      acknowledge: 'after_commit',
      without_order: 'park',
      callback_url: `${server.url}/callbacks/${account}`,
    });
    expect(read.text).not.toContain(secret);
    expect(read.body.secrets).toEqual([
      expect.objectContaining({ field: 'api_secrets', fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/) }),
    ]);
  });

  it('are changed, listed and removed', async () => {
    const added = await server.call('POST', '/v1/accounts', {
      merchant: 'shop',
      provider: 'hmac',
      credentials: hmacCredentials,
    });
    const path = `/v1/accounts/${added.body.id}`;
    expect(await server.call('PATCH', path, { name: 'Second', without_order: 'accept' })).toMatchObject({
      status: 200,
      body: { name: 'Second', without_order: 'accept' },
    });
    const listed = await server.call('GET', '/v1/accounts?merchant=shop');
    expect(listed.body.data).toHaveLength(2);
    expect((await server.call('DELETE', path)).status).toBe(204);
    expect((await server.call('GET', path)).status).toBe(404);
    expect((await callback('{}', { account: String(added.body.id) })).status).toBe(404);
  });
});

describe('endpoints', () => {
  it('are added with secrets that are shown once', async () => {
    const added = await server.call('POST', '/v1/merchants/shop/endpoints', {
      url: 'http://127.0.0.1:9/never',
      types: ['refund.*'],
      schedule: [1, 2.5],
    });
    expect(added.status).toBe(201);
    expect(added.body.schedule).toEqual([1, 2.5]);
    expect(JSON.stringify(added.body.credentials)).toContain('whsec_');
    const path = `/v1/endpoints/${added.body.id}`;
    const read = await server.call('GET', path);
    expect(read.body.credentials).toBeUndefined();
    const rotated = await server.call('POST', `${path}/rotate`);
    expect(JSON.stringify(rotated.body.credentials)).toContain('whsec_');
    expect(rotated.body.credentials).not.toEqual(added.body.credentials);
    expect(await server.call('POST', `${path}/pause`)).toMatchObject({ status: 200, body: { state: 'paused' } });
    const paused = await server.call('GET', '/v1/endpoints?merchant=shop&state=paused');
    expect(paused.body.data).toHaveLength(1);
    const tested = await server.call('POST', `${path}/test`);
    expect(tested).toMatchObject({ status: 202, body: { deliveries: [{ endpoint: added.body.id }] } });
    expect(await server.call('POST', `${path}/resume`)).toMatchObject({ status: 200, body: { state: 'enabled' } });
    expect(await server.call('PATCH', path, { timeout_ms: 2000, ordering: 'order' })).toMatchObject({
      body: { timeout_ms: 2000, ordering: 'order', schedule: [1, 2.5] },
    });
    expect((await server.call('DELETE', path)).status).toBe(204);
    expect((await server.call('GET', path)).body.code).toBe('endpoint.unknown');
  });
});

describe('notifications', () => {
  const body = { merchant: 'shop', type: 'payment.succeeded', order_no: 'N-1', amount_minor: 8880, currency: 'CNY' };

  it('are published, repeated under their key, and refused with another body', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = await server.call('POST', '/v1/notifications', body, { headers });
    expect(first).toMatchObject({ status: 202, body: { sequence: 1, deliveries: [], skipped: [] } });
    const again = await server.call('POST', '/v1/notifications', { ...body, idempotency_key: 'once' });
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    const other = await server.call('POST', '/v1/notifications', { ...body, amount_minor: 1 }, { headers });
    expect([other.status, other.body.code]).toEqual([409, 'publish.idempotency_mismatch']);
  });

  it('keep amounts beyond 2^53 and big integers in data digit by digit', async () => {
    const raw = JSON.stringify(body)
      .replace('8880', '9007199254740993')
      .replace('"N-1"', '"N-2","data":{"big":12345678901234567890,"text":"x"}');
    const published = await server.call('POST', '/v1/notifications', undefined, { raw });
    expect(published.status).toBe(202);
    const read = await server.call('GET', `/v1/notifications/${published.body.id}`);
    expect(read.body.amount_minor).toBe('9007199254740993');
    expect(read.text).toContain('"data":{"big":12345678901234567890,"text":"x"}');
  });

  it('are listed page by page without loss', async () => {
    for (let index = 0; index < 7; index += 1)
      await server.call('POST', '/v1/notifications', { ...body, order_no: 'N-3' });
    const found: unknown[] = [];
    let cursor: unknown = '';
    while (typeof cursor === 'string') {
      const page = await server.call(
        'GET',
        `/v1/notifications?order_no=N-3&limit=3${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      expect(page.status).toBe(200);
      const data = page.body.data;
      if (Array.isArray(data)) found.push(...data.map(({ sequence }) => sequence));
      cursor = page.body.next_cursor;
    }
    expect(found.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('are taken in batches, each on its own', async () => {
    const notifications = [
      { ...body, order_no: 'N-4' },
      { ...body, amount_minor: -1 },
      { ...body, merchant: 'nobody' },
      { ...body, order_no: 'N-4' },
    ];
    const batch = await server.call('POST', '/v1/notifications/batch', { notifications });
    expect(batch.status).toBe(202);
    expect(batch.body.results).toMatchObject([
      { status: 202, sequence: 1 },
      { status: 422, code: 'request.invalid', errors: [{ pointer: '/notifications/1/amount_minor' }] },
      { status: 404, code: 'merchant.unknown' },
      { status: 202, sequence: 2 },
    ]);
  });

  it('are shown with deliveries, which are canceled and not sent again then', async () => {
    const endpoint = await server.call('POST', '/v1/merchants/shop/endpoints', { url: 'http://127.0.0.1:9/never' });
    await server.call('POST', `/v1/endpoints/${endpoint.body.id}/pause`);
    const published = await server.call('POST', '/v1/notifications', { ...body, order_no: 'N-5' });
    const read = await server.call('GET', `/v1/notifications/${published.body.id}`);
    expect(read.body).toMatchObject({
      order_no: 'N-5',
      deliveries: [{ state: 'held', attempts: [], target: { kind: 'endpoint' } }],
    });
    const listed = await server.call('GET', `/v1/deliveries?state=held&endpoint=${endpoint.body.id}&order_no=N-5`);
    expect(listed.body.data).toMatchObject([{ notification: published.body.id }]);
    const [row] = Array.isArray(listed.body.data) ? listed.body.data : [];
    const path = `/v1/deliveries/${row.id}`;
    expect(await server.call('POST', `${path}/cancel`)).toMatchObject({ status: 202, body: { state: 'canceled' } });
    expect(await server.call('POST', `${path}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'delivery.state', detail: expect.stringContaining('is canceled') },
    });
    expect((await server.call('GET', path)).body.state).toBe('canceled');
    await server.call('DELETE', `/v1/endpoints/${endpoint.body.id}`);
  });
});

describe('a dead delivery', () => {
  it('is shown with its attempt, and sent again by a person', async () => {
    // Nobody listens there, and the schedule has no second try.
    const settings = { url: 'http://127.0.0.1:9/never', schedule: [] };
    const endpoint = await server.call('POST', '/v1/merchants/shop/endpoints', settings);
    const body = { merchant: 'shop', type: 'payment.failed', order_no: 'N-6', amount_minor: 1, currency: 'CNY' };
    const published = await server.call('POST', '/v1/notifications', body);
    const [delivery] = Array.isArray(published.body.deliveries) ? published.body.deliveries : [];
    const path = `/v1/deliveries/${delivery.id}`;
    await expect.poll(async () => (await server.call('GET', path)).body.state).toBe('dead');
    expect((await server.call('GET', path)).body.attempts).toMatchObject([
      { number: 1, status: null, error: expect.any(String), response: null },
    ]);
    expect(await server.call('POST', `${path}/retry`)).toMatchObject({ status: 202 });
    await expect.poll(async () => (await server.call('GET', path)).body.attempt_count).toBe(2);
    await server.call('DELETE', `/v1/endpoints/${endpoint.body.id}`);
  });
});

describe('orders and callbacks', () => {
  it('fold a callback into its order, and show both', async () => {
    const expectation = {
      merchant: 'shop',
      amount_minor: 500,
      currency: 'CNY',
      metadata: { cart: 7 },
      description: 'Two tickets',
    };
    expect((await server.call('PUT', '/v1/orders/O-1', expectation)).status).toBe(201);
    expect((await server.call('PUT', '/v1/orders/O-1', expectation)).status).toBe(200);
    const sent = await callback(
      JSON.stringify({ order_id: 'O-1', status: 'success', amount_minor: 500, currency: 'CNY', payment_id: 'p-1' }),
    );
    expect([sent.status, await sent.text()]).toEqual([200, '{"status":"ok"}']);

    const order = await server.call('GET', '/v1/orders/O-1?merchant=shop');
    expect(order.body).toMatchObject({
      order_no: 'O-1',
      status: 'paid',
      captured_minor: 500,
      overpaid_minor: 0,
      metadata: { cart: 7 },
      expectation: { amount_minor: 500, currency: 'CNY', revisions: 1 },
      facts: [{ kind: 'captured', payment_id: 'p-1', amount_minor: 500, sightings: [{ source: 'callback' }] }],
      discrepancies: [],
    });
    const listed = await server.call('GET', '/v1/orders?merchant=shop&status=paid');
    expect(listed.body.data).toMatchObject([{ order_no: 'O-1' }]);
    const timeline = await server.call('GET', '/v1/orders/O-1/timeline?merchant=shop');
    const whats = Array.isArray(timeline.body.data) ? timeline.body.data.map(({ what }) => what) : [];
    expect(whats).toEqual(expect.arrayContaining(['expectation', 'callback', 'fact', 'notification']));

    const callbacks = await server.call('GET', `/v1/callbacks?account=${account}&verdict=verified&order_no=O-1`);
    expect(callbacks.body.data).toMatchObject([{ verdict: 'verified', method: 'POST', provider: 'hmac' }]);
    const [row] = Array.isArray(callbacks.body.data) ? callbacks.body.data : [];
    const detail = await server.call('GET', `/v1/callbacks/${row.id}`);
    expect(Buffer.from(String(detail.body.body), 'base64').toString()).toContain('"order_id":"O-1"');
    expect(detail.body.headers).toContainEqual(['content-type', 'application/json']);
    expect(detail.body.facts).toMatchObject([{ kind: 'captured', payment_id: 'p-1', order_no: 'O-1' }]);
    const again = await server.call('POST', `/v1/callbacks/${row.id}/reprocess`);
    expect(again).toMatchObject({ status: 202, body: { verdict: 'verified', reason: null } });
    const after = await server.call('GET', '/v1/orders/O-1?merchant=shop');
    expect(after.body.facts).toMatchObject([{ sightings: [{ callback: row.id }] }]);
  });

  it('confirm by hand, close, and resolve what does not fit', async () => {
    await server.call('PUT', '/v1/orders/O-2', { merchant: 'shop', amount_minor: 700, currency: 'CNY' });
    const confirmed = await server.call('POST', '/v1/orders/O-2/confirm', {
      merchant: 'shop',
      account,
      operation_id: 'p-2',
      amount_minor: 700,
      currency: 'CNY',
      note: 'Seen on the portal.',
    });
    expect(confirmed).toMatchObject({
      status: 202,
      body: { status: 'paid', facts: [{ sightings: [{ source: 'manual' }] }] },
    });

    await server.call('PUT', '/v1/orders/O-3', { merchant: 'shop', amount_minor: 900, currency: 'CNY' });
    const closed = await server.call('POST', '/v1/orders/O-3/close', { merchant: 'shop', reason: 'Sold out.' });
    expect(closed.status).toBe(202);
    await callback(
      JSON.stringify({ order_id: 'O-3', status: 'success', amount_minor: 900, currency: 'CNY', payment_id: 'p-3' }),
    );
    const open = await server.call('GET', '/v1/discrepancies?state=open&kind=late_payment');
    const [late] = Array.isArray(open.body.data) ? open.body.data : [];
    expect(late).toMatchObject({
      order_no: 'O-3',
      kind: 'late_payment',
      blocks: true,
      actions: ['accept', 'refund', 'reopen', 'ignore'],
    });
    const assigned = await server.call('POST', `/v1/discrepancies/${late.id}/assign`, {
      to: 'alice',
      note: 'She knows them.',
    });
    expect(assigned).toMatchObject({
      status: 200,
      body: { state: 'open', assigned_to: 'alice', age_seconds: expect.any(Number), decision: null },
    });
    const ofAlice = await server.call('GET', '/v1/discrepancies?assignee=alice');
    expect(ofAlice.body.data).toMatchObject([{ id: late.id }]);
    expect((await server.call('GET', '/v1/discrepancies?assignee=bob')).body.data).toEqual([]);
    const refund = await server.call('POST', `/v1/discrepancies/${late.id}/resolve`, {
      action: 'refund',
      amount_minor: 1_000_000_000,
      note: 'Give it back.',
    });
    expect([refund.status, refund.body.code]).toEqual([422, 'discrepancy.action']);
    const resolved = await server.call('POST', `/v1/discrepancies/${late.id}/resolve`, {
      action: 'accept',
      note: 'We deliver it.',
    });
    const decision = { action: 'accept', note: 'We deliver it.', by: 'admin', at: expect.any(String) };
    expect(resolved).toMatchObject({ status: 200, body: { state: 'accepted', assigned_to: 'alice', decision } });
    const { body: told } = await server.call('GET', '/v1/orders/O-3/timeline?merchant=shop');
    expect(told.data).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          what: 'action',
          text: 'discrepancy.assign by admin',
          why: 'late_payment to alice: She knows them.',
        }),
        expect.objectContaining({ text: 'late_payment accepted', why: 'by admin: We deliver it.' }),
      ]),
    );
    const late2 = await server.call('POST', `/v1/discrepancies/${late.id}/assign`, { to: null });
    expect([late2.status, late2.body.code]).toEqual([422, 'discrepancy.action']);
    const twice = await server.call('POST', `/v1/discrepancies/${late.id}/resolve`, {
      action: 'accept',
      note: 'Again.',
    });
    expect(twice.body).toMatchObject({ code: 'discrepancy.action', detail: expect.stringContaining('is accepted') });
  });

  it('say why a request would be refused', async () => {
    const diagnosis = await server.call('POST', '/v1/verify', {
      account,
      method: 'POST',
      headers: { authorization: 'HMAC shop-1:00ff' },
      body_base64: Buffer.from('{"order_id":"O-1"}').toString('base64'),
    });
    expect(diagnosis).toMatchObject({
      status: 200,
      body: { accepted: false, code: 'signature.mismatch', signed_text: '{"order_id":"O-1"}' },
    });
  });
});

describe('figures', () => {
  it('give the funnel of the receiving side with its rates', async () => {
    const funnel = await server.call('GET', '/v1/funnel?side=receiving&bucket=1m');
    expect(funnel.status).toBe(200);
    expect(funnel.body.totals).toMatchObject({ p_s: 1 });
    const empty = await server.call('GET', '/v1/funnel?side=handlers');
    expect(empty.body.totals).toMatchObject({ total: 0, p_s: null, p_c: null });
    expect((await server.call('GET', '/v1/handlers')).body).toEqual({ data: [], next_cursor: null });
  });
});

describe('API keys', () => {
  it('are made, shown once, listed and removed with effect at once', async () => {
    const made = await server.call('POST', '/v1/keys', { name: 'Reader', scopes: ['read'] });
    expect(made.status).toBe(201);
    const key = String(made.body.api_key);
    const { api_key: _, ...listedForm } = made.body;
    expect((await server.call('GET', '/v1/keys')).body.data).toContainEqual(listedForm);
    expect((await server.call('GET', '/v1/merchants', undefined, { key })).status).toBe(200);
    expect((await server.call('DELETE', `/v1/keys/${made.body.id}`)).status).toBe(204);
    expect((await server.call('GET', '/v1/merchants', undefined, { key })).status).toBe(401);
  });
});
