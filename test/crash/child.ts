import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { systemClock } from '../../src/domain/clock.ts';
import { asId, merchantId, newId, randomBytesOf } from '../../src/domain/ids.ts';
import { hmac } from '../../src/providers/hmac.ts';
import { standard } from '../../src/providers/standard.ts';
import { createService, type Service } from '../../src/service.ts';
import type { Store } from '../../src/stores/store.ts';
import { killAtCommit, killer } from './killing.ts';
import { postgresPlace, sqlitePlace } from './place.ts';
import * as names from './points.ts';

const shop = merchantId(names.merchant);

process.once('message', (go: names.Go) => {
  live(go).catch((error: unknown) => {
    tell({ is: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exit(1);
  });
});
// The parent is gone: nobody would end this process otherwise.
process.once('disconnect', () => process.exit(1));
// It would be written at the exit, to which no child comes.
flushCompileCache();
tell({ is: 'loaded' });

async function live({ folder, database, sinkUrl, arm }: names.Go): Promise<void> {
  const kill = killer(folder, arm);
  const place = database === null ? sqlitePlace(folder) : postgresPlace(database);
  if (database !== null) killAtCommit(kill);
  const service = createService({
    store: fragile(place.store(), kill, database === null ? programUrl(folder, arm) : null),
    providers: new Map([hmac, standard].map((provider) => [provider.name, provider])),
    masterKeys: [new Uint8Array(32).fill(3)],
    adminKey: null,
    publicUrl: 'http://127.0.0.1',
    allowTargets: ['127.0.0.0/8'],
    role: 'all',
    node: newId('nod', systemClock.now(), 0),
    clock: systemClock,
    random: randomBytesOf,
    observe() {},
    wrapSender: (sender) => ({
      ...sender,
      seal(notification, context) {
        kill('claim→POST');
        return sender.seal(notification, context);
      },
    }),
  });
  register(service, folder, kill);
  await service.start();
  await ensureShop(service, folder, sinkUrl);
  const server = createServer((request, response) => void serve(service, request, response));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') tell({ is: 'listening', port: address.port });
  });
  process.once('message', () => void drain(service));
}

/** Handler and effect insert plainly: whoever runs twice is there twice. */
function register(service: Service, folder: string, kill: ReturnType<typeof killer>): void {
  service.registry.on(shop, '*', names.handlerName, async ({ notification, order, tx, effect }) => {
    await tx.query('insert into shop_book (notification, order_no) values ($1, $2)', [notification.id, order.orderNo]);
    await effect(names.effectName, { orderNo: order.orderNo });
    kill('handler writes→commit');
  });
  service.registry.effect(shop, names.effectName, ({ key, notification }) => {
    appendFileSync(join(folder, names.effectFile), `${key} ${notification.id}\n`);
  });
  service.askWith(async (merchant, orderNo) => ({ merchant, orderNo, amountMinor: 100n, currency: 'CNY' }));
}

/** The store as it is, but for the points at which the process dies around its calls. */
function fragile(store: Store, kill: ReturnType<typeof killer>, program: URL | null): Store {
  return {
    handlerMs: store.handlerMs,
    now: () => store.now(),
    open: (options) => store.open(program === null ? options : { ...options, program }),
    close: () => store.close(),
    async decide(name, input) {
      const output = await store.decide(name, input);
      if (name === 'callback' || name === 'publish') kill('commit→answer');
      return output;
    },
    async write(name, input) {
      if (name === 'finish' && Array.isArray(input)) {
        const kinds = input.map(({ claimed }) => claimed.target.kind);
        const posted = kinds.filter((kind) => kind === 'endpoint').length;
        const effects = kinds.filter((kind) => kind === 'effect').length;
        if (posted > 0) kill('POST→record', posted);
        if (effects > 0) kill('effect→mark', effects);
      }
      return store.write(name, input);
    },
    read: (name, input) => store.read(name, input),
    handle: (claim, run) => store.handle(claim, run),
    transact: (run) => store.transact(run),
  };
}

function programUrl(folder: string, { point, after }: names.Arm): URL | null {
  if (point !== 'before commit') return null;
  const url = new URL('./killing-program.ts', import.meta.url);
  url.search = new URLSearchParams({ folder, after: String(after) }).toString();
  return url;
}

/** Merchant, account and endpoint, made by the first life and found by the others. */
async function ensureShop(service: Service, folder: string, sinkUrl: string): Promise<void> {
  if ((await service.store.read('merchant', shop)) === null) await service.merchants.add({ id: shop, name: 'Shop' });
  const account = await service.accounts.ensure({
    merchant: shop,
    provider: 'hmac',
    name: names.accountName,
    credentials: { api_key: names.apiKey, api_secrets: [names.apiSecret] },
  });
  writeFileSync(join(folder, names.accountFile), account.id);
  const page = { limit: 1, cursor: null, visible: null, merchant: shop, state: null };
  if ((await service.store.read('endpoints', page)).data.length > 0) return;
  await service.endpoints.add({ merchant: shop, url: sinkUrl, credentials: { secrets: [names.standardSecret] } });
}

/** Two calls: a provider's callback, and a publish. Nothing is answered but what the service answered. */
async function serve(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    if (request.url === '/publish') {
      const { orderNo, idempotencyKey } = JSON.parse(body.toString());
      const type = 'payment.succeeded';
      const of = { merchant: shop, type, orderNo: asId.orderNo(orderNo), amountMinor: 100n, currency: 'CNY' } as const;
      response.end(JSON.stringify(await service.publish({ ...of, idempotencyKey })));
      return;
    }
    await receive(service, request, response, body);
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
}

async function receive(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array,
): Promise<void> {
  const { method = '', url: target = '' } = request;
  const received = await service.callbacks.receive({
    account: target.slice('/callbacks/'.length),
    method,
    target,
    headers: Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
    body,
    receivedAt: systemClock.now(),
    cut: null,
  });
  if (received === null) {
    response.statusCode = 404;
    response.end();
    return;
  }
  const { reply, written } = received;
  response.writeHead(reply.status, reply.headers.flat());
  response.end(reply.body, written);
}

/** Stops once everything has ended; what has not ended keeps this process, and the test, waiting. */
async function drain(service: Service): Promise<void> {
  for (;;) {
    const { pending, sending, outbox } = await service.store.read('gauges', null);
    if (pending + sending + outbox === 0) break;
    await hurry(service);
    await systemClock.sleep(20);
  }
  await service.stop();
  process.exit(0);
}

/** On a busy machine a handler may miss its deadline. A person would not wait for the schedule either. */
async function hurry(service: Service): Promise<void> {
  const all = { limit: 200, cursor: null, visible: null, merchant: shop, endpoint: null, orderNo: null } as const;
  const { data } = await service.store.read('deliveries', { ...all, state: 'pending' });
  for (const { id, dueAt } of data) {
    if (dueAt === null || dueAt <= systemClock.now()) continue;
    await service.store.write('changeDelivery', { delivery: id, to: 'retry', by: 'crash test' });
  }
}

function tell(message: names.ChildMessage): void {
  process.send?.(message);
}
