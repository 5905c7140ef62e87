import type { LaneId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { LruMap } from '../domain/lru-map.ts';
import type { Birth } from '../stores/decisions.ts';
import type { Claimed, ClaimInput } from '../stores/writes.ts';
import type { Leased } from './attempt.ts';

/** How much may be under way at once. */
export interface SlotSizes {
  /** POSTs, those of them that only first tries may use, and functions of each kind. */
  endpoints: number;
  firstSends: number;
  handlers: number;
  effects: number;
  /** Of one effect: one that hangs leaves room for the others. */
  effectsOfOneName: number;
  /** Deliveries that hold a lease and wait for a slot: in all, and of one lane. They hold nothing but memory. */
  waiting: number;
  waitingOfOneLane: number;
}

export const defaultSlotSizes: SlotSizes = {
  endpoints: limits.deliveriesInFlight,
  firstSends: limits.firstSendSlots,
  handlers: limits.handlersInFlight,
  effects: limits.effectsInFlight,
  effectsOfOneName: limits.effectConcurrency,
  waiting: limits.deliveriesWaiting,
  waitingOfOneLane: limits.deliveriesWaitingPerLane,
};

type Kind = Claimed['target']['kind'];

interface Pool {
  size: number;
  /** Begun and not yet recorded. */
  busy: number;
}

/** Idle lanes of which it is remembered what they have earned. */
const idleLanesMax = 1024;

interface Lane {
  kind: Kind;
  concurrency: number;
  /** How many its answers have earned it. */
  earned: number;
  /** On their way; what only waits to be recorded is no longer. */
  active: number;
  waiting: number;
}

/**
 * Who may begin now: the counts of what is under way, per kind of target and per lane. Functions and endpoints take nothing from
 * each other.
 *
 * Beside its own concurrency a lane has two limits, so that what hangs leaves room. It begins with a few and earns one with each
 * answer: eight endpoints of 32 that hang would otherwise hold all there is until their deadlines. What it has earned outlives a
 * short pause, or it would begin anew after each claim. And it has at most as many slots as it leaves free, so one alone has half
 * of all. The queue is shared likewise, and no more wait in it than may be under way: what waits for one that hangs is looked at
 * whenever another ends.
 */
export class Slots {
  readonly #sizes: SlotSizes;
  readonly #nowMs: () => number;
  readonly #pools: Record<Kind, Pool>;
  readonly #lanes = new Map<LaneId, Lane>();
  readonly #idle = new LruMap<LaneId, { earned: number; untilMs: number }>(idleLanesMax);
  #waiting: Leased[] = [];
  #retries = 0;

  /** `nowMs`: the monotonic clock. */
  constructor(sizes: SlotSizes, nowMs: () => number) {
    this.#sizes = sizes;
    this.#nowMs = nowMs;
    this.#pools = {
      endpoint: { size: sizes.endpoints, busy: 0 },
      handler: { size: sizes.handlers, busy: 0 },
      effect: { size: sizes.effects, busy: 0 },
    };
  }

  /** Takes a slot (`begin`), a place to wait for one (`wait`), or nothing: there are too many already (`full`). */
  admit(leased: Leased): 'begin' | 'wait' | 'full' {
    const { claimed } = leased;
    const lane = this.#laneOf(claimed);
    if (lane.waiting === 0 && this.#mayBegin(claimed, lane)) {
      this.#begin(claimed, lane);
      return 'begin';
    }
    const { waiting, waitingOfOneLane } = this.#sizes;
    const full = lane.waiting >= Math.min(waitingOfOneLane, lane.earned, waiting - this.#waiting.length);
    if (!full) {
      this.#waiting.push(leased);
      lane.waiting += 1;
    }
    this.#forgetIdle(claimed.lane, lane);
    return full ? 'full' : 'wait';
  }

  /** The target is free for another; the slot itself is kept until the attempt is recorded. */
  leaveLane({ lane: id }: Claimed, how: 'confirmed' | 'failed' | 'neither'): void {
    const lane = this.#lanes.get(id);
    if (lane === undefined) return;
    if (how === 'confirmed') lane.earned = Math.min(lane.earned + 1, lane.concurrency);
    if (how === 'failed') lane.earned = limits.concurrencyAtStart;
    lane.active -= 1;
    this.#forgetIdle(id, lane);
  }

  release(claimed: Claimed): void {
    this.#pools[claimed.target.kind].busy -= 1;
    if (isRetry(claimed)) this.#retries -= 1;
  }

  /** Takes out of the queue what has a slot now (to be begun), and what `isOver` says has waited too long (to be given back). */
  takeWaiting(isOver: (leased: Leased) => boolean): { begin: Leased[]; over: Leased[] } {
    const taken: { begin: Leased[]; over: Leased[] } = { begin: [], over: [] };
    if (this.#waiting.length === 0) return taken;
    const left: Leased[] = [];
    for (const leased of this.#waiting) {
      const { claimed } = leased;
      const lane = this.#laneOf(claimed);
      const over = isOver(leased);
      if (!over && !this.#mayBegin(claimed, lane)) {
        left.push(leased);
        continue;
      }
      lane.waiting -= 1;
      (over ? taken.over : taken.begin).push(leased);
      if (over) this.#forgetIdle(claimed.lane, lane);
      else this.#begin(claimed, lane);
    }
    this.#waiting = left;
    return taken;
  }

  /** What a claim may bring. */
  room(functions: readonly LaneId[]): Omit<ClaimInput, 'functionMs'> {
    const { endpoint, handler, effect } = this.#pools;
    const slots = free(endpoint);
    const forRetries = Math.max(0, this.#retriesMax - this.#retries);
    const room = new Map<LaneId, number>();
    for (const [id, lane] of this.#lanes) room.set(id, this.#roomOf(lane));
    return {
      slots,
      firstOnlySlots: Math.max(0, slots - forRetries),
      functionSlots: { handler: free(handler), effect: free(effect) },
      room,
      functions,
    };
  }

  /** What may be born leased; null = nothing. */
  birth(handlers: readonly LaneId[]): Birth | null {
    const slots = free(this.#pools.endpoint);
    const functions = free(this.#pools.handler) > 0 ? handlers : [];
    if (slots === 0 && functions.length === 0) return null;
    const closed: LaneId[] = [];
    for (const [id, lane] of this.#lanes) if (this.#roomOf(lane) === 0) closed.push(id);
    return { slots, closed, functions };
  }

  get #retriesMax(): number {
    return this.#sizes.endpoints - this.#sizes.firstSends;
  }

  #mayBegin(claimed: Claimed, lane: Lane): boolean {
    if (lane.active >= Math.min(lane.concurrency, lane.earned, free(this.#pools[lane.kind]))) return false;
    if (!isRetry(claimed)) return true;
    return this.#retries < this.#retriesMax;
  }

  #begin(claimed: Claimed, lane: Lane): void {
    lane.active += 1;
    this.#pools[claimed.target.kind].busy += 1;
    if (isRetry(claimed)) this.#retries += 1;
  }

  /** How many more may begin in a lane: each that does takes one from what is free as well. */
  #roomOf({ kind, concurrency, earned, active, waiting }: Lane): number {
    const share = Math.ceil((free(this.#pools[kind]) - active) / 2);
    return Math.max(0, Math.min(Math.min(concurrency, earned) - active, share) - waiting);
  }

  #laneOf(claimed: Claimed): Lane {
    const known = this.#lanes.get(claimed.lane);
    const concurrency = this.#concurrencyOf(claimed);
    if (known !== undefined) {
      known.concurrency = concurrency;
      return known;
    }
    const earned = this.#takeEarned(claimed.lane);
    const lane: Lane = { kind: claimed.target.kind, concurrency, earned, active: 0, waiting: 0 };
    this.#lanes.set(claimed.lane, lane);
    return lane;
  }

  #concurrencyOf({ target, endpoint }: Claimed): number {
    if (target.kind === 'endpoint') return endpoint?.concurrency ?? 1;
    return target.kind === 'handler' ? this.#sizes.handlers : this.#sizes.effectsOfOneName;
  }

  #forgetIdle(id: LaneId, { active, waiting, earned }: Lane): void {
    if (active > 0 || waiting > 0) return;
    this.#lanes.delete(id);
    if (earned > limits.concurrencyAtStart)
      this.#idle.set(id, { earned, untilMs: this.#nowMs() + limits.earnedConcurrencyMs });
  }

  #takeEarned(id: LaneId): number {
    const kept = this.#idle.get(id);
    this.#idle.delete(id);
    return kept !== undefined && kept.untilMs > this.#nowMs() ? kept.earned : limits.concurrencyAtStart;
  }
}

/** What waits while a slot is free waits for its own lane, or for a slot that retries may use. */
function free({ size, busy }: Pool): number {
  return size - busy;
}

/** Only endpoints' retries are counted: first tries of functions need no reserve against their own. */
export function isRetry({ target, number }: Claimed): boolean {
  return target.kind === 'endpoint' && number > 1;
}
