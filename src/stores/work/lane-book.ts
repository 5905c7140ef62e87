import { breakerGate, closedBreaker } from '../../domain/breaker.ts';
import type { Instant } from '../../domain/clock.ts';
import type { Target } from '../../domain/delivery.ts';
import { drainRate } from '../../domain/drain.ts';
import { type LaneId, laneOfEndpoint, laneOfFunction, type MerchantId } from '../../domain/ids.ts';
import { limits } from '../../domain/limits.ts';
import type { Endpoint } from '../../domain/merchant.ts';
import type { LaneRow } from '../delivery-mapping.ts';
import type { Rows } from './rows.ts';

/** Part of a second of its rate that a lane may save up while it is idle. */
const burstSeconds = 0.1;

/**
 * The lanes that one transaction touches: each row is read once, changed in memory, and written once before the commit. A lane's
 * `nextDue` is a lower bound of when it can be worked; whoever finds nothing there sets it right.
 */
export class LaneBook {
  /** Whether a lane came to have something due now that nobody has leased. */
  work = false;
  readonly #rows: Rows;
  readonly #now: Instant;
  readonly #lanes = new Map<LaneId, LaneRow>();
  readonly #changed = new Set<LaneRow>();
  readonly #lowered = new Set<LaneRow>();

  constructor(rows: Rows, now: Instant) {
    this.#rows = rows;
    this.#now = now;
  }

  find(id: LaneId): LaneRow | null {
    const known = this.#lanes.get(id);
    if (known !== undefined) return known;
    const lane = this.#rows.laneById(id);
    if (lane !== null) this.#lanes.set(id, lane);
    return lane;
  }

