import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Pool } from 'pg';
import { paidonce } from '../../src/paidonce.ts';
import { hmac } from '../../src/providers/hmac.ts';
import { standard } from '../../src/providers/standard.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import * as settings from './shop-settings.ts';

/** A merchant's own program on the library: its handler inserts plainly, so whoever runs twice is there twice. */
async function run({ database, masterKey, adminKey, port }: settings.ShopStart): Promise<void> {
  /** Of a pool of the merchant's own. */
  const connections = process.env.SHOP_CONNECTIONS;
  let held: PromiseWithResolvers<void> | null = null;
  let stops = false;
  process.on('message', (order: settings.ShopOrder) => {
    if (order === 'stop at the next seal') stops = true;
    else {
      held?.resolve();
      held = order === 'hold' ? Promise.withResolvers() : null;
    }
  });
  const stopping: typeof standard.sender = (credentials) => {
    const sender = standard.sender(credentials);
    return {
      ...sender,
      seal(notification, context) {
        // The process stands still here, between the claim and the POST, until somebody lets it go on.
        if (stops) process.kill(process.pid, 'SIGSTOP');
        stops = false;
        return sender.seal(notification, context);
      },
    };
  };
  const credentials = { api_key: settings.apiKey, api_secrets: [settings.apiSecret] };
  const pay = paidonce({
    store: postgres(
      connections === undefined ? database : new Pool({ connectionString: database, max: Number(connections) }),
    ),
    merchant: settings.merchant,
    accounts: { [settings.accountName]: { provider: 'hmac', credentials, withoutOrder: 'accept' } },
    providers: [hmac, { ...standard, sender: stopping }],
    masterKey,
    adminKey,
    allowTargets: ['127.0.0.0/8'],
    observe(name, level, fields) {
      if (level === 'error') process.stderr.write(`shop: ${name} ${JSON.stringify(fields)}\n`);
    },
  });
  pay.on('*', settings.handlerName, async ({ notification, order, tx }) => {
    const row = [notification.id, order.orderNo];
    await tx.query('insert into shop_book (notification, order_no) values ($1, $2)', row);
    await held?.promise;
  });
  await pay.start();
  const server = createServer(getRequestListener(pay.fetch));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const started: settings.ShopStarted = {
    callbackPath: new URL(pay.callbackUrl(settings.accountName)).pathname,
    port: (server.address() as AddressInfo).port,
  };
  process.send?.(started);
  process.once('SIGTERM', () => server.close(() => void pay.stop().then(() => process.exit(0))));
}

process.once('message', (start: settings.ShopStart) => {
  run(start).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
});
// The parent is gone: nobody would end this process otherwise.
process.once('disconnect', () => process.exit(1));
