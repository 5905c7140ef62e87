import { afterEach, describe, expect, it } from 'vitest';
import { asId, merchantId } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import type { Transaction } from '../../src/stores/store.ts';
import { until } from '../deliver/time.ts';
import { expected, type OpenShop, openShop, paid, platforms } from './open-shop.ts';

const { hmac, standard, stripe, wechatpay } = platforms;
if (!hmac || !standard || !stripe || !wechatpay) throw new Error('a platform is missing');

const shopId = merchantId('shop');
const orderA1 = asId.orderNo('A-1');
const shops: OpenShop[] = [];
afterEach(async () => {
  for (const shop of shops.splice(0)) await shop.close();
});
async function open(...given: Parameters<typeof openShop>): Promise<OpenShop> {
  const shop = await openShop(...given);
  shops.push(shop);
  return shop;
}

const createTable = 'create table if not exists shop_paid (order_no text not null)';
const countPaid = 'select count(*) as paid from shop_paid';

describe('a handler', () => {
  it('commits what it writes once, though the notification arrived three times, and its effect runs under one key', async () => {
    const keys: string[] = [];
    const shop = await open({}, (pay) => {
      pay.on('payment.succeeded', 'mark-paid', async ({ order, tx, effect }) => {
        await tx.query('insert into shop_paid (order_no) values ($1)', [order.orderNo]);
        await effect('coupon', { orderNo: order.orderNo });
      });
      pay.effect('coupon', ({ key }) => keys.push(key));
    });
    await shop.pay.transaction((tx) => tx.query(createTable));
    await shop.pay.expected('H-1', expected);
    const request = await wechatpay.callback(paid('H-1'));
    for (let time = 0; time < 3; time += 1) await shop.send('wechatpay', request.clone());
    await until('the effect ran', () => keys.length > 0);
    const { rows } = await shop.pay.transaction((tx) => tx.query(countPaid));
    expect(rows).toEqual([{ paid: 1n }]);
    expect(new Set(keys).size).toBe(1);
  });

  it('that throws leaves nothing behind and is tried again', async () => {
    const shop = await open({}, (pay) => {
      pay.on('payment.succeeded', 'mark-paid', async ({ order, tx }) => {
        await tx.query('insert into shop_paid (order_no) values ($1)', [order.orderNo]);
        throw new Error('the stock is locked');
      });
    });
    await shop.pay.transaction((tx) => tx.query(createTable));
    await shop.pay.expected('H-2', expected);
    await shop.send('hmac', await hmac.callback(paid('H-2')));
    const line = await until('the failed attempt is told', async () =>
      (await shop.pay.timeline('H-2')).find(
        ({ what, why }) => what === 'attempt' && why.includes('the stock is locked'),
      ),
    );
    expect(line.text).toMatch(/handler mark-paid/);
    expect((await shop.pay.transaction((tx) => tx.query(countPaid))).rows).toEqual([{ paid: 0n }]);
  });

  it('may not call the store without its tx', async () => {
    const errors: unknown[] = [];
    const shop: OpenShop = await open({}, (pay) => {
      pay.on('payment.succeeded', 'outside', async () => {
        await pay.order('H-3').catch((error: unknown) => errors.push(error));
      });
    });
    await shop.pay.expected('H-3', expected);
    await shop.send('hmac', await hmac.callback(paid('H-3')));
    await until('the call was refused', () => errors.length > 0);
    expect(errors[0]).toMatchObject({ code: 'handler.outside_tx' });
  });
});

