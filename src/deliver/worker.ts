import type { Clock } from '../domain/clock.ts';
import { fractionOf, type Random } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Observe } from '../domain/observe.ts';
import type { Schedule } from '../domain/retry.ts';
import { within } from '../domain/within.ts';
import type { Http } from '../outbound/http-client.ts';
import type { Sender } from '../providers/provider.ts';
import type { Birth } from '../stores/decisions.ts';
import type { Store } from '../stores/store.ts';
import type { Claimed, ClaimOutput, Finished } from '../stores/writes.ts';
import { begin, errorLine, finish, type Leased, type Tried } from './attempt.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import type { Registry, Settled } from './registry.ts';
import { Shortage } from './shortage.ts';
import { defaultSlotSizes, type SlotSizes, Slots } from './slots.ts';
import { tryEffect } from './targets/effect.ts';
import { endpointDeadlineMs, tryEndpoint } from './targets/endpoint.ts';
import { tryHandler } from './targets/handler.ts';

/** Works the deliveries of one node: claims what is due, tries it, records what came of it. */
export interface Worker {
  /** Begins to claim, and lets deliveries be born leased. Register all functions before. */
  start(): void;
  /**
   * Claims no more, gives back what was not begun and waits for the rest up to the drain time; what is on its way after that is
   * ended, recorded, and due again at once. Resolves when all of it is recorded. The store must still be open.
   */
  stop(): Promise<void>;
  /** Something may be due. Cheap, and safe to call at any time. */
  wake(): void;
  /** What may be born leased to this node by a decision made now; null = nothing. */
  birth(): Birth | null;
  /** Takes over deliveries that were born leased. `sinceMs`: the monotonic clock from before the decision was sent. */
  take(born: readonly Claimed[], sinceMs: number): void;
  /** Calls `listener` each time a handler's delivery comes to something. Returns what ends that. */
  onSettled(listener: (settled: Settled) => void): () => void;
}

export interface WorkerOptions {
  store: Pick<Store, 'write' | 'read' | 'handle'>;
  clock: Clock;
  random: Random;
  http: Pick<Http, 'post'>;
  /** Who seals for this delivery. What it throws is our own fault: no try is used up. */
  sender(claimed: Claimed): Sender;
  /** A provider's published schedule, for endpoints without one of their own; null for a provider we do not know. */
  scheduleOf(provider: string): Schedule | null;
  publicUrl: string;
  observe: Observe;
  registry: Registry;
  /** A handler committed and left something in the outbox. */
  onOutbox?: () => void;
  sizes?: Partial<SlotSizes>;
  /** Milliseconds. Defaults: `limits`. */
  handlerMs?: number;
  effectMs?: number;
  responseBodyMs?: number;
  drainMs?: number;
  /** How long to sleep, at most, when nothing is due. Default: 250. */
  pollMs?: number;
}

export function createWorker(options: WorkerOptions): Worker {
  return new DeliveryWorker(options);
}

const pollMsDefault = 250;
/**
 * What is not born leased gathers for so long after a claim that brought fewer: a claim costs as much as several publishes, and was
 * made for two or three deliveries at a time.
 */
const gatherMs = 10;
const worthwhileClaim = 16;
/** After the drain time: what was ended by force needs only its commit. */
const recordMs = 2000;

type Tools = WorkerOptions &
  Required<Pick<WorkerOptions, 'handlerMs' | 'effectMs' | 'responseBodyMs' | 'drainMs' | 'pollMs'>>;

class DeliveryWorker implements Worker {
  readonly #tools: Tools;
  readonly #slots: Slots;
  readonly #shortage = new Shortage();
  readonly #recorder: Recorder;
  readonly #listeners = new Set<(settled: Settled) => void>();
  readonly #claiming = new AbortController();
  readonly #stopping = new AbortController();
  #state: 'new' | 'running' | 'stopping' = 'new';
  #loop: Promise<void> = Promise.resolve();
  #nap: AbortController | null = null;
  #woken = false;
  #underWay = 0;
  readonly #onIdle: (() => void)[] = [];

