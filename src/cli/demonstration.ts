import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import type { Client } from './client.ts';
import { exitCodes, Failure } from './failure.ts';
import { type Counts, funnelAnswer, sides } from './funnel-text.ts';
import { orderAnswer, timelineAnswer } from './order-text.ts';

/** What the demonstration buys. One notification is sent three times, as if two acknowledgements had been lost. */
const purchases = [
  { method: 'wechatpay', good: 'tea', sendings: 3 },
  { method: 'alipay', good: 'cup', sendings: 1 },
  { method: 'stripe', good: 'book', sendings: 1 },
] as const;

export interface DemonstrationOptions {
  client: Client;
  shopUrl: string;
  clock: Clock;
  signal: AbortSignal;
  /** Called while it goes on, with what happens now. */
  onStep(step: string): void;
}

/** What came of one order of the demonstration. */
export interface Purchase {
  orderNo: string;
  method: string;
  /** How often the platform really sent the notification. */
  sendings: number;
  /** How often the handler marked the order as paid, and the coupons it led to. */
  marked: number;
  coupons: number;
}

export interface Demonstration {
  purchases: readonly Purchase[];
  /** Of the first order. */
  order: z.output<typeof orderAnswer>;
  timeline: z.output<typeof timelineAnswer>['data'];
  funnel: readonly (readonly [side: string, totals: Counts])[];
}

const shopOrder = z.object({ no: z.string(), paid: z.int(), coupons: z.int() });
const deliveryRows = z.object({ data: z.array(z.object({ state: z.string(), attempt_count: z.int() })) });

const waitMs = 50;
const waitMsMax = 30_000;

/** Buys in the shop and pays at the cashier as a person with a browser would, then looks at what became of it. */
export async function demonstrate(options: DemonstrationOptions): Promise<Demonstration> {
  const done: Purchase[] = [];
  for (const { method, good, sendings } of purchases) {
    options.onStep(`buying, paying with ${method}`);
    const cashierUrl = await submit(`${options.shopUrl}/orders`, { good, quantity: '1', method }, options);
    const orderUrl = await submit(cashierUrl, { do: 'pay', duplicate: String(sendings) }, options);
    options.onStep(`waiting until the order paid with ${method} is settled`);
    done.push(await settled(options, { orderUrl, method }));
  }
  const first = encodeURIComponent(done[0]?.orderNo ?? '');
  return {
    purchases: done,
    order: await options.client.get(`/v1/orders/${first}?merchant=shop`, orderAnswer),
    timeline: (await options.client.get(`/v1/orders/${first}/timeline?merchant=shop`, timelineAnswer)).data,
    funnel: await Promise.all(
      sides.map(
        async (side) => [side, (await options.client.get(`/v1/funnel?side=${side}`, funnelAnswer)).totals] as const,
      ),
    ),
  };
}

/** Sends a form as its page would, and gives where it leads. */
async function submit(
  url: string,
  fields: Readonly<Record<string, string>>,
  { signal }: DemonstrationOptions,
): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { origin: new URL(url).origin },
    body: new URLSearchParams(fields),
    redirect: 'manual',
    signal,
  });
  const location = response.headers.get('location');
  await response.body?.cancel();
  if (response.status !== 303 || location === null) {
    throw new Failure(exitCodes.negative, {
      code: 'demonstration.failed',
      reason: `the form at ${url} was answered with ${response.status} and leads nowhere`,
      next: 'Look at the log above; the server itself goes on, so the same can be tried in a browser.',
    });
  }
  return new URL(location, url).href;
}

/** Waits until the notification is confirmed at the platform, and has taken effect in the shop. */
async function settled(
  { client, clock, signal }: DemonstrationOptions,
  order: { orderUrl: string; method: string },
): Promise<Purchase> {
  const untilMs = clock.monotonicMs() + waitMsMax;
  const orderNo = decodeURIComponent(order.orderUrl.split('/').at(-1) ?? '');
  for (;;) {
    const response = await fetch(order.orderUrl, { headers: { accept: 'application/json' }, signal });
    const { paid, coupons } = shopOrder.parse(await response.json());
    const { data } = await client.get(
      `/v1/deliveries?merchant=sandbox&order_no=${encodeURIComponent(orderNo)}`,
      deliveryRows,
    );
    const isConfirmed = data.length > 0 && data.every(({ state }) => state === 'confirmed');
    if (isConfirmed && paid > 0 && coupons > 0) {
      const sendings = data.reduce((sum, { attempt_count: attempts }) => sum + attempts, 0);
      return { orderNo, method: order.method, sendings, marked: paid, coupons };
    }
    if (clock.monotonicMs() > untilMs || signal.aborted) {
      throw new Failure(exitCodes.negative, {
        code: 'demonstration.failed',
        reason: `order ${orderNo} was not settled within ${waitMsMax / 1000} s`,
        next: `Run \`paidonce explain ${orderNo} --merchant shop\` to see what happened.`,
      });
    }
    await clock.sleep(waitMs, signal);
  }
}
