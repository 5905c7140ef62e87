import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asId, newId } from '../../../src/domain/ids.ts';
import { limits } from '../../../src/domain/limits.ts';
import { type Bench, bucket, only, openBench, type StoreFolder, shop } from '../support.ts';

export function deciding(makeFolder: () => Promise<StoreFolder>): void {
  describe('deciding', () => {
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

    const order = async (orderNo: string) => {
      const found = await bench.store.read('order', { merchant: shop, orderNo: asId.orderNo(orderNo) });
      if (found === null) throw new Error(`no order ${orderNo}`);
      return found;
    };

    it('takes a callback of an announced order into effect: order, fact, sighting, notification and delivery', async () => {
      const endpoint = await bench.addEndpoint();
      expect(await bench.expect('O-1')).toMatchObject({ is: 'created' });
      const taken = await bench.callback([{ reference: 'O-1' }]);
      expect(taken).toMatchObject({ verdict: 'verified', work: true, born: [] });
      const { order: kept, facts, discrepancies } = await order('O-1');
      expect(kept).toMatchObject({ status: 'paid', sequence: 1, totals: { capturedMinor: 100n } });
      expect(only(facts)).toMatchObject({ kind: 'captured', amountMinor: 100n, order: kept.id, source: 'callback' });
      expect(only(only(facts).sightings)).toMatchObject({ source: 'callback', at: bench.clock.at });
      expect(discrepancies).toEqual([]);
      const trail = await bench.store.read('history', kept.id);
      expect(only(trail.callbacks)).toMatchObject({ verdict: 'verified', step: 'handled' });
      expect(only(trail.notifications).notification).toMatchObject({
        type: 'payment.succeeded',
        sequence: 1,
        amountMinor: 100n,
      });
      expect(only(trail.notifications).callback).toBe(only(trail.callbacks).id);
      expect(only(trail.deliveries)).toMatchObject({ state: 'pending', endpoint, attempts: 0 });
    });

    it('answers a callback that comes again as a duplicate, keeps it, and changes nothing else', async () => {
      await bench.expect('O-1');
      await bench.callback([{ reference: 'O-1' }], { messageId: 'm-1' });
      expect(await bench.callback([{ reference: 'O-1' }], { messageId: 'm-1' })).toMatchObject({
        verdict: 'duplicate',
      });
      expect(await bench.callback([{ reference: 'O-1' }], { messageId: 'm-2' })).toMatchObject({
        verdict: 'duplicate',
      });
      const { order: kept, facts } = await order('O-1');
      expect(kept.sequence).toBe(1);
      expect(only(facts).sightings.map(({ source }) => source)).toEqual(['callback', 'callback', 'callback']);
    });

    it('lets one of 64 copies of a message in one batch take effect', async () => {
      await bench.expect('O-1');
      const copies = await Promise.all(
        Array.from({ length: 64 }, () => bench.callback([{ reference: 'O-1' }], { messageId: 'm-1' })),
      );
      const verdicts = copies.map((taken) => taken.verdict).sort();
      expect(verdicts).toEqual([...Array.from({ length: 63 }, () => 'duplicate'), 'verified']);
      expect((await order('O-1')).order.sequence).toBe(1);
    });

    it('does not let a refused callback stand for the authentic one with its message id', async () => {
      await bench.expect('O-1');
      const refused = {
        messageId: 'm-1',
        step: 'sent',
        opened: { is: 'verdict', verdict: 'quarantined', nonce: null },
      } as const;
      await bench.callback([], refused);
      expect(await bench.callback([{ reference: 'O-1' }], { messageId: 'm-1' })).toMatchObject({ verdict: 'verified' });
    });

    it('parks money without an order and releases it when the order is announced', async () => {
      expect(await bench.callback([{ reference: 'O-1' }])).toMatchObject({
        verdict: 'parked',
        parked: [{ account: bench.account, reference: 'O-1' }],
      });
      expect(await bench.store.read('gauges', null)).toMatchObject({ parkedFacts: 1 });
      const parked = await bench.store.read('parkedReferences', { most: 10 });
      expect(parked).toEqual([{ merchant: shop, account: bench.account, reference: 'O-1', parkedAt: bench.clock.at }]);
      await bench.expect('O-1');
      expect((await order('O-1')).order.status).toBe('paid');
      expect(await bench.store.read('gauges', null)).toMatchObject({ parkedFacts: 0 });
    });

    it('lets callback and announcement of many orders pass each other in one batch, in either order', async () => {
      const orders = Array.from({ length: 20 }, (_, index) => `O-${index}`);
      await Promise.all(
        orders.flatMap((orderNo, index) => {
          const calls = [() => bench.expect(orderNo), () => bench.callback([{ reference: orderNo }])];
          return (index % 2 === 0 ? calls : calls.reverse()).map((call): Promise<unknown> => call());
        }),
      );
      for (const orderNo of orders) expect((await order(orderNo)).order.status).toBe('paid');
    });

    it('tells a person once of money that waits too long, and withdraws that when its order comes', async () => {
      await bench.callback([{ reference: 'O-1' }]);
      bench.clock.at += limits.parkedMs + 1;
      await bench.store.decide('refold', { born: null });
      await bench.store.decide('refold', { born: null });
      const all = { limit: 10, cursor: null, visible: null, merchant: null, state: null, kind: null, assignee: null };
      const open = only((await bench.store.read('discrepancies', all)).data);
      expect(open).toMatchObject({ kind: 'unknown_order', state: 'open', order: null, orderNo: null });
      await bench.expect('O-1');
      expect(await bench.store.read('discrepancy', open.id)).toMatchObject({ state: 'resolved', orderNo: 'O-1' });
    });

    it('keeps whose work a discrepancy is, until it is nobody’s any more', async () => {
      await bench.callback([{ reference: 'O-1' }]);
      bench.clock.at += limits.parkedMs + 1;
      await bench.store.decide('refold', { born: null });
      const all = { limit: 10, cursor: null, visible: null, merchant: null, state: null, kind: null, assignee: null };
      const { id: discrepancy, openedAt } = only((await bench.store.read('discrepancies', all)).data);
      const assign = (to: string | null, by: string) =>
        bench.store.decide('act', {
          merchant: shop,
          by,
          note: '',
          born: null,
          action: { is: 'assign', discrepancy, to },
        });
      const of = async (assignee: string) => (await bench.store.read('discrepancies', { ...all, assignee })).data;
      expect(await assign('ann', 'bob')).toMatchObject({ is: 'done' });
      expect(await of('ann')).toMatchObject([
        { id: discrepancy, state: 'open', assigned: { to: 'ann', at: openedAt } },
      ]);
      expect(await of('bob')).toEqual([]);
      await assign(null, 'ann');
      expect(await bench.store.read('discrepancy', discrepancy)).toMatchObject({ state: 'open', assigned: null });
      const ignore = { is: 'resolve', discrepancy, with: 'ignore', amountMinor: null } as const;
      await bench.store.decide('act', { merchant: shop, by: 'ann', note: 'known', born: null, action: ignore });
      const decision = { is: 'ignore', by: 'ann', note: 'known', at: openedAt, amountMinor: null };
      expect(await bench.store.read('discrepancy', discrepancy)).toMatchObject({ state: 'ignored', decision });
      expect(await assign('ann', 'ann')).toMatchObject({ is: 'does_not_fit' });
    });

    it('does not ask again about parked money that a person chose to ignore', async () => {
      await bench.callback([{ reference: 'O-1' }]);
      bench.clock.at += limits.parkedMs + 1;
      await bench.store.decide('refold', { born: null });
      const all = { limit: 10, cursor: null, visible: null, merchant: null, state: null, kind: null, assignee: null };
      const { id } = only((await bench.store.read('discrepancies', all)).data);
      const ignore = { is: 'resolve', discrepancy: id, with: 'ignore', amountMinor: null } as const;
      await bench.store.decide('act', { merchant: shop, by: 'ann', note: 'known', born: null, action: ignore });
      await bench.store.decide('refold', { born: null });
      expect((await bench.store.read('discrepancies', all)).data).toHaveLength(1);
    });

    it('takes a nonce once: the same body again is a duplicate, another body is refused', async () => {
      await bench.expect('O-1');
      await bench.callback([{ reference: 'O-1' }], { nonce: 'n-1', bodyDigest: 'one' });
      expect(await bench.callback([{ reference: 'O-1' }], { nonce: 'n-1', bodyDigest: 'one' })).toMatchObject({
        verdict: 'duplicate',
      });
      const other = await bench.callback([{ reference: 'O-1' }], { nonce: 'n-1', bodyDigest: 'two' });
      expect(other).toMatchObject({ verdict: 'refused' });
    });

    it('keeps so many refused callbacks an hour, and only counts the others', async () => {
      const refused = { step: 'sent', opened: { is: 'verdict', verdict: 'quarantined', nonce: null } } as const;
      const arrive = (count: number) => Promise.all(Array.from({ length: count }, () => bench.callback([], refused)));
      await arrive(limits.quarantinePerHour + 20);
      expect(await bench.store.read('gauges', null)).toMatchObject({ quarantined: limits.quarantinePerHour });
      bench.clock.at += 3_600_000;
      await arrive(3);
      expect(await bench.store.read('gauges', null)).toMatchObject({ quarantined: limits.quarantinePerHour + 3 });
    });

    it('keeps amounts beyond 2^53 to the last unit', async () => {
      const amountMinor = 99_999_999_999_999_999n;
      await bench.expect('O-1', { amountMinor });
      await bench.callback([{ reference: 'O-1', amountMinor }]);
      const { order: kept, facts } = await order('O-1');
      expect(kept).toMatchObject({ status: 'paid', totals: { capturedMinor: amountMinor } });
      expect(only(kept.expectations).amountMinor).toBe(amountMinor);
      expect(only(facts).amountMinor).toBe(amountMinor);
      const trail = await bench.store.read('history', kept.id);
      expect(only(trail.notifications).notification).toMatchObject({ amountMinor, orderAmountMinor: amountMinor });
    });

    it('gives the same answer to the same idempotency key and body, and refuses another body', async () => {
      await bench.addEndpoint();
      const idempotency = { key: 'k', bodyDigest: 'one' };
      const first = await bench.publish('O-1', { idempotency });
      const again = await bench.publish('O-1', { idempotency });
      expect(again).toMatchObject({ is: 'repeated', id: first.id, sequence: 1, deliveries: first.deliveries });
      await expect(bench.publish('O-1', { idempotency: { key: 'k', bodyDigest: 'two' } })).rejects.toThrow(
        'belongs to',
      );
      bench.clock.at += limits.idempotencyDays * 86_400_000 + 1;
      expect(await bench.publish('O-1', { idempotency: { key: 'k', bodyDigest: 'two' } })).toMatchObject({
        is: 'accepted',
        sequence: 2,
      });
    });

    it('numbers the notifications of an order without a gap, whoever makes them', async () => {
      await bench.expect('O-1');
      await Promise.all([
        bench.publish('O-1'),
        bench.callback([{ reference: 'O-1' }]),
        bench.publish('O-1'),
        bench.publish('O-1', { type: 'refund.succeeded' }),
      ]);
      const { order: kept } = await order('O-1');
      const { notifications } = await bench.store.read('history', kept.id);
      expect(notifications.map(({ notification }) => notification.sequence)).toEqual([1, 2, 3, 4]);
      expect(kept.sequence).toBe(4);
    });

    it('sends a notification with a notify_url to that URL alone, once per origin and provider', async () => {
      await bench.addEndpoint();
      const sealed = new Uint8Array([9]);
      await bench.store.write('changeMerchant', {
        id: shop,
        credentials: { stripe: { version: 3, sealed } },
        by: 'ann',
      });
      const notifyUrl = { url: 'https://b.example/one', provider: 'stripe' };
      await bench.publish('O-1', { notifyUrl });
      await bench.publish('O-2', { notifyUrl: { ...notifyUrl, url: 'https://b.example/two' } });
      const { claimed } = await bench.claim();
      expect(claimed.map((one) => one.url).sort()).toEqual(['https://b.example/one', 'https://b.example/two']);
      expect(new Set(claimed.map((one) => one.lane)).size).toBe(1);
      expect(claimed[0]).toMatchObject({
        endpoint: { hidden: true, url: 'https://b.example' },
        merchantCredentials: { version: 3, sealed },
      });
      const listed = await bench.store.read('endpoints', {
        limit: 10,
        cursor: null,
        visible: null,
        merchant: shop,
        state: null,
      });
      expect(listed.data).toHaveLength(1);
    });

    it('keeps what a person did, with who and why, on the order', async () => {
      await bench.expect('O-1');
      await bench.store.decide('act', {
        merchant: shop,
        by: 'ann',
        note: 'gone',
        born: null,
        action: { is: 'close', orderNo: asId.orderNo('O-1') },
      });
      const { order: kept } = await order('O-1');
      const { actions } = await bench.store.read('history', kept.id);
      expect(actions).toEqual([{ at: bench.clock.at, by: 'ann', what: 'order.close', note: 'gone' }]);
      expect(only(kept.actions)).toMatchObject({ is: 'close', by: 'ann' });
    });

    it('keeps a callback byte for byte', async () => {
      const body = new Uint8Array(Array.from({ length: 256 }, (_, byte) => byte));
      const id = newId('cbk', bench.clock.at, bucket);
      const headers = [
        ['X-Twice', 'a'],
        ['x-twice', 'b'],
      ] as const;
      await bench.callback([{ reference: 'O-1' }], { id, body, headers });
      const kept = await bench.store.read('callback', id);
      expect(kept?.headers).toEqual(headers);
      expect(Buffer.from(kept?.body ?? []).equals(Buffer.from(body))).toBe(true);
      const authorization = { account: bench.account, authorization: 'HMAC x' };
      expect(await bench.store.read('bore', authorization)).toBe(false);
      await bench.callback([{ reference: 'O-2' }], { headers: [['Authorization', 'HMAC x']] });
      expect(await bench.store.read('bore', authorization)).toBe(true);
    });
  });
}
