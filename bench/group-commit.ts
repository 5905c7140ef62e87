import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** What becomes two rows. */
export interface Insert {
  orderNo: string;
  headers: string;
  body: Uint8Array;
}

if (parentPort === null) throw new Error('this runs in a worker thread');
const port = parentPort;
const { folder }: { folder: string } = workerData;

/** The shape of ceiling B: a callback and its fact, two rows with six indexes, durable when the commit returns. */
const db = new DatabaseSync(join(folder, 'b.db'));
db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -65536;');
db.exec(`
  create table callbacks (seq integer primary key, id text not null, account text not null, received_at integer not null,
    message_id text not null, headers text not null, body blob not null) strict;
  create unique index callbacks_id on callbacks (id);
  create index callbacks_message on callbacks (account, message_id);
  create table facts (seq integer primary key, id text not null, fact_key text not null, order_no text not null,
    payment text not null, amount_minor integer not null, currency text not null) strict;
  create unique index facts_id on facts (id);
  create unique index facts_key on facts (fact_key);
  create index facts_order on facts (order_no);
  create index facts_payment on facts (payment);
`);
const begin = db.prepare('begin immediate');
const commit = db.prepare('commit');
const callback = db.prepare(
  'insert into callbacks (id, account, received_at, message_id, headers, body) values (?, ?, ?, ?, ?, ?)',
);
const fact = db.prepare(
  'insert into facts (id, fact_key, order_no, payment, amount_minor, currency) values (?, ?, ?, ?, ?, ?)',
);

let count = 0;
port.on('message', (batch: readonly Insert[]) => {
  begin.run();
  for (const { orderNo, headers, body } of batch) {
    count += 1;
    const id = String(count).padStart(28, '0');
    callback.run(`cbk_${id}`, 'acc_0123456789012345678901234567', Date.now(), orderNo, headers, body);
    fact.run(`fct_${id}`, `acc_012345 captured ${orderNo}`, orderNo, `acc_012345 pay-${orderNo}`, 8880, 'CNY');
  }
  commit.run();
  port.postMessage(batch.length);
});
