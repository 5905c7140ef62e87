import { fixed } from './fixed-provider.ts';
import { gateway, type Kept } from './gateway.ts';

/** What a node is told: to call its API, or to stop. */
export type Told = { method: string; path: string; body?: object } | 'stop';

/** A node with the repaired code, until it is killed or told to stop. */
const kept: Kept = JSON.parse(process.argv[2] ?? '');
const { pay, call } = gateway(kept, fixed);
pay.on('payment.succeeded', 'book', async ({ tx, order }) => {
  await tx.query('insert into shop_book (order_no) values ($1)', [order.orderNo]);
});
await pay.start();
process.on('message', async (told: Told) => {
  if (told === 'stop') {
    await pay.stop();
    process.exit(0);
  }
  process.send?.((await call(told.method, told.path, told.body)).status);
});
process.send?.('started');
