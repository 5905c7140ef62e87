import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { AppError } from '../../src/domain/errors.ts';
import { asId, newId, randomBytesOf } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import { unobserved } from '../../src/domain/observe.ts';
import { providers } from '../../src/providers/index.ts';
import { createService, type Service } from '../../src/service.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { expected, openShop, paid, platforms } from '../library/open-shop.ts';
import { storeConformance } from '../stores/conformance.ts';
import { temporaryFolder } from '../stores/support.ts';
import { linkedTo, throughMessages } from './linked.ts';

storeConformance('sqlite in another process', async () => {
  const folder = await temporaryFolder();
  return { make: () => throughMessages(sqlite({ folder: folder.path })), end: () => folder.remove() };
});

/** A store that never answers, for what is about waiting. */
const silent: Pick<Store, 'decide' | 'write' | 'read'> = {
  decide: () => new Promise(() => {}),
  write: () => new Promise(() => {}),
  read: () => new Promise(() => {}),
};

function linked(store: Parameters<typeof linkedTo>[0]) {
  const link = linkedTo(store);
  onTestFinished(link.close);
  return link;
}

describe('a store in another process', () => {
  it('gets what one turn of the event loop asks in one message', async () => {
    const link = linked({ ...silent, read: async () => null as never });
    await Promise.all(Array.from({ length: 50 }, () => link.remote.read('merchant', asId.merchant('shop'))));
    expect(link.messages).toBe(1);
  });

  it('gets no message of more than a commit may hold, unless one operation is', async () => {
    const link = linked({ ...silent, write: async () => null as never });
    const value = new Uint8Array(limits.commitBytes / 2);
    await Promise.all(['a', 'b', 'c'].map((name) => link.remote.write('keepSetting', { name, value })));
    expect(link.messages).toBe(3);
  });

  it('refuses what does not fit its queue with store.overloaded, and takes more when that is answered', async () => {
    const gate = Promise.withResolvers<never>();
    const { remote } = linked({ ...silent, read: () => gate.promise });
    const ask = () => remote.read('gauges', null);
    const waiting = Array.from({ length: limits.storeQueueRows }, ask);
    await expect(ask()).rejects.toMatchObject({ code: 'store.overloaded' });
    gate.resolve(null as never);
    await Promise.all(waiting);
    expect(await ask()).toBeNull();
  });

  it('fails everything that waits, and all after it, with store.unavailable when that process is gone', async () => {
    const { remote, calls } = linked(silent);
    const waiting = [remote.read('gauges', null), remote.read('ready', null)];
    calls.lose(new AppError('store.unavailable', 'gone'));
    for (const one of [...waiting, remote.read('gauges', null)])
      await expect(one).rejects.toMatchObject({ code: 'store.unavailable', detail: 'gone' });
  });

  it('tells an operating error with its code and fields, and a mistake as one', async () => {
    const fields = [{ pointer: '/a', detail: 'no' }];
    const { remote } = linked({
      ...silent,
      read: (name) =>
        Promise.reject(
          name === 'ready' ? new AppError('store.deadline', 'late', { errors: fields }) : new TypeError('odd'),
        ),
    });
    await expect(remote.read('ready', null)).rejects.toMatchObject({ code: 'store.deadline', errors: fields });
    await expect(remote.read('gauges', null)).rejects.toThrow('odd');
  });

  it('is asked the rest where one input cannot cross', async () => {
    const { remote } = linked({ ...silent, read: async () => null as never });
    const broken = remote.read('merchant', (() => {}) as never);
    const fine = remote.read('merchant', asId.merchant('shop'));
    await expect(broken).rejects.toThrow(/could not be cloned/);
    expect(await fine).toBeNull();
  });

  it('answers what was asked before it is closed, and nothing after', async () => {
    const { remote } = linked({ ...silent, read: async () => null as never });
    const before = remote.read('gauges', null);
    await remote.close();
    expect(await before).toBeNull();
    await expect(remote.read('gauges', null)).rejects.toMatchObject({ code: 'store.closed' });
  });
});

describe('a callback that another process than that of the handlers takes', () => {
  it('is acknowledged once it is handled, where the account wants that', async () => {
    const release = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const masterKey = randomBytes(32);
    const hmac = platforms.hmac ?? expect.unreachable();
    const accounts = { hmac: { ...hmac.account, acknowledge: 'after_handling' } } as const;
    const shop = await openShop({ accounts, masterKey: masterKey.toString('base64') }, (pay) => {
      pay.on('payment.succeeded', 'slow', () => {
        began.resolve();
        return release.promise;
      });
    });
    onTestFinished(() => shop.close());
    await shop.pay.expected('A-1', expected);
    const service = await apiService(linked(shop.store).remote, masterKey);
    let answered = false;
    const sent = received(service, shop.pay.callbackUrl('hmac'), await hmac.callback(paid('A-1'))).then((status) => {
      answered = true;
      return status;
    });
    await began.promise;
    expect(answered).toBe(false);
    release.resolve();
    expect(await sent).toBe(200);
  });
});

async function apiService(store: Store, masterKey: Uint8Array): Promise<Service> {
  const service = createService({
    store,
    providers: new Map(providers.map((provider) => [provider.name, provider])),
    masterKeys: [masterKey],
    adminKey: null,
    publicUrl: 'http://localhost',
    allowTargets: [],
    role: 'api',
    node: newId('nod', systemClock.now(), 0),
    clock: systemClock,
    random: randomBytesOf,
    observe: unobserved,
  });
  await service.start();
  onTestFinished(() => service.stop());
  return service;
}

async function received(service: Service, callbackUrl: string, request: Request): Promise<number | undefined> {
  const { pathname } = new URL(callbackUrl);
  const answer = await service.callbacks.receive({
    account: pathname.split('/').at(-1) ?? '',
    method: request.method,
    target: pathname,
    headers: [...request.headers],
    body: new Uint8Array(await request.arrayBuffer()),
    receivedAt: systemClock.now(),
    cut: null,
  });
  return answer?.reply.status;
}
