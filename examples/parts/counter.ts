import { type Context, Hono } from 'hono';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import type { Paidonce } from 'paidonce';
import { z } from 'zod';
import { type Method, methods } from './language.ts';
import { answer, documentOf, escaped, type View, viewOf } from './page.ts';
import { openPayment, refundPayment } from './platform.ts';
import type { StandOptions } from './stand.ts';

/** An order as every merchant of the examples keeps it. */
export interface Order {
  no: string;
  /** The payment opened at the platform; null before. */
  payment: string | null;
}

/** What a merchant sells, and how it shows it. */
export interface Counter<Placed extends Order> {
  words(view: View): Words;
  /** What is offered, as HTML. */
  offers(view: View): Promise<string>;
  /** Makes the order that the form asks for; a text = why not. */
  place(form: Record<string, unknown>, method: Method, view: View): Promise<Placement | string>;
  remember(no: string, payment: string): Promise<void>;
  find(no: string): Promise<Placed | null>;
  /** The page of an order, as HTML. */
  show(order: Placed, view: View): { body: string; isChanging: boolean };
  /** The same for a program. */
  json(order: Placed): object;
}

export interface Placement {
  no: string;
  amountMinor: bigint;
}

export interface Words {
  name: string;
  welcome: string;
  back: string;
  unknown: string;
  foreign: string;
  fault: string;
}

const chosen = z.looseObject({ method: z.enum(methods) });

/** Pages over a counter: offers, an order with its way to the cashier, its refund, and the callback URLs of all accounts. */
export function serveCounter<Placed extends Order>(
  pay: Paidonce,
  options: StandOptions,
  counter: Counter<Placed>,
): Hono {
  const app = new Hono();
  const own = csrf();
  const cashier = () => new URL(options.platform.cashierUrl ?? options.platform.url).origin;
  const page = (context: Context, title: string, shown: { body: string; isChanging?: boolean }) => {
    const view = viewOf(context, options.url);
    return answer(context, documentOf(view, { ...counter.words(view), title, ...shown }), cashier());
  };
  const notice = (context: Context, text: string, status: 403 | 404 | 422 | 502) => {
    const { name, back } = counter.words(viewOf(context, options.url));
    const { base } = viewOf(context, options.url);
    context.status(status);
    const body = `<div class="card order"><p role="status">${escaped(text)}</p><p><a href="${base}/">${back}</a></p></div>`;
    return page(context, name, { body });
  };

  // A platform's request is authenticated by its signature; only what people's browsers send needs the guard.
  app.all('/callbacks/:account', (context) => pay.receive(context.req.param('account'), context.req.raw));

  app.post('/orders', own, async (context) => {
    const view = viewOf(context, options.url);
    const form = chosen.safeParse(await context.req.parseBody());
    if (!form.success) return notice(context, counter.words(view).unknown, 422);
    const placed = await counter.place(form.data, form.data.method, view);
    if (typeof placed === 'string') return notice(context, placed, 422);
    const payment = await openPayment(options.platform, {
      provider: form.data.method,
      orderNo: placed.no,
      amountMinor: placed.amountMinor,
      notifyUrl: `${options.url}/callbacks/${form.data.method}`,
      returnUrl: `${options.url}/orders/${placed.no}`,
    });
    await counter.remember(placed.no, payment.id);
    return context.redirect(payment.cashier_url, 303);
  });

  app.get('/orders/:no', async (context) => {
    const view = viewOf(context, options.url);
    const order = await counter.find(context.req.param('no'));
    if (order === null) return notice(context, counter.words(view).unknown, 404);
    if (context.req.header('accept') === 'application/json') return context.json(counter.json(order));
    return page(context, order.no, counter.show(order, view));
  });

  app.post('/orders/:no/refund', own, async (context) => {
    const order = await counter.find(context.req.param('no'));
    if (order?.payment == null) return notice(context, counter.words(viewOf(context, options.url)).unknown, 404);
    await refundPayment(options.platform, order.payment, order.no);
    return context.redirect(`${viewOf(context, options.url).base}/orders/${order.no}`, 303);
  });

  app.get('/*', async (context) => {
    const view = viewOf(context, options.url);
    const { name, unknown } = counter.words(view);
    if (![view.base, `${view.base}/`].includes(context.req.path)) return notice(context, unknown, 404);
    return page(context, name, { body: await counter.offers(view) });
  });

  app.onError((error, context) => {
    const { foreign, fault } = counter.words(viewOf(context, options.url));
    if (error instanceof HTTPException && error.status === 403) return notice(context, foreign, 403);
    console.error(error);
    return notice(context, fault, 502);
  });
  return app;
}
