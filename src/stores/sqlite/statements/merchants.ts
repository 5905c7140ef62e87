import type { AccountId, ApiKeyId, EndpointId, MerchantId } from '../../../domain/ids.ts';
import type { Account, ApiKey, Endpoint, Merchant, Session } from '../../../domain/merchant.ts';
import type { SandboxPayment } from '../../kept.ts';
import {
  accountColumns,
  accountOf,
  credentialsToJson,
  endpointColumns,
  endpointOf,
  merchantColumns,
  merchantOf,
  text,
  toJson,
} from '../../mapping.ts';
import type { Connection } from '../connection.ts';

const merchantByIdSql = `-- SEARCH paidonce_merchants USING INDEX paidonce_merchants_id (id=?)
  select ${merchantColumns} from paidonce_merchants where id = ?`;

export function merchantById(db: Connection, id: MerchantId): Merchant | null {
  const row = db.get(merchantByIdSql, id);
  return row === undefined ? null : merchantOf(row);
}

/** False: the id is taken. */
export function insertMerchant(
  db: Connection,
  { id, name, policies, credentials, createdAt }: Omit<Merchant, 'askedAccounts'>,
): boolean {
  const added = db.run(
    'insert into paidonce_merchants (id, name, policies, credentials, created_at) values (?, ?, ?, ?, ?) on conflict do nothing',
    id,
    name,
    toJson(policies),
    credentialsToJson(credentials),
    createdAt,
  );
  return added === 1;
}

export function updateMerchant(db: Connection, { id, name, policies, credentials }: Merchant): void {
  db.run(
    `-- SEARCH paidonce_merchants USING INDEX paidonce_merchants_id (id=?)
     update paidonce_merchants set name = ?, policies = ?, credentials = ? where id = ?`,
    name,
    toJson(policies),
    credentialsToJson(credentials),
    id,
  );
}

export function setAsked(db: Connection, merchant: MerchantId, account: AccountId, asked: boolean): void {
  const kept = merchantById(db, merchant);
  if (kept === null) return;
  const others = kept.askedAccounts.filter((one) => one !== account);
  db.run(
    `-- SEARCH paidonce_merchants USING INDEX paidonce_merchants_id (id=?)
     update paidonce_merchants set asked_accounts = ? where id = ?`,
    JSON.stringify(asked ? [...others, account] : others),
    merchant,
  );
}

const accountByIdSql = `-- SEARCH paidonce_accounts USING INDEX paidonce_accounts_id (id=?)
  select ${accountColumns} from paidonce_accounts where id = ?`;

export function accountById(db: Connection, id: AccountId): Account | null {
  const row = db.get(accountByIdSql, id);
  return row === undefined ? null : accountOf(row);
}

