import type { Instant } from '../domain/clock.ts';
import { isName, type LaneId, laneOfFunction, type MerchantId } from '../domain/ids.ts';
import { matchesTypes, type Notification, type NotificationType } from '../domain/notification.ts';
import type { StoredFact, StoredOrder } from '../stores/ledger.ts';
import type { Transaction } from '../stores/store.ts';

/** What a handler is given. */
export interface HandlerContext {
  notification: Notification;
  /** The order as it was committed last; it may be further than this notification. */
  order: StoredOrder;
  /** The fact that caused the notification; null where none did (published ones, discrepancies, a local close). */
  fact: StoredFact | null;
  /** The name that this handler is registered by. */
  handler: string;
  /** Commits together with the mark that this handler ran, or not at all. */
  tx: Transaction;
  /**
   * Queues an effect in `tx`. It runs after the commit, at least once, under a key made of the notification, the handler and
   * `name`; so a handler queues each name once. `payload` is kept as JSON.
   *
   * @throws TypeError for a name that cannot be one, a name queued before, and a payload that JSON cannot say.
   */
  effect(name: string, payload?: unknown): Promise<void>;
  /** Aborted when the transaction is over, whatever ended it. */
  signal: AbortSignal;
}

/** Takes a notification into effect. To throw means: roll back, and try again by the default schedule. */
export type Handler = (context: HandlerContext) => unknown;

/** What an effect is given. */
export interface EffectContext<Payload = unknown> {
  payload: Payload;
  /** The same on every run of this effect: hand it to the other side as its idempotency key. */
  key: string;
  notification: Notification;
  /** Aborted at the deadline, and when the process stops. */
  signal: AbortSignal;
}

/** Does work that leaves the database. To throw means: try again by the default schedule. */
export type Effect<Payload = unknown> = (context: EffectContext<Payload>) => unknown;

/** An effect that still takes its payload as it is kept. */
export type StoredEffect = (kept: { payload: string } & Omit<EffectContext, 'payload'>) => unknown;

/** The functions this process has in code. Fill it before the worker starts. */
export interface Registry {
  /**
   * `type`: a notification type, a group such as `payment.*`, or `*`.
   *
   * @throws TypeError for a name that cannot be one, and for a second handler of the same name and type.
   */
  on(merchant: MerchantId, type: string, name: string, handler: Handler): void;
  /** @throws TypeError for a name that cannot be one, and for a second effect of the same name. */
  effect<Payload>(merchant: MerchantId, name: string, effect: Effect<Payload>): void;
  /** What `registerHandlers` of the store is to know. */
  registrations(): readonly { merchant: MerchantId; type: string; name: string }[];
  lanes(kind: 'handler' | 'effect'): readonly LaneId[];
  /** null: this process has no handler of the name for the type. */
  handlerOf(lane: LaneId, type: NotificationType): Handler | null;
  effectOf(lane: LaneId): StoredEffect | null;
}

export function createRegistry(): Registry {
  const handlers = new Map<LaneId, { merchant: MerchantId; type: string; name: string; handler: Handler }[]>();
  const effects = new Map<LaneId, StoredEffect>();
  return {
    on(merchant, type, name, handler) {
      assertName('handler', name);
      const lane = laneOfFunction('handler', merchant, name);
      const known = handlers.get(lane) ?? [];
      if (known.some((other) => other.type === type)) {
        throw new TypeError(`the handler "${name}" is registered twice for ${type}`);
      }
      handlers.set(lane, [...known, { merchant, type, name, handler }]);
    },
    effect(merchant, name, effect) {
      assertName('effect', name);
      const lane = laneOfFunction('effect', merchant, name);
      if (effects.has(lane)) throw new TypeError(`the effect "${name}" is registered twice`);
      effects.set(lane, ({ payload, ...context }) => effect({ ...context, payload: JSON.parse(payload) }));
    },
    registrations: () => [...handlers.values()].flat().map(({ merchant, type, name }) => ({ merchant, type, name })),
    lanes: (kind) => [...(kind === 'handler' ? handlers : effects).keys()],
    handlerOf: (lane, type) =>
      handlers.get(lane)?.find((registration) => matchesTypes([registration.type], type))?.handler ?? null,
    effectOf: (lane) => effects.get(lane) ?? null,
  };
}

function assertName(kind: 'handler' | 'effect', name: string): void {
  if (!isName(name))
    throw new TypeError(
      `not a name for ${kind === 'effect' ? 'an' : 'a'} ${kind}: ${JSON.stringify(name.slice(0, 80))}`,
    );
}

/** A handler's delivery came to something: what `acknowledge: after_handling` waits for. */
export interface Settled {
  merchant: MerchantId;
  orderNo: Notification['orderNo'];
  notification: Notification['id'];
  name: string;
  /** `again`: it failed and will be tried again. */
  is: 'confirmed' | 'again' | 'dead';
  at: Instant;
}
