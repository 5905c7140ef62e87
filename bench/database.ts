import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { snapshot, type Tables } from './rows.ts';

/** What a product keeps its data in, as the bench looks into it from outside. */
export interface Database {
  /** What the product is told of it. */
  readonly env: Readonly<Record<string, string>>;
  /** Every row there is; for a database with a handful of rows. `schema`: the statements that make its tables, where they can be had. */
  look(): Promise<{ tables: Tables; schema: readonly string[] }>;
  paidOrders(): Promise<number>;
  /** Every fact is as if a callback had told it, and nobody else. */
  tellByCallback(): Promise<void>;
  /** Processor time of a server of its own, by the kinds of its processes. */
  cpuMs(): Map<string, number>;
  remove(): Promise<void>;
}

/** One of the two stores that are measured. */
export interface Databases {
  readonly store: 'sqlite' | 'postgres';
  /** Says what it is, for the table. */
  /** The name of its section among the results. */
  readonly title: string;
  readonly described: string;
  /** An empty one, for a product whose data folder this is. */
  open(folder: string): Promise<Database>;
  end(): Promise<void>;
}

export const sqliteDatabases: Databases = {
  store: 'sqlite',
  title: 'SQLite',
  described: 'SQLite, WAL, `synchronous=FULL`',
  async open(folder) {
    const reading = <T>(read: (db: DatabaseSync) => T): T => {
      const db = new DatabaseSync(join(folder, 'paidonce.db'), { readOnly: true });
      try {
        return read(db);
      } finally {
        db.close();
      }
    };
    return {
      env: {},
      look: async () => reading((db) => ({ tables: snapshot(db), schema: schemaOf(db) })),
      paidOrders: async () =>
        reading((db) => Number(db.prepare("select count(*) as n from paidonce_orders where status = 'paid'").get()?.n)),
      async tellByCallback() {
        const db = new DatabaseSync(join(folder, 'paidonce.db'), { timeout: 10_000 });
        db.exec("update paidonce_facts set source = 'callback'; update paidonce_sightings set source = 'callback'");
        db.close();
      },
      cpuMs: () => new Map(),
      async remove() {},
    };
  },
  async end() {},
};

function schemaOf(db: DatabaseSync): string[] {
  return db
    .prepare("select sql from sqlite_schema where sql is not null and name not like 'sqlite_%' order by rowid")
    .all()
    .map(({ sql }) => String(sql));
}
