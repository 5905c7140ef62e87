import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { postgresServer, type TestDatabase, template, testDatabase } from './postgres.ts';
import { commandOf, type PostgresServer } from './postgres-server.ts';
import { withClient } from './with-client.ts';

const rowsOf = (url: string, statement: string): Promise<unknown[]> =>
  withClient(url, async (client) => (await client.query(statement)).rows);

describe('a test database', () => {
  let database: TestDatabase;
  let other: TestDatabase;

  beforeAll(async () => {
    [database, other] = await Promise.all([testDatabase(), testDatabase()]);
  });
  afterAll(() => Promise.all([database?.end(), other?.end()]));

  it('answers a query', async () => {
    expect(await rowsOf(database.url, 'select 1 + 1 as two')).toEqual([{ two: 2 }]);
  });

  it('is on a server that is as durable as one in production', async () => {
    const settings = `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
      current_setting('full_page_writes') as pages`;
    expect(await rowsOf(database.url, settings)).toEqual([{ fsync: 'on', commit: 'on', pages: 'on' }]);
  });

  it('sees nothing of another', async () => {
    await rowsOf(database.url, 'create table mine (id int)');
    expect(await rowsOf(database.url, "select to_regclass('mine') is not null as found")).toEqual([{ found: true }]);
    expect(await rowsOf(other.url, "select to_regclass('mine') is not null as found")).toEqual([{ found: false }]);
  });

  it('ends although somebody is connected, and is then gone', async () => {
    const ended = await testDatabase();
    await withClient(ended.url, () => ended.end());
    await expect(rowsOf(ended.url, 'select 1')).rejects.toThrow(/database .* does not exist/);
  });
});

describe('a template', () => {
  it('is prepared once, however many ask at the same time, and each copy has what was prepared', async () => {
    let times = 0;
    const prepare = async (url: string) => {
      times += 1;
      await rowsOf(url, 'create table prepared as select 7 as number');
    };
    const [first, second] = await Promise.all([template('numbers', prepare), template('numbers', prepare)]);
    expect(first).toBe(second);
    expect(times).toBe(1);
    const copies = await Promise.all([testDatabase(first), testDatabase(second)]);
    for (const { url } of copies) expect(await rowsOf(url, 'select number from prepared')).toEqual([{ number: 7 }]);
    await Promise.all(copies.map(({ end }) => end()));
  });

  it('that failed half-way is prepared anew', async () => {
    const half = async (url: string) => {
      await rowsOf(url, 'create table half (id int)');
      throw new Error('the migration failed');
    };
    await expect(template('twice', half)).rejects.toThrow('the migration failed');
    const name = await template('twice', async (url) => void (await rowsOf(url, 'create table whole (id int)')));
    const copy = await testDatabase(name);
    const found = await rowsOf(copy.url, "select to_regclass('half') as half, to_regclass('whole')::text as whole");
    expect(found).toEqual([{ half: null, whole: 'whole' }]);
    await copy.end();
  });
});

describe('a server of its own', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await postgresServer();
    await rowsOf(server.url, 'create table kept (id int)');
  });
  afterAll(() => server?.end());

  it('refuses connections while it is stopped, and has its data at the same address when it starts again', async () => {
    const { url } = server;
    await rowsOf(url, 'insert into kept values (1)');
    await server.stop();
    await expect(rowsOf(url, 'select 1')).rejects.toThrow('ECONNREFUSED');
    await server.start();
    expect(server.url).toBe(url);
    expect(await rowsOf(url, 'select id from kept where id = 1')).toEqual([{ id: 1 }]);
  });

  it('runs in another process after a restart', async () => {
    const before = server.pid;
    await server.restart();
    expect(server.pid).not.toBe(before);
    expect(await rowsOf(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it.each(['SIGKILL', 'SIGQUIT'] as const)('has what was committed after %s', async (signal) => {
    await rowsOf(server.url, `create table after_${signal} as select 7 as number`);
    await server.kill(signal);
    await server.start();
    expect(await rowsOf(server.url, `select number from after_${signal}`)).toEqual([{ number: 7 }]);
  });

  it('leaves no process and no folder when it ends', async () => {
    const brief = await postgresServer();
    const { pid, folder } = brief;
    expect(await commandOf(pid)).toContain(folder);
    await brief.end();
    expect(await commandOf(pid)).not.toContain(folder);
    expect(await readdir(tmpdir())).not.toContain(folder.slice(tmpdir().length + 1));
  });
});

describe('a server whose run was killed', () => {
  let temporary: string;

  // A temporary folder of its own, so that no other run clears up first.
  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'paidonce-orphans-'));
    await chmod(temporary, 0o711);
  });
  afterAll(() => rm(temporary, { recursive: true, force: true }));

  /** A program that can use the servers as a run does. Resolves to what it printed first. */
  async function program(code: string) {
    const module = JSON.stringify(new URL('./postgres-server.ts', import.meta.url).href);
    const script = `const { startPostgres, removeOrphans } = await import(${module});\n${code}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed] = await once(child.stdout, 'data');
    return { child, printed: JSON.parse(String(printed)) };
  }

  const own = 'const { url, pid, folder } = await startPostgres(); console.log(JSON.stringify({ url, pid, folder }));';

  it('is stopped by the next run, which leaves the servers of living runs alone', async () => {
    const [killed, living] = await Promise.all([program(own), program(own)]);
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    expect(await rowsOf(killed.printed.url, 'select 1 as one')).toEqual([{ one: 1 }]);

    const next = await program("await removeOrphans(); console.log('true');");
    expect(next.printed).toBe(true);
    expect(await commandOf(killed.printed.pid)).not.toContain(killed.printed.folder);
    expect(await rowsOf(living.printed.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    const folders = await readdir(temporary);
    expect(folders.map((name) => join(temporary, name))).toEqual([living.printed.folder]);

    living.child.kill('SIGKILL');
    await once(living.child, 'exit');
    await program("await removeOrphans(); console.log('true');");
    expect(await readdir(temporary)).toEqual([]);
    expect(await commandOf(living.printed.pid)).not.toContain(living.printed.folder);
  });

  it('is stopped by its owner, if that one only ends without having ended it', async () => {
    const { child, printed } = await program(`${own} process.exit(0);`);
    if (child.exitCode === null) await once(child, 'exit');
    await eventually(async () => !(await commandOf(printed.pid)).includes(printed.folder));
  });
});