  /** The lane of a target; functions get theirs with their first delivery, endpoints when they are added. */
  ofTarget(merchant: MerchantId, target: Target): LaneRow {
    const id = laneIdOf(merchant, target);
    const known = this.find(id);
    if (known !== null) return known;
    if (target.kind === 'endpoint') throw new Error(`endpoint ${id} has no lane`);
    return this.#add({
      ...blankLane,
      id,
      merchant,
      kind: target.kind,
      name: target.name,
      tokensAt: this.#now,
      breaker: closedBreaker,
    });
  }

  addForEndpoint({ id, merchant, provider, state, ordering, ratePerSecond, concurrency }: Endpoint): LaneRow {
    const limited = { provider, state, ordering, ratePerSecond, concurrency };
    return this.#add({
      ...blankLane,
      ...limited,
      id: laneOfEndpoint(id),
      merchant,
      kind: 'endpoint',
      tokensAt: this.#now,
      breaker: closedBreaker,
    });
  }

  /** The lane as this transaction's own, to be changed; null: another node has it. */
  take(id: LaneId): LaneRow | null {
    return this.#rows.tryLockLane(id) ? this.find(id) : null;
  }

  change(lane: LaneRow, change: Partial<Omit<LaneRow, 'id' | 'nextDue'>>): void {
    this.#rows.lockLane(lane.id);
    Object.assign(lane, change);
    this.#changed.add(lane);
  }

  /** Something in the lane is due then. */
  expectWork(lane: LaneRow, dueAt: Instant): void {
    const workableAt = this.#workableAt(lane, dueAt);
    if (workableAt === null) return;
    if (workableAt <= this.#now) this.work = true;
    this.#lower(lane, workableAt);
  }

  /** A lease in the lane runs out then; the lane need not be woken sooner. */
  expectLeaseEnd(lane: LaneRow, leaseEndsAt: Instant): void {
    const workableAt = this.#workableAt(lane, leaseEndsAt);
    if (workableAt !== null) this.#lower(lane, workableAt);
  }

  /** Sets the lane right from what its deliveries say. */
  reckon(lane: LaneRow): void {
    this.#rows.lockLane(lane.id);
    const dueAt = this.#rows.nextDueOfLane(lane.id, 0);
    const { drainSince } = lane;
    const isDrained = drainSince !== null && (dueAt === null || dueAt > drainSince);
    if (isDrained) this.change(lane, { drainSince: null });
    const freshAt = drainSince === null || isDrained ? null : this.#rows.nextDueOfLane(lane.id, drainSince);
    const times = [dueAt, freshAt].flatMap((at) => (at === null ? [] : [this.#workableAt(lane, at)]));
    const workable = times.filter((at) => at !== null);
    this.#setNextDue(lane, workable.length === 0 ? null : Math.min(...workable));
  }

  /** What waits in the lane now is let out slowly; whatever becomes due later does not wait behind it. */
  drain(lane: LaneRow): void {
    const tokens = lane.ratePerSecond === null ? limits.concurrencyAtStart : lane.tokens;
    this.change(lane, { drainSince: this.#now, tokens, tokensAt: this.#now });
  }

  /** The same for a lane that may be worked again, or in another way: what is due in it is to be claimed. */
  reopen(lane: LaneRow): void {
    this.reckon(lane);
    if (lane.nextDue !== null && lane.nextDue <= this.#now) this.work = true;
  }

  /** How many deliveries the lane's own limits let start now, its concurrency aside. */
  allowance(lane: LaneRow): number {
    if (lane.state !== 'enabled') return 0;
    const gate = breakerGate(lane.breaker, this.#now);
    if (gate === 'open' || (lane.probeUntil !== null && lane.probeUntil > this.#now)) return 0;
    const most = gate === 'half_open' ? 1 : Number.MAX_SAFE_INTEGER;
    return lane.ratePerSecond === null ? most : Math.min(most, this.tokens(lane));
  }

  /** How many the lane's rate lets start now, its own or that of its draining. */
  tokens(lane: LaneRow): number {
    const rate = rateOf(lane, this.#now);
    return rate === null ? Number.MAX_SAFE_INTEGER : Math.floor(tokensAt(lane, rate, this.#now));
  }

  takeTokens(lane: LaneRow, taken: number): void {
    const rate = rateOf(lane, this.#now);
    if (rate === null) return;
    const tokens = Math.min(burstOf(lane, rate), tokensAt(lane, rate, this.#now) - taken);
    this.change(lane, { tokens, tokensAt: this.#now });
  }

  /** Writes what changed, before the commit or before lanes are looked up by when they are due. */
  flush(): void {
    for (const lane of this.#changed) this.#rows.upsertLane(lane);
    for (const lane of this.#lowered)
      if (lane.nextDue !== null && !this.#changed.has(lane)) this.#rows.lowerLane(lane.id, lane.nextDue);
    this.#changed.clear();
    this.#lowered.clear();
  }

  #add(lane: LaneRow): LaneRow {
    this.#lanes.set(lane.id, lane);
    this.#changed.add(lane);
    return lane;
  }

  #lower(lane: LaneRow, nextDue: Instant): void {
    if (lane.nextDue !== null && lane.nextDue <= nextDue) return;
    lane.nextDue = nextDue;
    this.#lowered.add(lane);
  }

  #setNextDue(lane: LaneRow, nextDue: Instant | null): void {
    if (lane.nextDue === nextDue) return;
    lane.nextDue = nextDue;
    this.#changed.add(lane);
  }

  /** When something due at `dueAt` can be worked; null = not before somebody changes the lane. */
  #workableAt(lane: LaneRow, dueAt: Instant): Instant | null {
    if (lane.state !== 'enabled') return null;
    const { breaker, probeUntil } = lane;
    const rate = isRated(lane, dueAt) ? rateOf(lane, this.#now) : null;
    const readyAt = rate === null ? 0 : tokenReadyAt(lane, rate, this.#now);
    return Math.max(dueAt, breaker.openUntil ?? 0, probeUntil ?? 0, readyAt);
  }
}

export function laneIdOf(merchant: MerchantId, target: Target): LaneId {
  return target.kind === 'endpoint' ? laneOfEndpoint(target.id) : laneOfFunction(target.kind, merchant, target.name);
}

/** Functions have no limits of their own in the store; a full bucket is cut down to the burst when it is first used. */
const blankLane = {
  name: '',
  provider: '',
  state: 'enabled',
  ordering: 'none',
  ratePerSecond: null,
  concurrency: Number.MAX_SAFE_INTEGER,
  nextDue: null,
  tokens: Number.MAX_SAFE_INTEGER,
  probeUntil: null,
  drainSince: null,
} as const;

/** Whether what is due at that time takes a token: with a rate of the endpoint's own everything, else what is drained. */
export function isRated({ ratePerSecond, drainSince }: LaneRow, dueAt: Instant): boolean {
  return ratePerSecond !== null || (drainSince !== null && dueAt <= drainSince);
}

function rateOf({ ratePerSecond, drainSince }: LaneRow, now: Instant): number | null {
  if (drainSince === null) return ratePerSecond;
  return Math.min(ratePerSecond ?? Number.POSITIVE_INFINITY, drainRate(now - drainSince));
}

/** A drain begins with as many at once as any target that has not answered lately gets. */
function burstOf({ ratePerSecond }: LaneRow, rate: number): number {
  return Math.max(ratePerSecond === null ? limits.concurrencyAtStart : 1, rate * burstSeconds);
}

function tokensAt(lane: LaneRow, rate: number, now: Instant): number {
  return Math.min(burstOf(lane, rate), lane.tokens + (Math.max(0, now - lane.tokensAt) * rate) / 1000);
}

function tokenReadyAt(lane: LaneRow, ratePerSecond: number, now: Instant): Instant {
  const missing = 1 - tokensAt(lane, ratePerSecond, now);
  return missing <= 0 ? 0 : Math.ceil(now + (missing * 1000) / ratePerSecond);
}
