import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
/** Ids of what arrived, in order. */
const arrived: string[] = [];
const receiver = createServer((request, response) => {
  arrived.push(String(request.headers['webhook-id']));
  request.resume();
  response.writeHead(200).end();
});
let url: string;

beforeAll(async () => {
  server = await startTestServer();
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver listens nowhere');
  url = `http://127.0.0.1:${address.port}/`;
});
afterAll(async () => {
  await server.stop();
  receiver.close();
});

/** A merchant whose notifications have arrived. */
async function merchantWith(id: string, count: number): Promise<void> {
  await server.call('POST', '/v1/merchants', { id, name: id });
  expect((await server.call('POST', `/v1/merchants/${id}/endpoints`, { url })).status).toBe(201);
  arrived.length = 0;
  const about = { merchant: id, type: 'payment.succeeded', amount_minor: 100, currency: 'CNY' };
  const notifications = Array.from({ length: count }, (_, index) => ({ ...about, order_no: `R-${index}` }));
  await server.call('POST', '/v1/notifications/batch', { notifications });
  await eventually(async () => (await confirmedOf(id)) === count);
}

async function confirmedOf(merchant: string): Promise<number> {
  const { body } = await server.call('GET', `/v1/deliveries?merchant=${merchant}&state=confirmed&limit=200`);
  return Array.isArray(body.data) ? body.data.length : 0;
}

async function ended(id: unknown): Promise<Record<string, unknown>> {
  const read = async () => (await server.call('GET', `/v1/replays/${id}`)).body;
  await eventually(async () => (await read()).state === 'done');
  return read();
}

describe('a replay', () => {
  it('sends each notification once more, under the same ids, over more than one step', async () => {
    await merchantWith('again', 70);
    const before = new Set(arrived);
    const begun = await server.call('POST', '/v1/replays', { merchant: 'again' });
    expect(begun).toMatchObject({ status: 202, body: { state: 'running', filter: { merchant: 'again' } } });
    const sums = [{ type: 'payment.succeeded', currency: 'CNY', notifications: 70, amount_minor: 7000 }];
    expect(await ended(begun.body.id)).toMatchObject({ progress: { looked: 70, added: 70, retried: 0, sums } });
    await eventually(async () => (await confirmedOf('again')) >= 140);
    expect(arrived).toHaveLength(140);
    expect(new Set(arrived)).toEqual(before);
  });

  it('only counts in a dry run', async () => {
    await merchantWith('dry', 3);
    const begun = await server.call('POST', '/v1/replays', { merchant: 'dry', dry_run: true });
    expect(await ended(begun.body.id)).toMatchObject({ dry_run: true, progress: { looked: 3, added: 3 } });
    expect(await confirmedOf('dry')).toBe(3);
    expect(arrived).toHaveLength(3);
  });

  it('holds its rate, and can be paused, resumed and canceled, but not after its end', async () => {
    await merchantWith('slow', 3);
    const { body } = await server.call('POST', '/v1/replays', { merchant: 'slow', rate_per_second: 0.01 });
    const path = `/v1/replays/${body.id}`;
    await eventually(async () => arrived.length === 4);
    expect((await server.call('GET', path)).body).toMatchObject({
      state: 'running',
      progress: { looked: 1, added: 1 },
    });
    expect(await server.call('POST', `${path}/pause`)).toMatchObject({ status: 202, body: { state: 'paused' } });
    expect(await server.call('POST', `${path}/resume`)).toMatchObject({ status: 202, body: { state: 'running' } });
    expect(await server.call('POST', `${path}/cancel`)).toMatchObject({ status: 202, body: { state: 'canceled' } });
    const refused = { status: 409, body: { code: 'replay.state' } };
    expect(await server.call('POST', `${path}/resume`)).toMatchObject(refused);
    expect(arrived).toHaveLength(4);
  });

  it('is refused without a note for force, for an unknown endpoint, and is unknown to keys of other merchants', async () => {
    await merchantWith('mine', 1);
    const forced = await server.call('POST', '/v1/replays', { merchant: 'mine', force: true });
    expect(forced).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    const noted = await server.call('POST', '/v1/replays', { merchant: 'mine', note: 'why' });
    expect(noted).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    const unknown = await server.call('POST', '/v1/replays', { endpoint: 'end_nothing' });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'endpoint.unknown' } });
    const { body } = await server.call('POST', '/v1/replays', { merchant: 'mine', dry_run: true });
    await server.call('POST', '/v1/merchants', { id: 'other', name: 'other' });
    const limited = { name: 'other', scopes: ['read', 'operate'], merchants: ['other'] };
    const key = String((await server.call('POST', '/v1/keys', limited)).body.api_key);
    const read = await server.call('GET', `/v1/replays/${body.id}`, undefined, { key });
    expect(read).toMatchObject({ status: 404, body: { code: 'replay.unknown' } });
    const all = await server.call('POST', '/v1/replays', {}, { key });
    expect(all).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    expect((await server.call('GET', '/v1/replays', undefined, { key })).body).toMatchObject({ data: [] });
  });
});
