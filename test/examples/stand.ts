import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { methods } from '../../examples/parts/language.ts';
import type { Merchant, StandOptions } from '../../examples/parts/stand.ts';
import { problemResponse } from '../../src/api/problem.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { AppError } from '../../src/domain/errors.ts';
import { newId, randomBytesOf } from '../../src/domain/ids.ts';
import { unobserved } from '../../src/domain/observe.ts';
import { type Paidonce, type PaidonceOptions, paidonceOn } from '../../src/paidonce.ts';
import { providers as builtIn } from '../../src/providers/index.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { createService, type Service } from '../../src/service.ts';
import { temporaryStore } from '../../src/testing/testing.ts';

export interface Stand {
  /** The origin of everything. */
  url: string;
  service: Service;
  /** Sends a form as a browser on the page would. */
  post(to: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  /** An order as its page gives it to a program. */
  read<Order>(order: string): Promise<Order>;
  stop(): Promise<void>;
}

const adminKey = 'admin-key-of-the-test';

/** A merchant of the examples and the platform in one process, on one store, behind one real port. */
export async function openStand(
  name: string,
  create: (pay: Paidonce, options: StandOptions) => Merchant,
): Promise<Stand> {
  const app = new Hono().onError((error) => {
    if (error instanceof AppError) return problemResponse(error);
    throw error;
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { store, dispose } = await temporaryStore();
  const masterKeys = [randomBytesOf(32).slice()];
  const providers = new Map(builtIn.map((provider) => [provider.name, provider]));
  const parts = { store, providers, publicUrl: url, clock: systemClock, random: randomBytesOf };
  const sandbox = createSandbox({ ...parts, vault: createVault(masterKeys) });
  const service = createService({
    ...parts,
    masterKeys,
    adminKey,
    allowTargets: ['127.0.0.0/8'],
    role: 'all',
    node: newId('nod', systemClock.now(), 0),
    observe: unobserved,
    wrapSender: sandbox.wrapSender,
  });
  const accounts: Record<string, NonNullable<PaidonceOptions['accounts']>[string]> = {};
  const pay = paidonceOn(service, { merchant: name, accounts });
  const merchant = create(pay, { url: `${url}/${name}`, platform: { url, apiKey: adminKey, timeScale: 1000 } });
  await service.start();
  await sandbox.start(service);
  for (const method of methods)
    accounts[method] = { provider: method, credentials: sandbox.accountCredentials(method) };
  await pay.start();
  await merchant.prepare();
  app.route('/', sandbox.app);
  app.route(`/${name}`, merchant.app);
  return {
    url,
    service,
    post: (to, fields, headers = {}) =>
      fetch(to, {
        method: 'POST',
        headers: { origin: url, ...headers },
        body: new URLSearchParams(fields),
        redirect: 'manual',
      }),
    read: async <Order>(order: string) =>
      (await (await fetch(order, { headers: { accept: 'application/json' } })).json()) as Order,
    async stop() {
      await service.stop();
      await dispose();
      server.close();
    },
  };
}
