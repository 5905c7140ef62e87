import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/app.ts';
import { systemClock } from '../../src/domain/clock.ts';
import type { Fact } from '../../src/domain/fact.ts';
import { type AccountId, asId, merchantId, newId, randomBytesOf } from '../../src/domain/ids.ts';
import { providers } from '../../src/providers/index.ts';
import type { BillRow } from '../../src/sandbox/bills/text.ts';
import { wechatpayBill } from '../../src/sandbox/bills/wechatpay.ts';
import { createService, type Service } from '../../src/service.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { seededRandom } from '../providers/support.ts';
import { callbackInput, migrated, temporaryFolder } from '../stores/support.ts';
import { eventually } from '../support/eventually.ts';
import { template, testDatabase } from '../support/postgres.ts';

const shop = merchantId('shop');
const key = 'admin-key-of-the-tests';
const wechatpay = providers.find(({ name }) => name === 'wechatpay');
const credentials = Object(wechatpay?.pair?.(seededRandom('bills')).account);
const noon = Date.parse('2026-01-05T12:00:00+08:00');
const hour = 3_600_000;

interface Place {
  make(): Store;
  end(): Promise<void>;
}
const places: Readonly<Record<string, () => Promise<Place>>> = {
  SQLite: async () => {
    const folder = await temporaryFolder();
    return { make: () => sqlite({ folder: folder.path }), end: folder.remove };
  },
  PostgreSQL: async () => {
    const database = await testDatabase(await template('migrated', migrated));
    return { make: () => postgres(database.url), end: database.end };
  },
};

/** The story of one payment, as a bill or a callback tells it. */
type Told = Partial<BillRow['fact']> & { of: string };

function factOf({ of, ...told }: Told): BillRow['fact'] {
  const paymentId = `42000000000000000000000000${of}`;
  const about = { kind: 'captured', measure: 'single', currency: 'CNY', amountMinor: 100n } as const;
  return {
    ...about,
    paymentId,
    operationId: paymentId,
    reference: `O-${of}`,
    fromOrder: false,
    providerTime: noon,
    ...told,
  };
}

/** What a person at the finance desk sees, who names an account and a day. */
class Desk {
  readonly service: Service;
  readonly account: AccountId;
  readonly #api: ReturnType<typeof createApi>;

  private constructor(service: Service, account: AccountId) {
    this.service = service;
    this.account = account;
    this.#api = createApi(service);
  }

  static async open(store: Store, { isAgain = false, role = 'all' as 'all' | 'api' } = {}): Promise<Desk> {
    const service = createService({
      store,
      providers: new Map(providers.map((provider) => [provider.name, provider])),
      masterKeys: [createHash('sha256').update('master').digest()],
      adminKey: key,
      publicUrl: 'http://127.0.0.1:7700',
      allowTargets: [],
      role,
      node: newId('nod', systemClock.now(), 0),
      clock: systemClock,
      random: randomBytesOf,
      observe: () => {},
    });
    await service.start();
    if (!isAgain) await service.merchants.add({ id: shop, name: 'Shop' });
    const account = { merchant: shop, provider: 'wechatpay', credentials, name: 'wechat' };
    return new Desk(service, (await service.accounts.ensure(account)).id);
  }

