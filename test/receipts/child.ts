import { appendFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../src/domain/errors.ts';
import { merchantId } from '../../src/domain/ids.ts';
import { type Paidonce, paidonce } from '../../src/paidonce.ts';
import { once } from '../../src/receipts.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { connectTo, insertIntoBook } from './databases.ts';
import { effectFile, foundFile, killFile, type Life, perLife, storeFolder } from './life.ts';

// The source is loaded; whoever is still loading when its turn comes finds the message later.
process.once('message', (life: Life) => void live(life));
flushCompileCache();

async function live(life: Life): Promise<void> {
  const store = sqlite({ folder: join(life.folder, storeFolder) });
  const masterKey = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64');
  const pay = paidonce({ store, merchant: 'shop', masterKey });
  register(pay, life);
  await pay.start();
  for (let made = 0; made < perLife; made += 1) {
    const orderNo = `O-${life.number}-${made}`;
    await pay.publish({ orderNo, type: 'payment.succeeded', amountMinor: 100n, currency: 'CNY' });
  }
  await finish(store);
  await pay.stop();
  process.exit(0);
}

function register(pay: Paidonce, { folder, foreign, point, after }: Life): void {
  const note = (file: string, line: string) => appendFileSync(join(folder, file), `${line}\n`);
  let passes = 0;
  /** Ends the process the hard way when it passes the point often enough. Nothing of it runs after that. */
  const kill = (at: Life['point']) => {
    if (at !== point) return;
    passes += 1;
    if (passes < after) return;
    note(killFile, point);
    process.kill(process.pid, 'SIGKILL');
  };
  let ran = '';
  const book = once(connectTo(foreign).receipts, async ({ tx, notification, effect }) => {
    ran = notification.id;
    await tx.query(insertIntoBook(foreign.kind), [notification.id, notification.amountMinor ?? 0n]);
    await effect('coupon');
    kill('before the commit there');
  });
  pay.on('*', 'book', async (context) => {
    await book(context);
    if (ran !== context.notification.id) note(foundFile, context.notification.id);
    kill('between the two commits');
  });
  pay.effect('coupon', ({ key }) => note(effectFile, key));
}

/** Waits until everything has ended, and tries again at once what would wait for the schedule, or has run out of it. */
async function finish(store: Store): Promise<void> {
  while (!(await isFinished(store))) await pause(20);
}

async function isFinished(store: Store): Promise<boolean> {
  try {
    const all = {
      limit: 200,
      cursor: null,
      visible: null,
      merchant: merchantId('shop'),
      endpoint: null,
      orderNo: null,
    };
    const { pending, sending, outbox } = await store.read('gauges', null);
    const waiting = (await store.read('deliveries', { ...all, state: 'pending' })).data;
    const dead = (await store.read('deliveries', { ...all, state: 'dead' })).data;
    for (const { id, dueAt } of [...waiting, ...dead])
      if (dueAt === null || dueAt > store.now())
        await store.write('changeDelivery', { delivery: id, to: 'retry', by: 'test' });
    return pending + sending + outbox + dead.length === 0;
  } catch (error) {
    // A busy machine keeps a read waiting longer than the store allows: it is asked again.
    if (error instanceof AppError && error.entry.retryable) return false;
    throw error;
  }
}
