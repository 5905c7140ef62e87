import { Client, type ClientConfig } from 'pg';
import { AppError } from '../../domain/errors.ts';
import { checksumOf, type Migration, pendingMigrations } from '../migrate.ts';

const lockKey = 'paidonce migrations';
/** How long a node waits for another one that migrates. */
const waitMs = 60_000;
const connectMs = 10_000;

/**
 * Brings the schema up to date, once, however many nodes start at the same time: each migration in a transaction of its own, under
 * a lock of the session. What runs already keeps running beside it.
 *
 * @throws AppError `store.newer`, `store.migration_changed`, `store.unavailable`.
 */
export async function migrateDatabase(config: ClientConfig, migrations: readonly Migration[]): Promise<void> {
  const client = new Client({
    ...config,
    application_name: 'paidonce migrate',
    connectionTimeoutMillis: connectMs,
  });
  // What is lost on the way is told by the statement that was under way.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(`set lock_timeout = ${waitMs}`);
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [lockKey]);
    await migrate(client, migrations);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('store.unavailable', `PostgreSQL could not be brought up to date: ${reason}`, { cause: error });
  } finally {
    await client.end();
  }
}

async function migrate(client: Client, migrations: readonly Migration[]): Promise<void> {
  const { rows: found } = await client.query<{ known: string | null }>(
    "select to_regclass('paidonce.migrations')::text as known",
  );
  // Only asked for where it is missing: a role that may not make schemas can still serve one that is there.
  if (found[0]?.known === null) {
    await client.query(
      `begin; create schema if not exists paidonce;
       create table paidonce.migrations (number integer primary key, name text not null, checksum text not null, applied_at bigint not null);
       commit`,
    );
  }
  const { rows: applied } = await client.query<{ number: number; checksum: string }>(
    'select number, checksum from paidonce.migrations order by number',
  );
  for (const migration of pendingMigrations(migrations, applied)) {
    await client.query('begin');
    await client.query(migration.sql);
    await client.query(
      `insert into paidonce.migrations (number, name, checksum, applied_at)
       values ($1, $2, $3, (extract(epoch from clock_timestamp()) * 1000)::bigint)`,
      [migration.number, migration.name, checksumOf(migration)],
    );
    await client.query('commit');
  }
}