  constructor(options: WorkerOptions) {
    this.#tools = {
      handlerMs: limits.handlerMs,
      effectMs: limits.effectMs,
      responseBodyMs: limits.responseBodyMs,
      drainMs: limits.drainMs,
      pollMs: pollMsDefault,
      ...options,
    };
    this.#slots = new Slots({ ...defaultSlotSizes, ...options.sizes }, () => options.clock.monotonicMs());
    this.#recorder = createRecorder(options);
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#loop = this.#claimForever();
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopping') return this.#idle();
    this.#state = 'stopping';
    this.#claiming.abort();
    this.wake();
    const { over } = this.#slots.takeWaiting(() => true);
    for (const leased of over) this.#giveBack(leased);
    await this.#loop;
    await this.#idleWithin(this.#tools.drainMs);
    this.#stopping.abort();
    await this.#idleWithin(recordMs);
    if (this.#underWay > 0) this.#tools.observe('worker.stopped_early', 'error', { deliveries: this.#underWay });
  }

  wake(): void {
    this.#woken = true;
    // With a reason: without one an error is made each time, with its stack.
    this.#nap?.abort('woken');
  }

  birth(): Birth | null {
    const { registry, handlerMs } = this.#tools;
    const birth = this.#state === 'running' ? this.#slots.birth(registry.lanes('handler')) : null;
    return birth === null ? null : { ...birth, functionMs: handlerMs };
  }

  take(born: readonly Claimed[], sinceMs: number): void {
    for (const claimed of born) this.#admit({ claimed, leaseEndsAtMs: sinceMs + claimed.leaseMs });
  }

  onSettled(listener: (settled: Settled) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #claimForever(): Promise<void> {
    const { clock, pollMs, random } = this.#tools;
    while (this.#state === 'running') {
      this.#woken = false;
      const output = await this.#claim();
      this.#advance();
      const longestMs = pollMs + pollMs * 0.2 * fractionOf(random);
      const untilDueMs = (output?.nextDueAt ?? Number.POSITIVE_INFINITY) - clock.now();
      // A lane that had no room is not among what is due: it is claimed from when it has some again.
      if (this.#woken || untilDueMs <= 0) {
        if ((output?.claimed.length ?? 0) < worthwhileClaim) await clock.sleep(gatherMs, this.#claiming.signal);
        continue;
      }
      this.#nap = new AbortController();
      await clock.sleep(Math.min(longestMs, untilDueMs), this.#nap.signal);
      this.#nap = null;
    }
  }

  /** null: there was no slot to claim for, or the store did not answer. */
  async #claim(): Promise<ClaimOutput | null> {
    const { store, clock, registry, observe, handlerMs, effectMs } = this.#tools;
    const room = this.#slots.room([...registry.lanes('handler'), ...registry.lanes('effect')]);
    this.#shortage.claimSent();
    if (room.slots === 0 && room.functionSlots.handler === 0 && room.functionSlots.effect === 0) {
      this.#shortage.claimAnswered(room, []);
      return null;
    }
    const sinceMs = clock.monotonicMs();
    try {
      const output = await store.write('claim', { ...room, functionMs: Math.max(handlerMs, effectMs) });
      if (output.rescued > 0) observe('delivery.rescued', 'warn', { deliveries: output.rescued });
      this.take(output.claimed, sinceMs);
      this.#woken ||= this.#shortage.claimAnswered(room, output.claimed);
      return output;
    } catch (error) {
      // The next poll asks again; what the store leased without our hearing of it comes back when its lease ends.
      observe('worker.claim_failed', 'warn', { error: errorLine(error) });
      this.#shortage.claimAnswered(room, []);
      return null;
    }
  }

  #admit(leased: Leased): void {
    const place = this.#state === 'running' ? this.#slots.admit(leased) : 'full';
    if (place === 'begin') this.#begin(leased);
    else if (place === 'full') this.#giveBack(leased);
  }

