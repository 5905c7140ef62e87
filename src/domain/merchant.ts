import type { Instant } from './clock.ts';
import type { AccountId, ApiKeyId, EndpointId, MerchantId } from './ids.ts';
import { limits } from './limits.ts';
import type { Vocabulary } from './notification.ts';

/** What a merchant wants done with a kind of discrepancy, as kept (JSON, snake_case as in the API). */
export type Policies = Readonly<Record<string, string | number>>;

/** The tenant: everything belongs to one. */
export interface Merchant {
  id: MerchantId;
  name: string;
  policies: Policies;
  /** Providers for which signing secrets are kept, for notifications with a `notify_url`; sealed, by provider. */
  credentials: Readonly<Record<string, SealedCredentials>>;
  /** Those of its accounts whose credentials suffice to ask the provider. */
  askedAccounts: readonly AccountId[];
  createdAt: Instant;
}

/** Secrets encrypted at rest. `version` grows with each change, so that what was prepared from an older one is not used again. */
export interface SealedCredentials {
  version: number;
  sealed: Uint8Array;
}

/** A merchant's account at a provider; it owns one callback URL. */
export interface Account {
  id: AccountId;
  merchant: MerchantId;
  provider: string;
  name: string;
  mode: 'live' | 'test';
  acknowledge: 'after_commit' | 'after_handling';
  withoutOrder: 'park' | 'accept';
  credentials: SealedCredentials;
  createdAt: Instant;
}

/** Whether these credentials, as the schema gave them back, name the risk. */
export function acceptsRisk(credentials: unknown, risk: string): boolean {
  return (
    typeof credentials === 'object' &&
    credentials !== null &&
    'accept_risk' in credentials &&
    credentials.accept_risk === risk
  );
}

export type EndpointState = 'enabled' | 'paused' | 'disabled';

/** A URL of a merchant that notifications are delivered to. */
export interface Endpoint {
  id: EndpointId;
  merchant: MerchantId;
  /** For `hidden` ones the origin; each delivery then has its own URL. */
  url: string;
  provider: string;
  types: readonly string[];
  /** What its format can say. */
  speaks: Vocabulary;
  /** Milliseconds between tries; null = the provider's published schedule. */
  schedule: readonly number[] | null;
  timeoutMs: number;
  ratePerSecond: number | null;
  concurrency: number;
  ordering: 'none' | 'order';
  state: EndpointState;
  /** null for hidden ones: the merchant's own credentials for the provider seal. */
  credentials: SealedCredentials | null;
  /** When the older of its secrets end by themselves; null: not before a person ends them. */
  previousUntil: Instant | null;
  /** A URL that is to take the place of `url` once it has answered a challenge. */
  urlChange: UrlChange | null;
  /** Made for a `notify_url`: not listed, receives only what names it. */
  hidden: boolean;
  createdAt: Instant;
}

/** A hidden endpoint takes only what names it, by its provider's schedule, and with the usual limits. */
export const hiddenEndpoint = {
  types: [],
  speaks: { types: [], currencies: null },
  schedule: null,
  timeoutMs: limits.endpointTimeoutMs,
  ratePerSecond: null,
  concurrency: limits.endpointConcurrency,
  ordering: 'none',
  state: 'enabled',
  credentials: null,
  previousUntil: null,
  urlChange: null,
  hidden: true,
} as const;

/** A new URL of an endpoint that has yet to answer, or has failed to. */
export interface UrlChange {
  url: string;
  /** Random; asked of the new URL. Each try has its own, so that the answer to an earlier one changes nothing. */
  challenge: string;
  by: string;
  askedAt: Instant;
  /** Challenges so far. */
  tries: number;
  /** Why it has not answered; null while it may. */
  failure: string | null;
}

export const scopes = ['publish', 'read', 'operate'] as const;
export type Scope = (typeof scopes)[number];

/** An API key; the key itself is never kept, only its SHA-256. */
export interface ApiKey {
  id: ApiKeyId;
  name: string;
  scopes: readonly Scope[];
  /** null = all merchants. */
  merchants: readonly MerchantId[] | null;
  createdAt: Instant;
}

/** A person's sign-in with an API key or the admin key; of its token only a digest is kept. */
export interface Session {
  digest: string;
  /** null = the admin key. */
  apiKey: ApiKeyId | null;
  createdAt: Instant;
  expiresAt: Instant;
}
