import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asId } from '../../src/domain/ids.ts';
import { Connection } from '../../src/stores/sqlite/connection.ts';
import { openDatabase } from '../../src/stores/sqlite/open-database.ts';
import { migrations } from '../../src/stores/sqlite/schema.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { directStore } from './direct-store.ts';
import { type Bench, node, only, openBench, program, shop, temporaryFolder, testClock } from './support.ts';

describe('a folder of the SQLite store', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const closing: { close(): Promise<void> }[] = [];
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    for (const one of closing.splice(0)) await one.close();
    await folder.remove();
  });

  const bench = async (): Promise<Bench> => {
    const opened = await openBench({ make: () => sqlite({ folder: folder.path }), end: async () => {} });
    closing.push(opened);
    return opened;
  };
  const open = async (path: string): Promise<Store> => {
    const store = sqlite({ folder: path });
    closing.push(store);
    await store.open({ program, node });
    return store;
  };

  it('is made where it is absent', async () => {
    const store = await open(join(folder.path, 'new', 'data'));
    expect((await store.read('ready', null)).migration).toBe(migrations.length);
  });

  it('belongs to one store at a time, and to the next as soon as that one is closed', async () => {
    const first = await open(folder.path);
    await expect(open(folder.path)).rejects.toMatchObject({ code: 'store.locked' });
    await first.close();
    await open(folder.path);
  });

  it('is locked against another process, and free again when that process was killed', async () => {
    const child = fork(fileURLToPath(new URL('./fixtures/writer-process.ts', import.meta.url)), [folder.path], {
      execArgv: [],
    });
    await once(child, 'message');
    await expect(open(folder.path)).rejects.toMatchObject({ code: 'store.locked' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await open(folder.path);
  });

  it('has every answered commit in it after its process was killed', async () => {
    let answered = 0;
    for (let round = 0; round < 3; round += 1) {
      const child = fork(
        fileURLToPath(new URL('./fixtures/writer-process.ts', import.meta.url)),
        [folder.path, String(round)],
        { execArgv: [] },
      );
      const names: string[] = [];
      child.on('message', (message) => {
        if (typeof message === 'string' && message !== 'open') names.push(message);
        if (names.length === 200) child.kill('SIGKILL');
      });
      await once(child, 'exit');
      expect(names.length).toBeGreaterThanOrEqual(200);
      const store = await open(folder.path);
      for (const name of names) {
        const kept = await store.write('keepSetting', { name, value: new Uint8Array([0]) });
        expect([...kept], name).toEqual([1]);
        answered += 1;
      }
      await store.close();
    }
    expect(answered).toBeGreaterThanOrEqual(600);
  });

  it('has an answered commit in its files at the moment of the answer', async () => {
    const { store, expect: announce } = await bench();
    await announce('O-1');
    const copy = join(folder.path, 'copy');
    await mkdir(copy);
    for (const name of ['paidonce.db', 'paidonce.db-wal']) await copyFile(join(folder.path, name), join(copy, name));
    const copied = await open(copy);
    expect(await copied.read('order', { merchant: shop, orderNo: asId.orderNo('O-1') })).not.toBeNull();
    expect(store).toBeDefined();
  });

  it('is written with synchronous=FULL into a write-ahead log', () => {
    const { db } = directStore(folder.path, testClock());
    expect(db.pragma('synchronous')).toBe(2);
    expect(db.pragma('journal_mode')).toBe('wal');
    expect(db.pragma('wal_autocheckpoint')).toBe(0);
    db.close();
    // A database in memory cannot keep what it commits, and says so.
    expect(() => Connection.writer(':memory:')).toThrowError(expect.objectContaining({ code: 'store.unavailable' }));
  });

  it('is refused when one of its migrations was edited, or when it is newer', () => {
    const file = join(folder.path, 'paidonce.db');
    openDatabase(file, migrations, 0).close();
    const edited = migrations.map((migration) => ({ ...migration, sql: `${migration.sql} ` }));
    expect(() => openDatabase(file, edited, 0)).toThrowError(
      expect.objectContaining({ code: 'store.migration_changed' }),
    );
    expect(() => openDatabase(file, [], 0)).toThrowError(expect.objectContaining({ code: 'store.newer' }));
    openDatabase(file, migrations, 0).close();
  });

  it('is left as it was by a migration that fails', () => {
    const file = join(folder.path, 'paidonce.db');
    openDatabase(file, migrations, 0).close();
    const broken = {
      number: migrations.length + 1,
      name: 'broken',
      sql: 'create table paidonce_more (a text) strict; select no_such_column;',
    };
    expect(() => openDatabase(file, [...migrations, broken], 0)).toThrow('no such column');
    const db = new DatabaseSync(file);
    expect(db.prepare("select count(*) as tables from sqlite_schema where name = 'paidonce_more'").get()).toEqual({
      tables: 0,
    });
    db.close();
    openDatabase(file, migrations, 0).close();
  });

  it('lets leases of an earlier process end at its next start, as rescues', async () => {
    const first = await bench();
    await first.addEndpoint();
    await first.publish('O-1');
    only((await first.claim()).claimed);
    await first.close();
    const second = await bench();
    const { claimed, rescued } = await second.claim();
    expect(rescued).toBe(1);
    expect(only(claimed)).toMatchObject({ number: 2, triesBefore: 0 });
  });

  it('names its tables under one prefix', () => {
    const { db } = directStore(folder.path, testClock());
    const others = db.database.prepare(
      "select name from sqlite_schema where name not like 'paidonce\\_%' escape '\\' and name not like 'sqlite\\_%' escape '\\'",
    );
    expect(others.all()).toEqual([]);
    db.close();
  });

  it('has at most three indexes on deliveries', () => {
    const { db } = directStore(folder.path, testClock());
    const indexes = db.database.prepare(
      "select count(*) as indexes from sqlite_schema where type = 'index' and tbl_name = 'paidonce_deliveries'",
    );
    expect(indexes.get()).toEqual({ indexes: 3 });
    db.close();
  });
});
