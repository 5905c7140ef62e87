import type { Pool, PoolClient } from 'pg';
import { AppError } from '../../domain/errors.ts';
import { limits } from '../../domain/limits.ts';
import { userTransactionOn } from '../postgres/user-transactions.ts';
import { type OpenReceipt, type Receipts, receiptsIn } from './receipts.ts';

const tableSql = `create table if not exists paidonce_receipts (
  notification text not null,
  handler text not null,
  effects text not null,
  done_at timestamptz not null default now(),
  primary key (notification, handler)
)`;

/** The index of the primary key holds the key against others until the commit. */
const insertSql = `insert into paidonce_receipts (notification, handler, effects) values ($1, $2, '[]')
  on conflict do nothing`;
const findSql = 'select effects from paidonce_receipts where notification = $1 and handler = $2';
const keepSql = 'update paidonce_receipts set effects = $3 where notification = $1 and handler = $2';
const deleteSql = 'delete from paidonce_receipts where done_at < now() - make_interval(days => $1)';
/** For this transaction alone. A commit that the database could forget would leave our mark without the work. */
const settingsSql = `select set_config('synchronous_commit', case current_setting('synchronous_commit')
    when 'off' then 'on' else current_setting('synchronous_commit') end, true),
  set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true),
  set_config('idle_in_transaction_session_timeout', $2, true)`;

const uniqueViolation = '23505';

/** Receipts in a PostgreSQL, by a pool of `pg`. `tx.query` takes `$1 …`. */
export function pgReceipts(pool: Pick<Pool, 'connect' | 'query'>): Receipts {
  return receiptsIn({
    tableSql,
    async create() {
      try {
        await pool.query(tableSql);
      } catch (error) {
        // "If not exists" does not look at what another is making; once that is there it does.
        if (!(error instanceof Error) || !('code' in error) || error.code !== uniqueViolation) throw error;
        await pool.query(tableSql);
      }
    },
    deleteOlder: async (days) => (await pool.query(deleteSql, [days])).rowCount ?? 0,
    async open(signal) {
      const client = await pool.connect();
      // A connection that breaks between two statements says so here, and to the next statement; unheard it would end the process.
      client.on('error', ignore);
      try {
        // Whoever waited for the key must see what the other committed.
        await client.query('begin isolation level read committed read write');
        const deadlineMs = limits.handlerMsPostgres;
        await client.query(settingsSql, [`${deadlineMs}ms`, `${deadlineMs + limits.leaseMarginMs}ms`]);
      } catch (error) {
        giveBack(client, true);
        throw error;
      }
      return openOn(client, signal);
    },
  });
}

function openOn(client: PoolClient, signal: AbortSignal): OpenReceipt {
  return {
    query: userTransactionOn(client).query,
    insert: async ({ notification, handler }) =>
      (await client.query(insertSql, [notification, handler])).rowCount === 1,
    async find({ notification, handler }) {
      const { rows } = await client.query<{ effects: string }>(findSql, [notification, handler]);
      return rows[0]?.effects ?? null;
    },
    async keep({ notification, handler }, text) {
      await client.query(keepSql, [notification, handler, text]);
    },
    async commit() {
      const { command } = await client.query('commit');
      if (command !== 'COMMIT')
        throw new AppError('handler.tx_over', 'a statement failed, and the transaction with it');
      giveBack(client, false);
    },
    async abandon() {
      // A rollback would wait for a statement that is under way.
      if (signal.aborted) return giveBack(client, true);
      try {
        await client.query('rollback');
        giveBack(client, false);
      } catch {
        // The connection is gone, and the transaction with it.
        giveBack(client, true);
      }
    },
  };
}

function giveBack(client: PoolClient, close: boolean): void {
  client.off('error', ignore);
  client.release(close);
}

function ignore(): void {}
