import type { Seeded } from './seeded.ts';

/** What an id names at a platform. */
export type PlatformObject = 'payment' | 'refund' | 'dispute';

/** Platforms that know a refund by the number that the merchant gave it. */
const namedByMerchant = ['midtrans'];

/** The id of a refund that the merchant asked for under this key; null where the platform makes one. */
export function refundIdFrom(provider: string, key: string | null): string | null {
  return namedByMerchant.includes(provider) ? key : null;
}

/** An id as this platform's real ones look; the same for the same label. */
export function platformId(provider: string, object: PlatformObject, seed: Seeded, label: string): string {
  const name = `${object}:${label}`;
  switch (provider) {
    case 'wechatpay':
    case 'wechatpay-v2':
      return { payment: '4200', refund: '5030', dispute: '2000' }[object] + seed.digits(name, 24);
    case 'alipay':
      return `20${seed.digits(name, 26)}`;
    case 'adyen':
      return seed.digits(name, 16);
    case 'braintree':
      return seed.hex(name, 8);
    case 'cashfree':
      return seed.digits(name, 10);
    case 'checkout':
      return { payment: 'pay_', refund: 'act_', dispute: 'dsp_' }[object] + seed.hex(name, 26);
    case 'coinbase-commerce':
      return seed.hex(name, 8).toUpperCase();
    case 'gocardless':
      // A dispute is a stage of its payment.
      return { payment: 'PM', refund: 'RF', dispute: 'PM' }[object] + seed.hex(name, 12).toUpperCase();
    case 'lemonsqueezy':
      return { payment: '1', refund: '2', dispute: '3' }[object] + seed.digits(name, 8);
    case 'mercadopago':
      return { payment: '1', refund: '2', dispute: '3' }[object] + seed.digits(name, 11);
    case 'mollie':
      return { payment: 'tr_', refund: 're_', dispute: 'chb_' }[object] + seed.hex(name, 20);
    case 'midtrans':
      return seed.hex(name, 32).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    case 'paddle':
      return { payment: 'txn_', refund: 'adj_', dispute: 'adj_' }[object] + seed.hex(name, 26);
    case 'paypal':
      return `${object === 'dispute' ? 'PP-D-' : ''}${seed.hex(name, 17).toUpperCase()}`;
    case 'paystack':
      return seed.digits(name, 10);
    case 'razorpay':
      return { payment: 'pay_', refund: 'rfnd_', dispute: 'disp_' }[object] + seed.hex(name, 14);
    case 'shopify':
      return `8${seed.digits(name, 17)}`;
    case 'stripe':
      return { payment: 'pi_', refund: 're_', dispute: 'dp_' }[object] + seed.hex(name, 24);
    case 'unionpay':
      return { payment: '78', refund: '79', dispute: '80' }[object] + seed.digits(name, 19);
    case 'xendit':
      return object === 'payment' ? seed.hex(name, 24) : `rfd-${seed.hex(name, 32)}`;
    default:
      return { payment: 'pay_', refund: 'rfd_', dispute: 'dsp_' }[object] + seed.hex(name, 24);
  }
}
