import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { type Paidonce, paidonce } from 'paidonce';
import { sqlite } from 'paidonce/sqlite';
import { methods } from './language.ts';
import { accountCredentials, type PlatformOptions } from './platform.ts';

/** A merchant of the examples: pages, and tables to be made once Paidonce has started. */
export interface Merchant {
  app: Hono;
  prepare(): Promise<void>;
}

export interface StandOptions {
  /** Where the merchant itself is reached, with its path: `http://127.0.0.1:7700/shop`. */
  url: string;
  platform: PlatformOptions;
}

/** Runs a merchant as a process of its own, with a store of its own, beside a running `paidonce dev` that plays the platforms. */
export async function openStand(
  name: string,
  defaultPort: number,
  create: (pay: Paidonce, options: StandOptions) => Merchant,
): Promise<void> {
  const port = Number(process.env.PORT ?? defaultPort);
  const url = `http://127.0.0.1:${port}/${name}`;
  const platform = {
    url: process.env.PAIDONCE_URL ?? 'http://127.0.0.1:7700',
    apiKey: process.env.PAIDONCE_ADMIN_KEY ?? '',
  };
  if (platform.apiKey === '') throw new Error('set PAIDONCE_ADMIN_KEY to the admin key that `paidonce dev` prints');
  const accounts = await Promise.all(
    methods.map(async (method) => {
      const credentials = await accountCredentials(platform, method);
      return [method, { provider: method, credentials }] as const;
    }),
  );
  const folder = process.env.DATA ?? `./data/${name}`;
  const pay = paidonce({
    store: sqlite({ folder }),
    merchant: name,
    accounts: Object.fromEntries(accounts),
    masterKey: masterKeyIn(folder),
  });
  const merchant = create(pay, { url, platform });
  await pay.start();
  await merchant.prepare();
  const app = new Hono().route(`/${name}`, merchant.app);
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' });
  console.log(`Open ${url}/`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close();
      void pay.stop();
    });
  }
}

/** Beside the database, because this is a demonstration; a real merchant keeps it where the database's backups are not. */
function masterKeyIn(folder: string): string {
  const file = join(folder, 'master.key');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}
