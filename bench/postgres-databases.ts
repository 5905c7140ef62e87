import { readdirSync, readFileSync } from 'node:fs';
import { Client, types } from 'pg';
import { startPostgres } from '../test/support/postgres-server.ts';
import type { Database, Databases } from './database.ts';
import { cpuMsOf } from './role.ts';
import type { Row, Tables } from './rows.ts';

/**
 * Databases on the server of that URL, on which databases may be created; without one, on a server of the bench's own, which
 * commits as durably as one in production.
 */
export async function postgresDatabases(url: string | null): Promise<Databases> {
  const own = url === null ? await startPostgres(ownSettings) : null;
  const server = url ?? own?.url ?? '';
  const { rows } = await on<{ version: string }>(server, "select current_setting('server_version') as version");
  let count = 0;
  return {
    store: 'postgres',
    title: 'PostgreSQL',
    described: `PostgreSQL ${rows[0]?.version ?? ''}, \`synchronous_commit=on\`, ${own === null ? 'given' : 'on this machine'}`,
    async open() {
      count += 1;
      const name = `paidonce_bench_${process.pid}_${count}`;
      await on(server, `create database ${name}`);
      return databaseOn(server, name, own?.pid ?? null);
    },
    end: async () => own?.end(),
  };
}

const ownSettings = ['shared_buffers=512MB', 'max_wal_size=4GB'];

function databaseOn(server: string, name: string, pid: number | null): Database {
  const url = urlOf(server, name);
  return {
    env: { PAIDONCE_DATABASE_URL: url },
    look: async () => ({ tables: await snapshotOf(url), schema: [] }),
    async paidOrders() {
      const { rows } = await on<{ n: number }>(
        url,
        "select count(*)::integer as n from paidonce.orders where status = 'paid'",
      );
      return rows[0]?.n ?? 0;
    },
    async tellByCallback() {
      await on(url, "update paidonce.facts set source = 'callback'");
      await on(url, "update paidonce.sightings set source = 'callback'");
      await on(url, 'vacuum analyze');
    },
    cpuMs: () => (pid === null ? new Map() : serverCpuMs(pid)),
    remove: async () => {
      await on(server, `drop database ${name} with (force)`);
    },
  };
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

/** Integers of 64 bits as numbers: what the bench makes is small. */
const parsers = {
  getTypeParser: (type: number, format?: 'text' | 'binary') =>
    type === types.builtins.INT8 ? Number : types.getTypeParser(type, format),
};

export async function on<R extends object>(url: string, text: string, values: unknown[] = []): Promise<{ rows: R[] }> {
  const client = new Client({ connectionString: url, types: parsers });
  await client.connect();
  try {
    return await client.query<R & Record<string, unknown>>({ text, values });
  } finally {
    await client.end();
  }
}

async function snapshotOf(url: string): Promise<Tables> {
  const tables: Tables = new Map();
  const { rows: names } = await on<{ name: string; key: string[] }>(
    url,
    `select c.relname as name, (select array_agg(a.attname::text) from pg_attribute a
       where a.attrelid = c.oid and a.attnum = any(i.indkey)) as key
     from pg_class c join pg_index i on i.indrelid = c.oid and i.indisprimary
     where c.relnamespace = 'paidonce'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`,
  );
  for (const { name, key } of names) {
    const rows = new Map<string, Row>();
    for (const row of (await on<Row>(url, `select * from paidonce.${name}`)).rows)
      rows.set(JSON.stringify(key.map((column) => String(row[column]))), row);
    tables.set(name, { key, rows });
  }
  return tables;
}

/** The server's processes by what they do; those that have ended are not counted. */
function serverCpuMs(pid: number): Map<string, number> {
  const times = new Map<string, number>();
  for (const child of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = textOf(`/proc/${child}/stat`);
    if (Number(/\) \S (\d+)/.exec(stat)?.[1]) !== pid) continue;
    const [, title = ''] = /^postgres: (\w+ ?\w*)/.exec(textOf(`/proc/${child}/cmdline`)) ?? [];
    const kind = /^(checkpointer|background writer|walwriter|autovacuum|io worker|logical)/.test(title)
      ? title
      : 'sessions';
    for (const ms of cpuMsOf(Number(child)).values())
      times.set(`postgres ${kind}`, (times.get(`postgres ${kind}`) ?? 0) + ms);
  }
  return times;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}
