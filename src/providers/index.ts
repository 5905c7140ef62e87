import { adyen } from './adyen.ts';
import { alipay } from './alipay.ts';
import { braintree } from './braintree.ts';
import { cashfree } from './cashfree.ts';
import { checkout } from './checkout.ts';
import { coinbaseCommerce } from './coinbase-commerce.ts';
import { gocardless } from './gocardless.ts';
import { hmac } from './hmac.ts';
import { lemonsqueezy } from './lemonsqueezy.ts';
import { mercadopago } from './mercadopago.ts';
import { midtrans } from './midtrans.ts';
import { mollie } from './mollie.ts';
import { paddle } from './paddle.ts';
import { paypal } from './paypal.ts';
import { paystack } from './paystack.ts';
import type { Provider } from './provider.ts';
import { razorpay } from './razorpay.ts';
import { shopify } from './shopify.ts';
import { square } from './square.ts';
import { standard } from './standard.ts';
import { stripe } from './stripe.ts';
import { unionpay } from './unionpay.ts';
import { wechatpay } from './wechatpay.ts';
import { wechatpayV2 } from './wechatpay-v2.ts';
import { xendit } from './xendit.ts';

export type { Configured } from './define.ts';
export type { Provider } from './provider.ts';
export {
  adyen,
  alipay,
  braintree,
  cashfree,
  checkout,
  coinbaseCommerce,
  gocardless,
  hmac,
  lemonsqueezy,
  mercadopago,
  midtrans,
  mollie,
  paddle,
  paypal,
  paystack,
  razorpay,
  shopify,
  square,
  standard,
  stripe,
  unionpay,
  wechatpay,
  wechatpayV2,
  xendit,
};

/** Every provider. A new one is its file, a folder of fixtures, and a line here. */
export const providers: readonly Provider[] = [
  standard,
  hmac,
  adyen,
  alipay,
  braintree,
  cashfree,
  checkout,
  coinbaseCommerce,
  gocardless,
  lemonsqueezy,
  mercadopago,
  mollie,
  midtrans,
  paddle,
  paypal,
  paystack,
  razorpay,
  shopify,
  square,
  stripe,
  unionpay,
  wechatpay,
  wechatpayV2,
  xendit,
];

/** The provider of that name, or undefined. */
export function providerByName(name: string): Provider | undefined {
  return providers.find((provider) => provider.name === name);
}
