import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { paidonce } from 'paidonce';
import { sqlite } from 'paidonce/sqlite';
import { methods } from './orders.ts';
import { accountCredentials } from './platform.ts';
import { createShop } from './shop.ts';

// The shop as a process of its own, with a store of its own, beside a running `paidonce dev` that plays the payment platforms.
const port = Number(process.env.SHOP_PORT ?? 7800);
const url = `http://127.0.0.1:${port}/shop`;
const platform = {
  url: process.env.PAIDONCE_URL ?? 'http://127.0.0.1:7700',
  apiKey: process.env.PAIDONCE_ADMIN_KEY ?? '',
};
if (platform.apiKey === '') throw new Error('set PAIDONCE_ADMIN_KEY to the admin key that `paidonce dev` prints');

const accounts = await Promise.all(
  methods.map(
    async (method) => [method, { provider: method, credentials: await accountCredentials(platform, method) }] as const,
  ),
);
const folder = process.env.SHOP_DATA ?? './data/shop';
const pay = paidonce({
  store: sqlite({ folder }),
  merchant: 'shop',
  accounts: Object.fromEntries(accounts),
  masterKey: masterKeyIn(folder),
});
const shop = createShop(pay, { url, platform });
await pay.start();
await shop.prepare();

const server = serve({ fetch: new Hono().route('/shop', shop.app).fetch, port, hostname: '127.0.0.1' });
console.log(`The shop is at ${url}/`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close();
    void pay.stop();
  });
}

/** Beside the database, because this is a demonstration; a real shop keeps it where the database's backups are not. */
function masterKeyIn(folder: string): string {
  const file = join(folder, 'master.key');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}
