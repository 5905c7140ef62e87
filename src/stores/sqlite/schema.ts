import type { Migration } from '../migrate.ts';
import { firstTables } from './first-tables.ts';

/** Everything that makes the tables, in order. */
export const migrations: readonly Migration[] = [
  firstTables,
  {
    number: 2,
    name: 'payments of the sandbox by their names',
    sql: `
alter table paidonce_sandbox_payments add column moved_at integer not null default 0;
create index paidonce_sandbox_payments_moved on paidonce_sandbox_payments (provider, moved_at, id);

create table paidonce_sandbox_names (
  provider text not null,
  name text not null,
  payment text not null,
  primary key (provider, name, payment)
) strict, without rowid;
`,
  },
  {
    number: 3,
    name: 'asking providers',
    sql: `
alter table paidonce_merchants add column asked_accounts text not null default '[]';

create table paidonce_asks (
  subject text not null,
  account text not null,
  merchant text not null,
  reason text not null check (reason in ('callback', 'sweep', 'person', 'close', 'refund')),
  rank integer not null check (rank = (reason = 'sweep')),
  due_at integer not null,
  tries integer not null check (tries >= 0),
  failures integer not null check (failures >= 0),
  since integer not null,
  asked_at integer,
  answer text,
  primary key (subject, account)
) strict, without rowid;
create index paidonce_asks_due on paidonce_asks (account, rank, due_at);

create table paidonce_ask_queues (
  account text primary key,
  next_due integer not null,
  free_at integer not null,
  lease integer not null,
  check (next_due >= free_at)
) strict, without rowid;
create index paidonce_ask_queues_due on paidonce_ask_queues (next_due);
`,
  },
];