describe('an expectation', () => {
  it('in the user’s transaction is applied after its commit, and releases what was parked', async () => {
    const shop = await open();
    expect((await shop.send('hmac', await hmac.callback(paid('E-1')))).kept?.verdict).toBe('parked');
    await shop.pay.transaction((tx) => shop.pay.expected('E-1', expected, { tx }));
    const order = await until('the order is paid', async () => {
      const detail = await shop.pay.order('E-1');
      return detail?.order.status === 'paid' ? detail : null;
    });
    expect(order.order.sequence).toBe(1);
  });

  it('is not applied when the user’s transaction rolls back', async () => {
    const shop = await open();
    const failing = shop.pay.transaction(async (tx) => {
      await shop.pay.expected('E-2', expected, { tx });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await shop.pay.transaction((tx) => shop.pay.expected('E-3', expected, { tx }));
    await until('the later one is applied', () => shop.pay.order('E-3'));
    expect(await shop.pay.order('E-2')).toBeNull();
  });

  it('is asked of the user’s code when money arrives for an order nobody announced', async () => {
    const asked: string[] = [];
    const shop = await open({
      expect: async (orderNo) => {
        asked.push(orderNo);
        return orderNo === 'E-4' ? { ...expected, accounts: ['hmac'] } : null;
      },
    });
    expect((await shop.send('hmac', await hmac.callback(paid('E-4')))).kept?.verdict).toBe('verified');
    expect((await shop.pay.order('E-4'))?.order.status).toBe('paid');
    expect((await shop.send('hmac', await hmac.callback(paid('E-5')))).kept?.verdict).toBe('parked');
    expect(asked).toEqual(['E-4', 'E-5']);
  });

  it('is asked for again until the user’s code knows the order', async () => {
    let known = false;
    const shop = await open({ expect: async () => (known ? expected : null) });
    await shop.send('hmac', await hmac.callback(paid('E-6')));
    known = true;
    await until('the order was asked for again', async () => (await shop.pay.order('E-6'))?.order.status === 'paid');
  });

  it('that nobody needs to make is the earliest capture, where the account accepts payments without an order', async () => {
    const shop = await open({ accounts: { hmac: { ...hmac.account, withoutOrder: 'accept' } } });
    expect((await shop.send('hmac', await hmac.callback(paid('E-7')))).kept?.verdict).toBe('verified');
    const order = await shop.pay.order('E-7');
    expect(order?.order).toMatchObject({ status: 'paid', expectations: [{ amountMinor: 8880n, unverified: true }] });
    await shop.pay.expected('E-7', { ...expected, amountMinor: 9000n });
    const revised = await shop.pay.order('E-7');
    expect(revised?.order).toMatchObject({
      status: 'underpaid',
      expectations: [{ amountMinor: 9000n, unverified: false }],
    });
  });
});

describe('a publish', () => {
  const result = { type: 'payment.succeeded', orderNo: 'P-1', amountMinor: 1n, currency: 'CNY' } as const;

  it('in the user’s transaction happens after its commit, and not at all after a rollback', async () => {
    const shop = await open();
    const rolledBack = shop.pay.transaction(async (tx: Transaction) => {
      await shop.pay.publish({ ...result, orderNo: 'P-2' }, { tx });
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    await shop.pay.transaction((tx) => shop.pay.publish(result, { tx }));
    await until('the notification is there', () => shop.pay.order('P-1'));
    expect(await shop.pay.order('P-2')).toBeNull();
  });

  it('with a used idempotency key gives the same answer, or refuses another body', async () => {
    const shop = await open();
    const first = await shop.pay.publish({ ...result, idempotencyKey: 'once' });
    const again = await shop.pay.publish({ ...result, idempotencyKey: 'once' });
    expect(again).toEqual({ ...first, repeated: true });
    const other = shop.pay.publish({ ...result, amountMinor: 2n, idempotencyKey: 'once' });
    await expect(other).rejects.toMatchObject({ code: 'publish.idempotency_mismatch' });
  });
});

describe('a callback', () => {
  it('without the order’s number is linked by its payment when another brings it', async () => {
    const shop = await open();
    await shop.pay.expected('L-1', expected);
    const refund = paid('L-1', {
      type: 'refund.succeeded',
      operationId: 're_1',
      amountMinor: 100n,
      refundedTotalMinor: 100n,
    });
    expect((await shop.send('stripe', await stripe.callback(refund))).kept?.verdict).toMatch(/verified|parked/);
    expect((await shop.send('stripe', await stripe.callback(paid('L-1')))).kept?.verdict).toBe('verified');
    const order = await shop.pay.order('L-1');
    expect(order?.order.totals).toMatchObject({ capturedMinor: 8880n, refundedMinor: 100n });
  });

  it('that names another order for a known payment is a conflict on both, and moves nothing', async () => {
    const shop = await open();
    await shop.pay.expected('C-1', expected);
    await shop.pay.expected('C-2', expected);
    await shop.send('wechatpay', await wechatpay.callback(paid('C-1', { paymentId: 'same' })));
    const given = await shop.send('wechatpay', await wechatpay.callback(paid('C-2', { paymentId: 'same' })));
    expect(given).toMatchObject({ status: 200, kept: { verdict: 'conflict' } });
    for (const orderNo of ['C-1', 'C-2']) {
      const order = await shop.pay.order(orderNo);
      expect(order?.discrepancies).toMatchObject([{ kind: 'fact_conflict', state: 'open' }]);
    }
    expect((await shop.pay.order('C-1'))?.order.status).toBe('paid');
    expect((await shop.pay.order('C-2'))?.order.status).toBe('pending');
  });

  it('is acknowledged only once it is handled, where the account wants that', async () => {
    const release = Promise.withResolvers<void>();
    const shop = await open({ accounts: { hmac: { ...hmac.account, acknowledge: 'after_handling' } } }, (pay) => {
      pay.on('payment.succeeded', 'slow', () => release.promise);
    });
    await shop.pay.expected('A-1', expected);
    let answered = false;
    const request = await hmac.callback(paid('A-1'));
    const sent = shop.pay.receive('hmac', request.clone()).then((response) => {
      answered = true;
      return response.status;
    });
    await until(
      'it is recorded',
      async () => (await shop.store.read('order', { merchant: shopId, orderNo: orderA1 }))?.order.status === 'paid',
    );
    expect(answered).toBe(false);
    release.resolve();
    expect(await sent).toBe(200);
    expect((await shop.pay.receive('hmac', request)).status).toBe(200);
  });

  it('in quarantine is verified by itself when the right secret is added', async () => {
    const wrong = {
      ...hmac.account,
      credentials: { ...(hmac.account.credentials as object), api_secrets: ['0123456789abcdef-not-the-one'] },
    };
    const shop = await open({ accounts: { hmac: wrong }, adminKey: 'admin-key-of-the-test' });
    await shop.pay.expected('Q-1', expected);
    expect((await shop.send('hmac', await hmac.callback(paid('Q-1')))).kept?.verdict).toBe('quarantined');
    const id = shop.pay.callbackUrl('hmac').split('/').at(-1);
    const response = await shop.pay.fetch(
      new Request(`http://localhost/v1/accounts/${id}`, {
        method: 'PATCH',
        headers: { authorization: 'Bearer admin-key-of-the-test', 'content-type': 'application/json' },
        body: JSON.stringify({ credentials: hmac.account.credentials }),
      }),
    );
    expect(response.status).toBe(200);
    await until('the order is paid', async () => (await shop.pay.order('Q-1'))?.order.status === 'paid');
  });
});

describe('GET on the callback URL of an hmac account', () => {
  it('confirms what its sender sent, through the library as well, and changes nothing', async () => {
    const shop = await open();
    const request = await hmac.callback(paid('G-1'));
    const authorization = request.headers.get('authorization') ?? '';
    const ask = (value: string, query = '') =>
      shop.send(
        'hmac',
        new Request(`https://shop.example/callbacks/hmac${query}`, { headers: { authorization: value } }),
      );
    expect(await ask(authorization)).toMatchObject({ status: 401, kept: null });
    const body = await request.clone().text();
    expect(await ask(authorization, `?body=${encodeURIComponent(body)}`)).toMatchObject({ status: 200, kept: null });
    expect((await shop.send('hmac', request)).kept).toMatchObject({ verdict: 'parked' });
    expect(await ask(authorization)).toMatchObject({ status: 200, kept: null });
    const last = authorization.at(-1) === '0' ? '1' : '0';
    expect(await ask(authorization.slice(0, -1) + last)).toMatchObject({ status: 401, kept: null });
    expect(await ask('')).toMatchObject({ status: 401, kept: null });
    const many = await Promise.all(Array.from({ length: limits.confirmationsBurst + 10 }, () => ask(authorization)));
    expect(new Set(many.map(({ status }) => status))).toEqual(new Set([200, 429]));
  });

  it('is refused for a format that has no such call', async () => {
    const shop = await open();
    expect(await shop.send('stripe', new Request('https://shop.example/'))).toMatchObject({ status: 405, kept: null });
  });
});
