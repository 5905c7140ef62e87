import { randomBytes } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import { inject } from 'vitest';
import { z } from 'zod';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { withClient } from './with-client.ts';

const lent = z.object({ url: z.string(), prefix: z.string() });

/** An empty database, or a copy of a template, on the server of this run. */
export interface TestDatabase {
  url: string;
  /** Drops it; whoever is still connected is cut off. */
  end(): Promise<void>;
}

/**
 * A database for one test file. `from` is what `template` returned; without it the database is empty.
 * @throws an error that says what to do if no server can be had.
 */
export async function testDatabase(from = 'template0'): Promise<TestDatabase> {
  const { url, prefix } = await server();
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  await execute(url, `create database ${escapeIdentifier(name)} template ${escapeIdentifier(from)}`);
  return {
    url: databaseUrl(url, name),
    end: () => execute(url, `drop database ${escapeIdentifier(name)} with (force)`),
  };
}

/**
 * Prepares a database once for the whole run, to be copied by `testDatabase`: a copy takes less time than migrations.
 * @param name at most 32 characters; two files that use one name must prepare the same.
 * @returns what `testDatabase` takes.
 */
export async function template(name: string, prepare: (url: string) => Promise<void>): Promise<string> {
  const { url, prefix } = await server();
  const full = `${prefix}from_${name}`;
  const quoted = escapeIdentifier(full);
  await withClient(url, async (client) => {
    // Held until this connection ends. Others wait here while one prepares.
    await client.query('select pg_advisory_lock(hashtext($1))', [full]);
    const found = await client.query('select from pg_database where datname = $1 and datistemplate', [full]);
    if (found.rowCount === 1) return;
    // Half prepared by a file that failed.
    await client.query(`drop database if exists ${quoted} with (force)`);
    await client.query(`create database ${quoted} template template0`);
    await prepare(databaseUrl(url, full));
    await client.query(`alter database ${quoted} is_template true allow_connections false`);
  });
  return full;
}

/** A server for one test alone, which may stop and kill it. It must be ended. Never the one of PAIDONCE_TEST_DATABASE_URL. */
export function postgresServer(): Promise<PostgresServer> {
  return startPostgres();
}

async function server(): Promise<z.infer<typeof lent>> {
  const response = await fetch(inject('postgresAt'));
  if (!response.ok) throw new Error(await response.text());
  return lent.parse(await response.json());
}

async function execute(url: string, statement: string): Promise<void> {
  await withClient(url, (client) => client.query(statement));
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
