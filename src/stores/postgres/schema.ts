import type { Migration } from '../migrate.ts';
import { bucket, firstTables, id } from './first-tables.ts';

/** Everything that makes the tables, in order. */
export const migrations: readonly Migration[] = [
  firstTables,
  {
    number: 2,
    name: 'payments of the sandbox by their names',
    sql: `
alter table paidonce.sandbox_payments add column moved_at bigint not null default 0;
create index sandbox_payments_moved on paidonce.sandbox_payments (provider, moved_at);

create table paidonce.sandbox_names (
  provider text not null, name text not null, payment text not null,
  primary key (provider, name, payment)
);
`,
  },
  {
    number: 3,
    name: 'asking providers',
    sql: `
alter table paidonce.merchants add column asked_accounts text not null default '[]';

create table paidonce.asks (
  ${bucket}, name ${id}, subject ${id}, account ${id}, merchant ${id},
  reason text not null check (reason in ('callback', 'sweep', 'person', 'close', 'refund')),
  rank smallint not null check (rank = (reason = 'sweep')::integer),
  due_at bigint not null, tries integer not null check (tries >= 0), failures integer not null check (failures >= 0),
  since bigint not null, asked_at bigint, answer text,
  primary key (name, bucket)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
create index asks_due on paidonce.asks (account, rank, due_at, bucket);

create table paidonce.ask_queues (
  ${bucket}, account ${id}, next_due bigint not null, free_at bigint not null, lease integer not null,
  primary key (account, bucket),
  check (next_due >= free_at)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
create index ask_queues_due on paidonce.ask_queues (next_due);
`,
  },
];
