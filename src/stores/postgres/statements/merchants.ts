import { bucketOf } from '../../../domain/ids.ts';
import type { Account, ApiKey, Endpoint, Merchant, Session } from '../../../domain/merchant.ts';
import { accountOf, credentialsToJson, endpointOf, merchantOf, text, toJson } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';
import { laneLock } from './lanes.ts';

export const merchants = new Table({
  name: 'merchants',
  columns: {
    bucket: 'smallint',
    id: 'text',
    name: 'text',
    policies: 'text',
    credentials: 'text',
    asked_accounts: 'text',
    created_at: 'bigint',
  },
  key: ['id'],
  mutable: ['name', 'policies', 'credentials', 'asked_accounts'],
  hasSeq: true,
});

export const merchantsById = merchants.lookup({ name: 'id', columns: ['id'], index: 'merchants_pkey' });
export const lockedMerchants = merchants.lookup({
  name: 'id, to change it',
  columns: ['id'],
  index: 'merchants_pkey',
  locks: 'wait',
});

export const accounts = new Table({
  name: 'accounts',
  columns: {
    bucket: 'smallint',
    id: 'text',
    merchant: 'text',
    provider: 'text',
    name: 'text',
    mode: 'text',
    acknowledge: 'text',
    without_order: 'text',
    credentials_version: 'integer',
    credentials: 'bytea',
    created_at: 'bigint',
  },
  key: ['id'],
  mutable: ['name', 'mode', 'acknowledge', 'without_order', 'credentials_version', 'credentials'],
  hasSeq: true,
});

export const accountsById = accounts.lookup({ name: 'id', columns: ['id'], index: 'accounts_pkey', locks: 'wait' });

export const endpoints = new Table({
  name: 'endpoints',
  columns: {
    bucket: 'smallint',
    id: 'text',
    merchant: 'text',
    url: 'text',
    provider: 'text',
    types: 'text',
    speaks: 'text',
    schedule: 'text',
    timeout_ms: 'integer',
    rate_per_second: 'double precision',
    concurrency: 'integer',
    ordering: 'text',
    state: 'text',
    credentials_version: 'integer',
    credentials: 'bytea',
    previous_until: 'bigint',
    url_change: 'text',
    hidden: 'boolean',
    created_at: 'bigint',
    removed_at: 'bigint',
  },
  key: ['id'],
  mutable: [
    'url',
    'types',
    'speaks',
    'schedule',
    'timeout_ms',
    'rate_per_second',
    'concurrency',
    'ordering',
    'state',
    'credentials_version',
    'credentials',
    'previous_until',
    'url_change',
    'removed_at',
  ],
  hasSeq: true,
});

/** Removed ones too. Whoever reads one in order to write into its lane shares the lane's lock. */
export const endpointsById = endpoints.lookup({
  name: 'id',
  columns: ['id'],
  index: 'endpoints_pkey',
  lockName: ([id = '']) => laneLock(id),
  sharesLock: true,
});
export const lockedEndpoints = endpoints.lookup({
  name: 'id, to change it',
  columns: ['id'],
  index: 'endpoints_pkey',
  locks: 'wait',
});

export const endpointsOfMerchant = endpoints.lookup({
  name: 'merchant',
  columns: ['merchant'],
  index: 'endpoints_merchant',
  where: {
    sql: 't.removed_at is null and not t.hidden',
    holds: (values) => values.removed_at === null && values.hidden === 0,
  },
});

export const hiddenEndpoints = endpoints.lookup({
  name: 'origin',
  columns: ['merchant', 'provider', 'url'],
  index: 'endpoints_hidden',
  where: {
    sql: 't.removed_at is null and t.hidden',
    holds: (values) => values.removed_at === null && values.hidden === 1,
  },
  lockName: (parts) => `hidden ${parts.join(' ')}`,
});

export const handlers = new Table({
  name: 'handlers',
  columns: { bucket: 'smallint', merchant: 'text', type: 'text', name: 'text' },
  key: ['merchant', 'type', 'name'],
  onConflict: 'do nothing',
});

export const handlersOfMerchant = handlers.lookup({ name: 'merchant', columns: ['merchant'], index: 'handlers_pkey' });

export const apiKeys = new Table({
  name: 'api_keys',
  columns: { id: 'text', digest: 'text', name: 'text', scopes: 'text', merchants: 'text', created_at: 'bigint' },
  key: ['id'],
  hasSeq: true,
});

export const apiKeysById = apiKeys.lookup({ name: 'id', columns: ['id'], index: 'api_keys_pkey' });

export const sessions = new Table({
  name: 'sessions',
  columns: { digest: 'text', api_key: 'text', created_at: 'bigint', expires_at: 'bigint', person: 'text' },
  key: ['digest'],
});

