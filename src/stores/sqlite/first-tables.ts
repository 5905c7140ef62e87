import type { Migration } from '../migrate.ts';

/**
 * Every table in the order in which writers fill them. Rules: `seq` is the commit order, because one writer assigns it; what is
 * looked up once per callback or publish is narrow and apart from the wide bytes; no foreign keys on hot tables; amounts are
 * integers of minor units; JSON carries big integers as strings; checks compare, as `in` of 3 values builds a table, 1.7 µs a row.
 */
export const firstTables: Migration = {
  number: 1,
  name: 'the first tables',
  sql: `
create table paidonce_merchants (
  seq integer primary key,
  id text not null,
  name text not null,
  policies text not null,
  credentials text not null,
  created_at integer not null
) strict;
create unique index paidonce_merchants_id on paidonce_merchants (id);

create table paidonce_accounts (
  seq integer primary key,
  id text not null,
  merchant text not null,
  provider text not null,
  name text not null,
  mode text not null check (mode in ('live', 'test')),
  acknowledge text not null check (acknowledge in ('after_commit', 'after_handling')),
  without_order text not null check (without_order in ('park', 'accept')),
  credentials_version integer not null,
  credentials blob not null,
  created_at integer not null
) strict;
create unique index paidonce_accounts_id on paidonce_accounts (id);

create table paidonce_endpoints (
  seq integer primary key,
  id text not null,
  merchant text not null,
  url text not null,
  provider text not null,
  types text not null,
  speaks text not null,
  schedule text,
  timeout_ms integer not null check (timeout_ms > 0),
  rate_per_second real check (rate_per_second > 0),
  concurrency integer not null check (concurrency > 0),
  ordering text not null check (ordering in ('none', 'order')),
  state text not null check (state = 'enabled' or state = 'paused' or state = 'disabled'),
  credentials_version integer,
  credentials blob,
  hidden integer not null check (hidden in (0, 1)),
  created_at integer not null,
  removed_at integer,
  check ((credentials is null) = (credentials_version is null))
) strict;
create unique index paidonce_endpoints_id on paidonce_endpoints (id);
create index paidonce_endpoints_merchant on paidonce_endpoints (merchant, hidden) where removed_at is null;
create unique index paidonce_endpoints_hidden on paidonce_endpoints (merchant, provider, url) where hidden = 1 and removed_at is null;

create table paidonce_handlers (
  merchant text not null,
  type text not null,
  name text not null,
  primary key (merchant, type, name)
) strict, without rowid;

create table paidonce_api_keys (
  seq integer primary key,
  id text not null,
  digest text not null,
  name text not null,
  scopes text not null,
  merchants text,
  created_at integer not null
) strict;
create unique index paidonce_api_keys_id on paidonce_api_keys (id);
create unique index paidonce_api_keys_digest on paidonce_api_keys (digest);

create table paidonce_settings (
  name text primary key,
  value blob not null
) strict, without rowid;

create table paidonce_callbacks (
  seq integer primary key,
  id text not null,
  merchant text not null,
  account text not null,
  provider text not null,
  received_at integer not null,
  message_id text,
  verdict text not null check (verdict = 'verified' or verdict = 'parked' or verdict = 'duplicate' or verdict = 'conflict' or verdict = 'ignored' or verdict = 'unreadable' or verdict = 'quarantined' or verdict = 'refused'),
  code text,
  reason text,
  step text not null check (step = 'total' or step = 'sent' or step = 'received' or step = 'handled' or step = 'confirmed'),
  facts_digest text
) strict;
create unique index paidonce_callbacks_id on paidonce_callbacks (id);
create index paidonce_callbacks_message on paidonce_callbacks (account, message_id)
  where message_id is not null and verdict <> 'quarantined' and verdict <> 'refused' and verdict <> 'unreadable';
create index paidonce_callbacks_refused on paidonce_callbacks (account, received_at, verdict) where verdict in ('quarantined', 'refused');

create table paidonce_callback_bytes (
  callback integer primary key,
  method text not null,
  target text not null,
  headers text not null,
  body blob not null
) strict;

create table paidonce_unkept_callbacks (
  minute integer not null,
  merchant text not null,
  provider text not null,
  account text not null,
  step text not null,
  callbacks integer not null,
  primary key (minute, merchant, provider, account, step)
) strict, without rowid;

create table paidonce_nonces (
  account text not null,
  nonce text not null,
  body_digest text not null,
  taken_at integer not null,
  primary key (account, nonce)
) strict, without rowid;
create index paidonce_nonces_age on paidonce_nonces (taken_at);

create table paidonce_orders (
  seq integer primary key,
  id text not null,
  merchant text not null,
  order_no text not null,
  status text not null check (status = 'pending' or status = 'authorized' or status = 'underpaid' or status = 'paid' or status = 'reversed' or status = 'closed' or status = 'failed'),
  totals text not null,
  expectations text not null,
  order_references text not null,
  actions text not null,
  link_conflicts text not null,
  description text,
  metadata text,
  sequence integer not null check (sequence >= 0),
  fell_short integer not null check (fell_short in (0, 1)),
  refold_at integer,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index paidonce_orders_id on paidonce_orders (id);
create unique index paidonce_orders_number on paidonce_orders (merchant, order_no);
create index paidonce_orders_refold on paidonce_orders (refold_at) where refold_at is not null;

create table paidonce_order_references (
  merchant text not null,
  reference text not null,
  account text not null,
  order_id text not null,
  primary key (merchant, reference, account)
) strict, without rowid;

create table paidonce_awaited_references (
  merchant text not null,
  reference text not null,
  account text not null,
  payment_key text not null,
  since integer not null,
  primary key (merchant, reference, account, payment_key)
) strict, without rowid;

create table paidonce_parked_callbacks (
  fact integer not null,
  callback text not null,
  primary key (fact, callback)
) strict, without rowid;
create index paidonce_parked_callbacks_callback on paidonce_parked_callbacks (callback);

create table paidonce_payment_links (
  payment_key text primary key,
  order_id text not null
) strict, without rowid;

create table paidonce_facts (
  seq integer primary key,
  key text not null,
  id text not null,
  merchant text not null,
  order_id text,
  account text not null,
  kind text not null,
  payment_id text not null,
  operation_id text not null,
  reference text,
  group_id text,
  payee text,
  amount_minor integer check (amount_minor >= 0),
  currency text,
  from_order integer not null check (from_order in (0, 1)),
  measure text not null check (measure in ('single', 'cumulative')),
  needs_person integer not null check (needs_person in (0, 1)),
  operation_id_missing integer not null check (operation_id_missing in (0, 1)),
  scoped_by_reference integer not null check (scoped_by_reference in (0, 1)),
  provider_time integer not null,
  source text not null check (source = 'statement' or source = 'query' or source = 'callback' or source = 'manual'),
  payment_key text not null,
  recorded_at integer not null,
  told integer not null default 0 check (told in (0, 1)),
  check ((amount_minor is null) = (currency is null))
) strict;
create unique index paidonce_facts_key on paidonce_facts (key);
create index paidonce_facts_order on paidonce_facts (order_id) where order_id is not null;
create index paidonce_facts_parked_payment on paidonce_facts (payment_key) where order_id is null;
create index paidonce_facts_parked_untold on paidonce_facts (recorded_at) where order_id is null and told = 0;

create table paidonce_sightings (
  fact integer not null,
  number integer not null,
  source text not null,
  callback text,
  at integer not null,
  provider_time integer not null,
  note text,
  primary key (fact, number)
) strict, without rowid;

create table paidonce_discrepancies (
  seq integer primary key,
  id text not null,
  merchant text not null,
  order_id text,
  key text not null,
  kind text not null,
  blocks integer not null check (blocks in (0, 1)),
  why text not null,
  amount_minor integer,
  currency text,
  state text not null check (state = 'open' or state = 'resolved' or state = 'ignored' or state = 'accepted'),
  opened_at integer not null,
  closed_at integer
) strict;
create unique index paidonce_discrepancies_id on paidonce_discrepancies (id);
create index paidonce_discrepancies_order on paidonce_discrepancies (order_id) where order_id is not null;
create index paidonce_discrepancies_parked on paidonce_discrepancies (key) where order_id is null;
create index paidonce_discrepancies_open on paidonce_discrepancies (kind) where state = 'open';

create table paidonce_notifications (
  seq integer primary key,
  id text not null,
  merchant text not null,
  order_id text not null,
  order_no text not null,
  type text not null,
  cause text not null,
  sequence integer not null check (sequence >= 1),
  amount_minor integer not null check (amount_minor >= 0),
  currency text not null,
  payment_id text not null,
  operation_id text not null,
  order_amount_minor integer,
  refunded_total_minor integer,
  occurred_at integer not null,
  created_at integer not null,
  data text,
  callback text
) strict;
create unique index paidonce_notifications_id on paidonce_notifications (id);
create index paidonce_notifications_data on paidonce_notifications (created_at) where data is not null;
create unique index paidonce_notifications_cause on paidonce_notifications (order_id, type, cause);

create table paidonce_idempotency (
  merchant text not null,
  key text not null,
  body_digest text not null,
  notification text not null,
  created_at integer not null,
  primary key (merchant, key)
) strict, without rowid;
create index paidonce_idempotency_age on paidonce_idempotency (created_at);

create table paidonce_deliveries (
  seq integer primary key,
  id text not null,
  merchant text not null,
  notification text not null,
  lane text not null,
  kind text not null check (kind = 'endpoint' or kind = 'handler' or kind = 'effect'),
  name text,
  url text,
  effect_key text,
  effect_payload text,
  state text not null check (state = 'pending' or state = 'sending' or state = 'confirmed' or state = 'dead' or state = 'canceled'),
  due_at integer,
  attempts integer not null check (attempts >= 0),
  tries integer not null check (tries >= 0),
  rescues integer not null check (rescues >= 0),
  step text check (step = 'total' or step = 'sent' or step = 'received' or step = 'handled' or step = 'confirmed'),
  leased_at integer,
  created_at integer not null,
  check (state = 'pending' or (state = 'sending') = (due_at is not null)),
  check ((state = 'sending') <= (attempts > 0 and leased_at is not null)),
  check ((kind = 'effect') = (effect_key is not null))
) strict;
create unique index paidonce_deliveries_id on paidonce_deliveries (id);
create index paidonce_deliveries_due on paidonce_deliveries (lane, due_at, state) where state not in ('confirmed', 'canceled');
create index paidonce_deliveries_notification on paidonce_deliveries (notification);

create table paidonce_attempts (
  seq integer primary key,
  delivery text not null,
  number integer not null check (number >= 1),
  id text not null,
  started_at integer not null,
  duration_ms integer not null,
  step text not null check (step = 'total' or step = 'sent' or step = 'received' or step = 'handled' or step = 'confirmed'),
  status integer,
  error text,
  lost integer not null check (lost in (0, 1)),
  peer text,
  request_headers text,
  request_sha256 text,
  response_headers text,
  response_body blob,
  response_truncated integer
) strict;
create unique index paidonce_attempts_delivery on paidonce_attempts (delivery, number);

create table paidonce_lanes (
  id text primary key,
  merchant text not null,
  kind text not null check (kind = 'endpoint' or kind = 'handler' or kind = 'effect'),
  name text not null,
  provider text not null,
  state text not null check (state = 'enabled' or state = 'paused' or state = 'disabled'),
  ordering text not null check (ordering in ('none', 'order')),
  rate_per_second real,
  concurrency integer not null,
  next_due integer,
  tokens real not null,
  tokens_at integer not null,
  failures integer not null,
  failing_since integer,
  opens integer not null,
  open_until integer,
  probe_until integer,
  check (state = 'enabled' or next_due is null)
) strict, without rowid;
create index paidonce_lanes_due on paidonce_lanes (kind, next_due) where next_due is not null;

create table paidonce_outbox (
  seq integer primary key autoincrement,
  item text not null
) strict;

create table paidonce_actions (
  seq integer primary key,
  at integer not null,
  merchant text,
  by text not null,
  what text not null,
  subject text not null,
  note text
) strict;
create index paidonce_actions_subject on paidonce_actions (subject);

create table paidonce_funnel_minutes (
  minute integer not null,
  side text not null check (side = 'sending' or side = 'handlers' or side = 'receiving'),
  per text not null check (per in ('attempt', 'delivery')),
  merchant text not null,
  provider text not null,
  target text not null,
  type text not null,
  total integer not null,
  sent integer not null,
  received integer not null,
  handled integer not null,
  confirmed integer not null,
  primary key (side, per, minute, merchant, provider, target, type)
) strict, without rowid;

create table paidonce_counters (
  name text primary key,
  value integer not null
) strict, without rowid;

create table paidonce_sandbox_payments (
  id text primary key,
  provider text not null,
  order_no text not null,
  amount_minor integer not null, currency text not null,
  notify_url text not null, state text not null,
  refunded_minor integer not null, return_url text, detail text not null,
  created_at integer not null
) strict, without rowid;
`,
};
