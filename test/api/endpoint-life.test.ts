import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import { httpServer } from '../outbound/servers.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** Real time that a test moves forward, in which nobody waits long. */
const clock = {
  ...systemClock,
  skippedMs: 0,
  now: () => systemClock.now() + clock.skippedMs,
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 100), signal),
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ clock });
  await server.call('POST', '/v1/merchants', { id: 'shop', name: 'The shop' });
});
afterAll(() => server.stop());

type Mood = 'answers' | 'reflects' | 'refuses' | 'redirects';

/** A merchant's URL that answers the challenge as it is in the mood to, and keeps what else arrives. */
async function receiver(mood: Mood = 'answers') {
  const arrived: { headers: IncomingMessage['headers']; body: Record<string, unknown> }[] = [];
  const state = { mood, asked: 0, isIll: false, beforeAnswer: async () => {} };
  const { url } = await httpServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (body.type !== 'paidonce.challenge') {
      arrived.push({ headers: request.headers, body });
      return void response.writeHead(state.isIll ? 500 : 200).end();
    }
    state.asked += 1;
    await state.beforeAnswer();
    if (state.mood === 'redirects') return void response.writeHead(302, { location: '/' }).end(body.challenge);
    if (state.mood === 'refuses') return void response.writeHead(404).end();
    response.end(JSON.stringify(state.mood === 'reflects' ? body : { challenge: body.challenge }));
  });
  return { url, arrived, state };
}

async function endpointAt(url: string, change: Record<string, unknown> = {}): Promise<string> {
  const added = await server.call('POST', '/v1/merchants/shop/endpoints', { url, types: ['refund.*'], ...change });
  expect(added.status).toBe(201);
  return `/v1/endpoints/${added.body.id}`;
}

const actionsOn = async (path: string, what: string) => {
  const { body } = await server.call('GET', `/v1/actions?subject=${path.split('/').at(-1)}&what=${what}`);
  return body.data as { by: string; note: string }[];
};
async function testAt(path: string): Promise<string> {
  const { status, body } = await server.call('POST', `${path}/test`);
  expect(status).toBe(202);
  return String((body.deliveries as { id: string }[])[0]?.id);
}
/** Recorded, so that no lease runs out when time is moved on. */
const isConfirmed = async (delivery: string) =>
  (await server.call('GET', `/v1/deliveries/${delivery}`)).body.state === 'confirmed';

