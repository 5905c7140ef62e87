import type { Breaker } from '../domain/breaker.ts';
import type { Instant } from '../domain/clock.ts';
import type { AccountId, EndpointId, MerchantId } from '../domain/ids.ts';
import type { EndpointState } from '../domain/merchant.ts';

export interface AlertSignals {
  /** Since when the handler's delivery has been there that has been live longest; null where none is. */
  oldestUnhandledAt: Instant | null;
  oldestDiscrepancyAt: Instant | null;
  /** Accounts at which anything came, or was found. */
  accounts: readonly AccountSignals[];
  disabled: readonly { endpoint: EndpointId; merchant: MerchantId; url: string }[];
  /** Endpoints that have passed a mark of their failure budget, with the highest. */
  failing: readonly { endpoint: EndpointId; merchant: MerchantId; url: string; percent: number }[];
  /** What is due to endpoints, by currency, with the sum of amounts in minor units times hours of age. */
  backlog: readonly { currency: string; deliveries: number; minorHours: number }[];
}

export interface AccountSignals {
  account: AccountId;
  merchant: MerchantId;
  provider: string;
  /** Read whole and not authentic, since; and in the time before that. */
  refused: number;
  refusedBefore: number;
  /** Authentic, in both. */
  authentic: number;
  /** Facts that no callback has told, in both, among the newest `limits.foundCounted` that asking and bills found. */
  found: number;
}

export interface Trouble {
  /** Disabled; with a breaker that is not closed, or warned of; and last those that a person paused. */
  endpoints: readonly {
    endpoint: EndpointId;
    merchant: MerchantId;
    url: string;
    state: EndpointState;
    breaker: Breaker;
  }[];
  accounts: readonly AccountSignals[];
}

export interface MoneyAtRisk {
  currency: string;
  amountMinor: bigint;
  notifications: number;
  /** Deliveries of them, as far as they were counted: at most `limits.backlogCounted` of all currencies. */
  deliveries: number;
  /** When the first of the deliveries was made. */
  oldestAt: Instant;
}