  async call(method: string, path: string, body?: string | FormData, headers: Record<string, string> = {}) {
    const init = {
      method,
      headers: { authorization: `Bearer ${key}`, ...headers },
      ...(body === undefined ? {} : { body }),
    };
    const response = await this.#api.fetch(new Request(`http://127.0.0.1:7700${path}`, init));
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, text, body: isJson ? JSON.parse(text) : {} };
  }

  async expects(of: string): Promise<void> {
    const order = { merchant: shop, orderNo: asId.orderNo(`O-${of}`), amountMinor: 100n, currency: 'CNY' };
    await this.service.orders.expect({ ...order, accounts: [this.account] });
  }

  /** A callback tells it. */
  async hears(told: Told): Promise<void> {
    const fact: Fact = { ...factOf(told), account: this.account };
    await this.service.store.decide('callback', callbackInput(this.account, fact.providerTime, [fact]));
  }

  file(rows: readonly (Told & { feeMinor?: bigint })[]): Blob {
    const bill = rows.map(({ feeMinor = 1n, ...told }) => ({ fact: factOf(told), feeMinor }));
    return new Blob(
      [...wechatpayBill(bill, { mchid: credentials.mchid, appid: credentials.appids[0] })].map(
        (part) => new Uint8Array(part),
      ),
    );
  }

  async begin(date: string, file: Blob, more: Readonly<Record<string, string>> = {}): Promise<string> {
    const form = new FormData();
    form.set('account', this.account);
    form.set('date', date);
    for (const [name, value] of Object.entries(more)) form.set(name, value);
    form.set('statement', file, 'bill.csv');
    const { status, body, text } = await this.call('POST', '/v1/reconciliations', form);
    if (status !== 202) throw new Error(text);
    return body.id;
  }

  async result(id: string) {
    let latest: Awaited<ReturnType<Desk['call']>>['body'] = {};
    await eventually(async () => {
      latest = (await this.call('GET', `/v1/reconciliations/${id}`)).body;
      return latest.state === 'done' || latest.state === 'failed';
    });
    const { body } = await this.call('GET', `/v1/reconciliations/${id}/differences`);
    return { ...latest, id, differences: body.data };
  }

  async reconcile(date: string, rows: readonly Told[]) {
    return this.result(await this.begin(date, this.file(rows)));
  }

  async order(of: string) {
    const { order, facts, discrepancies } = await this.service.orders.detail(shop, asId.orderNo(`O-${of}`));
    return {
      status: order.status,
      facts: facts.map(({ source, sightings }) => [source, sightings.map((one) => one.source).join(' ')]),
      discrepancies: discrepancies.map(({ kind, state }) => `${kind} ${state}`),
      sequence: order.sequence,
    };
  }
}

