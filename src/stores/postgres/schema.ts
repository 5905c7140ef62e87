import type { Migration } from '../migrate.ts';
import { bucket, firstTables, id, listed } from './first-tables.ts';

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
  {
    number: 4,
    name: 'seals over attempts',
    sql: `
alter table paidonce.attempts add column certificate text, add column secret text;

create table paidonce.unsealed (
  seq bigint generated always as identity primary key, attempts text not null
);

create table paidonce.seals (
  number bigint primary key check (number >= 1), previous text not null, root text not null,
  leaves_count integer not null check (leaves_count >= 0), at bigint not null, public_key text not null, signature text not null
);
create index seals_at on paidonce.seals (at, number);

create table paidonce.seal_leaves (number bigint primary key, leaves bytea not null);

create table paidonce.leases (name text primary key, node text not null, until bigint not null);
`,
  },
  {
    number: 5,
    name: 'alerts',
    sql: `
create table paidonce.alerts (
  seq bigint generated always as identity, xid xid8 not null default pg_current_xact_id(), id text collate "C" not null,
  rule text not null, subject text not null, opened_at bigint not null, recovered_at bigint, due_at bigint, body text not null,
  primary key (id)
);
create unique index alerts_open on paidonce.alerts (rule, subject) where recovered_at is null;
create index alerts_live on paidonce.alerts (seq) where recovered_at is null or due_at is not null;

create index facts_found on paidonce.facts (recorded_at) where source in ('query', 'statement');
`,
  },
  {
    number: 6,
    name: 'replays',
    sql: `
create table paidonce.replays (
  ${listed}, id ${id}, merchant text collate "C", by text not null, request text not null,
  state text not null check (state in ('running', 'paused', 'done', 'canceled')),
  cursor text, next_at bigint not null, progress text not null, created_at bigint not null, updated_at bigint not null,
  primary key (id)
);
create index replays_running on paidonce.replays (next_at) where state = 'running';
`,
  },
  {
    number: 7,
    name: 'endpoint life',
    sql: `
alter table paidonce.endpoints add column previous_until bigint, add column url_change text;
create index endpoints_previous on paidonce.endpoints (previous_until) where previous_until is not null;

alter table paidonce.lanes add column warnings text, add column drain_since bigint;
create index lanes_warned on paidonce.lanes (id) where warnings is not null;
`,
  },
  {
    number: 8,
    name: 'discrepancies as work',
    sql: `
alter table paidonce.discrepancies add column assigned_to text, add column assigned_at bigint, add column decision text;
create index discrepancies_assigned on paidonce.discrepancies (assigned_to, seq) where assigned_to is not null;
`,
  },
  {
    number: 9,
    name: 'what each commit made',
    sql: `
create table paidonce.commits (
  xid xid8 primary key default pg_current_xact_id(), at bigint not null, made text not null
);
insert into paidonce.commits (at, made) values (extract(epoch from now()) * 1000, gen_random_uuid()::text);
`,
  },
  {
    number: 10,
    name: 'reconciliations',
    sql: `
create table paidonce.reconciliations (
  ${listed}, id ${id}, merchant ${id}, account ${id}, day text not null, request text not null,
  state text not null check (state in ('receiving', 'running', 'done', 'failed')),
  run integer not null, next_at bigint not null, outcome text not null, created_at bigint not null, updated_at bigint not null,
  primary key (id)
);
create index reconciliations_day on paidonce.reconciliations (account, day);
create index reconciliations_age on paidonce.reconciliations (created_at);
create index reconciliations_live on paidonce.reconciliations (next_at) where state in ('receiving', 'running');

create table paidonce.differences (
  ${listed}, reconciliation ${id}, run integer not null, kind text not null, body text not null,
  primary key (reconciliation, run, seq)
);

create table paidonce.statement_chunks (
  reconciliation ${id}, number integer not null, bytes bytea not null,
  primary key (reconciliation, number)
);

create index facts_unlisted on paidonce.facts (account, provider_time, seq) where source <> 'statement';
`,
  },
  {
    number: 11,
    name: 'sessions',
    sql: `
create table paidonce.sessions (
  digest text collate "C" primary key, api_key text collate "C", created_at bigint not null, expires_at bigint not null
);
create index sessions_age on paidonce.sessions (expires_at);
`,
  },
  {
    number: 12,
    name: 'callbacks read again by filter',
    sql: `
create table paidonce.callback_replays (
  ${listed}, id ${id}, merchant text collate "C", by text not null, request text not null,
  phase text not null check (phase in ('preview', 'apply')),
  state text not null check (state in ('running', 'previewed', 'paused', 'done', 'canceled')),
  cursor text, next_at bigint not null, progress text not null, created_at bigint not null, updated_at bigint not null,
  primary key (id)
);
create index callback_replays_running on paidonce.callback_replays (next_at) where state = 'running';

create table paidonce.rereads (
  replay ${id}, callback ${id}, preview text not null, applied text,
  primary key (replay, callback)
);

create index facts_id on paidonce.facts (id);
`,
  },
  {
    number: 13,
    name: 'sessions of people',
    sql: 'alter table paidonce.sessions add column person text;',
  },
  {
    number: 14,
    name: 'how long attempts and callbacks take, and what waits over time',
    sql: `
alter table paidonce.funnel_minutes ${Array.from({ length: 17 }, (_, bucket) => `add column took_${bucket} integer`).join(', ')};

create table paidonce.backlog_minutes (
  minute bigint primary key, waiting integer not null, dead integer not null, oldest_due_ms bigint not null
);
`,
  },
];
