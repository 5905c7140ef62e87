import type { LaneId } from '../domain/ids.ts';
import type { Claimed, ClaimInput } from '../stores/writes.ts';
import { isRetry } from './slots.ts';

type Kind = Claimed['target']['kind'];

/**
 * What the last claim had too little of: lanes without room, kinds without slots. A store does not say when those are due, so
 * whoever frees one of them has to claim again; to claim at every end of an attempt would cost as much as the attempts.
 */
export class Shortage {
  #lanes = new Set<LaneId>();
  #kinds = new Set<Kind>();
  /** Freed since the claim under way was sent, which knew nothing of it; null: none is under way. */
  #freed: { lanes: Set<LaneId>; kinds: Set<Kind> } | null = null;

  claimSent(): void {
    this.#freed = { lanes: new Set(), kinds: new Set() };
  }

  /** `true`: what was short was freed meanwhile. */
  claimAnswered(sent: Omit<ClaimInput, 'functionMs'>, claimed: readonly Claimed[]): boolean {
    const { lanes, kinds } = this.#freed ?? { lanes: new Set(), kinds: new Set() };
    this.#freed = null;
    this.#lanes = lanesUsedUp(sent, claimed);
    this.#kinds = kindsUsedUp(sent, claimed);
    return [...lanes].some((lane) => this.#lanes.has(lane)) || [...kinds].some((kind) => this.#kinds.has(kind));
  }

  /** A place in the lane is free: whether to claim now. */
  laneFreed(lane: LaneId): boolean {
    this.#freed?.lanes.add(lane);
    return this.#freed === null && this.#lanes.has(lane);
  }

  /** A slot is free: whether to claim now. */
  slotFreed(kind: Kind): boolean {
    this.#freed?.kinds.add(kind);
    return this.#freed === null && this.#kinds.has(kind);
  }
}

function lanesUsedUp({ room }: Pick<ClaimInput, 'room'>, claimed: readonly Claimed[]): Set<LaneId> {
  const left = new Map(room);
  for (const { lane, endpoint } of claimed) {
    left.set(lane, (left.get(lane) ?? endpoint?.concurrency ?? Number.POSITIVE_INFINITY) - 1);
  }
  return new Set([...left].filter(([, places]) => places <= 0).map(([lane]) => lane));
}

function kindsUsedUp(sent: Omit<ClaimInput, 'functionMs'>, claimed: readonly Claimed[]): Set<Kind> {
  const left = { endpoint: sent.slots, ...sent.functionSlots };
  let forRetries = sent.slots - sent.firstOnlySlots;
  for (const one of claimed) {
    left[one.target.kind] -= 1;
    if (isRetry(one)) forRetries -= 1;
  }
  const kinds = new Set<Kind>();
  if (left.endpoint <= 0 || forRetries <= 0) kinds.add('endpoint');
  if (left.handler <= 0) kinds.add('handler');
  if (left.effect <= 0) kinds.add('effect');
  return kinds;
}
