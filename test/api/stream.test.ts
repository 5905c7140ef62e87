import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import { migrated } from '../stores/support.ts';
import { eventually } from '../support/eventually.ts';
import { type TestDatabase, template, testDatabase } from '../support/postgres.ts';
import { adminKey, startTestServer, type TestServer } from '../support/server.ts';
import { watch } from '../support/watching.ts';

describe.each(['sqlite', 'postgres'])('the stream on %s', (kind) => {
  let database: TestDatabase | null = null;
  let server: TestServer;
  /** Each test has a merchant of its own. */
  let merchant: string;
  let merchants = 0;
  beforeAll(async () => {
    if (kind === 'postgres') database = await testDatabase(await template('migrated', migrated));
    server = await startTestServer(database === null ? {} : { store: postgres(database.url) });
  });
  afterAll(async () => {
    await server.stop();
    await database?.end();
  });
  beforeEach(async () => {
    merchants += 1;
    merchant = await addMerchant(`shop-${merchants}`);
  });

  const addMerchant = async (id: string) => {
    await server.call('POST', '/v1/merchants', { id, name: id });
    return id;
  };
  const publish = async (orderNo: string, change: object = {}) => {
    const request = { merchant, type: 'payment.succeeded', order_no: orderNo, amount_minor: 5, currency: 'CNY' };
    const { status } = await server.call('POST', '/v1/notifications', { ...request, ...change });
    expect(status).toBe(202);
  };
  const view = (query = '', more: Parameters<typeof watch>[2] = {}) =>
    watch(server.url, `?merchant=${merchant}${query}`, more);
  const addKey = async (merchants: readonly string[]) => {
    const { body } = await server.call('POST', '/v1/keys', { name: 'viewer', scopes: ['read'], merchants });
    return { id: String(body.id), key: String(body.api_key) };
  };

  it('tells a callback, its fact, what follows from it, and what came of that, each as the API shows it', async () => {
    const credentials = { secrets: ['whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'] };
    const account = await server.call('POST', '/v1/accounts', {
      merchant,
      provider: 'standard',
      credentials,
      without_order: 'accept',
    });
    await server.call('POST', `/v1/merchants/${merchant}/endpoints`, { url: 'http://127.0.0.1:9/nobody' });
    const told = await view();
    const order = { merchant, amount_minor: 5, currency: 'CNY' };
    await server.call('PUT', '/v1/orders/O-1', order);
    const seen = { account: account.body.id, operation_id: 'pay-1', note: 'Seen.', amount_minor: 9, currency: 'CNY' };
    await server.call('POST', '/v1/orders/O-1/confirm', { merchant, ...seen });
    await fetch(`${server.url}/callbacks/${account.body.id}`, { method: 'POST', body: '{}' });
    await told.told(7);
    const kinds = told.events.map(({ type }) => type);
    expect(kinds.toSorted()).toEqual([
      ...['attempt', 'attempt', 'callback', 'discrepancy', 'fact', 'notification', 'notification'],
    ]);
    const dataOf = (type: string) => JSON.parse(told.events.find((event) => event.type === type)?.data ?? 'null');
    expect(dataOf('fact')).toMatchObject({
      merchant,
      order_no: 'O-1',
      source: 'manual',
      amount_minor: 9,
      callback: null,
    });
    expect(dataOf('callback')).toMatchObject({ merchant, verdict: 'quarantined' });
    expect(dataOf('callback')).not.toHaveProperty('body');
    expect(dataOf('attempt')).toMatchObject({ merchant, order_no: 'O-1', number: 1, step: 'total' });
    expect(dataOf('attempt')).not.toHaveProperty('request');
    const { id } = dataOf('notification');
    const { body: whole } = await server.call('GET', `/v1/notifications/${id}`);
    const { deliveries: _, ...notification } = whole;
    expect(dataOf('notification')).toEqual(notification);
  });

  it('goes on where a viewer was cut, with no gap and nothing twice', async () => {
    const orders = Array.from({ length: 60 }, (_, index) => `O-${index}`);
    const whole = await view('&types=notification');
    const publishing = (async () => {
      for (const orderNo of orders) await publish(orderNo);
    })();
    const seen: string[] = [];
    let from = whole.position();
    while (seen.length < orders.length) {
      const told = await view('&types=notification', { from });
      await told.told(1);
      told.leave();
      await told.ended;
      seen.push(...told.orders());
      from = told.events.at(-1)?.id ?? from;
    }
    await publishing;
    await whole.told(orders.length);
    expect(seen).toEqual(orders);
    expect(whole.orders()).toEqual(orders);
  });

  it('takes the position in the query as well, and a header before it', async () => {
    const told = await view();
    await publish('O-1');
    await publish('O-2');
    await told.told(2);
    const [first, second] = told.events.map(({ id }) => id);
    const again = await view(`&after=${first}`);
    await again.told(1);
    expect(again.orders()).toEqual(['O-2']);
    const later = await view(`&after=${first}`, { from: second });
    await publish('O-3');
    await later.told(1);
    expect(later.orders()).toEqual(['O-3']);
  });

  it('says that it begins anew where the position is not known any more', async () => {
    const told = await view();
    await publish('O-1');
    await told.told(1);
    const [{ id: old } = { id: '' }] = told.events;
    await publish('O-2');
    await told.told(2);
    const history = { bytesBefore: 0, noncesBefore: 0, idempotencyBefore: 0, ordersBefore: 0 };
    await server.service.store.write('retain', {
      ...history,
      reconciliationsBefore: 0,
      commitsBefore: Number.MAX_SAFE_INTEGER,
    });
    const restored = `${old.split('.')[0]}.AAAAAAAAAAA`;
    for (const from of [old, restored, 'nonsense', 'zzzzzz.AAAAAAAAAAA.1']) {
      const reset = await view('', { from });
      await reset.told(1);
      expect(reset.events.map(({ type }) => type)).toEqual(['reset']);
      reset.leave();
    }
    const { id: kept } = told.events.at(-1) ?? { id: '' };
    const on = await view('', { from: kept });
    await publish('O-3');
    await on.told(1);
    expect(on.orders()).toEqual(['O-3']);
  });

  it('shows a key only its own merchants, and nobody what they did not ask for', async () => {
    const { key } = await addKey([merchant]);
    const theirs = await addMerchant(`their-${merchant}`);
    const [mine, oneOrder, all] = [
      await watch(server.url, '?types=notification', { key }),
      await view('&order_no=O-2'),
      // Not the attempts: those of earlier tests are made again meanwhile.
      await watch(server.url, '?types=notification'),
    ];
    await publish('O-1', { merchant: theirs });
    await publish('O-1');
    await publish('O-2');
    await Promise.all([mine.told(2), oneOrder.told(1), all.told(3)]);
    expect(all.orders()).toEqual(['O-1', 'O-1', 'O-2']);
    expect(mine.orders()).toEqual(['O-1', 'O-2']);
    expect(oneOrder.orders()).toEqual(['O-2']);
    await expect(watch(server.url, `?merchant=${theirs}`, { key })).rejects.toThrow('merchant.unknown');
    await expect(watch(server.url, '?types=orders')).rejects.toThrow('must be one or more of');
  });

  it('ends when its key is removed', async () => {
    const { id, key } = await addKey([merchant]);
    const told = await view('', { key });
    await server.call('DELETE', `/v1/keys/${id}`);
    await told.ended;
    await expect(view('', { key })).rejects.toThrow('auth.invalid');
  });

  it('has room for so many viewers of a key, and again when one leaves', async () => {
    const { key } = await addKey([merchant]);
    const viewers = await Promise.all(Array.from({ length: limits.streamViewersPerKey }, () => view('', { key })));
    await expect(view('', { key })).rejects.toThrow('stream.full');
    viewers[0]?.leave();
    await eventually(async () => {
      const again = await view('', { key }).catch(() => null);
      return again !== null;
    });
  });

  it('cuts off a viewer that takes nothing, which goes on later, and others are told all the while', async () => {
    const target = new URL(server.url);
    const stuck = connect(Number(target.port), target.hostname);
    await once(stuck, 'connect');
    const request = `GET /v1/stream?merchant=${merchant} HTTP/1.1\r\nhost: ${target.host}\r\nauthorization: Bearer ${adminKey}\r\n\r\n`;
    stuck.write(request);
    const [head] = await once(stuck, 'data');
    expect(String(head)).toContain('200 OK');
    stuck.pause();
    const told = await view();
    const before = cutOffs();
    for (let sent = 0; cutOffs() === before && sent < 600; sent += 20) {
      const publishing = Array.from({ length: 20 }, (_, index) => publish(`O-${sent + index}`, { data: large }));
      await Promise.all(publishing);
      await told.told(sent + 20);
    }
    expect(cutOffs()).toBe(before + 1);
    // What was on its way still comes, and then the end of the answer.
    let end = '';
    stuck.on('data', (chunk) => {
      end = `${end}${chunk}`.slice(-5);
    });
    stuck.resume();
    await eventually(async () => end === '0\r\n\r\n');
    stuck.destroy();
  });

  const cutOffs = () => server.logged.filter(({ msg }) => msg === 'stream.cut_off').length;
});

const large = { text: 'x'.repeat(60_000) };
