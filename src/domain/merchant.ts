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

export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Somebody whom the company's identity provider has signed in. */
export interface Person {
  /** The claim that names them and its value, as it is written into actions: `email:ann@example.com`. */
  name: string;
  role: Role;
}

/** Who has rights of their own. */
export type Holder = 'admin' | ApiKey | Person;

export interface Rights {
  /** As it is written into actions. */
  name: string;
  isAdmin: boolean;
  scopes: readonly Scope[];
  /** null = all merchants. */
  merchants: readonly MerchantId[] | null;
}

const scopesOf = { viewer: ['read'], operator: ['read', 'operate'], admin: scopes } as const;

export function rightsOf(holder: Holder): Rights {
  if (holder === 'admin') return { name: 'admin', isAdmin: true, scopes, merchants: null };
  if ('role' in holder) {
    const { name, role } = holder;
    return { name, isAdmin: role === 'admin', scopes: scopesOf[role], merchants: null };
  }
  return { name: holder.id, isAdmin: false, scopes: holder.scopes, merchants: holder.merchants };
}

/** A person's sign-in; of its token only a digest is kept. */
export interface Session {
  digest: string;
  /** null = the admin key, or the person. */
  apiKey: ApiKeyId | null;
  /** Set where the identity provider signed them in. */
  person: Person | null;
  createdAt: Instant;
  expiresAt: Instant;
}
