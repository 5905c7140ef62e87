import type { OutboxItem } from '../../kept.ts';
import { number, outboxItemOf, toJson } from '../../mapping.ts';
import type { Connection } from '../connection.ts';

export const insertOutboxSql = 'insert into paidonce_outbox (item) values (?)';

export function insertOutboxItem(db: Connection, item: OutboxItem): void {
  db.run(insertOutboxSql, toJson(item));
}

export function oldestOutboxItems(db: Connection, most: number): { row: number; item: OutboxItem }[] {
  return db
    .all(
      `-- SCAN paidonce_outbox
       select seq, item from paidonce_outbox order by seq limit ?`,
      most,
    )
    .map((row) => ({ row: number(row, 'seq'), item: outboxItemOf(row) }));
}

export function deleteOutboxItem(db: Connection, seq: number): void {
  db.run(
    `-- SEARCH paidonce_outbox USING INTEGER PRIMARY KEY (rowid=?)
     delete from paidonce_outbox where seq = ?`,
    seq,
  );
}
