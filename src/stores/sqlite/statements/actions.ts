import type { RecordedAction } from '../../kept.ts';
import type { Connection } from '../connection.ts';

export function insertAction(db: Connection, { at, merchant, by, what, subject, note }: RecordedAction): void {
  db.run(
    'insert into paidonce_actions (at, merchant, by, what, subject, note) values (?, ?, ?, ?, ?, ?)',
    at,
    merchant,
    by,
    what,
    subject,
    note,
  );
}