const sessionsByDigest = sessions.lookup({ name: 'digest', columns: ['digest'], index: 'sessions_pkey' });

export const sandboxPayments = new Table({
  name: 'sandbox_payments',
  columns: {
    id: 'text',
    provider: 'text',
    order_no: 'text',
    amount_minor: 'bigint',
    currency: 'text',
    notify_url: 'text',
    state: 'text',
    refunded_minor: 'bigint',
    return_url: 'text',
    detail: 'text',
    created_at: 'bigint',
    moved_at: 'bigint',
  },
  key: ['id'],
  mutable: ['notify_url', 'state', 'refunded_minor', 'return_url', 'detail', 'moved_at'],
});

export const sandboxPaymentsById = sandboxPayments.lookup({
  name: 'id',
  columns: ['id'],
  index: 'sandbox_payments_pkey',
  locks: 'wait',
  lockName: ([id]) => `sandbox payment ${id}`,
});

export const sandboxNames = new Table({
  name: 'sandbox_names',
  columns: { provider: 'text', name: 'text', payment: 'text' },
  key: ['provider', 'name', 'payment'],
});

const sandboxNamesOfPayment = sandboxNames.lookup({
  name: 'payment',
  columns: ['provider', 'name', 'payment'],
  index: 'sandbox_names_pkey',
});

type MerchantRows = Pick<
  Rows,
  | 'merchantById'
  | 'insertMerchant'
  | 'updateMerchant'
  | 'accountById'
  | 'insertAccount'
  | 'updateAccount'
  | 'deleteAccount'
  | 'endpointById'
  | 'endpointsOfMerchant'
  | 'hiddenEndpoint'
  | 'insertEndpoint'
  | 'updateEndpoint'
  | 'retireEndpoint'
  | 'setAsked'
  | 'handlersOfMerchant'
  | 'insertHandler'
  | 'insertApiKey'
  | 'deleteApiKey'
  | 'insertSession'
  | 'deleteSession'
  | 'upsertSandboxPayment'
  | 'nameSandboxPayment'
>;

export function merchantRows(image: Image): MerchantRows {
  return {
    merchantById(id) {
      const found = image.one(merchantsById, id);
      return found === null ? null : merchantOf(found.values);
    },
    insertMerchant(merchant) {
      const { id, createdAt } = merchant;
      if (image.one(merchantsById, id) !== null) return false;
      const about = { bucket: bucketOf(id), id, asked_accounts: '[]', created_at: createdAt };
      image.add(merchants, { ...about, ...merchantChanging(merchant) });
      return true;
    },
    updateMerchant(merchant) {
      const kept = image.one(lockedMerchants, merchant.id);
      if (kept !== null) image.change(kept, merchantChanging(merchant));
    },
    setAsked(id, account, asked) {
      const kept = image.one(lockedMerchants, id);
      if (kept === null) return;
      const others = merchantOf(kept.values).askedAccounts.filter((one) => one !== account);
      image.change(kept, { asked_accounts: JSON.stringify(asked ? [...others, account] : others) });
    },
    handlersOfMerchant: (merchant) =>
      image
        .find(handlersOfMerchant, merchant)
        .map(({ values }) => ({ type: text(values, 'type'), name: text(values, 'name') }))
        .sort((one, other) => (`${one.type} ${one.name}` < `${other.type} ${other.name}` ? -1 : 1)),
    insertHandler(merchant, type, name) {
      const values = { bucket: bucketOf(merchant), merchant, type, name };
      image.find(handlersOfMerchant, merchant);
      if (image.existing(handlers, values) === null) image.add(handlers, values);
    },
    insertApiKey: (apiKey, digest) => insertApiKey(image, apiKey, digest),
    deleteApiKey(id) {
      const kept = image.one(apiKeysById, id);
      if (kept !== null) image.delete(kept);
      return kept !== null;
    },
    insertSession: (session) => insertSession(image, session),
    deleteSession(digest) {
      const kept = image.one(sessionsByDigest, digest);
      if (kept !== null) image.delete(kept);
    },
    upsertSandboxPayment(payment) {
      const { id, provider, orderNo, amountMinor, currency, createdAt } = payment;
      const { notifyUrl, state, refundedMinor, returnUrl, detail, movedAt } = payment;
      const changing = {
        notify_url: notifyUrl,
        state,
        refunded_minor: String(refundedMinor),
        return_url: returnUrl,
        detail,
        moved_at: movedAt,
      };
      const kept = image.one(sandboxPaymentsById, id);
      if (kept !== null) image.change(kept, changing);
      else {
        const about = { id, provider, order_no: orderNo, amount_minor: String(amountMinor), currency };
        image.add(sandboxPayments, { ...about, created_at: createdAt, ...changing });
      }
    },
    nameSandboxPayment({ provider, id: payment }, name) {
      const found = image.find(sandboxNamesOfPayment, provider, name, payment);
      if (found.length === 0) image.add(sandboxNames, { provider, name, payment });
    },
    ...accountRows(image),
    ...endpointRows(image),
  };
}

