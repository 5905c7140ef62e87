import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { withClient } from '../support/with-client.ts';

type Rows = Record<string, unknown>[];

/** Where nodes keep everything, and a way to look there without the product's own code. */
export interface Place {
  store(): Store;
  /** Runs a statement written for SQLite; the names of the product's tables are made to fit. */
  all(sql: string): Promise<Rows>;
  /** What facts are named by in `sightings`, and callbacks in `callback_bytes`. */
  key: 'seq' | 'id';
}

export function sqlitePlace(folder: string): Place {
  return {
    key: 'seq',
    store: () => sqlite({ folder }),
    async all(sql) {
      const db = new DatabaseSync(join(folder, 'paidonce.db'));
      try {
        return db.prepare(sql).all();
      } finally {
        db.close();
      }
    },
  };
}

export function postgresPlace(url: string): Place {
  return {
    key: 'id',
    store: () => postgres(url),
    all: (sql) =>
      withClient(url, async (client) => {
        const { rows } = await client.query<Record<string, unknown>>(sql.replaceAll('paidonce_', 'paidonce.'));
        return rows;
      }),
  };
}
