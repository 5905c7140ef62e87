import { describe, expect, it } from 'vitest';
import { shopify } from '../../src/providers/index.ts';
import { signed } from './signing.ts';
import { account, context, factOf, headerOf, notificationOf, now, refusalOf, sidesOf, textOf } from './support.ts';

const order = {
  id: 8209,
  financial_status: 'paid',
  total_price: '88.80',
  currency: 'USD',
  updated_at: '2026-01-04T21:21:30-05:00',
  note_attributes: [{ name: 'order_no', value: 'O-1' }],
};
const transaction = { id: 2451, kind: 'refund', status: 'success', amount: '30.00', currency: 'USD' };
const refund = { id: 8900, order_id: 8209, created_at: '2026-01-04T21:21:31-05:00', transactions: [transaction] };
const dispute = {
  id: 2853,
  order_id: 8209,
  type: 'chargeback',
  amount: '11.50',
  currency: 'USD',
  status: 'needs_response',
};
const open = (
  body: object | string,
  credentials: object = {},
  headers: readonly (readonly [string, string])[] = [],
) => {
  const request = signed('shopify', typeof body === 'string' ? body : JSON.stringify(body));
  const { receiver } = sidesOf('shopify', { account: credentials });
  return receiver.open({ ...request, headers: [...request.headers, ...headers] }, context);
};

