import type { Handler, HandlerContext } from './deliver/registry.ts';
import type { Receipts, ReceiptTransaction } from './stores/receipts/receipts.ts';

export { type MysqlPool, mysqlReceipts } from './stores/receipts/mysql.ts';
export { pgReceipts } from './stores/receipts/postgres.ts';
export { type BetterSqlite, type NodeSqlite, sqliteReceipts } from './stores/receipts/sqlite.ts';
export type { Receipts, ReceiptTransaction };

/** What a handler is given whose tables are in another database than the store's. */
export interface OnceContext extends Omit<HandlerContext, 'tx'> {
  /** Commits in that database together with the receipt, or not at all. */
  tx: ReceiptTransaction;
}

/** The effects that a run queued: name, and payload in JSON. */
type Queued = [name: string, payload: string][];

/**
 * A handler that does its work once although its tables are in another database than the mark that it ran: a receipt is written
 * there in the same transaction, under notification and handler. When the mark was lost the next run finds the receipt, does
 * nothing there, and queues the same effects again.
 *
 * @example pay.on('payment.succeeded', 'mark-paid', once(pgReceipts(pool), async ({ tx, order }) => { … }));
 */
export function once(receipts: Receipts, run: (context: OnceContext) => unknown): Handler {
  return async (context) => {
    const { notification, handler, signal } = context;
    const kept = await receipts.take({ notification: notification.id, handler }, signal, async (tx) => {
      const queued: Queued = [];
      const effect: HandlerContext['effect'] = async (name, payload = null) => {
        await context.effect(name, payload);
        queued.push([name, JSON.stringify(payload)]);
      };
      await run({ ...context, tx, effect });
      return JSON.stringify(queued);
    });
    if (kept === null) return;
    const queued: Queued = JSON.parse(kept);
    for (const [name, payload] of queued) await context.effect(name, JSON.parse(payload));
  };
}
