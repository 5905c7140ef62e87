import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytesOf } from '../../src/domain/ids.ts';
import { program } from '../../src/program.ts';
import type { Writer } from '../../src/stores/sqlite/batch.ts';
import { runBatch } from '../../src/stores/sqlite/batch.ts';
import { rowsOn } from '../../src/stores/sqlite/statements/statements.ts';
import { Directory } from '../../src/stores/work/directory.ts';
import type { Operation } from '../../src/stores/work/operation.ts';
import { directStore } from './direct-store.ts';
import { node, publishInput, shop, temporaryFolder, testClock } from './support.ts';

describe('a database that cannot be written', () => {
  const clock = testClock();
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let writer: Writer;
  beforeEach(async () => {
    folder = await temporaryFolder();
    const { db } = directStore(folder.path, clock);
    writer = { db, rows: rowsOn(db), directory: new Directory(), node, random: randomBytesOf };
    expect(outcomes([addMerchant])).toEqual(['added']);
  });
  afterEach(async () => {
    writer.db.close();
    await folder.remove();
  });

  const outcomes = (operations: readonly Operation[]): unknown[] =>
    runBatch(writer, program, { now: clock.now(), operations }).outcomes.map((outcome) =>
      outcome.ok ? outcome.value : outcome.failure.code,
    );
  const addMerchant: Operation = {
    is: 'write',
    name: 'addMerchant',
    input: { by: 'ann', id: shop, name: 'Shop', policies: {}, credentials: {}, createdAt: 0 },
  };
  const publish = (orderNo: string, bytes = 10): Operation => {
    const data = JSON.stringify({ text: 'x'.repeat(bytes) });
    return { is: 'decide', name: 'publish', input: { ...publishInput(orderNo), data } };
  };
  const orders = () => writer.db.database.prepare('select count(*) as orders from paidonce_orders').get();

  it('fails the whole batch with store.unavailable when the disk is full, and has none of it', () => {
    writer.db.database.exec('pragma max_page_count = 1');
    const wide = Array.from({ length: 20 }, (_, index) => publish(`O-${index}`, 60_000));
    expect(outcomes([publish('O-small'), ...wide])).toEqual(Array.from({ length: 21 }, () => 'store.unavailable'));
    expect(writer.db.inTransaction).toBe(false);
    expect(orders()).toEqual({ orders: 0 });
    writer.db.database.exec('pragma max_page_count = 1073741823');
    expect(outcomes([publish('O-1'), publish('O-2')])).toEqual([
      expect.objectContaining({ is: 'accepted' }),
      expect.objectContaining({ is: 'accepted' }),
    ]);
    expect(orders()).toEqual({ orders: 2 });
  });

  it('commits no statement alone when the database has rolled the transaction back by itself', () => {
    writer.db.begin('immediate');
    writer.db.database.exec('rollback');
    expect(() => writer.db.run("insert into paidonce_counters (name, value) values ('x', 1)")).toThrowError(
      expect.objectContaining({ code: 'store.unavailable' }),
    );
    expect(() => writer.db.commit()).toThrowError(expect.objectContaining({ code: 'store.unavailable' }));
  });
});
