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
  {
    number: 4,
    name: 'seals over attempts',
    sql: `
alter table paidonce_attempts add column certificate text;
alter table paidonce_attempts add column secret text;

create table paidonce_unsealed (
  seq integer primary key autoincrement,
  attempts text not null
) strict;

create table paidonce_seals (
  number integer primary key check (number >= 1),
  previous text not null,
  root text not null,
  leaves_count integer not null check (leaves_count >= 0),
  at integer not null,
  public_key text not null,
  signature text not null
) strict;
create index paidonce_seals_at on paidonce_seals (at);

create table paidonce_seal_leaves (
  number integer primary key,
  leaves blob not null
) strict;

create table paidonce_leases (
  name text primary key,
  node text not null,
  until integer not null
) strict, without rowid;
`,
  },
  {
    number: 5,
    name: 'alerts',
    sql: `
create table paidonce_alerts (
  seq integer primary key,
  id text not null,
  rule text not null,
  subject text not null,
  opened_at integer not null,
  recovered_at integer,
  due_at integer,
  body text not null
) strict;
create unique index paidonce_alerts_id on paidonce_alerts (id);
create unique index paidonce_alerts_open on paidonce_alerts (rule, subject) where recovered_at is null;
create index paidonce_alerts_live on paidonce_alerts (seq) where recovered_at is null or due_at is not null;

create index paidonce_facts_found on paidonce_facts (recorded_at) where source = 'query' or source = 'statement';
`,
  },
  {
    number: 6,
    name: 'replays',
    sql: `
create table paidonce_replays (
  seq integer primary key,
  id text not null,
  merchant text,
  by text not null,
  request text not null,
  state text not null check (state in ('running', 'paused', 'done', 'canceled')),
  cursor text,
  next_at integer not null,
  progress text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index paidonce_replays_id on paidonce_replays (id);
create index paidonce_replays_running on paidonce_replays (next_at) where state = 'running';
`,
  },
  {
    number: 7,
    name: 'endpoint life',
    sql: `
alter table paidonce_endpoints add column previous_until integer;
alter table paidonce_endpoints add column url_change text;
create index paidonce_endpoints_previous on paidonce_endpoints (previous_until) where previous_until is not null;

alter table paidonce_lanes add column warnings text;
alter table paidonce_lanes add column drain_since integer;
create index paidonce_lanes_warned on paidonce_lanes (id) where warnings is not null;
`,
  },
  {
    number: 8,
    name: 'discrepancies as work',
    sql: `
alter table paidonce_discrepancies add column assigned_to text;
alter table paidonce_discrepancies add column assigned_at integer;
alter table paidonce_discrepancies add column decision text;
create index paidonce_discrepancies_assigned on paidonce_discrepancies (assigned_to, seq) where assigned_to is not null;
`,
  },
  {
    number: 9,
    name: 'what each commit made',
    sql: `
create table paidonce_commits (
  seq integer primary key,
  at integer not null,
  made text not null
) strict;
insert into paidonce_commits (at, made) values (unixepoch() * 1000, lower(hex(randomblob(16))));
`,
  },
  {
    number: 10,
    name: 'reconciliations',
    sql: `
create table paidonce_reconciliations (
  seq integer primary key,
  id text not null,
  merchant text not null,
  account text not null,
  day text not null,
  request text not null,
  state text not null check (state in ('receiving', 'running', 'done', 'failed')),
  run integer not null,
  next_at integer not null,
  outcome text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index paidonce_reconciliations_id on paidonce_reconciliations (id);
create index paidonce_reconciliations_day on paidonce_reconciliations (account, day);
create index paidonce_reconciliations_age on paidonce_reconciliations (created_at);
create index paidonce_reconciliations_live on paidonce_reconciliations (next_at) where state in ('receiving', 'running');

create table paidonce_differences (
  seq integer primary key,
  reconciliation text not null,
  run integer not null,
  kind text not null,
  body text not null
) strict;
create index paidonce_differences_of on paidonce_differences (reconciliation, run);

create table paidonce_statement_chunks (
  seq integer primary key,
  reconciliation text not null,
  number integer not null,
  bytes blob not null
) strict;
create unique index paidonce_statement_chunks_number on paidonce_statement_chunks (reconciliation, number);

create index paidonce_facts_unlisted on paidonce_facts (account, provider_time) where source <> 'statement';
`,
  },
  {
    number: 11,
    name: 'sessions',
    sql: `
create table paidonce_sessions (
  digest text primary key,
  api_key text,
  created_at integer not null,
  expires_at integer not null
) strict, without rowid;
create index paidonce_sessions_age on paidonce_sessions (expires_at);
`,
  },
  {
    number: 12,
    name: 'callbacks read again by filter',
    sql: `
create table paidonce_callback_replays (
  seq integer primary key,
  id text not null,
  merchant text,
  by text not null,
  request text not null,
  phase text not null check (phase in ('preview', 'apply')),
  state text not null check (state in ('running', 'previewed', 'paused', 'done', 'canceled')),
  cursor text,
  next_at integer not null,
  progress text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index paidonce_callback_replays_id on paidonce_callback_replays (id);
create index paidonce_callback_replays_running on paidonce_callback_replays (next_at) where state = 'running';

create table paidonce_rereads (
  replay text not null,
  callback text not null,
  preview text not null,
  applied text,
  primary key (replay, callback)
) strict, without rowid;

create index paidonce_sightings_callback on paidonce_sightings (callback) where callback is not null;
`,
  },
  {
    number: 13,
    name: 'sessions of people',
    sql: 'alter table paidonce_sessions add column person text;',
  },
  {
    number: 14,
    name: 'how long attempts and callbacks take, and what waits over time',
    sql: `
${Array.from({ length: 17 }, (_, bucket) => `alter table paidonce_funnel_minutes add column took_${bucket} integer;`).join('\n')}

create table paidonce_backlog_minutes (
  minute integer primary key,
  waiting integer not null,
  dead integer not null,
  oldest_due_ms integer not null
) strict;
`,
  },
];