describe('another URL of an endpoint', () => {
  it('takes the place of the present one once it has answered the challenge', async () => {
    const [old, next] = [await receiver(), await receiver()];
    const path = await endpointAt(old.url);
    const changed = await server.call('PATCH', path, { url: next.url, timeout_ms: 4000 });
    expect(changed).toMatchObject({ status: 200, body: { url: next.url, url_change: null, timeout_ms: 4000 } });
    await testAt(path);
    await eventually(async () => next.arrived.length === 1);
    expect([next.state.asked, old.state.asked, old.arrived.length]).toEqual([1, 0, 0]);
    expect(await actionsOn(path, 'endpoint.change_url')).toMatchObject([
      { by: 'admin', note: `${old.url} -> ${next.url}` },
    ]);
  });

  it.each([
    ['refuses', 'HTTP 404, without the answer to the challenge'],
    ['reflects', 'HTTP 200, without the answer to the challenge'],
    ['redirects', 'HTTP 302, without the answer to the challenge'],
  ] as const)('does not where it %s, until it is asked again and answers', async (mood, failure) => {
    const [old, next] = [await receiver(), await receiver(mood)];
    const path = await endpointAt(old.url);
    const waiting = { url: old.url, url_change: { url: next.url, state: 'failed', failure, tries: 1 } };
    expect(await server.call('PATCH', path, { url: next.url })).toMatchObject({ status: 202, body: waiting });
    expect((await server.call('GET', path)).body).toMatchObject(waiting);
    expect(await actionsOn(path, 'endpoint.refuse_url')).toMatchObject([{ note: expect.stringContaining(failure) }]);
    await testAt(path);
    await eventually(async () => old.arrived.length === 1);
    expect(await server.call('PATCH', path, { url: next.url })).toMatchObject({
      status: 202,
      body: { url_change: { tries: 2 } },
    });
    next.state.mood = 'answers';
    expect(await server.call('POST', `${path}/url/retry`)).toMatchObject({
      status: 200,
      body: { url: next.url, url_change: null },
    });
    expect(await server.call('POST', `${path}/url/retry`)).toMatchObject({
      status: 409,
      body: { code: 'endpoint.state' },
    });
  });

  it('is not asked where nobody may deliver to', async () => {
    const path = await endpointAt((await receiver()).url);
    expect((await server.call('PATCH', path, { url: 'http://10.0.0.1/' })).body.code).toBe('endpoint.url');
    expect((await server.call('GET', path)).body.url_change).toBeNull();
  });

  it('is taken unasked where an admin says why, and from nobody else', async () => {
    const [old, next] = [await receiver(), await receiver('refuses')];
    const path = await endpointAt(old.url);
    await server.call('PATCH', path, { url: next.url });
    const key = (await server.call('POST', '/v1/keys', { name: 'ops', scopes: ['operate'] })).body.api_key;
    const forced = { url: next.url, force: true, note: 'It cannot answer.' };
    const asOperator = await server.call('PATCH', path, forced, { key: String(key) });
    expect([asOperator.status, asOperator.body.code]).toEqual([403, 'auth.scope']);
    for (const incomplete of [
      { url: next.url, force: true },
      { force: true, note: 'x' },
      { url: next.url, note: 'x' },
    ])
      expect((await server.call('PATCH', path, incomplete)).status).toBe(422);
    expect(await server.call('PATCH', path, forced)).toMatchObject({
      status: 200,
      body: { url: next.url, url_change: null },
    });
    expect(await actionsOn(path, 'endpoint.change_url')).toMatchObject([
      { note: `${old.url} -> ${next.url}, unasked: It cannot answer.` },
    ]);
  });

  it('is let go by setting the present one', async () => {
    const [old, next] = [await receiver(), await receiver('refuses')];
    const path = await endpointAt(old.url);
    await server.call('PATCH', path, { url: next.url });
    expect(await server.call('PATCH', path, { url: old.url })).toMatchObject({
      status: 200,
      body: { url: old.url, url_change: null },
    });
    expect(await actionsOn(path, 'endpoint.keep_url')).toHaveLength(1);
  });

  it('gives way to a later one, whose answer alone counts', async () => {
    const [old, early, late] = [await receiver(), await receiver(), await receiver()];
    const path = await endpointAt(old.url);
    early.state.beforeAnswer = async () => {
      expect(await server.call('PATCH', path, { url: late.url })).toMatchObject({ status: 200 });
    };
    expect((await server.call('PATCH', path, { url: early.url })).body.url).toBe(late.url);
    expect((await server.call('GET', path)).body).toMatchObject({ url: late.url, url_change: null });
  });

  it('has to answer again where the secrets were changed meanwhile, and in time', async () => {
    const [old, next] = [await receiver(), await receiver()];
    const path = await endpointAt(old.url);
    next.state.beforeAnswer = async () => void (await server.call('POST', `${path}/rotate`));
    const changed = await server.call('PATCH', path, { url: next.url });
    expect(changed).toMatchObject({
      status: 202,
      body: { url: old.url, url_change: { failure: 'the secrets of the endpoint were changed meanwhile' } },
    });
    next.state.beforeAnswer = async () => {
      clock.skippedMs += limits.urlChangeMs;
      expect((await server.call('GET', path)).body.url_change).toMatchObject({ state: 'expired' });
    };
    expect((await server.call('POST', `${path}/url/retry`)).body).toMatchObject({
      url: old.url,
      url_change: { failure: 'it answered too late' },
    });
  });

  it.each(['standard', 'hmac', 'stripe'])('is answered for by a callback URL of ours: %s', async (provider) => {
    const path = await endpointAt((await receiver()).url, { provider });
    const { credentials } = (await server.call('POST', `${path}/rotate`)).body;
    const account = await server.call('POST', '/v1/accounts', { merchant: 'shop', provider, credentials });
    const url = String(account.body.callback_url);
    expect(await server.call('PATCH', path, { url })).toMatchObject({ status: 200, body: { url } });
    const kept = await server.call('GET', `/v1/callbacks?account=${account.body.id}`);
    expect(kept.body.data).toEqual([]);
  });
});