function accountRows(image: Image): Pick<Rows, 'accountById' | 'insertAccount' | 'updateAccount' | 'deleteAccount'> {
  return {
    accountById(id) {
      const found = image.one(accountsById, id);
      return found === null ? null : accountOf(found.values);
    },
    insertAccount(account) {
      const { id, merchant, provider, createdAt } = account;
      const about = { bucket: bucketOf(merchant), id, merchant, provider, created_at: createdAt };
      image.add(accounts, { ...about, ...accountChanging(account) });
    },
    updateAccount(account) {
      const kept = image.one(accountsById, account.id);
      if (kept !== null) image.change(kept, accountChanging(account));
    },
    deleteAccount(id) {
      const kept = image.one(accountsById, id);
      if (kept !== null) image.delete(kept);
    },
  };
}

type EndpointRows = Pick<
  Rows,
  'endpointById' | 'endpointsOfMerchant' | 'hiddenEndpoint' | 'insertEndpoint' | 'updateEndpoint' | 'retireEndpoint'
>;

function endpointRows(image: Image): EndpointRows {
  return {
    endpointById(id) {
      const found = image.one(endpointsById, id);
      return found === null || found.values.removed_at !== null ? null : endpointOf(found.values);
    },
    endpointsOfMerchant: (merchant) =>
      image.find(endpointsOfMerchant, merchant).map(({ values }) => endpointOf(values)),
    hiddenEndpoint(merchant, provider, origin) {
      const found = image.one(hiddenEndpoints, merchant, provider, origin);
      return found === null ? null : endpointOf(found.values);
    },
    insertEndpoint(endpoint) {
      const { id, merchant, provider, hidden, createdAt } = endpoint;
      const about = { bucket: bucketOf(merchant), id, merchant, provider, created_at: createdAt, removed_at: null };
      image.add(endpoints, { ...about, hidden: hidden ? 1 : 0, ...endpointChanging(endpoint) });
      image.loaded(endpointsById, [id], []);
    },
    updateEndpoint(endpoint) {
      const kept = image.one(lockedEndpoints, endpoint.id);
      if (kept !== null) image.change(kept, endpointChanging(endpoint));
    },
    retireEndpoint(id, now) {
      const kept = image.one(lockedEndpoints, id);
      if (kept !== null)
        image.change(kept, { removed_at: now, credentials_version: null, credentials: null, previous_until: null });
    },
  };
}

function insertApiKey(image: Image, apiKey: ApiKey, digest: string): void {
  const { id, name, createdAt } = apiKey;
  const limitedTo = apiKey.merchants === null ? null : toJson(apiKey.merchants);
  image.add(apiKeys, { id, digest, name, scopes: toJson(apiKey.scopes), merchants: limitedTo, created_at: createdAt });
}

function insertSession(image: Image, { digest, apiKey, createdAt, expiresAt, person }: Session): void {
  const times = { created_at: createdAt, expires_at: expiresAt };
  image.add(sessions, { digest, api_key: apiKey, ...times, person: person && toJson(person) });
}

function merchantChanging({ name, policies, credentials }: Omit<Merchant, 'askedAccounts'>) {
  return { name, policies: toJson(policies), credentials: credentialsToJson(credentials) };
}

function accountChanging({ name, mode, acknowledge, withoutOrder, credentials }: Account) {
  const { version, sealed } = credentials;
  return { name, mode, acknowledge, without_order: withoutOrder, credentials_version: version, credentials: sealed };
}

function endpointChanging(endpoint: Endpoint) {
  return {
    url: endpoint.url,
    types: toJson(endpoint.types),
    speaks: toJson(endpoint.speaks),
    schedule: endpoint.schedule === null ? null : toJson(endpoint.schedule),
    timeout_ms: endpoint.timeoutMs,
    rate_per_second: endpoint.ratePerSecond,
    concurrency: endpoint.concurrency,
    ordering: endpoint.ordering,
    state: endpoint.state,
    credentials_version: endpoint.credentials?.version ?? null,
    credentials: endpoint.credentials?.sealed ?? null,
    previous_until: endpoint.previousUntil,
    url_change: endpoint.urlChange === null ? null : toJson(endpoint.urlChange),
  };
}
