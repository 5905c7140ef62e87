import { outboxItemOf, toJson } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const outbox = new Table({ name: 'outbox', columns: { item: 'text' }, key: ['seq'] });
const outboxBySeq = outbox.lookup({ name: 'seq', columns: ['seq'], index: 'outbox_pkey', locks: 'wait' });

export const insertOutboxSql = 'insert into paidonce.outbox (item) values ($1)';

export function outboxRows(image: Image): Pick<Rows, 'oldestOutboxItems' | 'deleteOutboxItem' | 'insertOutboxItem'> {
  return {
    oldestOutboxItems(most) {
      const found = image.answer(`outbox ${most}`, async (session) => {
        // One node at a time, so that what one session left is applied in the order in which it was left.
        const [alone] = await session.all("select pg_try_advisory_xact_lock(hashtextextended('outbox', 0)) as got");
        if (alone?.got !== 1) return [];
        return session.all('/* outbox_pkey () */ select seq, item from paidonce.outbox order by seq limit $1', most);
      });
      return (found ?? []).flatMap((values) => {
        const met = image.met(outboxBySeq, values);
        return met === null ? [] : [{ row: met.row, item: outboxItemOf(values) }];
      });
    },
    deleteOutboxItem: (row) => image.delete(image.row(row)),
    insertOutboxItem(item) {
      image.add(outbox, { item: toJson(item) });
    },
  };
}
