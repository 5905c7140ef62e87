import { describe, expect, it } from 'vitest';
import { lemonsqueezy } from '../../src/providers/index.ts';
import { signed } from './signing.ts';
import { account, context, factOf, headerOf, notificationOf, refusalOf, sidesOf, textOf } from './support.ts';

const order = {
  status: 'paid',
  currency: 'USD',
  total: 1199,
  refunded_amount: 0,
  created_at: '2026-01-05T02:21:33.000000Z',
  updated_at: '2026-01-05T02:22:00.000000Z',
};
const event = (name: string, attributes: object, meta: object = {}) =>
  signed(
    'lemonsqueezy',
    JSON.stringify({
      meta: { event_name: name, webhook_id: 'w-1', test_mode: false, custom_data: { order_id: 'O-1' }, ...meta },
      data: { type: 'orders', id: '7', attributes: { ...order, ...attributes } },
    }),
  );
const opening = (name: string, attributes: object = {}, meta: object = {}, credentials: object = {}) =>
  sidesOf('lemonsqueezy', { account: credentials }).receiver.open(event(name, attributes, meta), context);

describe('an event of Lemon Squeezy', () => {
  it.each([
    ['order_created', {}, { kind: 'captured', amountMinor: 1199n, providerTime: Date.parse('2026-01-05T02:21:33Z') }],
    ['order_created', { status: 'partial_refund' }, { kind: 'captured', amountMinor: 1199n, measure: 'single' }],
    ['order_created', { status: 'failed' }, { kind: 'failed' }],
    [
      'order_refunded',
      { status: 'partial_refund', refunded_amount: 100, refunded_at: '2026-01-06T00:00:00.000000Z' },
      { kind: 'refunded', amountMinor: 100n, measure: 'cumulative', providerTime: Date.parse('2026-01-06T00:00:00Z') },
    ],
    ['order_refunded', { refunded: true, refunded_amount: undefined }, { kind: 'refunded', amountMinor: 1199n }],
  ])('%s of %j is read', (name, attributes, expected) => {
    expect(factOf(opening(name, attributes))).toMatchObject({
      paymentId: '7',
      operationId: '7',
      reference: 'O-1',
      currency: 'USD',
      ...expected,
    });
  });

  it.each([
    ['order_created', { status: 'pending' }],
    ['order_created', { status: 'fraudulent' }],
    ['subscription_payment_success', { status: 'paid' }],
    ['subscription_payment_refunded', {}],
  ])('%s of %j is ignored', (name, attributes) => {
    expect(opening(name, attributes).is).toBe('ignored');
  });

  it('of the other mode is ignored', () => {
    expect(opening('order_created', {}, { test_mode: true })).toMatchObject({
      is: 'ignored',
      type: 'order_created (not live)',
    });
    const test = lemonsqueezy.receiver(sidesOf('lemonsqueezy').credentials.account, { ...account, mode: 'test' });
    expect(test.open(event('order_created', {}), context)).toMatchObject({ type: 'order_created (not test)' });
    expect(test.open(event('order_created', {}, { test_mode: true }), context).is).toBe('facts');
  });

  it('is known by what it says, because webhook_id is the same in all', () => {
    expect(opening('order_created')).toMatchObject({ messageId: 'order_created:7:2026-01-05T02:22:00.000000Z' });
  });

  it('has its order number where the account says, and nowhere else', () => {
    const meta = { custom_data: { order_no: 'A', cart: 'Z' } };
    const path = { order_no_path: 'meta.custom_data.cart' };
    expect(factOf(opening('order_created', {}, meta)).reference).toBe('A');
    expect(factOf(opening('order_created', {}, meta, path)).reference).toBe('Z');
    expect(factOf(opening('order_created', {}, { custom_data: {} }, path)).reference).toBeNull();
  });

  it.each([{ created_at: 'yesterday' }, { currency: 'usd1' }, { currency: null }])(
    'with %j is unreadable',
    (attributes) => {
      expect(refusalOf(opening('order_created', attributes))).toMatch(/^unreadable: /);
    },
  );

  it('is opened under any current secret, whatever its X-Event-Name says', async () => {
    const secrets = sidesOf('lemonsqueezy').credentials.account.webhook_secrets as string[];
    const webhook_secrets = ['another-secret-0123', ...secrets];
    expect(opening('order_created', {}, {}, { webhook_secrets }).is).toBe('facts');
    const sealed = await sidesOf('lemonsqueezy').sender.seal(notificationOf('refund.succeeded'), context);
    expect(headerOf(sealed, 'x-event-name')).toBe('order_refunded');
    expect(textOf(sealed.body)).toContain('"event_name":"order_refunded"');
  });

  it('with half a byte in its signature is refused', () => {
    const request = { ...event('order_created', {}), headers: [['x-signature', 'abc']] as const };
    expect(refusalOf(sidesOf('lemonsqueezy').receiver.open(request, context))).toBe(
      'signature.malformed: header x-signature has half a byte',
    );
  });
});

describe('what we seal for Lemon Squeezy', () => {
  const sealing = async (changes: object, endpoint: object = {}) => {
    const notification = notificationOf('refund.succeeded', { orderAmountMinor: 8880n, ...changes });
    return JSON.parse(textOf((await sidesOf('lemonsqueezy', { endpoint }).sender.seal(notification, context)).body));
  };

  it('says the total of a partial refund, and a full one in full', async () => {
    expect(await sealing({ amountMinor: 10n, refundedTotalMinor: 30n })).toMatchObject({
      data: { id: 'pay_0001', attributes: { status: 'partial_refund', refunded_amount: 30, total: 8880 } },
    });
    expect(await sealing({ amountMinor: 10n, refundedTotalMinor: 8880n })).toMatchObject({
      data: { attributes: { status: 'refunded', refunded: true } },
    });
  });

  it('says its mode as the endpoint is set', async () => {
    expect(await sealing({})).toMatchObject({ meta: { test_mode: false } });
    expect(await sealing({}, { test_mode: true })).toMatchObject({ meta: { test_mode: true } });
  });
});