  #begin(leased: Leased): void {
    this.#underWay += 1;
    void this.#work(leased).then(this.#ended);
  }

  #giveBack({ claimed, leaseEndsAtMs }: Leased): void {
    const { delivery, number } = claimed;
    this.#underWay += 1;
    void this.#recorder.giveBack({ delivery, number }, leaseEndsAtMs).then(this.#ended);
  }

  readonly #ended = (): void => {
    this.#underWay -= 1;
    if (this.#underWay === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  };

  /** Lets those begin that waited for a slot, and gives back those whose lease grew too short meanwhile. */
  #advance(): void {
    const now = this.#tools.clock.monotonicMs();
    const { begin: free, over } = this.#slots.takeWaiting(
      (leased) => now + this.#deadlineMs(leased) > leased.leaseEndsAtMs,
    );
    for (const leased of free) this.#begin(leased);
    for (const leased of over) this.#giveBack(leased);
  }

  #deadlineMs({ claimed }: Leased): number {
    const { handlerMs, effectMs, responseBodyMs } = this.#tools;
    switch (claimed.target.kind) {
      case 'endpoint':
        return claimed.endpoint === null ? 0 : endpointDeadlineMs(claimed.endpoint, responseBodyMs);
      case 'handler':
        return handlerMs;
      case 'effect':
        return effectMs;
    }
  }

  async #work(leased: Leased): Promise<void> {
    const { claimed } = leased;
    const tried = await this.#try(leased);
    this.#slots.leaveLane(claimed, howOf(tried));
    this.#advance();
    if (this.#shortage.laneFreed(claimed.lane)) this.wake();
    await this.#settle(leased, tried);
    this.#slots.release(claimed);
    this.#advance();
    if (this.#shortage.slotFreed(claimed.target.kind)) this.wake();
  }

  async #settle({ claimed, leaseEndsAtMs }: Leased, tried: Tried): Promise<void> {
    const { delivery, number, target, endpoint } = claimed;
    switch (tried.is) {
      case 'finished':
        if (!(await this.#recorder.record(tried.finished, leaseEndsAtMs))) return;
        this.#tell(claimed, tried.finished);
        // The next of the order waited for this one; no lane became due by the clock.
        if (endpoint?.ordering === 'order') this.wake();
        return;
      case 'given_back':
        await this.#recorder.giveBack({ delivery, number }, leaseEndsAtMs);
        return;
      case 'fenced_out':
        this.#tools.observe('delivery.fenced_out', 'warn', { delivery });
        return;
      case 'committed':
        this.#tools.observe('delivery.attempted', 'debug', {
          delivery,
          target: target.kind,
          step: 'confirmed',
          verdict: 'confirmed',
          durationMs: tried.durationMs,
        });
        if (tried.work) this.#tools.onOutbox?.();
        this.#tellHandled(claimed, 'confirmed');
    }
  }

  async #try(leased: Leased): Promise<Tried> {
    const { claimed } = leased;
    const begun = begin(this.#tools.clock);
    try {
      switch (claimed.target.kind) {
        case 'endpoint':
          return await tryEndpoint(leased, this.#tools, this.#stopping.signal);
        case 'handler':
          return await tryHandler(leased, this.#tools);
        case 'effect':
          return await tryEffect(leased, this.#tools, this.#stopping.signal);
      }
    } catch (error) {
      // A mistake of ours must not keep the slot, nor cost the merchant a try.
      const why = errorLine(error);
      this.#tools.observe('delivery.attempt_broke', 'error', { delivery: claimed.delivery, error: why });
      return finish(
        claimed,
        begun,
        { outcome: 'own_fault', step: 'total', error: why, health: 'nothing' },
        this.#tools,
      );
    }
  }

  #tell(claimed: Claimed, { attempt, verdict, provider }: Finished): void {
    const { delivery, target, notification } = claimed;
    const { observe } = this.#tools;
    const { step, durationMs, status, error } = attempt;
    observe('delivery.attempted', 'debug', {
      delivery,
      target: target.kind,
      provider,
      step,
      verdict: verdict.is,
      durationMs,
      status,
      error,
    });
    if (verdict.is === 'dead') observe('delivery.dead', 'warn', { delivery, notification: notification.id, error });
    this.#tellHandled(claimed, verdict.is);
  }

  #tellHandled({ target, merchant, notification }: Claimed, is: Settled['is']): void {
    if (target.kind !== 'handler') return;
    const { orderNo, id } = notification;
    const settled: Settled = {
      merchant,
      orderNo,
      notification: id,
      name: target.name,
      is,
      at: this.#tools.clock.now(),
    };
    for (const listener of this.#listeners) listener(settled);
  }

  #idle(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  async #idleWithin(ms: number): Promise<void> {
    await within(this.#tools.clock, ms, this.#idle());
  }
}

/** What an attempt says of its target: what is not its doing says nothing. */
function howOf(tried: Tried): Parameters<Slots['leaveLane']>[1] {
  if (tried.is === 'committed') return 'confirmed';
  if (tried.is !== 'finished' || tried.finished.health === 'nothing') return 'neither';
  return tried.finished.health === 'success' ? 'confirmed' : 'failed';
}
