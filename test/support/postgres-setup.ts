import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { escapeIdentifier } from 'pg';
import type { TestProject } from 'vitest/node';
import { removeOrphans, startPostgres } from './postgres-server.ts';
import { withClient } from './with-client.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test file asks for the server of this run. */
    postgresAt: string;
  }
}

/** The server of a run. */
interface Lent {
  url: string;
  /** What the names of this run's databases begin with. */
  prefix: string;
  giveBack(): Promise<void>;
}

/**
 * Lends one PostgreSQL to the whole run. It starts when the first test file asks, so that a run without such files pays
 * nothing; the asking goes over loopback, because each file has a process of its own. Returns the teardown.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeOrphans();
  let lent: Promise<Lent> | null = null;
  // Only this run's processes know it: the answer holds a superuser's password.
  const path = `/${randomBytes(16).toString('hex')}`;
  const desk = createServer((request, response) => {
    if (request.url !== path) return void response.writeHead(404).end();
    lent ??= lend();
    lent.then(
      ({ url, prefix }) => response.end(JSON.stringify({ url, prefix })),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  desk.listen(0, '127.0.0.1');
  await once(desk, 'listening');
  const address = desk.address();
  if (address === null || typeof address === 'string') throw new Error('the desk has no port');
  project.provide('postgresAt', `http://127.0.0.1:${address.port}${path}`);
  return async () => {
    desk.close();
    desk.closeAllConnections();
    // Where it could not be had, the files that asked have failed already.
    await lent?.then(({ giveBack }) => giveBack()).catch(() => {});
    await removeOrphans();
  };
}

async function lend(): Promise<Lent> {
  const prefix = `paidonce_test_${randomBytes(4).toString('hex')}_`;
  const url = process.env.PAIDONCE_TEST_DATABASE_URL ?? '';
  if (url !== '') return { url: await checked(url), prefix, giveBack: () => dropAll(url, prefix) };
  const server = await startPostgres();
  return { url: server.url, prefix, giveBack: () => server.end() };
}

async function checked(url: string): Promise<string> {
  try {
    await withClient(url, (client) => client.query('select 1'));
    return url;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = 'let it point to a server that runs, or unset it to use the one that `npm ci` installs';
    throw new Error(`The server at PAIDONCE_TEST_DATABASE_URL does not answer (${reason}): ${advice}.`);
  }
}

async function dropAll(url: string, prefix: string): Promise<void> {
  await withClient(url, async (client) => {
    const select = 'select datname, datistemplate from pg_database where starts_with(datname, $1)';
    const { rows } = await client.query<{ datname: string; datistemplate: boolean }>(select, [prefix]);
    for (const { datname, datistemplate } of rows) {
      const name = escapeIdentifier(datname);
      if (datistemplate) await client.query(`alter database ${name} is_template false`);
      await client.query(`drop database ${name} with (force)`);
    }
  });
}
