import { Client } from 'pg';
import { newId } from '../../src/domain/ids.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import { eventually } from '../support/eventually.ts';
import { template, testDatabase } from '../support/postgres.ts';
import { type Bench, migrated, openBench, type StoreFolder, testClock } from './support.ts';

/** A transaction that a test keeps open at the moment it wants to look at. */
export interface Gate {
  /** Resolves when this many transactions stand before it. */
  reached(count?: number): Promise<void>;
  open(): Promise<void>;
}

/** Where a transaction is to stop: when it writes such a row, or when it commits having written one. */
interface GateAt {
  table: string;
  on: 'insert' | 'update' | 'delete';
  at: 'write' | 'commit';
  /** About `new` or `old`; without it every such row. */
  when?: string;
}

/** Two nodes on one database, and strangers who are no nodes. What they open is closed by `end`. */
export interface Nodes {
  url: string;
  a: Bench;
  b: Bench;
  /** A plain connection, for looking into the database and for standing in the way. */
  stranger(): Promise<Client>;
  gate(at: GateAt): Promise<Gate>;
  /** Resolves when this many transactions wait for a lock. */
  waiting(count?: number): Promise<void>;
  end(): Promise<void>;
}

export async function twoNodes(): Promise<Nodes> {
  const database = await testDatabase(await template('migrated', migrated));
  const { url } = database;
  const folder: StoreFolder = { make: () => postgres(url), end: async () => {} };
  const a = await openBench(folder, testClock(), newId('nod', 1, 1));
  const b = await openBench(folder, testClock(), newId('nod', 2, 2));
  const clients: Client[] = [];
  const stranger = async () => {
    const client = new Client({ connectionString: url });
    // Cut off at the end.
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  };
  const looking = await stranger();
  const count = async (condition: string) => {
    const { rows } = await looking.query<{ found: number }>(
      `select count(*)::integer as found from pg_stat_activity where datname = current_database() and ${condition}`,
    );
    return rows[0]?.found ?? 0;
  };
  let gates = 0;
  return {
    url,
    a,
    b,
    stranger,
    async gate(at) {
      gates += 1;
      const key = gates;
      const keeper = await stranger();
      await keeper.query('select pg_advisory_lock(4242, $1)', [key]);
      await keeper.query(gateSql(`gate_${key}`, key, at));
      return {
        reached: (transactions = 1) => eventually(async () => (await count("wait_event = 'PgSleep'")) >= transactions),
        async open() {
          await keeper.query('select pg_advisory_unlock(4242, $1)', [key]);
        },
      };
    },
    waiting: (transactions = 1) => eventually(async () => (await count("wait_event_type = 'Lock'")) >= transactions),
    async end() {
      await Promise.all(clients.map((client) => client.end()));
      await Promise.all([a.close(), b.close()]);
      await database.end();
    },
  };
}

/** It asks again and again: a lock that is waited for would run into the sessions' own limits. */
function gateSql(name: string, key: number, { table, on, at, when }: GateAt): string {
  const kind = at === 'commit' ? 'constraint trigger' : 'trigger';
  const deferred = at === 'commit' ? 'deferrable initially deferred' : '';
  return `
    create function ${name}() returns trigger language plpgsql as $$ begin
      while not pg_try_advisory_xact_lock_shared(4242, ${key}) loop perform pg_sleep(0.01); end loop;
      return null;
    end $$;
    create ${kind} ${name} after ${on} on paidonce.${table} ${deferred}
      for each row ${when === undefined ? '' : `when (${when})`} execute function ${name}()`;
}
