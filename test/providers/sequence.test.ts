import { describe, expect, it } from 'vitest';
import { providers } from '../../src/providers/index.ts';
import { context, sayableBy, sidesOf } from './support.ts';

/** Their bodies have no place for a value of the sender's, echo one that belongs to the merchant alone, or name an id and no more. */
const withoutRoom = [
  ...['adyen', 'alipay', 'braintree', 'mercadopago', 'mollie', 'square', 'unionpay'],
  ...['midtrans', 'paypal', 'wechatpay', 'wechatpay-v2', 'xendit'],
];

describe('the sequence of a notification', () => {
  it.each(providers.map(({ name }) => name))('is in the body where the format has room for it: %s', async (name) => {
    const { provider, sender } = sidesOf(name);
    const sealed = await sender.seal(sayableBy(provider, 'payment.succeeded', { sequence: 987_654 }), context);
    const body = Buffer.from(sealed.body).toString('utf8');
    expect(/"sequence"[^}]{0,20}"?987654/.test(body)).toBe(!withoutRoom.includes(name));
  });
});
