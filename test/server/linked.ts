import { AsyncLocalStorage } from 'node:async_hooks';
import { MessageChannel } from 'node:worker_threads';
import { Calls, type Message } from '../../src/server/calls.ts';
import { answerFrom, remoteStore, type StoreRequest } from '../../src/server/remote-store.ts';
import type { Store } from '../../src/stores/store.ts';

export interface Linked {
  /** The remote store, over messages that are cloned as they are between processes. */
  remote: Store;
  calls: Calls<StoreRequest, never>;
  /** Messages that the side with the store was sent. */
  messages: number;
  close(): void;
}

export function linkedTo(store: Pick<Store, 'decide' | 'write' | 'read'>): Linked {
  const { port1, port2 } = new MessageChannel();
  const calls = new Calls<StoreRequest, never>({
    send: (message) => port1.postMessage(message),
    answer: () => Promise.reject(new Error('nothing is asked of this side')),
  });
  const host = new Calls<never, StoreRequest>({
    send: (message) => port2.postMessage(message),
    answer: (request) => answerFrom(store, request),
  });
  const linked = { remote: remoteStore(calls), calls, messages: 0, close: () => port1.close() };
  port1.on('message', (message: Message<never, never>) => calls.take(message));
  port2.on('message', (message: Message<StoreRequest, never>) => {
    linked.messages += 1;
    host.take(message);
  });
  return linked;
}

/** A store of which everything that can be asked from another process is. Users' code runs where the store is, and asks it there. */
export function throughMessages(store: Store): Store {
  const { remote, close } = linkedTo(store);
  const inUsersCode = new AsyncLocalStorage<true>();
  const asked = () => (inUsersCode.getStore() ? store : remote);
  return {
    handlerMs: store.handlerMs,
    now: () => store.now(),
    open: (options) => store.open(options),
    async close() {
      await remote.close();
      await store.close();
      close();
    },
    decide: (name, input) => asked().decide(name, input),
    write: (name, input) => asked().write(name, input),
    read: (name, input) => asked().read(name, input),
    handle: (claim, run) => store.handle(claim, (tx) => inUsersCode.run(true, run, tx)),
    transact: (run) => store.transact((tx) => inUsersCode.run(true, run, tx)),
  };
}
