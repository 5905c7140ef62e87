import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/domain/limits.ts';
import { type Bench, callbackInput, factOf, openBench, publishInput, type StoreFolder, shop } from '../support.ts';

export function batching(makeFolder: () => Promise<StoreFolder>): void {
  describe('committing in groups', () => {
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

    const sight = (reference: string, amountMinor: bigint) =>
      bench.store.decide('sight', {
        merchant: shop,
        source: 'manual',
        facts: [factOf(bench.account, bench.clock.at, { reference, amountMinor })],
        orderNo: null,
        withoutOrder: 'park',
        note: null,
        by: null,
        born: null,
      });

    it('lets only the guilty operation of a batch fail', async () => {
      await bench.addEndpoint();
      const outcomes = await Promise.allSettled([
        bench.publish('O-1'),
        // No order has an amount below zero, so the database refuses the row.
        sight('O-2', -1n),
        bench.publish('O-1'),
        bench.expect('O-3'),
        sight('O-3', 100n),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
        'fulfilled',
      ]);
      const deliveries = {
        limit: 10,
        cursor: null,
        visible: null,
        merchant: null,
        endpoint: null,
        state: null,
        orderNo: null,
      };
      expect((await bench.store.read('deliveries', deliveries)).data).toHaveLength(3);
      const { claimed } = await bench.claim();
      expect(claimed).toHaveLength(3);
      expect(claimed.map(({ notification }) => notification.sequence).sort()).toEqual([1, 1, 2]);
    });

    it('lets only the guilty operation fail where its input cannot be sent at all', async () => {
      const unsendable = { ...publishInput('O-1'), data: () => '{}' };
      const outcomes = await Promise.allSettled([
        bench.publish('O-2'),
        bench.store.decide('publish', unsendable as never),
        bench.publish('O-3'),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    });

    it('carries the code of an error to the caller', async () => {
      const list = { limit: 10, cursor: 'no cursor', visible: null };
      await expect(bench.store.read('merchants', list)).rejects.toMatchObject({ code: 'request.invalid' });
    });

    it('refuses at once what exceeds the queue, and commits all that it accepted', async () => {
      const asked = limits.storeQueueRows + 200;
      const settled = await Promise.allSettled(
        Array.from({ length: asked }, (_, index) =>
          bench.store.write('keepSetting', { name: `s-${index}`, value: new Uint8Array([1]) }),
        ),
      );
      const refused = settled.filter((outcome) => outcome.status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      for (const { reason } of refused) expect(reason).toMatchObject({ code: 'store.overloaded' });
      for (const [index, outcome] of settled.entries()) {
        if (outcome.status !== 'fulfilled' || index % 500 !== 0) continue;
        const kept = await bench.store.write('keepSetting', { name: `s-${index}`, value: new Uint8Array([2]) });
        expect([...kept]).toEqual([1]);
      }
    });

    it('refuses by bytes as well', async () => {
      const body = new Uint8Array(limits.callbackBytesMax);
      const callbacks = Array.from({ length: 160 }, () =>
        callbackInput(bench.account, bench.clock.at, [], { body, opened: ignored }),
      );
      const settled = await Promise.allSettled(callbacks.map((input) => bench.store.decide('callback', input)));
      const refused = settled.filter((outcome) => outcome.status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.length).toBeLessThan(160);
      for (const { reason } of refused) expect(reason).toMatchObject({ code: 'store.overloaded' });
    });

    it('commits what was accepted before it closes, and refuses everything after', async () => {
      const accepted = Promise.all(Array.from({ length: 300 }, (_, index) => bench.publish(`O-${index}`)));
      await bench.close();
      expect(await accepted).toHaveLength(300);
      await expect(bench.publish('O-1')).rejects.toMatchObject({ code: 'store.closed' });
      await expect(bench.store.read('ready', null)).rejects.toMatchObject({ code: 'store.closed' });
      bench = await openBench(folder, bench.clock);
      const orders = {
        limit: 1,
        cursor: null,
        visible: null,
        merchant: null,
        status: null,
        q: 'O-299',
        from: null,
        to: null,
      };
      expect((await bench.store.read('orders', orders)).data).toHaveLength(1);
    });

    it('tells when a commit left work that is due, and not when it did not', async () => {
      await bench.publish('O-1');
      expect(bench.work).toBe(0);
      await bench.addEndpoint();
      await bench.publish('O-2');
      expect(bench.work).toBe(1);
      await bench.publish('O-3', { notBefore: bench.clock.at + 1000 });
      expect(bench.work).toBe(1);
    });
  });
}

const ignored = { is: 'verdict', verdict: 'ignored', nonce: null } as const;
