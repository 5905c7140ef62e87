import { mkdir } from 'node:fs/promises';
import { describe, it } from 'vitest';
import { makeShopTable } from '../crash/books.ts';
import { sqlitePlace } from '../crash/place.ts';
import { call, startServing, until } from '../server/serving.ts';
import { expectKept } from './counts.ts';
import { Load, patienceMs } from './load.ts';
import { apiKey, apiSecret, merchant, standardSecret } from './shop-settings.ts';
import { Sink } from './sink.ts';
import { smallDisk } from './small-disk.ts';

describe('a server on SQLite whose disk is full', () => {
  it('says so, breaks nothing, and goes on when there is room', { timeout: 120_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const disk = await smallDisk();
    onTestFinished(() => disk.remove());
    const place = sqlitePlace(disk.folder);
    await mkdir(disk.folder);
    await makeShopTable(place);
    const sink = await Sink.open();
    onTestFinished(() => sink.close());
    const started = startServing(['--port', '0', '--data', disk.folder], { PAIDONCE_ALLOW_TARGETS: '127.0.0.0/8' });
    onTestFinished(async () => {
      started.process.kill('SIGKILL');
      await started.ended;
    });
    const server = await started.listening;
    const pid = Number(server.process.pid);
    await call(server, 'POST', '/v1/merchants', { id: merchant, name: 'The shop' });
    const account = await call(server, 'POST', '/v1/accounts', {
      merchant,
      provider: 'hmac',
      credentials: { api_key: apiKey, api_secrets: [apiSecret] },
      without_order: 'accept',
    });
    await call(server, 'POST', `/v1/merchants/${merchant}/endpoints`, {
      url: sink.url,
      credentials: { secrets: [standardSecret] },
      schedule: Array.from({ length: 40 }, () => 1),
    });
    const load = new Load({ urls: () => [server.url], callbackPath: new URL(String(account.callback_url)).pathname });
    load.start(4);
    for (let times = 0; times < 3; times += 1) {
      const wanted = load.count + 60;
      await until('work goes on', async () => load.count > wanted);
      const from = load.refusals.length;
      await disk.fill(pid);
      await until('all are told', async () => load.refusals.length >= from + 20);
      await disk.free(pid);
      const refusals = load.refusals.slice(from);
      expect(refusals.filter(({ status, tookMs }) => status !== 503 || tookMs >= patienceMs)).toEqual([]);
      const texts = new Set(refusals.flatMap(({ kind, text }) => (kind === 'publish' ? [JSON.parse(text).code] : [])));
      expect(texts).toEqual(new Set(['store.unavailable']));
    }
    const wanted = load.count + 60;
    await until('work goes on', async () => load.count > wanted);
    await load.stop();
    await until('nothing waits', async () => {
      const { data } = await call(server, 'GET', '/v1/deliveries?state=pending');
      const { data: sending } = await call(server, 'GET', '/v1/deliveries?state=sending');
      return [data, sending].every((rows) => Array.isArray(rows) && rows.length === 0);
    });
    expect(load.unanswered).toEqual([]);
    server.process.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(await place.all('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    await expectKept(expect, { place, sink }, load, ['endpoint']);
  });
});
