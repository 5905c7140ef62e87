import { AppError } from '../../domain/errors.ts';
import type { FactKind } from '../../domain/fact.ts';
import { isName } from '../../domain/ids.ts';
import type { Notification, NotificationType } from '../../domain/notification.ts';
import type { StoredFact } from '../../stores/ledger.ts';
import type { OrderDetail } from '../../stores/reads.ts';
import type { Store, Transaction } from '../../stores/store.ts';
import type { Claimed } from '../../stores/writes.ts';
import { type AttemptTools, begin, errorLine, finish, type Leased, type Report, type Tried } from '../attempt.ts';
import type { Handler, HandlerContext, Registry } from '../registry.ts';

export interface HandlerTools extends AttemptTools {
  store: Pick<Store, 'handle' | 'read'>;
  registry: Pick<Registry, 'handlerOf'>;
  handlerMs: number;
}

/** How far a handler got, for the funnel: called, returned, and without throwing. */
interface Progress {
  step: 'total' | 'sent' | 'received' | 'handled';
}

/** Mark, handler and commit: one attempt of a delivery to a function inside the store's transaction. */
export async function tryHandler(leased: Leased, tools: HandlerTools): Promise<Tried> {
  const { claimed, leaseEndsAtMs } = leased;
  const { notification, target } = claimed;
  const { store, clock, handlerMs } = tools;
  const begun = begin(clock);
  const tried = (report: Report) => finish(claimed, begun, report, tools);
  const ownFault = (error: string) => tried({ outcome: 'own_fault', step: 'total', error, health: 'nothing' });
  const handler = tools.registry.handlerOf(claimed.lane, notification.type);
  if (handler === null || target.kind === 'endpoint')
    return ownFault(`this process has no handler for ${notification.type}`);
  const progress: Progress = { step: 'total' };
  const over = new AbortController();
  try {
    const detail = await store.read('order', { merchant: claimed.merchant, orderNo: notification.orderNo });
    if (detail === null) return ownFault(`the order ${notification.orderNo} cannot be found`);
    if (clock.monotonicMs() + handlerMs > leaseEndsAtMs) return { is: 'given_back' };
    const handled = await store.handle({ claimed, startedAt: begun.at, deadlineMs: handlerMs }, (tx) =>
      run(handler, contextOf(claimed, { name: target.name, detail, tx, signal: over.signal }), progress),
    );
    switch (handled.is) {
      case 'committed':
        return { is: 'committed', work: handled.work, durationMs: Math.round(clock.monotonicMs() - begun.ms) };
      case 'fenced_out':
        return { is: 'fenced_out' };
      case 'failed': {
        if (isOfStore(handled.error)) return ownFault(errorLine(handled.error));
        // One that returned too late did not return in time, whatever it returned.
        const late = handled.error instanceof AppError && handled.error.code === 'handler.deadline';
        const step = late && progress.step !== 'total' ? 'sent' : progress.step;
        // It also held the store's transaction all that time: its breaker keeps that from the others. One that throws does not.
        return tried({
          outcome: 'failed',
          step,
          error: errorLine(handled.error),
          health: late ? 'failure' : 'nothing',
        });
      }
    }
  } catch (error) {
    // The store itself could not do it, so the handler is not to blame. Where it may have committed, the fence knows.
    return ownFault(errorLine(error));
  } finally {
    over.abort();
  }
}

/** The connection broke, or there was none: nothing that the handler could have done better. */
function isOfStore(error: unknown): boolean {
  return error instanceof AppError && error.code.startsWith('store.');
}

async function run(handler: Handler, context: HandlerContext, progress: Progress): Promise<void> {
  progress.step = 'sent';
  try {
    await handler(context);
  } catch (error) {
    progress.step = 'received';
    throw error;
  }
  progress.step = 'handled';
}

interface ContextParts {
  name: string;
  detail: OrderDetail;
  tx: Transaction;
  signal: AbortSignal;
}

function contextOf(claimed: Claimed, { name, detail, tx, signal }: ContextParts): HandlerContext {
  const { merchant, notification } = claimed;
  const queued = new Set<string>();
  return {
    notification,
    order: detail.order,
    fact: causeOf(notification, detail),
    handler: name,
    tx,
    signal,
    async effect(effectName, payload = null) {
      if (!isName(effectName)) throw new TypeError(`not a name for an effect: ${JSON.stringify(effectName)}`);
      if (queued.has(effectName)) {
        throw new TypeError(`the effect "${effectName}" is queued already; both would run under one key`);
      }
      const kept: unknown = JSON.stringify(payload);
      if (typeof kept !== 'string')
        throw new TypeError(`the payload of the effect "${effectName}" cannot be said in JSON`);
      queued.add(effectName);
      await tx.enqueue({
        is: 'effect',
        merchant,
        notification: notification.id,
        handler: name,
        name: effectName,
        payload: kept,
      });
    },
  };
}

/** The kinds of fact that cause a notification of each type; none for what is no fact. */
const causes: Readonly<Record<NotificationType, readonly FactKind[]>> = {
  'payment.authorized': ['authorized'],
  'payment.succeeded': ['captured'],
  'payment.failed': ['failed'],
  'payment.closed': ['closed', 'voided'],
  'payment.reversed': ['reversed'],
  'refund.pending': ['refund_pending'],
  'refund.succeeded': ['refunded'],
  'refund.failed': ['refund_failed', 'refund_bounced'],
  'refund.bounced': ['refund_bounced'],
  'dispute.opened': ['dispute_opened'],
  'dispute.won': ['dispute_won'],
  'dispute.lost': ['dispute_lost'],
  'discrepancy.opened': [],
  'discrepancy.resolved': [],
};

/** The fact that caused a notification. Where an operation has several (cumulative totals), the one whose amount it says. */
export function causeOf(notification: Notification, { facts }: OrderDetail): StoredFact | null {
  const kinds = causes[notification.type];
  const candidates = facts.filter(
    (fact) =>
      kinds.includes(fact.kind) &&
      fact.operationId === notification.operationId &&
      fact.paymentId === notification.paymentId,
  );
  const said = candidates.find((fact) =>
    [notification.amountMinor, notification.refundedTotalMinor].includes(fact.amountMinor),
  );
  return said ?? candidates[0] ?? null;
}
