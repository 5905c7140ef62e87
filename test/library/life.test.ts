import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type Paidonce, type PaidonceOptions, paidonce } from '../../src/paidonce.ts';
import { temporaryStore } from '../../src/testing/testing.ts';
import { until } from '../deliver/time.ts';
import { expected, openShop, paid, platforms } from './open-shop.ts';

const { hmac } = platforms;
if (!hmac) throw new Error('a platform is missing');

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function shopFolder() {
  const { store, folder, dispose } = await temporaryStore();
  ends.push(dispose);
  const again = async () => (await import('../../src/stores/sqlite/sqlite.ts')).sqlite({ folder });
  const make = (change: Partial<PaidonceOptions> = {}): Paidonce =>
    paidonce({ store, merchant: 'shop', masterKey: randomBytes(32).toString('base64'), ...change });
  return { make, again };
}

describe('a library', () => {
  it('stopped while it starts lets go of its folder', async () => {
    const { make, again } = await shopFolder();
    const pay = make();
    const starting = pay.start().catch((error: unknown) => error);
    await pay.stop();
    expect(await starting).toMatchObject({ code: 'store.closed' });
    const next = make({ store: await again() });
    await next.start();
    await next.stop();
  });

  it('stopped before it was started never starts', async () => {
    const { make } = await shopFolder();
    const pay = make();
    await pay.stop();
    await expect(pay.start()).rejects.toMatchObject({ code: 'store.closed' });
  });

  it('whose start fails at its accounts lets go of its folder', async () => {
    const { make, again } = await shopFolder();
    const pay = make({ accounts: { cards: { provider: 'nobody', credentials: {} } } });
    await expect(pay.start()).rejects.toMatchObject({ code: 'provider.unknown' });
    const next = make({ store: await again(), masterKey: randomBytes(32).toString('base64') });
    await expect(next.start()).rejects.toMatchObject({ code: 'secrets.master_key' });
  });

  it('goes on where the user’s observe throws', async () => {
    const ran: string[] = [];
    const shop = await openShop(
      {
        observe: () => {
          throw new Error('the log is full');
        },
      },
      (pay) => pay.on('payment.succeeded', 'mark-paid', ({ order }) => ran.push(order.orderNo)),
    );
    ends.push(shop.close);
    for (const orderNo of ['L-1', 'L-2']) {
      await shop.pay.expected(orderNo, expected);
      expect(await shop.send('hmac', await hmac.callback(paid(orderNo)))).toMatchObject({ status: 200 });
    }
    await until('both were handled', () => ran.length === 2);
  });

  it('goes on with the outbox past an item that nobody can apply', async () => {
    const shop = await openShop();
    ends.push(shop.close);
    await shop.pay.transaction(async (tx) => {
      await tx.enqueue({ is: 'expect', input: 'not JSON' });
      await shop.pay.expected('L-3', expected, { tx });
    });
    const order = await until('the good one was applied', () => shop.pay.order('L-3'));
    expect(order?.order.status).toBe('pending');
  });
});

describe('money that the quarantine gives up', () => {
  it('is asked for again like any other, until the user’s code knows its order', async () => {
    const adminKey = 'admin-key-of-the-test';
    const wrong = { ...Object(hmac.account.credentials), api_secrets: ['0123456789abcdef-not-the-one'] };
    const asked: string[] = [];
    const shop = await openShop({
      adminKey,
      accounts: { hmac: { ...hmac.account, credentials: wrong } },
      expect: async (orderNo) => (asked.push(orderNo) > 1 ? expected : null),
    });
    ends.push(shop.close);
    expect((await shop.send('hmac', await hmac.callback(paid('L-6')))).kept?.verdict).toBe('quarantined');
    await shop.pay.fetch(
      new Request(`http://localhost/v1/accounts/${shop.pay.callbackUrl('hmac').split('/').at(-1)}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ credentials: hmac.account.credentials }),
      }),
    );
    const order = await until('the order is known', () => shop.pay.order('L-6'));
    expect(order?.order.status).toBe('paid');
    expect(asked).toEqual(['L-6', 'L-6']);
  });
});

describe('a person’s word that an order was paid', () => {
  it('counts for the order it names, whatever references the order has', async () => {
    const adminKey = 'admin-key-of-the-test';
    const shop = await openShop({ adminKey });
    ends.push(shop.close);
    const account = shop.pay.callbackUrl('hmac').split('/').at(-1);
    await shop.pay.expected('L-5', { ...expected, references: [{ account: null, reference: 'echo-5' }] });
    const response = await shop.pay.fetch(
      new Request('http://localhost/v1/orders/L-5/confirm', {
        method: 'POST',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          merchant: 'shop',
          account,
          operation_id: 'w-5',
          amount_minor: 8880,
          currency: 'CNY',
          note: 'seen in the bank account',
        }),
      }),
    );
    expect(response.status).toBe(202);
    const order = await shop.pay.order('L-5');
    expect(order?.order).toMatchObject({ status: 'paid', totals: { capturedMinor: 8880n } });
    // The provider's own word comes after all, with the reference it knows: it is the same money.
    expect((await shop.send('hmac', await hmac.callback(paid('echo-5', { paymentId: 'w-5' })))).kept).toMatchObject({
      verdict: 'duplicate',
    });
  });
});
