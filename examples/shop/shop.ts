import { type Context, Hono } from 'hono';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import type { Paidonce } from 'paidonce';
import { z } from 'zod';
import { methods } from '../parts/language.ts';
import { answer, viewOf } from '../parts/page.ts';
import { openPayment, refundPayment } from '../parts/platform.ts';
import type { Merchant, StandOptions } from '../parts/stand.ts';
import { goodOf } from './goods.ts';
import {
  findOrder,
  grantCoupon,
  markFailed,
  markPaid,
  markRefunded,
  placeOrder,
  prepareTables,
  rememberPayment,
  stockOf,
} from './orders.ts';
import { cataloguePage, noticePage, orderPage } from './pages.ts';
import { texts } from './texts.ts';

/** Registers the shop's handlers, so call it before `pay.start()`. `pay` has an account for each of `methods`, under that name. */
export function createShop(pay: Paidonce, options: StandOptions): Merchant {
  registerHandlers(pay);
  const app = new Hono();
  // A platform's request is authenticated by its signature; only what people's browsers send needs this guard.
  const own = csrf();

  app.all('/callbacks/:account', (context) => pay.receive(context.req.param('account'), context.req.raw));

  const catalogue = async (context: Context) =>
    page(context, options, cataloguePage({ ...viewOf(context, options.url), stock: await stockOf(pay) }));
  app.get('/', catalogue);

  app.post('/orders', own, async (context) => {
    const wanted = orderForm.safeParse(await context.req.parseBody());
    const good = wanted.success ? goodOf(wanted.data.good) : null;
    const say = texts[viewOf(context, options.url).language];
    if (!wanted.success || good === null) return notice(context, options, { text: say.unknownGood, status: 422 });
    const no = await placeOrder(pay, { good, quantity: wanted.data.quantity, method: wanted.data.method });
    if (no === null) return notice(context, options, { text: say.soldOut, status: 409 });
    const payment = await openPayment(options.platform, {
      provider: wanted.data.method,
      orderNo: no,
      amountMinor: good.priceMinor * BigInt(wanted.data.quantity),
      notifyUrl: `${options.url}/callbacks/${wanted.data.method}`,
      returnUrl: `${options.url}/orders/${no}`,
    });
    await rememberPayment(pay, no, payment.id);
    return context.redirect(payment.cashier_url, 303);
  });

  app.get('/orders/:no', async (context) => {
    const view = viewOf(context, options.url);
    const order = await findOrder(pay, context.req.param('no'));
    if (order === null) return notice(context, options, { text: texts[view.language].unknownOrder, status: 404 });
    if (context.req.header('accept') === 'application/json') return context.json(orderJson(order));
    return page(context, options, orderPage({ ...view, order }));
  });

  app.post('/orders/:no/refund', own, async (context) => {
    const view = viewOf(context, options.url);
    const order = await findOrder(pay, context.req.param('no'));
    if (order?.payment == null)
      return notice(context, options, { text: texts[view.language].unknownOrder, status: 404 });
    await refundPayment(options.platform, order.payment, order.no);
    return context.redirect(`${view.base}/orders/${order.no}`, 303);
  });

  app.get('/*', (context) => {
    const view = viewOf(context, options.url);
    if (context.req.path === `${view.base}/`) return catalogue(context);
    return notice(context, options, { text: texts[view.language].unknownPage, status: 404 });
  });

  app.onError((error, context) => {
    const say = texts[viewOf(context, options.url).language];
    if (error instanceof HTTPException && error.status === 403)
      return notice(context, options, { text: say.foreign, status: 403 });
    console.error(error);
    return notice(context, options, { text: say.fault, status: 502 });
  });
  return { app, prepare: () => prepareTables(pay) };
}

/** What the shop does when it hears of money. Each runs once for each notification, and commits with the mark that it ran. */
function registerHandlers(pay: Paidonce): void {
  pay.on('payment.succeeded', 'mark-paid', async ({ order, tx, effect }) => {
    await markPaid(tx, order.orderNo);
    await effect('coupon', { orderNo: order.orderNo });
  });
  pay.on('payment.failed', 'mark-failed', ({ order, tx }) => markFailed(tx, order.orderNo));
  pay.on('refund.succeeded', 'restore', ({ order, notification, tx }) =>
    markRefunded(tx, order.orderNo, notification.amountMinor),
  );
  pay.effect('coupon', async ({ payload, key }) => {
    const { orderNo } = z.object({ orderNo: z.string() }).parse(payload);
    await grantCoupon(pay, { orderNo, idempotencyKey: key });
  });
}

const orderForm = z.object({
  good: z.string().max(20),
  quantity: z.coerce.number().int().min(1).max(9),
  method: z.enum(methods),
});

function orderJson(order: NonNullable<Awaited<ReturnType<typeof findOrder>>>): object {
  const { no, method, paid, failed, coupons } = order;
  return {
    no,
    method,
    amount_minor: Number(order.amount_minor),
    refunded_minor: Number(order.refunded_minor),
    payment: order.payment,
    paid,
    failed,
    coupons,
  };
}

function notice(
  context: Context,
  options: StandOptions,
  { text, status }: { text: string; status: 403 | 404 | 409 | 422 | 502 },
): Response {
  context.status(status);
  return page(context, options, noticePage({ ...viewOf(context, options.url), text }));
}

function page(context: Context, { platform }: StandOptions, html: string): Response {
  return answer(context, html, new URL(platform.cashierUrl ?? platform.url).origin);
}
