import type { DeliveryId, EndpointId } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import type { Replay, ReplayLeft, ReplayProgress } from '../domain/replay.ts';
import type { Decisions } from '../stores/decisions.ts';
import type { DeliveryShown, Ledger } from '../stores/ledger.ts';
import { Births, type Destination, destinationsOf, fanOut, toEndpoint } from './fan-out.ts';

/** What is to be done about one target of a notification. */
type Again =
  | { is: 'left'; why: ReplayLeft }
  | { is: 'retry'; delivery: DeliveryId }
  /** `like`: the delivery whose own URL it goes to. */
  | { is: 'add'; target: DeliveryShown['target']; like: DeliveryId | null };

/**
 * One step of a replay: these notifications are sent again where its filter takes them, and the replay stands behind them. All of it
 * commits together, and only where the replay still stands where the step began: so no notification is sent twice by one replay.
 */
export function replayStep(ledger: Ledger, input: Decisions['replay']['input']): Decisions['replay']['output'] {
  const births = new Births(input.born);
  const replay = ledger.replay(input.id);
  if (replay === null || replay.state !== 'running' || replay.cursor !== input.cursor)
    return { ...births.effects, is: 'stale' };
  const tally = new Tally(replay.progress);
  for (const id of input.notifications) {
    const kept = ledger.notification(id);
    tally.looked += 1;
    // It has gone with its order since it was listed.
    if (kept === null) continue;
    const done = actsOn(ledger, replay, kept).map((again) => tally.add(apply(ledger, births, replay, { kept, again })));
    if (done.some((isSent) => isSent)) tally.addSum(kept.notification);
  }
  const { ratePerSecond, isDryRun } = replay;
  const paceMs = ratePerSecond === null || isDryRun ? 0 : (tally.sent * 1000) / ratePerSecond;
  const state = input.next === null ? 'done' : 'running';
  const { now } = ledger;
  ledger.saveReplay({
    ...replay,
    state,
    cursor: input.next,
    nextAt: now + Math.ceil(paceMs),
    progress: tally.progress,
    updatedAt: now,
  });
  return { ...births.effects, is: 'stepped' };
}

interface Kept {
  notification: Notification;
  deliveries: readonly DeliveryShown[];
}

function actsOn(ledger: Ledger, replay: Replay, { notification, deliveries }: Kept): readonly Again[] {
  const { endpoint, state } = replay.filter;
  const targets = Map.groupBy(deliveries, ({ target }) => nameOf(target));
  const acts: Again[] = [];
  for (const ofTarget of targets.values()) {
    // Ids sort by time.
    const [newest] = ofTarget.toSorted((one, other) => (one.id > other.id ? -1 : 1));
    if (newest === undefined || (endpoint !== null && !isEndpoint(newest.target, endpoint))) continue;
    const present = ofTarget.find((one) => isLive(one)) ?? newest;
    const wasConfirmed = ofTarget.some((one) => one.state === 'confirmed');
    if (state === null || state === present.state) acts.push(actOn(ledger, replay, present, wasConfirmed));
  }
  if ((state !== null && state !== 'missing') || !wentToAll(notification, deliveries)) return acts;
  for (const { target } of destinationsOf(ledger, notification).destinations) {
    if (targets.has(nameOf(target)) || (endpoint !== null && !isEndpoint(target, endpoint))) continue;
    acts.push({ is: 'add', target, like: null });
  }
  return acts;
}

function actOn(ledger: Ledger, { forceNote }: Replay, present: DeliveryShown, wasConfirmed: boolean): Again {
  const { id, target, state, endpoint } = present;
  if (target.kind === 'endpoint' && ledger.endpoint(target.id) === null) return { is: 'left', why: 'target_gone' };
  if (state === 'sending') return { is: 'left', why: 'under_way' };
  if (target.kind === 'handler' && wasConfirmed && forceNote === null) return { is: 'left', why: 'handler_confirmed' };
  if (state === 'pending' || state === 'held' || state === 'dead') return { is: 'retry', delivery: id };
  if (target.kind === 'effect') return { is: 'left', why: 'effect_ended' };
  const goesToItsOwnUrl = target.kind === 'endpoint' && endpoint === null;
  return { is: 'add', target, like: goesToItsOwnUrl ? id : null };
}

/** In a dry run nothing happens, and the same is answered. */
function apply(
  ledger: Ledger,
  births: Births,
  { isDryRun }: Replay,
  { kept: { notification }, again }: { kept: Kept; again: Again },
): Again {
  if (isDryRun || again.is === 'left') return again;
  if (again.is === 'retry') {
    if (!ledger.retryDelivery(again.delivery)) return { is: 'left', why: 'waits_for_order' };
    births.work = true;
    return again;
  }
  const order = ledger.orderByNo(notification.merchant, notification.orderNo);
  const destination = destinationOf(ledger, again);
  if (order === null || destination === null) return { is: 'left', why: 'target_gone' };
  fanOut(ledger, births, notification, { order: order.id, destinations: [destination] });
  return again;
}

function destinationOf(ledger: Ledger, { target, like }: Extract<Again, { is: 'add' }>): Destination | null {
  if (target.kind !== 'endpoint') return { target, url: null, effect: null, held: false };
  const endpoint = ledger.endpoint(target.id);
  return endpoint && toEndpoint(endpoint, like === null ? null : ledger.urlOfDelivery(like));
}

/** One that named a URL, or was a test of one endpoint, was never meant for the others. */
function wentToAll({ orderNo, data }: Notification, deliveries: readonly DeliveryShown[]): boolean {
  const isTest = orderNo === 'test' && data === '{"test":true}';
  return !isTest && !deliveries.some(({ target, endpoint }) => target.kind === 'endpoint' && endpoint === null);
}

function isLive({ state }: DeliveryShown): boolean {
  return state === 'pending' || state === 'held' || state === 'sending';
}

function isEndpoint(target: DeliveryShown['target'], id: EndpointId): boolean {
  return target.kind === 'endpoint' && target.id === id;
}

function nameOf(target: DeliveryShown['target']): string {
  return `${target.kind} ${target.kind === 'endpoint' ? target.id : target.name}`;
}

/** The progress of a replay while one step adds to it. */
class Tally {
  looked: number;
  /** By this step. */
  sent = 0;
  #added: number;
  #retried: number;
  readonly #left: Partial<Record<ReplayLeft, number>>;
  readonly #sums: Map<string, ReplayProgress['sums'][number]>;

  constructor({ looked, added, retried, left, sums }: ReplayProgress) {
    this.looked = looked;
    this.#added = added;
    this.#retried = retried;
    this.#left = { ...left };
    this.#sums = new Map(sums.map((sum) => [`${sum.type} ${sum.currency}`, sum]));
  }

  /** Gives whether something was sent. */
  add(again: Again): boolean {
    if (again.is === 'left') {
      this.#left[again.why] = (this.#left[again.why] ?? 0) + 1;
      return false;
    }
    this.sent += 1;
    if (again.is === 'add') this.#added += 1;
    else this.#retried += 1;
    return true;
  }

  addSum({ type, currency, amountMinor }: Notification): void {
    const key = `${type} ${currency}`;
    const before = this.#sums.get(key) ?? { type, currency, notifications: 0, amountMinor: 0n };
    const { notifications } = before;
    this.#sums.set(key, {
      ...before,
      notifications: notifications + 1,
      amountMinor: before.amountMinor + amountMinor,
    });
  }

  get progress(): ReplayProgress {
    const { looked } = this;
    return { looked, added: this.#added, retried: this.#retried, left: this.#left, sums: [...this.#sums.values()] };
  }
}
