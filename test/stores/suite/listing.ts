import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asId, merchantId, newId } from '../../../src/domain/ids.ts';
import { type Bench, bucket, failedUntil, only, openBench, type StoreFolder, shop } from '../support.ts';

const everyone = { visible: null, merchant: null } as const;

export function listing(makeFolder: () => Promise<StoreFolder>): void {
  describe('lists', () => {
    let folder: StoreFolder;
    let bench: Bench;
    beforeEach(async () => {
      folder = await makeFolder();
      bench = await openBench(folder);
    });
    afterEach(async () => {
      await bench.close();
      await folder.end();
    });

    const notifications = { ...everyone, orderNo: null, type: null, from: null, to: null };

    it('shows each thing once over all pages, the newest first, while more is being committed', async () => {
      for (let index = 0; index < 25; index += 1) await bench.publish(`O-${index}`);
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: { data: readonly { orderNo: string }[]; nextCursor: string | null } = await bench.store.read(
          'notifications',
          {
            ...notifications,
            limit: 10,
            cursor,
          },
        );
        seen.push(...page.data.map(({ orderNo }) => orderNo));
        cursor = page.nextCursor;
        await bench.publish('later');
      } while (cursor !== null);
      expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `O-${24 - index}`));
    });

    it('filters notifications', async () => {
      const other = merchantId('other');
      await bench.store.write('addMerchant', {
        by: 'ann',
        id: other,
        name: 'Other',
        policies: {},
        credentials: {},
        createdAt: bench.clock.at,
      });
      await bench.publish('O-1');
      await bench.publish('O-1', { merchant: other });
      bench.clock.at += 1000;
      await bench.publish('O-2', { type: 'refund.succeeded' });
      const found = async (change: object) =>
        (await bench.store.read('notifications', { ...notifications, limit: 10, cursor: null, ...change })).data.map(
          ({ merchant, orderNo }) => `${merchant} ${orderNo}`,
        );
      expect(await found({})).toEqual(['shop O-2', 'other O-1', 'shop O-1']);
      expect(await found({ visible: [other] })).toEqual(['other O-1']);
      expect(await found({ visible: [] })).toEqual([]);
      expect(await found({ merchant: shop, orderNo: 'O-1' })).toEqual(['shop O-1']);
      expect(await found({ type: 'refund.succeeded' })).toEqual(['shop O-2']);
      expect(await found({ from: bench.clock.at })).toEqual(['shop O-2']);
      expect(await found({ to: bench.clock.at })).toEqual(['other O-1', 'shop O-1']);
    });

    it('finds what was made in a time among what was made long before and after, also where the clock was set back a little', async () => {
      const start = bench.clock.at;
      const hourMs = 3_600_000;
      // Hours after the start, in the order of their commits.
      for (const hours of [0, 3, 2.5, 6, 9]) {
        bench.clock.at = start + hours * hourMs;
        await bench.expect(`O-${hours}`);
        await bench.callback([{ reference: `O-${hours}`, paymentId: `p-${hours}` }]);
      }
      const all = { ...everyone, limit: 10, cursor: null, orderNo: null };
      const lists = {
        notifications: (range: Range) => bench.store.read('notifications', { ...all, type: null, ...range }),
        callbacks: (range: Range) => bench.store.read('callbacks', { ...all, account: null, verdict: null, ...range }),
        orders: (range: Range) => bench.store.read('orders', { ...all, status: null, q: null, ...range }),
      };
      type Range = Record<'from' | 'to', number | null>;
      const at = (hours: number | null) => (hours === null ? null : start + hours * hourMs);
      for (const [from, to, expected] of [
        [null, null, [9, 6, 2.5, 3, 0]],
        [2.5, null, [9, 6, 2.5, 3]],
        [2.6, 6, [3]],
        [2, 2.6, [2.5]],
        [null, 3, [2.5, 0]],
        [0, 0.1, [0]],
        [9, null, [9]],
        [9.1, null, []],
        [null, 0, []],
        [4, 5, []],
        [-9, 20, [9, 6, 2.5, 3, 0]],
      ] as const)
        for (const [name, list] of Object.entries(lists)) {
          const { data } = await list({ from: at(from), to: at(to) });
          const found = data.map((one) => ('createdAt' in one ? one.createdAt : one.receivedAt));
          expect([name, ...found], `${name} ${from} ${to}`).toEqual([name, ...expected.map(at)]);
        }
    });

    it('filters callbacks', async () => {
      await bench.expect('O-1');
      await bench.callback([{ reference: 'O-1' }]);
      await bench.callback([{ reference: 'O-1' }]);
      bench.clock.at += 1000;
      await bench.callback([{ reference: 'O-2' }]);
      await bench.callback([], {
        step: 'sent',
        opened: { is: 'verdict', verdict: 'refused', nonce: null },
        code: 'callback.stale',
        reason: 'old',
      });
      const all = {
        ...everyone,
        limit: 10,
        cursor: null,
        account: null,
        verdict: null,
        orderNo: null,
        from: null,
        to: null,
      };
      const found = async (change: object) =>
        (await bench.store.read('callbacks', { ...all, ...change })).data.map(({ verdict }) => verdict);
      expect(await found({})).toEqual(['refused', 'parked', 'duplicate', 'verified']);
      expect(await found({ orderNo: 'O-1' })).toEqual(['duplicate', 'verified']);
      expect(await found({ orderNo: 'O-1', merchant: 'other' })).toEqual([]);
      expect(await found({ verdict: 'refused' })).toEqual(['refused']);
      expect(await found({ account: bench.account, to: bench.clock.at })).toEqual(['duplicate', 'verified']);
      const [refused] = (await bench.store.read('callbacks', all)).data;
      expect(refused).toMatchObject({ code: 'callback.stale', reason: 'old', step: 'sent' });
    });

    it('filters orders, and finds them by what people know of them', async () => {
      await bench.expect('ORDER-77', { description: 'two tickets' });
      await bench.expect('O-2', { references: [{ account: null, reference: 'ref-2' }] });
      await bench.callback([{ reference: 'ref-2', paymentId: 'pay-9' }]);
      await bench.publish('O-3');
      const all = { ...everyone, limit: 10, cursor: null, status: null, q: null, from: null, to: null };
      const found = async (change: object) =>
        (await bench.store.read('orders', { ...all, ...change })).data.map(({ orderNo }) => orderNo);
      expect(await found({})).toEqual(['O-3', 'O-2', 'ORDER-77']);
      expect(await found({ status: 'paid' })).toEqual(['O-2']);
      expect(await found({ q: '77' })).toEqual(['ORDER-77']);
      expect(await found({ q: 'tickets' })).toEqual(['ORDER-77']);
      expect(await found({ q: 'ref-2' })).toEqual(['O-2']);
      expect(await found({ q: 'pay-9' })).toEqual(['O-2']);
      expect(await found({ q: '%' })).toEqual([]);
      await bench.callback([
        { reference: 'ref-2', paymentId: 'pay-9', kind: 'refunded', operationId: 'ref-9', amountMinor: 31n },
      ]);
      expect(await found({ q: 'ref-9' })).toEqual(['O-2']);
      expect(await found({ amounts: [31n] })).toEqual(['O-2']);
      await bench.expect('O-4', { amountMinor: 4321n });
      expect(await found({ amounts: [43n, 4321n] })).toEqual(['O-4']);
      expect(await found({ amounts: [432n] })).toEqual([]);
      expect(await found({ amounts: [] })).toEqual([]);
    });

    it('filters deliveries', async () => {
      const endpoint = await bench.addEndpoint();
      await bench.store.write('registerHandlers', [{ merchant: shop, type: '*', name: 'mark-paid' }]);
      await bench.publish('O-1');
      await bench.publish('O-2');
      const [first, second] = (await bench.claim()).claimed;
      if (first === undefined || second === undefined) throw new Error('too little was claimed');
      await bench.finish(first);
      await bench.finish(second, { ...failedUntil(0), verdict: { is: 'dead' } });
      const all = { ...everyone, limit: 10, cursor: null, endpoint: null, state: null, orderNo: null };
      const found = async (change: object) =>
        (await bench.store.read('deliveries', { ...all, ...change })).data.map(
          ({ orderNo, target, state }) => `${orderNo} ${target.kind} ${state}`,
        );
      expect(await found({})).toEqual([
        'O-2 handler pending',
        'O-2 endpoint dead',
        'O-1 handler pending',
        'O-1 endpoint confirmed',
      ]);
      expect(await found({ endpoint })).toEqual(['O-2 endpoint dead', 'O-1 endpoint confirmed']);
      expect(await found({ state: 'dead' })).toEqual(['O-2 endpoint dead']);
      expect(await found({ state: 'pending', orderNo: 'O-1' })).toEqual(['O-1 handler pending']);
      expect(await found({ state: 'confirmed' })).toEqual(['O-1 endpoint confirmed']);
      expect(await found({ visible: [] })).toEqual([]);
      const order = await bench.store.read('order', { merchant: shop, orderNo: asId.orderNo('O-1') });
      if (order === null) throw new Error('no order');
      expect(await bench.store.read('unhandled', [order.order.id])).toBe(1);
      const { id } = first.notification;
      const detail = await bench.store.read('notification', id);
      expect(detail?.deliveries.map(({ state, tries }) => [state, tries.length])).toEqual([
        ['confirmed', 1],
        ['pending', 0],
      ]);
    });

    it('keeps what merchants, accounts, endpoints and API keys are, and their changes', async () => {
      const at = bench.clock.at;
      expect(
        await bench.store.write('addMerchant', {
          by: 'ann',
          id: shop,
          name: 'X',
          policies: {},
          credentials: {},
          createdAt: at,
        }),
      ).toBe('exists');
      const credentials = { stripe: { version: 2, sealed: new Uint8Array([0, 255]) } };
      const policies = { late_payment: 'refund', overpaid_tolerance_minor: 5 };
      expect(
        await bench.store.write('changeMerchant', { id: shop, name: 'Renamed', policies, credentials, by: 'ann' }),
      ).toBe(true);
      expect(await bench.store.read('merchant', shop)).toEqual({
        id: shop,
        name: 'Renamed',
        askedAccounts: [],
        policies,
        credentials,
        createdAt: at,
      });
      const sealed = { version: 2, sealed: new Uint8Array([7]) };
      expect(
        await bench.store.write('changeAccount', {
          id: bench.account,
          by: 'ann',
          change: { mode: 'test', credentials: sealed },
        }),
      ).toBe(true);
      expect(await bench.store.read('account', bench.account)).toMatchObject({
        mode: 'test',
        name: 'first',
        credentials: sealed,
      });
      const late = { id: bench.account, by: 'bob', version: 1, change: { name: 'too late' } };
      expect(await bench.store.write('changeAccount', late)).toBe(false);
      expect(await bench.store.read('account', bench.account)).toMatchObject({ name: 'first' });
      expect(await bench.store.write('removeAccount', { id: bench.account, by: 'ann' })).toBe(true);
      expect(await bench.store.read('account', bench.account)).toBeNull();
      const endpoint = await bench.addEndpoint({ schedule: [1000, 2000], ratePerSecond: 0.5, types: ['payment.*'] });
      await bench.store.write('changeEndpoint', {
        id: endpoint,
        by: 'ann',
        change: { timeoutMs: 777, schedule: null },
      });
      expect(await bench.store.read('endpoint', endpoint)).toMatchObject({
        timeoutMs: 777,
        schedule: null,
        ratePerSecond: 0.5,
        types: ['payment.*'],
      });
      const apiKey = {
        id: newId('key', at, bucket),
        name: 'ci',
        scopes: ['publish'],
        merchants: [shop],
        createdAt: at,
      } as const;
      await bench.store.write('addApiKey', { apiKey, digest: 'd1', by: 'admin' });
      expect(await bench.store.read('apiKeyByDigest', 'd1')).toEqual(apiKey);
      expect(only((await bench.store.read('apiKeys', { limit: 10, cursor: null })).data)).toEqual(apiKey);
      expect(await bench.store.write('removeApiKey', { id: apiKey.id, by: 'ann' })).toBe(true);
      expect(await bench.store.write('removeApiKey', { id: apiKey.id, by: 'ann' })).toBe(false);
      expect(await bench.store.read('apiKeyByDigest', 'd1')).toBeNull();
    });

    it('knows a session until it is signed out, expired, or without its API key', async () => {
      const apiKey = {
        id: newId('key', bench.clock.at, 1),
        name: 'ann',
        scopes: ['read'],
        merchants: null,
        createdAt: bench.clock.at,
      } as const;
      await bench.store.write('addApiKey', { apiKey, digest: 'k', by: 'admin' });
      const session = { person: null, createdAt: bench.clock.at, expiresAt: bench.clock.at + 1000 };
      const person = { name: 'email:bo@example.com', role: 'operator' } as const;
      await bench.store.write('addSession', { digest: 's1', apiKey: apiKey.id, ...session });
      await bench.store.write('addSession', { digest: 's2', apiKey: null, ...session });
      await bench.store.write('addSession', { digest: 's3', apiKey: null, ...session });
      await bench.store.write('addSession', { digest: 's4', apiKey: null, ...session, person });
      const { expiresAt } = session;
      expect(await bench.store.read('session', 's1')).toEqual({ holder: apiKey, expiresAt });
      expect(await bench.store.read('session', 's2')).toEqual({ holder: 'admin', expiresAt });
      expect(await bench.store.read('session', 's4')).toEqual({ holder: person, expiresAt });
      await bench.store.write('removeSession', { digest: 's3' });
      expect(await bench.store.read('session', 's3')).toBeNull();
      await bench.store.write('removeApiKey', { id: apiKey.id, by: 'admin' });
      expect(await bench.store.read('session', 's1')).toBeNull();
      bench.clock.at += 1001;
      const history = { idempotencyBefore: 0, commitsBefore: 0, reconciliationsBefore: 0, ordersBefore: 0 };
      const long = { bytesBefore: 0, noncesBefore: 0, ...history };
      expect((await bench.store.write('retain', long)).removed.sessions).toBe(3);
      expect(await bench.store.read('session', 's2')).toBeNull();
    });

    it('keeps a setting as it was first given, and a sandbox payment as it is now', async () => {
      expect([...(await bench.store.write('keepSetting', { name: 's', value: new Uint8Array([1]) }))]).toEqual([1]);
      expect([...(await bench.store.write('keepSetting', { name: 's', value: new Uint8Array([2]) }))]).toEqual([1]);
      const payment = {
        id: 'sbx_1',
        provider: 'hmac',
        orderNo: asId.orderNo('O-1'),
        amountMinor: 9_007_199_254_740_993n,
        currency: 'EUR',
        notifyUrl: 'http://127.0.0.1/',
        state: 'open',
        refundedMinor: 0n,
        returnUrl: null,
        detail: '{}',
        createdAt: bench.clock.at,
        movedAt: bench.clock.at,
      } as const;
      await bench.store.write('putSandboxPayment', { payment, names: ['order:O-1'] });
      await bench.store.write('putSandboxPayment', {
        payment: { ...payment, state: 'paid' },
        names: ['order:O-1', 'payment:1'],
      });
      expect(await bench.store.read('sandboxPayment', 'sbx_1')).toEqual({ ...payment, state: 'paid' });
      expect(await bench.store.read('sandboxPayment', 'sbx_2')).toBeNull();
    });

    it('finds sandbox payments by their names, the newest first, and by when they moved', async () => {
      const { at } = bench.clock;
      const put = async (id: string, movedAt: number, names: readonly string[]) => {
        const about = { orderNo: asId.orderNo('O'), amountMinor: 1n, currency: 'EUR', notifyUrl: 'http://127.0.0.1/' };
        const rest = { state: 'open', refundedMinor: 0n, returnUrl: null, detail: '{}', createdAt: movedAt } as const;
        await bench.store.write('putSandboxPayment', {
          payment: { id, provider: 'p', ...about, ...rest, movedAt },
          names,
        });
      };
      await put('a', at + 1, ['order:O', 'payment:1']);
      await put('b', at + 2, ['order:O']);
      await put('c', at + 2, ['order:O']);
      const named = async (name: string, provider = 'p') =>
        (await bench.store.read('sandboxPaymentsNamed', { provider, name })).map(({ id }) => id);
      expect((await named('order:O')).slice(2)).toEqual(['a']);
      expect(await named('payment:1')).toEqual(['a']);
      expect(await named('payment:2')).toEqual([]);
      expect(await named('payment:1', 'q')).toEqual([]);
      const moved = async (since: number, after: { movedAt: number; id: string } | null = null) =>
        (await bench.store.read('sandboxPaymentsMoved', { provider: 'p', since, after })).map(({ id }) => id);
      expect(await moved(at + 1)).toEqual(['a', 'b', 'c']);
      expect(await moved(at + 2)).toEqual(['b', 'c']);
      expect(await moved(at, { movedAt: at + 2, id: 'b' })).toEqual(['c']);
    });

    it('says that it is ready, and what is due longest', async () => {
      expect((await bench.store.read('ready', null)).migration).toBeGreaterThan(0);
      await bench.addEndpoint();
      await bench.publish('O-1');
      const publishedAt = bench.clock.at;
      bench.clock.at += 5000;
      expect(await bench.store.read('gauges', null)).toMatchObject({
        pending: 1,
        sending: 0,
        oldestDueAt: publishedAt,
      });
      await bench.claim();
      expect(await bench.store.read('gauges', null)).toMatchObject({ pending: 0, sending: 1, oldestDueAt: null });
    });
  });
}
