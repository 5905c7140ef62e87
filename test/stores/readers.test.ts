import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/stores/sqlite/open-database.ts';
import { Readers } from '../../src/stores/sqlite/readers.ts';
import { migrations } from '../../src/stores/sqlite/schema.ts';
import { temporaryFolder } from './support.ts';

describe('the readers of SQLite', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let readers: Readers;
  beforeEach(async () => {
    folder = await temporaryFolder();
    const file = join(folder.path, 'paidonce.db');
    const db = openDatabase(file, migrations, 0);
    // Each lane is joined with each handler, so the read of the backlog takes about a second.
    db.database.exec(`with recursive n (i) as (select 1 union all select i + 1 from n where i < 4000)
      insert into paidonce_lanes (id, merchant, kind, name, provider, state, ordering, concurrency, tokens, tokens_at, failures, opens)
      select 'handler:shop:' || i, 'shop', 'handler', i, '', 'enabled', 'none', 1, 0, 0, 0, 0 from n`);
    db.database.exec(`with recursive n (i) as (select 1 union all select i + 1 from n where i < 4000)
      insert into paidonce_handlers (merchant, type, name) select 'shop', 'type ' || i, 'other ' || i from n`);
    db.close();
    readers = new Readers(file, { readMs: 200 });
  });
  afterEach(async () => {
    await readers.close();
    await folder.remove();
  });

  const slow = () => readers.read({ name: 'handlers', input: { visible: null }, now: 0 });
  const quick = () => readers.read({ name: 'ready', input: null, now: 0 });

  it('end a read that takes too long, and go on with the others', async () => {
    const reads = [slow(), quick(), slow(), quick(), slow(), quick()];
    const outcomes = await Promise.allSettled(reads);
    for (const [index, outcome] of outcomes.entries()) {
      if (index % 2 === 0) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'store.deadline' } });
      else expect(outcome).toMatchObject({ status: 'fulfilled', value: { migration: migrations.length } });
    }
    expect(await quick()).toMatchObject({ migration: migrations.length });
  });

  it('fail what waits when they are closed', async () => {
    const waiting = [slow(), slow(), quick()].map((read) => read.catch((error: { code: string }) => error.code));
    await readers.close();
    expect(await Promise.all(waiting)).toEqual(['store.closed', 'store.closed', 'store.closed']);
  });
});
