import { DatabaseSync } from 'node:sqlite';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { mysqlReceipts, pgReceipts, type Receipts, sqliteReceipts } from '../../src/receipts.ts';

export type Kind = 'sqlite' | 'postgres' | 'mysql';

/** Where a database is: a URL, or SQLite's file. */
export interface Address {
  kind: Kind;
  at: string;
}

export interface Connected {
  receipts: Receipts;
  /** One statement, by none of the product's own code. */
  all(sql: string): Promise<Record<string, unknown>[]>;
  end(): Promise<void>;
}

/** The shop's own table. No unique key: what is written twice is there twice. */
export const makeBook = 'create table shop_book (notification varchar(64) not null, amount bigint not null)';

export function insertIntoBook(kind: Kind): string {
  return `insert into shop_book (notification, amount) values ${kind === 'mysql' ? '(?, ?)' : '($1, $2)'}`;
}

export function connectTo({ kind, at }: Address): Connected {
  switch (kind) {
    case 'sqlite': {
      const database = new DatabaseSync(at);
      return {
        receipts: sqliteReceipts(database),
        all: async (sql) => database.prepare(sql).all(),
        end: async () => database.close(),
      };
    }
    case 'postgres': {
      const pool = new Pool({ connectionString: at, max: 4 });
      pool.on('error', () => {});
      return {
        receipts: pgReceipts(pool),
        all: async (sql) => (await pool.query<Record<string, unknown>>(sql)).rows,
        end: () => pool.end(),
      };
    }
    case 'mysql': {
      const pool = createPool({ uri: at, connectionLimit: 4 });
      return {
        receipts: mysqlReceipts(pool),
        async all(sql) {
          const [rows] = await pool.query(sql);
          return Array.isArray(rows) ? rows.map((row): Record<string, unknown> => ({ ...row })) : [];
        },
        end: () => pool.end(),
      };
    }
  }
}