describe('a body of Shopify', () => {
  it.each([
    [
      order,
      {
        kind: 'captured',
        paymentId: '8209',
        operationId: '8209',
        reference: 'O-1',
        amountMinor: 8880n,
        measure: 'cumulative',
        providerTime: now - 3000,
      },
    ],
    [
      { ...order, financial_status: 'authorized' },
      { kind: 'authorized', measure: 'cumulative' },
    ],
    [
      { ...order, financial_status: 'partially_paid', total_outstanding: '50.00' },
      { kind: 'captured', amountMinor: 3880n },
    ],
    [
      { ...order, financial_status: 'partially_paid' },
      { kind: 'captured', amountMinor: null, currency: null },
    ],
    [
      { ...order, financial_status: 'voided' },
      { kind: 'closed', measure: 'single' },
    ],
    [{ ...order, financial_status: 'expired' }, { kind: 'closed' }],
    [
      { ...order, total_price: '500', currency: 'JPY' },
      { amountMinor: 500n, currency: 'JPY' },
    ],
    [{ ...order, total_price: '500.00', currency: 'JPY' }, { amountMinor: 500n }],
    [{ ...order, updated_at: undefined }, { providerTime: now }],
    [
      { ...order, financial_status: 'partially_refunded', refunds: [refund] },
      {
        kind: 'refunded',
        paymentId: '8209',
        operationId: '2451',
        reference: 'O-1',
        amountMinor: 3000n,
        measure: 'single',
      },
    ],
    [refund, { kind: 'refunded', paymentId: '8209', operationId: '2451', reference: null, providerTime: now - 2000 }],
    [{ ...refund, transactions: [{ ...transaction, status: 'pending' }] }, { kind: 'refund_pending' }],
    [{ ...refund, transactions: [{ ...transaction, status: 'failure' }] }, { kind: 'refund_failed' }],
    [{ ...refund, transactions: [{ ...transaction, status: 'error' }] }, { kind: 'refund_failed' }],
    [dispute, { kind: 'dispute_opened', paymentId: '8209', operationId: '2853', amountMinor: 1150n }],
    [{ ...dispute, type: 'inquiry', status: 'under_review' }, { kind: 'dispute_opened' }],
    [{ ...dispute, status: 'won' }, { kind: 'dispute_won' }],
    [{ ...dispute, status: 'lost' }, { kind: 'dispute_lost' }],
    [{ ...dispute, status: 'accepted' }, { kind: 'dispute_lost' }],
  ])('%j is read', (body, expected) => {
    const opened = open(body);
    expect(factOf(opened)).toMatchObject({ account: account.id, ...expected });
    expect(opened).toMatchObject({ messageId: null, readBack: false });
  });

  it('that is an order with refunds tells of each', () => {
    const other = {
      ...refund,
      transactions: [
        { ...transaction, id: 2452 },
        { ...transaction, id: 2453, kind: 'void' },
      ],
    };
    expect(open({ ...order, refunds: [refund, other] })).toMatchObject({
      facts: [{ kind: 'captured' }, { operationId: '2451' }, { operationId: '2452' }],
    });
  });

  it('keeps ids that JavaScript would round', () => {
    const body = JSON.stringify(order).replace('8209', '820982911946154508');
    expect(factOf(open(body)).paymentId).toBe('820982911946154508');
  });

  it.each([
    { ...order, financial_status: 'pending' },
    { ...order, financial_status: 'refunded' },
    { ...order, financial_status: null },
    { ...refund, transactions: [] },
    { ...dispute, status: 'charge_refunded' },
    { ...dispute, type: 'return' },
    { id: 1, title: 'a product' },
  ])('%j is ignored', (body) => {
    expect(open(body, {}, [['X-Shopify-Topic', 'any/topic']])).toEqual({
      is: 'ignored',
      messageId: null,
      type: 'any/topic',
    });
  });

  it('of the other mode is ignored', () => {
    expect(open({ ...order, test: true })).toMatchObject({ is: 'ignored', type: 'unknown (not live)' });
    expect(open({ ...refund, transactions: [{ ...transaction, test: true }] }).is).toBe('ignored');
    expect(open({ ...order, test: false }).is).toBe('facts');
    const receiver = shopify.receiver(sidesOf('shopify').credentials.account, { ...account, mode: 'test' });
    expect(receiver.open(signed('shopify', JSON.stringify({ ...order, test: true })), context).is).toBe('facts');
    expect(receiver.open(signed('shopify', JSON.stringify({ ...order, test: false })), context).is).toBe('ignored');
  });

  it.each([
    [{ ...order, total_price: 88.8 }, 'the amount is not a decimal text of USD'],
    [{ ...order, total_price: '88.805' }, 'the amount is not a decimal text'],
    [{ ...order, total_price: '-1.00' }, 'the amount is not a decimal text'],
    [{ ...order, total_price: '1e3' }, 'the amount is not a decimal text'],
    [{ ...order, currency: 'ZZZ' }, 'the currency is not one of ISO 4217'],
    [{ ...order, financial_status: 'partially_paid', total_outstanding: '99.00' }, 'more is outstanding'],
    [{ ...order, refunds: [{ transactions: [{ ...transaction, id: null }] }] }, 'no id of the operation'],
    [{ ...order, id: null }, 'the body has no id'],
  ])('%j is unreadable', (body, why) => {
    expect(refusalOf(open(body))).toMatch(/^unreadable: /);
    expect(refusalOf(open(body))).toContain(why);
  });

  it.each([
    [
      [
        { name: 'order_id', value: 'B' },
        { name: 'order_no', value: 'A' },
      ],
      undefined,
      'A',
    ],
    [[{ name: 'order_id', value: 'B' }], undefined, 'B'],
    [
      [
        { name: 'order_no', value: 'A' },
        { name: 'cart', value: 'C' },
      ],
      'cart',
      'C',
    ],
    [[{ name: 'colour', value: 'red' }, null], undefined, null],
    [{ order_no: 'A' }, undefined, null],
  ])('with the note attributes %j has its number there', (note_attributes, attribute, expected) => {
    const credentials = attribute === undefined ? {} : { order_no_attribute: attribute };
    expect(factOf(open({ ...order, note_attributes }, credentials)).reference).toBe(expected);
  });

  it('of another shop is refused where the account names its own', () => {
    const credentials = { shop_domain: 'mine.myshopify.com' };
    expect(open(order, credentials, [['X-Shopify-Shop-Domain', 'mine.myshopify.com']]).is).toBe('facts');
    expect(refusalOf(open(order, credentials))).toMatch(/^callback\.other_account: x-shopify-shop-domain is absent/);
  });

  it('opens under any current secret', () => {
    const [current = ''] = sidesOf('shopify').credentials.account.client_secrets as string[];
    expect(open(order, { client_secrets: ['another-client-secret', current] }).is).toBe('facts');
  });
});

describe('what we seal for Shopify', () => {
  it('is an order with its refund, ids in digits as numbers', async () => {
    const { sender } = sidesOf('shopify', { endpoint: { shop_domain: 'mine.myshopify.com' } });
    const changes = { paymentId: '820982911946154508', amountMinor: 3000n, refundedTotalMinor: 3000n, currency: 'USD' };
    const sealed = await sender.seal(notificationOf('refund.succeeded', changes), context);
    expect(headerOf(sealed, 'x-shopify-topic')).toBe('orders/updated');
    expect(headerOf(sealed, 'x-shopify-shop-domain')).toBe('mine.myshopify.com');
    expect(textOf(sealed.body)).toContain(
      '{"id":820982911946154508,"financial_status":"partially_refunded","total_price":"88.80"',
    );
    const full = await sender.seal(notificationOf('refund.succeeded', { refundedTotalMinor: 8880n }), context);
    expect(textOf(full.body)).toContain('"financial_status":"refunded"');
  });
});
