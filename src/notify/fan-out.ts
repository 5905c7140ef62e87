import type { Instant } from '../domain/clock.ts';
import type { Target } from '../domain/delivery.ts';
import { bucketOf, laneOfEndpoint, laneOfFunction, newId, type OrderId } from '../domain/ids.ts';
import type { Endpoint } from '../domain/merchant.ts';
import { matchesTypes, type Notification, unsayable } from '../domain/notification.ts';
import type { Birth, Effects } from '../stores/decisions.ts';
import type { DeliveryShown, Ledger } from '../stores/ledger.ts';
import type { Claimed } from '../stores/writes.ts';

/** One place a notification goes, with what only this delivery needs. */
export interface Destination {
  target: Target;
  url: string | null;
  effect: { key: string; payload: string } | null;
  /** Its endpoint is paused or disabled: the delivery waits until that is over. */
  held: boolean;
}

export interface FannedOut extends Effects {
  deliveries: readonly DeliveryShown[];
  skipped: readonly { endpoint: string; reason: string }[];
}

/**
 * What several fan-outs of one decision share: the deliveries born leased so far, out of the slots the calling node has free,
 * and whether any other became due.
 */
export class Births implements Effects {
  readonly born: Claimed[] = [];
  work = false;
  readonly #birth: Birth | null;

  constructor(birth: Birth | null) {
    this.#birth = birth;
  }

  /** For whom a delivery to this target could be leased at once: the calling node, or nobody. */
  bearerOf(target: Target, merchant: Notification['merchant']): Birth | null {
    if (this.#birth === null || this.born.length >= this.#birth.slots) return null;
    const { closed, functions } = this.#birth;
    const isEndpoint = target.kind === 'endpoint';
    const lane = isEndpoint ? laneOfEndpoint(target.id) : laneOfFunction(target.kind, merchant, target.name);
    return !closed.includes(lane) && (isEndpoint || functions.includes(lane)) ? this.#birth : null;
  }

  get effects(): Effects {
    return { born: this.born, work: this.work };
  }
}

/** Where a notification goes by itself: the merchant's endpoints that want its type and can say it, and its handlers. */
export function destinationsOf(
  ledger: Ledger,
  notification: Notification,
): { destinations: Destination[]; skipped: FannedOut['skipped'] } {
  const { endpoints, handlers } = ledger.targets(notification.merchant);
  const destinations: Destination[] = [];
  const skipped: { endpoint: string; reason: string }[] = [];
  for (const endpoint of endpoints) {
    if (!matchesTypes(endpoint.types, notification.type)) continue;
    const missing = unsayable(endpoint.speaks, notification);
    if (missing === null) destinations.push(toEndpoint(endpoint));
    else
      skipped.push({
        endpoint: endpoint.id,
        reason: `the format ${endpoint.provider} cannot say ${missing}`,
      });
  }
  // By name: one that is, or in older code was, registered for overlapping types still runs once.
  const names = new Set(handlers.filter(({ type }) => matchesTypes([type], notification.type)).map(({ name }) => name));
  for (const name of names)
    destinations.push({ target: { kind: 'handler', name }, url: null, effect: null, held: false });
  return { destinations, skipped };
}

export function toEndpoint(endpoint: Endpoint, url: string | null = null): Destination {
  const held = endpoint.state !== 'enabled';
  return { target: { kind: 'endpoint', id: endpoint.id }, url, effect: null, held };
}

/** Makes a delivery for each destination: the one place where a notification becomes deliveries. */
export function fanOut(
  ledger: Ledger,
  births: Births,
  notification: Notification,
  options: { order: OrderId; destinations: readonly Destination[]; notBefore?: Instant | null },
): readonly DeliveryShown[] {
  const { merchant } = notification;
  return options.destinations.map(({ target, url, effect, held }) => {
    const dueAt = Math.max(ledger.now, options.notBefore ?? 0);
    const bearer = dueAt <= ledger.now ? births.bearerOf(target, merchant) : null;
    const born = bearer !== null && ledger.laneIsOpen(merchant, target) ? bearer : null;
    const id = newId('dlv', ledger.now, bucketOf(merchant), ledger.random);
    const { order } = options;
    const claimed = ledger.addDelivery(
      {
        id,
        merchant,
        notification: notification.id,
        order,
        sequence: notification.sequence,
        target,
        url,
        effect,
        dueAt,
        born,
      },
      notification,
    );
    if (claimed !== null) births.born.push(claimed);
    else births.work = true;
    const endpoint = target.kind === 'endpoint' && url === null ? target.id : null;
    return { id, target, endpoint, state: claimed !== null ? 'sending' : held ? 'held' : 'pending' };
  });
}
