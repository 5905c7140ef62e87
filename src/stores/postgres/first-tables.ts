import type { Migration } from '../migrate.ts';

// What every row of a merchant's carries, and what every listed row carries. `bucket` routes: it stands in each unique key, so that
// a cluster can distribute by it. `xid` is the transaction that made the row, by which lists leave out what committed after their
// first page. `seq` is drawn before the commit: it orders, it promises nothing.
export const bucket = 'bucket smallint not null check (bucket between 0 and 4095)';
export const listed = 'seq bigint generated always as identity, xid xid8 not null default pg_current_xact_id()';
export const id = 'text collate "C" not null';
const steps = "('total', 'sent', 'received', 'handled', 'confirmed')";

/**
 * Every table in the order in which batches write them. Rules: no foreign keys on hot tables; invariants are constraints; what is
 * looked up is narrow and apart from the wide bytes; bytes, payloads and attempts are partitioned by the range of their owner's
 * id, so that old ones are dropped whole; everything that makes an effect happen once lives in plain tables. Moments are
 * milliseconds since 1970; amounts are integers of minor units; JSON carries big integers as strings.
 */
export const firstTables: Migration = {
  number: 1,
  name: 'the first tables',
  sql: `
create table paidonce.merchants (
  ${listed}, ${bucket}, id ${id}, name text not null, policies text not null, credentials text not null, created_at bigint not null,
  primary key (id)
);

create table paidonce.accounts (
  ${listed}, ${bucket}, id ${id}, merchant ${id}, provider text not null, name text not null,
  mode text not null check (mode in ('live', 'test')),
  acknowledge text not null check (acknowledge in ('after_commit', 'after_handling')),
  without_order text not null check (without_order in ('park', 'accept')),
  credentials_version integer not null, credentials bytea not null, created_at bigint not null,
  primary key (id)
);

create table paidonce.endpoints (
  ${listed}, ${bucket}, id ${id}, merchant ${id}, url text not null, provider text not null, types text not null, speaks text not null,
  schedule text, timeout_ms integer not null check (timeout_ms > 0), rate_per_second double precision check (rate_per_second > 0),
  concurrency integer not null check (concurrency > 0), ordering text not null check (ordering in ('none', 'order')),
  state text not null check (state in ('enabled', 'paused', 'disabled')),
  credentials_version integer, credentials bytea, hidden boolean not null, created_at bigint not null, removed_at bigint,
  primary key (id),
  check ((credentials is null) = (credentials_version is null))
);
create index endpoints_merchant on paidonce.endpoints (merchant, hidden) where removed_at is null;
create unique index endpoints_hidden on paidonce.endpoints (merchant, provider, url) where hidden and removed_at is null;

create table paidonce.handlers (
  ${bucket}, merchant ${id}, type text collate "C" not null, name text collate "C" not null,
  primary key (merchant, type, name)
);

create table paidonce.api_keys (
  ${listed}, id ${id}, digest text not null, name text not null, scopes text not null, merchants text, created_at bigint not null,
  primary key (id),
  unique (digest)
);

create table paidonce.settings (name text primary key, value bytea not null);

create table paidonce.callbacks (
  ${listed}, ${bucket}, id ${id}, merchant ${id}, account ${id}, provider text not null, received_at bigint not null,
  message_id text collate "C",
  verdict text not null check (verdict in ('verified', 'parked', 'duplicate', 'conflict', 'ignored', 'unreadable', 'quarantined', 'refused')),
  code text, reason text, step text not null check (step in ${steps}), facts_digest text,
  primary key (id, bucket)
);
create unique index callbacks_seq on paidonce.callbacks (seq, bucket);
create index callbacks_message on paidonce.callbacks (account, message_id, seq, bucket)
  where message_id is not null and verdict not in ('quarantined', 'refused', 'unreadable');
create index callbacks_refused on paidonce.callbacks (account, received_at) where verdict in ('quarantined', 'refused');
create index callbacks_refused_age on paidonce.callbacks (id) where step in ('total', 'sent');

create table paidonce.callback_bytes (
  ${bucket}, callback ${id}, method text not null, target text not null, headers text not null, body bytea not null,
  primary key (callback, bucket)
) partition by range (callback);
create table paidonce.callback_bytes_rest partition of paidonce.callback_bytes default;

create table paidonce.unkept_callbacks (
  ${bucket}, minute bigint not null, merchant ${id}, provider text not null, account ${id}, step text not null, writer text not null,
  callbacks integer not null,
  primary key (minute, account, step, merchant, provider, writer, bucket)
);

create table paidonce.nonces (
  ${bucket}, account ${id}, nonce text collate "C" not null, body_digest text not null, taken_at bigint not null,
  primary key (account, nonce, bucket)
);
create index nonces_age on paidonce.nonces (taken_at);

create table paidonce.orders (
  ${listed}, ${bucket}, id ${id}, merchant ${id}, order_no text collate "C" not null,
  status text not null check (status in ('pending', 'authorized', 'underpaid', 'paid', 'reversed', 'closed', 'failed')),
  totals text not null, expectations text not null, order_references text not null, actions text not null, link_conflicts text not null,
  description text, metadata text, sequence integer not null check (sequence >= 0), fell_short boolean not null, refold_at bigint,
  created_at bigint not null, updated_at bigint not null,
  primary key (id, bucket)
) with (fillfactor = 70);
create unique index orders_number on paidonce.orders (merchant, order_no, bucket);
create unique index orders_seq on paidonce.orders (seq, bucket);
create index orders_refold on paidonce.orders (refold_at) where refold_at is not null;

create table paidonce.order_references (
  ${bucket}, merchant ${id}, reference text collate "C" not null, account text collate "C" not null, order_id ${id},
  primary key (merchant, reference, account, bucket)
);

create table paidonce.awaited_references (
  ${bucket}, merchant ${id}, reference text collate "C" not null, account ${id}, payment_key text collate "C" not null, since bigint not null,
  primary key (merchant, reference, account, payment_key, bucket)
);

create table paidonce.payment_links (
  ${bucket}, payment_key text collate "C" not null, order_id ${id},
  primary key (payment_key, bucket)
);

create table paidonce.facts (
  ${listed}, ${bucket}, key text collate "C" not null, id ${id}, merchant ${id}, order_id text collate "C", account ${id}, kind text not null,
  payment_id text not null, operation_id text not null, reference text, group_id text, payee text,
  amount_minor bigint check (amount_minor >= 0), currency text, from_order boolean not null,
  measure text not null check (measure in ('single', 'cumulative')),
  needs_person boolean not null, operation_id_missing boolean not null, scoped_by_reference boolean not null,
  provider_time bigint not null, source text not null check (source in ('statement', 'query', 'callback', 'manual')),
  payment_key text collate "C" not null, recorded_at bigint not null, told boolean not null,
  primary key (key, bucket),
  check ((amount_minor is null) = (currency is null))
);
create index facts_order on paidonce.facts (order_id, bucket) where order_id is not null;
create index facts_parked_payment on paidonce.facts (payment_key, bucket) where order_id is null;
create index facts_parked_untold on paidonce.facts (recorded_at) where order_id is null and not told;

create table paidonce.sightings (
  seq bigint generated always as identity, ${bucket}, fact ${id}, source text not null, callback text collate "C", at bigint not null,
  provider_time bigint not null, note text,
  primary key (fact, seq, bucket)
);
create index sightings_callback on paidonce.sightings (callback, bucket) where callback is not null;

create table paidonce.parked_callbacks (
  ${bucket}, fact ${id}, callback ${id},
  primary key (fact, callback, bucket)
);
create index parked_callbacks_callback on paidonce.parked_callbacks (callback, bucket);

create table paidonce.discrepancies (
  ${listed}, ${bucket}, id ${id}, merchant ${id}, order_id text collate "C", key text collate "C" not null, kind text not null,
  blocks boolean not null, why text not null, amount_minor bigint, currency text,
  state text not null check (state in ('open', 'resolved', 'ignored', 'accepted')), opened_at bigint not null, closed_at bigint,
  primary key (id, bucket)
);
create index discrepancies_order on paidonce.discrepancies (order_id, bucket) where order_id is not null;
create index discrepancies_parked on paidonce.discrepancies (key, bucket) where order_id is null;
create index discrepancies_open on paidonce.discrepancies (kind) where state = 'open';
create unique index discrepancies_seq on paidonce.discrepancies (seq, bucket);

create table paidonce.notifications (
  ${listed}, ${bucket}, id ${id}, merchant ${id}, order_id ${id}, order_no text collate "C" not null, type text not null,
  cause text collate "C" not null, sequence integer not null check (sequence >= 1), amount_minor bigint not null check (amount_minor >= 0),
  currency text not null, payment_id text not null, operation_id text not null, order_amount_minor bigint, refunded_total_minor bigint,
  occurred_at bigint not null, created_at bigint not null, callback text collate "C", has_data boolean not null,
  primary key (id, bucket)
);
create unique index notifications_cause on paidonce.notifications (order_id, type, cause, bucket);
create unique index notifications_seq on paidonce.notifications (seq, bucket);

create table paidonce.payloads (
  ${bucket}, notification ${id}, data text not null,
  primary key (notification, bucket)
) partition by range (notification);
create table paidonce.payloads_rest partition of paidonce.payloads default;

create table paidonce.idempotency (
  ${bucket}, merchant ${id}, key text collate "C" not null, body_digest text not null, notification ${id}, created_at bigint not null,
  primary key (merchant, key, bucket)
);
create index idempotency_age on paidonce.idempotency (created_at);

create table paidonce.deliveries (
  ${listed}, ${bucket}, id ${id}, merchant ${id}, notification ${id}, lane ${id},
  kind text not null check (kind in ('endpoint', 'handler', 'effect')), name text, url text, effect_key text, effect_payload text,
  state text not null check (state in ('pending', 'sending', 'confirmed', 'dead', 'canceled')), due_at bigint,
  attempts integer not null check (attempts >= 0), tries integer not null check (tries >= 0), rescues integer not null check (rescues >= 0),
  step text check (step in ${steps}), leased_at bigint, created_at bigint not null,
  primary key (id, bucket),
  check (state = 'pending' or (state = 'sending') = (due_at is not null)),
  check (state <> 'sending' or (attempts > 0 and leased_at is not null)),
  check ((kind = 'effect') = (effect_key is not null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
create index deliveries_due on paidonce.deliveries (lane, due_at, state, bucket) where state in ('pending', 'sending', 'dead');
create index deliveries_notification on paidonce.deliveries (notification, bucket);

create table paidonce.attempts (
  ${bucket}, delivery ${id}, number integer not null check (number >= 1), id ${id}, started_at bigint not null, duration_ms integer not null,
  step text not null check (step in ${steps}), status integer, error text, lost boolean not null, peer text,
  request_headers text, request_sha256 text, response_headers text, response_body bytea, response_truncated boolean,
  primary key (delivery, number, bucket)
) partition by range (delivery);
create table paidonce.attempts_rest partition of paidonce.attempts default;

create table paidonce.lanes (
  ${bucket}, id ${id}, merchant ${id}, kind text not null check (kind in ('endpoint', 'handler', 'effect')), name text not null,
  provider text not null, state text not null check (state in ('enabled', 'paused', 'disabled')),
  ordering text not null check (ordering in ('none', 'order')), rate_per_second double precision, concurrency bigint not null, next_due bigint,
  tokens double precision not null, tokens_at bigint not null, failures integer not null, failing_since bigint, opens integer not null,
  open_until bigint, probe_until bigint,
  primary key (id, bucket),
  check (state = 'enabled' or next_due is null)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
create index lanes_due on paidonce.lanes (kind, next_due) where next_due is not null;

create table paidonce.outbox (
  seq bigint generated always as identity primary key, item text not null
);

create table paidonce.actions (
  seq bigint generated always as identity primary key, xid xid8 not null default pg_current_xact_id(), at bigint not null,
  merchant text collate "C", by text not null, what text not null, subject text collate "C" not null, note text
);
create index actions_subject on paidonce.actions (subject);

create table paidonce.funnel_minutes (
  minute bigint not null, side text not null check (side in ('sending', 'handlers', 'receiving')),
  per text not null check (per in ('attempt', 'delivery')), merchant text not null, provider text not null, target text not null,
  type text not null, writer text not null, total integer not null, sent integer not null, received integer not null,
  handled integer not null, confirmed integer not null,
  primary key (minute, side, per, merchant, provider, target, type, writer)
) with (fillfactor = 50);

create table paidonce.counters (
  name text not null, writer text not null, value bigint not null, primary key (name, writer)
);

create table paidonce.sandbox_payments (
  id text primary key, provider text not null, order_no text not null, amount_minor bigint not null, currency text not null,
  notify_url text not null, state text not null, refunded_minor bigint not null, return_url text, detail text not null,
  created_at bigint not null
);
`,
};
