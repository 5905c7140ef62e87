import type { Context as HttpContext } from 'hono';
import { Hono } from 'hono';
import { AppError } from '../domain/errors.ts';
import type { Context, RawRequest } from '../providers/provider.ts';
import { adyenApi } from './apis/adyen.ts';
import { alipayApi } from './apis/alipay.ts';
import { checkoutApi } from './apis/checkout.ts';
import { coinbaseCommerceApi } from './apis/coinbase-commerce.ts';
import { gocardlessApi } from './apis/gocardless.ts';
import { mercadopagoApi } from './apis/mercadopago.ts';
import { midtransApi } from './apis/midtrans.ts';
import { mollieApi } from './apis/mollie.ts';
import { paddleApi } from './apis/paddle.ts';
import { paypalApi } from './apis/paypal.ts';
import { paystackApi } from './apis/paystack.ts';
import type { PlatformApi } from './apis/played.ts';
import { razorpayApi } from './apis/razorpay.ts';
import { shopifyApi } from './apis/shopify.ts';
import { squareApi } from './apis/square.ts';
import { stripeApi } from './apis/stripe.ts';
import { unionpayApi } from './apis/unionpay.ts';
import { wechatpayApi } from './apis/wechatpay.ts';
import { wechatpayV2Api } from './apis/wechatpay-v2.ts';
import { xenditApi } from './apis/xendit.ts';
import type { Books } from './books.ts';
import type { SandboxCredentials } from './credentials.ts';
import { readBytes } from './http.ts';
import type { Statements } from './statements.ts';

/** The APIs that the sandbox plays. */
export const apis: ReadonlyMap<string, PlatformApi> = new Map([
  ['adyen', adyenApi],
  ['alipay', alipayApi],
  ['checkout', checkoutApi],
  ['coinbase-commerce', coinbaseCommerceApi],
  ['gocardless', gocardlessApi],
  ['mercadopago', mercadopagoApi],
  ['midtrans', midtransApi],
  ['mollie', mollieApi],
  ['paddle', paddleApi],
  ['paypal', paypalApi],
  ['paystack', paystackApi],
  ['razorpay', razorpayApi],
  ['shopify', shopifyApi],
  ['square', squareApi],
  ['stripe', stripeApi],
  ['unionpay', unionpayApi],
  ['wechatpay', wechatpayApi],
  ['wechatpay-v2', wechatpayV2Api],
  ['xendit', xenditApi],
]);

/**
 * What an account must be configured with to open what the sandbox sends, and to ask the API where the sandbox plays one.
 *
 * @throws AppError `provider.unknown`
 */
export function accountCredentials(credentials: SandboxCredentials, provider: string, publicUrl: string): object {
  const { account } = credentials.pair(provider);
  const api = apis.has(provider) ? { api_base_url: `${publicUrl}/sandbox/api/${provider}` } : {};
  return { ...(typeof account === 'object' ? account : {}), ...api };
}

export interface PlatformApisOptions {
  credentials: SandboxCredentials;
  booksOf(provider: string): Books;
  statements: Statements;
  context(): Context;
}

/** The providers' own APIs under `/sandbox/api`; each knows its callers in its provider's way. */
export function createPlatformApis({ credentials, booksOf, statements, context }: PlatformApisOptions): Hono {
  const app = new Hono();
  app.all('/sandbox/api/:provider/*', async (http) => {
    const provider = http.req.param('provider');
    const api = apis.get(provider);
    if (api === undefined) throw new AppError('request.not_found', `the sandbox plays no API of ${provider}`);
    const about = { pair: credentials.pair(provider), context: context() };
    const statement = (day: string) => statements(provider, day);
    const url = `${about.context.publicUrl}/sandbox/api/${provider}`;
    const reply = await api(await requestOf(http, provider), { ...about, books: booksOf(provider), statement, url });
    if (reply === null)
      throw new AppError('request.not_found', `${provider} has no ${http.req.method} ${http.req.path}`);
    const headers = reply.headers.map(([name, value]): [string, string] => [name, value]);
    return new Response(Buffer.from(reply.body), { status: reply.status, headers });
  });
  return app;
}

async function requestOf({ req }: HttpContext, provider: string): Promise<RawRequest> {
  const { pathname, search } = new URL(req.url);
  const target = pathname.slice(`/sandbox/api/${provider}`.length) + search;
  return { method: req.method, target, headers: [...req.raw.headers], body: await readBytes(req.raw) };
}
