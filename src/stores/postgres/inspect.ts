import { Client } from 'pg';
import { limits } from '../../domain/limits.ts';

/** What a PostgreSQL server says of itself, as far as nodes depend on it. */
export interface Inspection {
  version: number;
  fsync: boolean;
  fullPageWrites: boolean;
  /** Names of the standbys that every commit waits for; empty: none. */
  synchronousStandbyNames: string;
  connectionsMax: number;
  connectionsUsed: number;
  locksPerTransactionMax: number;
  /** Of the newest migration; null: it was never migrated. */
  migration: number | null;
}

/** Connections that one node opens, its handlers' included. */
export const connectionsOfNode =
  limits.batchesInFlight + limits.aloneInFlight + limits.readsInFlight + limits.handlersInFlight + 1;

/** Asks without changing anything. @throws what the driver says where the server cannot be reached. */
export async function inspect(url: string): Promise<Inspection> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: 'paidonce check',
  });
  client.on('error', () => {
    // Whatever was asked on it fails, and says so.
  });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, string | null>>(
      `select current_setting('server_version_num') as version, current_setting('fsync') as fsync,
         current_setting('full_page_writes') as full_page_writes, current_setting('synchronous_standby_names') as standbys,
         current_setting('max_connections') as connections, current_setting('max_locks_per_transaction') as locks,
         (select count(*)::text from pg_stat_activity where backend_type = 'client backend') as used,
         to_regclass('paidonce.migrations')::text as migrations`,
    );
    const row = rows[0] ?? {};
    const migrated =
      row.migrations === null
        ? null
        : await client.query<{ number: number | null }>('select max(number) as number from paidonce.migrations');
    return {
      version: Number(row.version),
      fsync: row.fsync === 'on',
      fullPageWrites: row.full_page_writes === 'on',
      synchronousStandbyNames: row.standbys ?? '',
      connectionsMax: Number(row.connections),
      connectionsUsed: Number(row.used),
      locksPerTransactionMax: Number(row.locks),
      migration: migrated?.rows[0]?.number ?? null,
    };
  } finally {
    await client.end();
  }
}