export function insertAccount(db: Connection, account: Account): void {
  db.run(
    `insert into paidonce_accounts (id, merchant, provider, name, mode, acknowledge, without_order, credentials_version, credentials, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    account.id,
    account.merchant,
    account.provider,
    account.name,
    account.mode,
    account.acknowledge,
    account.withoutOrder,
    account.credentials.version,
    account.credentials.sealed,
    account.createdAt,
  );
}

export function updateAccount(db: Connection, account: Account): void {
  db.run(
    `-- SEARCH paidonce_accounts USING INDEX paidonce_accounts_id (id=?)
     update paidonce_accounts set name = ?, mode = ?, acknowledge = ?, without_order = ?, credentials_version = ?, credentials = ? where id = ?`,
    account.name,
    account.mode,
    account.acknowledge,
    account.withoutOrder,
    account.credentials.version,
    account.credentials.sealed,
    account.id,
  );
}

export function deleteAccount(db: Connection, id: AccountId): void {
  db.run(
    `-- SEARCH paidonce_accounts USING INDEX paidonce_accounts_id (id=?)
     delete from paidonce_accounts where id = ?`,
    id,
  );
}

const endpointByIdSql = `-- SEARCH paidonce_endpoints USING INDEX paidonce_endpoints_id (id=?)
  select ${endpointColumns} from paidonce_endpoints where id = ? and removed_at is null`;

export function endpointById(db: Connection, id: EndpointId): Endpoint | null {
  const row = db.get(endpointByIdSql, id);
  return row === undefined ? null : endpointOf(row);
}

const endpointsOfMerchantSql = `-- SEARCH paidonce_endpoints USING INDEX paidonce_endpoints_merchant (merchant=? AND hidden=?)
  select ${endpointColumns} from paidonce_endpoints where merchant = ? and hidden = 0 and removed_at is null order by seq`;

export function endpointsOfMerchant(db: Connection, merchant: MerchantId): Endpoint[] {
  return db.all(endpointsOfMerchantSql, merchant).map(endpointOf);
}

const hiddenEndpointSql = `-- SEARCH paidonce_endpoints USING INDEX paidonce_endpoints_hidden (merchant=? AND provider=? AND url=?)
  select ${endpointColumns} from paidonce_endpoints
  where merchant = ? and provider = ? and url = ? and hidden = 1 and removed_at is null`;

export function hiddenEndpoint(
  db: Connection,
  merchant: MerchantId,
  provider: string,
  origin: string,
): Endpoint | null {
  const row = db.get(hiddenEndpointSql, merchant, provider, origin);
  return row === undefined ? null : endpointOf(row);
}

export function insertEndpoint(db: Connection, endpoint: Endpoint): void {
  db.run(
    `insert into paidonce_endpoints (
       id, merchant, provider, hidden, created_at, url, types, speaks, schedule, timeout_ms, rate_per_second, concurrency, ordering, state,
       credentials_version, credentials, previous_until, url_change
     ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    endpoint.id,
    endpoint.merchant,
    endpoint.provider,
    endpoint.hidden ? 1 : 0,
    endpoint.createdAt,
    ...changing(endpoint),
  );
}

export function updateEndpoint(db: Connection, endpoint: Endpoint): void {
  db.run(
    `-- SEARCH paidonce_endpoints USING INDEX paidonce_endpoints_id (id=?)
     update paidonce_endpoints set
       url = ?, types = ?, speaks = ?, schedule = ?, timeout_ms = ?, rate_per_second = ?, concurrency = ?, ordering = ?, state = ?,
       credentials_version = ?, credentials = ?, previous_until = ?, url_change = ?
     where id = ?`,
    ...changing(endpoint),
    endpoint.id,
  );
}

function changing(endpoint: Endpoint) {
  return [
    endpoint.url,
    toJson(endpoint.types),
    toJson(endpoint.speaks),
    endpoint.schedule === null ? null : toJson(endpoint.schedule),
    endpoint.timeoutMs,
    endpoint.ratePerSecond,
    endpoint.concurrency,
    endpoint.ordering,
    endpoint.state,
    endpoint.credentials?.version ?? null,
    endpoint.credentials?.sealed ?? null,
    endpoint.previousUntil,
    endpoint.urlChange === null ? null : toJson(endpoint.urlChange),
  ] as const;
}

/** The row stays, without its secrets, because deliveries still name it. */
export function retireEndpoint(db: Connection, id: EndpointId, now: number): void {
  db.run(
    `-- SEARCH paidonce_endpoints USING INDEX paidonce_endpoints_id (id=?)
     update paidonce_endpoints set removed_at = ?, credentials_version = null, credentials = null, previous_until = null where id = ?`,
    now,
    id,
  );
}

export function handlersOfMerchant(db: Connection, merchant: MerchantId): { type: string; name: string }[] {
  return db
    .all(
      `-- SEARCH paidonce_handlers USING PRIMARY KEY (merchant=?)
       select type, name from paidonce_handlers where merchant = ? order by type, name`,
      merchant,
    )
    .map((row) => ({ type: text(row, 'type'), name: text(row, 'name') }));
}

export function insertHandler(db: Connection, merchant: MerchantId, type: string, name: string): void {
  db.run(
    'insert into paidonce_handlers (merchant, type, name) values (?, ?, ?) on conflict do nothing',
    merchant,
    type,
    name,
  );
}

export function insertApiKey(db: Connection, apiKey: ApiKey, digest: string): void {
  db.run(
    'insert into paidonce_api_keys (id, digest, name, scopes, merchants, created_at) values (?, ?, ?, ?, ?, ?)',
    apiKey.id,
    digest,
    apiKey.name,
    toJson(apiKey.scopes),
    apiKey.merchants === null ? null : toJson(apiKey.merchants),
    apiKey.createdAt,
  );
}

export function deleteApiKey(db: Connection, id: ApiKeyId): boolean {
  const deleted = db.run(
    `-- SEARCH paidonce_api_keys USING INDEX paidonce_api_keys_id (id=?)
     delete from paidonce_api_keys where id = ?`,
    id,
  );
  return deleted === 1;
}

export function insertSession(db: Connection, { digest, apiKey, createdAt, expiresAt, person }: Session): void {
  db.run(
    'insert into paidonce_sessions (digest, api_key, created_at, expires_at, person) values (?, ?, ?, ?, ?)',
    digest,
    apiKey,
    createdAt,
    expiresAt,
    person && toJson(person),
  );
}

export function deleteSession(db: Connection, digest: string): void {
  db.run(
    `-- SEARCH paidonce_sessions USING PRIMARY KEY (digest=?)
     delete from paidonce_sessions where digest = ?`,
    digest,
  );
}

export function upsertSandboxPayment(db: Connection, payment: SandboxPayment): void {
  db.run(
    `insert into paidonce_sandbox_payments (
       id, provider, order_no, amount_minor, currency, notify_url, state, refunded_minor, return_url, detail, created_at, moved_at
     ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do update set
       notify_url = excluded.notify_url, state = excluded.state, refunded_minor = excluded.refunded_minor, return_url = excluded.return_url,
       detail = excluded.detail, moved_at = excluded.moved_at`,
    payment.id,
    payment.provider,
    payment.orderNo,
    payment.amountMinor,
    payment.currency,
    payment.notifyUrl,
    payment.state,
    payment.refundedMinor,
    payment.returnUrl,
    payment.detail,
    payment.createdAt,
    payment.movedAt,
  );
}

export function nameSandboxPayment(db: Connection, { provider, id }: SandboxPayment, name: string): void {
  db.run(
    'insert into paidonce_sandbox_names (provider, name, payment) values (?, ?, ?) on conflict do nothing',
    provider,
    name,
    id,
  );
}
