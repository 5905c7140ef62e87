import { type Instant, systemClock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Decisions } from '../stores/decisions.ts';
import type { Reads } from '../stores/reads.ts';
import type { Handled, Store } from '../stores/store.ts';
import type { Operation } from '../stores/work/operation.ts';
import type { Writes } from '../stores/writes.ts';

/** What a process without the store asks the one that has it. */
export type StoreRequest = Operation | { is: 'read'; name: keyof Reads; input: Reads[keyof Reads]['input'] };

/** How a remote store asks. */
export interface StoreLink {
  ask<Value>(request: StoreRequest): Promise<Value>;
  /** Resolves when everything asked has been answered. */
  idle(): Promise<void>;
}

/**
 * The store of another process of this machine, for one that takes requests. It opens nothing, and neither runs handlers nor
 * transactions of users' code: those stay where the store is. Beside the store's own errors: `store.unavailable` where the other
 * process is gone.
 */
export function remoteStore(link: StoreLink): Store {
  return new RemoteStore(link);
}

/** Answers what a remote store asked. */
export function answerFrom(
  store: Pick<Store, 'decide' | 'write' | 'read'>,
  { is, name, input }: StoreRequest,
): Promise<unknown> {
  switch (is) {
    case 'decide':
      return store.decide(name, input);
    case 'write':
      return store.write(name, input);
    case 'read':
      return store.read(name, input);
  }
}

class RemoteStore implements Store {
  /** Nothing of the kind runs here. */
  readonly handlerMs = 0;
  readonly #link: StoreLink;
  #closed = false;

  constructor(link: StoreLink) {
    this.#link = link;
  }

  /** Program, clock and the wake-up for new work are those of the process that has the store. */
  async open(): Promise<void> {}

  /** Both processes are of one machine. */
  now(): Instant {
    return systemClock.now();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#link.idle();
  }

  async decide<K extends keyof Decisions>(name: K, input: Decisions[K]['input']): Promise<Decisions[K]['output']> {
    return this.#ask({ is: 'decide', name, input });
  }

  async write<K extends keyof Writes>(name: K, input: Writes[K]['input']): Promise<Writes[K]['output']> {
    return this.#ask({ is: 'write', name, input });
  }

  async read<K extends keyof Reads>(name: K, input: Reads[K]['input']): Promise<Reads[K]['output']> {
    return this.#ask({ is: 'read', name, input });
  }

  handle(): Promise<Handled> {
    return Promise.reject(new Error('handlers run in the process that has the store'));
  }

  transact(): Promise<never> {
    return Promise.reject(new Error('transactions run in the process that has the store'));
  }

  #ask<Value>(request: StoreRequest): Promise<Value> {
    if (this.#closed) throw new AppError('store.closed', `${request.name} was asked of a store that is closed`);
    return this.#link.ask(request);
  }
}