describe('a rotation of secrets with an overlap', () => {
  const overlap = { overlap_s: 3600 };
  const fingerprintsAt = async (path: string) => {
    const { secrets } = (await server.call('GET', path)).body as { secrets: { fingerprint: string }[] };
    return secrets.map(({ fingerprint }) => fingerprint);
  };
  const signaturesOf = (headers: IncomingMessage['headers']) =>
    String(headers['webhook-signature'] ?? headers.authorization).split(/ (?=v1)/);

  it.each([
    ['standard', 2],
    ['hmac', 1],
  ])('keeps the old secret until its time, then ends it by itself: %s', async (provider, together) => {
    const { url, arrived } = await receiver();
    const path = await endpointAt(url, { provider });
    const [old] = await fingerprintsAt(path);
    const rotated = await server.call('POST', `${path}/rotate`, overlap);
    const until = Date.parse(String(rotated.body.previous_until));
    expect(Math.abs(until - clock.now() - 3_600_000)).toBeLessThan(10_000);
    expect((await server.call('GET', path)).body.previous_until).toBe(rotated.body.previous_until);
    expect(await fingerprintsAt(path)).toHaveLength(2);
    const delivery = await testAt(path);
    await eventually(() => isConfirmed(delivery));
    expect(signaturesOf(arrived[0]?.headers ?? {})).toHaveLength(together);
    clock.skippedMs += 3_600_000;
    await eventually(async () => (await fingerprintsAt(path)).length === 1);
    expect(await fingerprintsAt(path)).not.toContain(old);
    expect((await server.call('GET', path)).body.previous_until).toBeNull();
    await testAt(path);
    await eventually(async () => arrived.length === 2);
    expect(signaturesOf(arrived[1]?.headers ?? {})).toHaveLength(1);
    expect(await actionsOn(path, 'endpoint.change')).toMatchObject([
      { by: 'paidonce', note: expect.stringContaining('older ones ended') },
      { by: 'admin', note: expect.stringContaining(String(rotated.body.previous_until)) },
    ]);
  });

  it('ends at once with finish, and has no time without overlap_s', async () => {
    const path = await endpointAt((await receiver()).url);
    expect((await server.call('POST', `${path}/rotate`, overlap)).body.previous_until).not.toBeNull();
    const finished = await server.call('POST', `${path}/rotate`, { finish: true });
    expect(finished.body).toMatchObject({ previous_until: null, secrets: [expect.anything()] });
    expect((await server.call('POST', `${path}/rotate`)).body.previous_until).toBeNull();
    expect((await server.call('POST', `${path}/rotate`, { finish: true, ...overlap })).status).toBe(422);
  });

  it('is refused where the one key changes at once', async () => {
    const made = (await import('../../src/providers/index.ts')).alipay.pair?.((bytes) => Buffer.alloc(bytes, 7));
    const credentials = made?.endpoint;
    const path = await endpointAt((await receiver()).url, { provider: 'alipay', credentials });
    const refused = await server.call('POST', `${path}/rotate`, { credentials, ...overlap });
    expect([refused.status, refused.body.code]).toEqual([422, 'account.credentials']);
  });
});

describe('an endpoint that was held', () => {
  it('shows what still waits and how fast it goes out', async () => {
    const { url, arrived } = await receiver();
    const path = await endpointAt(url, { types: ['payment.failed'], rate_per_second: 1 });
    await server.call('POST', `${path}/pause`);
    for (let index = 0; index < 3; index += 1)
      await server.call('POST', '/v1/notifications', {
        merchant: 'shop',
        type: 'payment.failed',
        order_no: `D-${index}`,
        amount_minor: 1,
        currency: 'CNY',
      });
    expect((await server.call('GET', path)).body.draining).toBeNull();
    await server.call('POST', `${path}/resume`);
    const draining = (await server.call('GET', path)).body.draining as { left: number; rate_per_second: number };
    expect(draining.left).toBeGreaterThan(0);
    expect(draining.rate_per_second).toBe(1);
    await eventually(async () => arrived.length === 3);
    await eventually(async () => (await server.call('GET', path)).body.draining === null);
  });
});

describe('an endpoint that only fails', () => {
  it('is warned of at 50, 80 and 100 %, is disabled with what it had, and comes back with one delivery first', async () => {
    const { url, arrived, state } = await receiver();
    state.isIll = true;
    const schedule = Array.from({ length: 64 }, () => 3600);
    const path = await endpointAt(url, { schedule });
    await testAt(path);
    const budget = async () =>
      (await server.call('GET', path)).body.failure_budget as { failures: number; warnings: { percent: number }[] };
    const alertsOf = async (rule: string) => {
      const { data } = (await server.call('GET', '/v1/alerts')).body as { data: Record<string, unknown>[] };
      return data.filter((alert) => alert.rule === rule && path.endsWith(String(alert.subject)));
    };
    while ((await server.call('GET', path)).body.state === 'enabled') {
      const { failures } = await budget();
      clock.skippedMs += limits.failureBudgetMs / limits.failureBudgetAttempts;
      await eventually(async () => (await budget()).failures > failures);
    }
    expect((await budget()).warnings.map(({ percent }) => percent)).toEqual([50, 80, 100]);
    expect(await actionsOn(path, 'endpoint.warn')).toHaveLength(2);
    expect(await actionsOn(path, 'endpoint.disable')).toMatchObject([{ by: 'paidonce' }]);
    const warned = server.logged.filter(({ msg }) => msg === 'endpoint.warned');
    expect(warned.map(({ percent }) => percent)).toEqual([50, 80, 100]);
    const held = await server.call('GET', `/v1/deliveries?state=held&endpoint=${path.split('/').at(-1)}`);
    expect(held.body.data).toHaveLength(1);
    await eventually(async () => (await alertsOf('endpoint_disabled')).length === 1);
    expect(await alertsOf('failure_budget')).toMatchObject([{ state: 'open' }]);

    state.isIll = false;
    const failed = arrived.length;
    await server.call('POST', `${path}/resume`);
    clock.skippedMs += 2 * 3_600_000;
    await eventually(async () => arrived.length === failed + 1);
    await eventually(async () => (await alertsOf('failure_budget')).every((alert) => alert.state === 'recovered'));
    expect(await budget()).toMatchObject({ failures: 0, warnings: [] });
  });
});