describe.each(Object.entries(places))('a bill of a day on %s', (_, makePlace) => {
  let place: Place;
  let desk: Desk;
  beforeEach(async () => {
    place = await makePlace();
    desk = await Desk.open(place.make());
  });
  afterEach(async () => {
    await desk.service.stop();
    await place.end();
  });

  it('finds what no callback told, and pays the order', async () => {
    await desk.expects('A1');
    await desk.expects('A2');
    await desk.hears({ of: 'A1' });
    const result = await desk.reconcile('2026-01-05', [{ of: 'A1' }, { of: 'A2' }]);
    expect(result).toMatchObject({ state: 'done', counts: { matched: 1, missing_here: 1 }, failure: null });
    expect(result.sums).toMatchObject([
      { currency: 'CNY', kind: 'captured', ours_minor: 100, theirs_minor: 200, difference_minor: 100 },
    ]);
    expect(result.fees).toEqual([{ currency: 'CNY', fee_minor: 2 }]);
    expect(result.differences).toMatchObject([
      { kind: 'missing_here', order_no: 'O-A2', ours: null, theirs: { line: 3 } },
    ]);
    expect(await desk.order('A1')).toMatchObject({ status: 'paid', facts: [['statement', 'callback statement']] });
    expect(await desk.order('A2')).toMatchObject({ status: 'paid', facts: [['statement', 'statement']] });
  });

  it('says another amount, and leaves it to a person', async () => {
    await desk.expects('A1');
    await desk.hears({ of: 'A1' });
    const result = await desk.reconcile('2026-01-05', [{ of: 'A1', amountMinor: 90n }]);
    expect(result.counts).toEqual({ amount: 1 });
    expect(result.differences).toMatchObject([
      { kind: 'amount', ours: { amount_minor: 100 }, theirs: { amount_minor: 90 } },
    ]);
    expect((await desk.order('A1')).discrepancies).toContain('fact_conflict open');
  });

  it('says what the bill does not list, until a bill does', async () => {
    await desk.expects('A1');
    await desk.expects('A2');
    await desk.hears({ of: 'A1' });
    await desk.hears({ of: 'A2' });
    const result = await desk.reconcile('2026-01-05', [{ of: 'A1' }]);
    expect(result.counts).toEqual({ matched: 1, missing_at_provider: 1 });
    expect(result.differences).toMatchObject([{ kind: 'missing_at_provider', order_no: 'O-A2', theirs: null }]);
    expect((await desk.order('A2')).discrepancies).toEqual(['missing_at_provider open']);
    await desk.reconcile('2026-01-06', [{ of: 'A2' }]);
    expect((await desk.order('A2')).discrepancies).toEqual(['missing_at_provider resolved']);
  });

  it('leaves open what is near midnight, until the next day’s bill says', async () => {
    await desk.expects('A1');
    await desk.hears({ of: 'A1', providerTime: noon + 11.5 * hour });
    expect((await desk.reconcile('2026-01-05', [])).counts).toEqual({ undecided: 1 });
    expect((await desk.order('A1')).discrepancies).toEqual([]);
    const next = await desk.reconcile('2026-01-06', []);
    expect(next).toMatchObject({ counts: {}, differences: [{ kind: 'missing_at_provider', date: '2026-01-05' }] });
    expect((await desk.order('A1')).discrepancies).toEqual(['missing_at_provider open']);
    expect((await desk.reconcile('2026-01-05', [])).counts).toEqual({ missing_at_provider: 1 });
  });

  it('gives the same result twice, and doubles nothing', async () => {
    for (const of of ['A1', 'A2', 'A3', 'A4']) await desk.expects(of);
    for (const of of ['A1', 'A3', 'A4']) await desk.hears({ of });
    const rows: readonly Told[] = [{ of: 'A1' }, { of: 'A2' }, { of: 'A3', amountMinor: 90n }, { of: 'A5' }];
    const orders = () => Promise.all(['A1', 'A2', 'A3', 'A4'].map((of) => desk.order(of)));
    const { id, created_at, updated_at, ...first } = await desk.reconcile('2026-01-05', rows);
    const before = await orders();
    expect(first.counts).toEqual({ matched: 1, missing_here: 2, amount: 1, missing_at_provider: 1 });
    expect(await desk.reconcile('2026-01-05', rows)).toMatchObject(first);
    expect(await orders()).toEqual(before);
  });

  it('says why a file cannot be read, and keeps nothing of it', async () => {
    const result = await desk.result(await desk.begin('2026-01-05', new Blob(['no bill'])));
    expect(result).toMatchObject({ state: 'failed', failure: { code: 'statement.malformed' } });
    expect(await desk.service.store.read('statementChunk', { id: result.id, number: 0 })).toBeNull();
  });

  it('begins anew where the node that worked it was killed half way', async () => {
    await desk.service.stop();
    desk = await Desk.open(place.make(), { isAgain: true, role: 'api' });
    for (const of of ['A1', 'A2']) await desk.expects(of);
    const id = await desk.begin('2026-01-05', desk.file([{ of: 'A1' }, { of: 'A2' }]));
    // What a node does until it is killed: it takes the job, and half of the rows.
    const { store } = desk.service;
    const reconciliation = asId.reconciliation(id);
    await store.write('takeReconciliation', { id: reconciliation, run: 0, leaseMs: 1 });
    const fact: Fact = { ...factOf({ of: 'A1' }), account: desk.account };
    const ofRun = { reconciliation, run: 1, merchant: shop, day: '2026-01-05', keeps: true, born: null };
    const rows = [{ fact, line: 2, type: 'SUCCESS', feeMinor: 1n }];
    await store.decide('statement', { ...ofRun, withoutOrder: 'park', closes: false, expectedFee: null, rows });
    await desk.service.stop();
    desk = await Desk.open(place.make(), { isAgain: true });
    const result = await desk.result(id);
    expect(result).toMatchObject({ counts: { missing_here: 2 }, progress: { rows: 2 } });
    expect(result.differences).toHaveLength(2);
    expect(await desk.order('A1')).toMatchObject({ facts: [['statement', 'statement']], sequence: 1 });
  });

  it('says which fees are not what they were to be, where that is said, and loses no money over it', async () => {
    for (const of of ['A1', 'A2', 'A3']) {
      await desk.expects(of);
      await desk.hears({ of, amountMinor: 10_000n });
    }
    // 0.6 % of 100.00 is 0.60.
    const fees: readonly [string, bigint][] = [
      ['A1', 60n],
      ['A2', 61n],
      ['A3', 55n],
    ];
    const rows = fees.map(([of, feeMinor]) => ({ of, amountMinor: 10_000n, feeMinor }));
    const result = await desk.result(await desk.begin('2026-01-05', desk.file(rows), { fee_rate: '0.006' }));
    expect(result.counts).toEqual({ matched: 1, fee: 2 });
    expect(result.sums).toMatchObject([{ ours_minor: 30_000, theirs_minor: 30_000, difference_minor: 0 }]);
    expect(result.fees).toEqual([{ currency: 'CNY', fee_minor: 176 }]);
    expect(result.progress.bytes).toBe(result.progress.file_bytes);
    const second = result.differences.find(({ order_no: orderNo }: { order_no: string }) => orderNo === 'O-A2');
    expect(second).toMatchObject({ kind: 'fee', order_no: 'O-A2', expected_fee_minor: 60, theirs: { fee_minor: 61 } });
    const fixed = await desk.begin('2026-01-05', desk.file(rows), { fee_rate: '0', fee_fixed_minor: '55' });
    expect((await desk.result(fixed)).counts).toEqual({ matched: 1, fee: 2 });
    const plain = await desk.result(await desk.begin('2026-01-05', desk.file(rows)));
    expect(plain.counts).toEqual({ matched: 3 });
    const wrong = await desk.call(
      'POST',
      '/v1/reconciliations',
      JSON.stringify({ account: desk.account, date: '2026-01-05', fee_rate: '1.2' }),
      { 'content-type': 'application/json' },
    );
    expect(wrong.status).toBe(422);
  });

  it('takes a bill as a text, and refuses what is none of it', async () => {
    const post = (body: object) =>
      desk.call('POST', '/v1/reconciliations', JSON.stringify(body), { 'content-type': 'application/json' });
    const about = { account: desk.account, date: '2026-01-05' };
    const { body } = await post({ ...about, statement: await desk.file([{ of: 'A1' }]).text() });
    expect((await desk.result(body.id)).counts).toEqual({ missing_here: 1 });
    expect((await post({ ...about, date: '2026-02-30', statement: '' })).body).toMatchObject({
      code: 'request.invalid',
    });
    expect((await post({ ...about, account: 'acc_none' })).body).toMatchObject({ code: 'account.unknown' });
    const hmac = await desk.service.accounts.ensure({
      merchant: shop,
      provider: 'hmac',
      credentials: { api_key: 'ak_1', api_secrets: ['a-secret-of-some-length'] },
      name: 'hmac',
    });
    const unread = await post({ ...about, account: hmac.id, statement: 'x' });
    expect([unread.status, unread.body.code]).toEqual([422, 'statement.unsupported']);
  });

  it('gives all differences as one file', async () => {
    const { id } = await desk.reconcile('2026-01-05', [{ of: 'A1', reference: '=cmd()' }]);
    const { text } = await desk.call('GET', `/v1/reconciliations/${id}/differences?format=csv`);
    expect(text.split('\r\n')).toHaveLength(3);
    expect(text).toContain('missing_here,2026-01-05,');
  });
});
