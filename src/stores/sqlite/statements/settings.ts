import type { Alert } from '../../../domain/alert.ts';
import { alertValues } from '../../alert-mapping.ts';
import { bytes, number } from '../../mapping.ts';
import type { BacklogMinute } from '../../reads.ts';
import type { Connection } from '../connection.ts';

export function keepSetting(db: Connection, name: string, value: Uint8Array): Uint8Array {
  db.run('insert into paidonce_settings (name, value) values (?, ?) on conflict do nothing', name, value);
  return setting(db, name) ?? value;
}

function setting(db: Connection, name: string): Uint8Array | null {
  const row = db.get(
    `-- SEARCH paidonce_settings USING PRIMARY KEY (name=?)
     select value from paidonce_settings where name = ?`,
    name,
  );
  return row === undefined ? null : bytes(row, 'value');
}

export function raiseBacklogMinute(db: Connection, { at, waiting, dead, oldestDueMs }: BacklogMinute): void {
  db.run(
    `insert into paidonce_backlog_minutes (minute, waiting, dead, oldest_due_ms) values (?, ?, ?, ?)
     on conflict do update set waiting = max(waiting, excluded.waiting), dead = max(dead, excluded.dead),
       oldest_due_ms = max(oldest_due_ms, excluded.oldest_due_ms)`,
    at,
    waiting,
    dead,
    oldestDueMs,
  );
}

export function upsertAlert(db: Connection, alert: Alert): void {
  const { id, rule, subject, opened_at, recovered_at, due_at, body } = alertValues(alert);
  db.run(
    `insert into paidonce_alerts (id, rule, subject, opened_at, recovered_at, due_at, body) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set recovered_at = excluded.recovered_at, due_at = excluded.due_at, body = excluded.body`,
    id,
    rule,
    subject,
    opened_at,
    recovered_at,
    due_at,
    body,
  );
}

export function addToCounter(db: Connection, name: 'rescued_leases', by: number): void {
  db.run(
    'insert into paidonce_counters (name, value) values (?, ?) on conflict do update set value = value + excluded.value',
    name,
    by,
  );
}

export function counter(db: Connection, name: 'rescued_leases'): number {
  const row = db.get(
    `-- SEARCH paidonce_counters USING PRIMARY KEY (name=?)
     select value from paidonce_counters where name = ?`,
    name,
  );
  return row === undefined ? 0 : number(row, 'value');
}
