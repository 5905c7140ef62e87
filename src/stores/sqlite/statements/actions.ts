import type { Instant } from '../../../domain/clock.ts';
import type { MerchantId } from '../../../domain/ids.ts';
import type { Connection } from '../connection.ts';

export interface ActionRow {
  at: Instant;
  merchant: MerchantId | null;
  by: string;
  what: string;
  subject: string;
  note: string | null;
}

export function insertAction(db: Connection, { at, merchant, by, what, subject, note }: ActionRow): void {
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
