import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reviewAlerts } from '../../src/alerts/alerts.ts';
import { defaultThresholds } from '../../src/domain/alert.ts';
import { newId, randomBytesOf } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import { unobserved } from '../../src/domain/observe.ts';
import { createHttp, type Http } from '../../src/outbound/http-client.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import { httpServer } from '../outbound/servers.ts';
import {
  type Bench,
  failedUntil,
  migrated,
  only,
  openBench,
  type StoreFolder,
  temporaryFolder,
} from '../stores/support.ts';
import { template, testDatabase } from '../support/postgres.ts';

async function sqlitePlace(): Promise<StoreFolder> {
  const folder = await temporaryFolder();
  return { make: () => sqlite({ folder: folder.path }), end: () => folder.remove() };
}

async function postgresPlace(): Promise<StoreFolder> {
  const database = await testDatabase(await template('migrated', migrated));
  return { make: () => postgres(database.url), end: () => database.end() };
}

for (const [name, makePlace] of [
  ['SQLite', sqlitePlace],
  ['PostgreSQL', postgresPlace],
] as const) {
  describe(`alerts on ${name}`, () => {
    let place: StoreFolder;
    let bench: Bench;
    let http: Http;
    beforeEach(async () => {
      place = await makePlace();
      bench = await openBench(place);
      http = createHttp({ allow: ['127.0.0.0/8'] });
    });
    afterEach(async () => {
      await http.close();
      await bench.close();
      await place.end();
    });

    /** A robot that takes messages, or refuses them while it is ill. */
    const robot = async () => {
      const heard: string[] = [];
      const state = { ill: false };
      const { url } = await httpServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        if (state.ill) return void response.writeHead(503).end();
        heard.push(JSON.parse(Buffer.concat(chunks).toString('utf8')).text);
        response.end('ok');
      });
      return { heard, state, robots: [{ kind: 'slack', url, secret: null }] as const };
    };
    const review = (robots: Awaited<ReturnType<typeof robot>>['robots'], store = bench.store) =>
      reviewAlerts(
        {
          store,
          clock: bench.clock,
          random: randomBytesOf,
          observe: unobserved,
          http,
          robots,
          thresholds: defaultThresholds,
          publicUrl: 'https://pay.example.com',
        },
        AbortSignal.timeout(10_000),
      );
    const later = (ms = 30_000) => {
      bench.clock.at += ms;
    };
    const listed = async () => (await bench.store.read('alerts', { limit: 10, cursor: null, state: null })).data;
    const die = async () => {
      await bench.addEndpoint();
      await bench.publish('O-1');
      const claimed = only((await bench.claim()).claimed);
      await bench.finish(claimed, { verdict: { is: 'dead' }, health: 'failure', step: 'received', status: 500 });
      return claimed.delivery;
    };

    it('tell once that something opened, once that it is over, and keep both', async () => {
      const { heard, robots } = await robot();
      await review(robots);
      expect(heard).toEqual([]);
      const delivery = await die();
      for (let round = 0; round < 3; round += 1) {
        later();
        await review(robots);
      }
      expect(heard).toEqual([expect.stringContaining('alert: dead_deliveries: dead deliveries: 1')]);
      await bench.store.write('changeDelivery', { delivery, to: 'retry', by: 'ann' });
      await bench.finish(only((await bench.claim()).claimed));
      for (let round = 0; round < 3; round += 1) {
        later();
        await review(robots);
      }
      expect(heard.slice(1)).toEqual([expect.stringContaining('recovered: dead_deliveries')]);
      expect(await listed()).toMatchObject([
        { rule: 'dead_deliveries', told: [expect.any(String)], untold: [], dueAt: null },
      ]);
      expect(await bench.store.read('liveAlerts', null)).toEqual([]);
      const page = { limit: 10, cursor: null };
      expect((await bench.store.read('alerts', { ...page, state: 'open' })).data).toEqual([]);
      expect((await bench.store.read('alerts', { ...page, state: 'recovered' })).data).toHaveLength(1);
    });

    it('tell again what has grown worse, once, and that it is over once', async () => {
      const { heard, robots } = await robot();
      await bench.addEndpoint();
      await bench.publish('O-1');
      const failTo = async (percent: number) => {
        for (let warned = 0; warned < percent; ) {
          for (const one of (await bench.claim()).claimed)
            for (const warning of (await bench.finish(one, failedUntil(bench.clock.at))).warned)
              warned = warning.percent;
          bench.clock.at = Math.max(bench.clock.at + limits.failureBudgetMs / 60, (await bench.claim()).nextDueAt ?? 0);
        }
      };
      const told = () => heard.filter((text) => text.includes('failure_budget'));
      for (const percent of [50, 80]) {
        await failTo(percent);
        for (let round = 0; round < 3; round += 1) {
          await review(robots);
          later();
        }
      }
      expect(told()).toEqual([expect.stringContaining('used 50 %'), expect.stringContaining('used 80 %')]);
      bench.clock.at = Math.max(bench.clock.at, (await bench.claim()).nextDueAt ?? 0);
      await bench.finish(only((await bench.claim()).claimed));
      for (let round = 0; round < 3; round += 1) {
        later();
        await review(robots);
      }
      expect(told().slice(2)).toEqual([expect.stringContaining('recovered: failure_budget')]);
    });

    it('try again, ever more slowly, what could not be told, and show why', async () => {
      const { heard, state, robots } = await robot();
      state.ill = true;
      await die();
      await review(robots);
      expect(await listed()).toMatchObject([
        { failures: 1, error: expect.stringContaining('it answered 503'), told: [] },
      ]);
      later(29_000);
      await review(robots);
      expect(await listed()).toMatchObject([{ failures: 1 }]);
      later(1000);
      await review(robots);
      expect(await listed()).toMatchObject([{ failures: 2 }]);
      state.ill = false;
      later(60_000);
      await review(robots);
      expect(heard).toHaveLength(1);
      expect(await listed()).toMatchObject([{ failures: 0, error: null, untold: [], dueAt: null }]);
    });

    it('do not tell that something is over of which nobody was told', async () => {
      const { heard, state, robots } = await robot();
      state.ill = true;
      const delivery = await die();
      await review(robots);
      await bench.store.write('changeDelivery', { delivery, to: 'cancel', by: 'ann' });
      await bench.store.write('changeDelivery', { delivery, to: 'retry', by: 'ann' });
      await bench.finish(only((await bench.claim()).claimed));
      state.ill = false;
      // The first review that misses it still has it open, and now due: it is told, and then told to be over.
      later(20_000);
      await review(robots);
      later(5000);
      await review(robots);
      expect(heard).toEqual([]);
      expect(await listed()).toMatchObject([{ recoveredAt: bench.clock.at, told: [], dueAt: null }]);
    });

    it('are reviewed by one node at a time', async () => {
      const { heard, robots } = await robot();
      await die();
      await bench.store.write('lease', { name: 'alerts', ms: 60_000 });
      const stranger = name === 'SQLite' ? null : await openBench(place, bench.clock, newId('nod', 1, 0));
      if (stranger !== null) {
        await review(robots, stranger.store);
        expect(heard).toEqual([]);
        later(60_001);
        await review(robots, stranger.store);
        await stranger.close();
      } else await review(robots);
      expect(heard).toHaveLength(1);
    });

    it('see what the rules look at', async () => {
      const id = await bench.addEndpoint();
      await bench.publish('O-1');
      await bench.store.write('changeEndpoint', { id, by: 'ann', change: { state: 'disabled' } });
      await bench.addEndpoint();
      await bench.publish('O-2', { amountMinor: 1000n, currency: 'USD' });
      await bench.store.write('registerHandlers', [{ merchant: 'shop' as never, type: '*', name: 'mark' }]);
      await bench.publish('O-3', { amountMinor: 500n, currency: 'USD' });
      await bench.callback([], {
        step: 'sent',
        opened: { is: 'verdict', verdict: 'refused', nonce: null },
        code: 'callback.stale',
      });
      const { store, clock, account } = bench;
      const told = {
        merchant: 'shop' as never,
        source: 'query',
        orderNo: null,
        withoutOrder: 'park',
        note: null,
        by: null,
      } as const;
      await store.decide('sight', { ...told, born: null, facts: [factOf(account, clock.at)] });
      const began = clock.at;
      later(2 * 3_600_000);
      const signals = await store.read('alertSignals', { since: began - 60_000, before: began - 120_000 });
      expect(signals).toMatchObject({
        oldestUnhandledAt: began,
        accounts: [{ account, refused: 1, refusedBefore: 0, authentic: 0, found: 1 }],
        disabled: [{ endpoint: id }],
        // What is held waits as well.
        backlog: [
          { currency: 'EUR', deliveries: 1, minorHours: 200 },
          { currency: 'USD', deliveries: 4, minorHours: 6000 },
        ],
      });
    });
  });
}

function factOf(account: Bench['account'], providerTime: number) {
  return {
    account,
    kind: 'captured',
    operationId: 'pay-1',
    paymentId: 'pay-1',
    reference: 'O-9',
    fromOrder: false,
    amountMinor: 100n,
    currency: 'CNY',
    measure: 'single',
    providerTime,
  } as const;
}
