import type { Session } from '../../../src/api/sessions.ts';
import { call, segment } from '../../api/call.ts';
import { readQuery } from '../../api/queries.ts';

// What the sandbox answers: it stands beside the API, under /sandbox.

export interface Played {
  name: string;
  types: readonly string[];
  /** Null: all. */
  currencies: readonly string[] | null;
  oddities: readonly string[];
}

interface Step {
  index: number;
  type: string;
  amount_minor: number | string;
  occurred_at: string;
  /** Why nothing was sent. */
  unsent: string | null;
}

export interface Payment {
  id: string;
  provider: string;
  account: string | null;
  order_no: string;
  amount_minor: number | string;
  currency: string;
  notify_url: string;
  state: 'open' | 'failed' | 'paid' | 'closed' | 'reversed';
  refunded_minor: number | string;
  dispute: 'opened' | 'won' | 'lost' | null;
  payment_id: string | null;
  cashier_url: string;
  created_at: string;
  notifications: readonly Step[];
}

export interface Scenario {
  id: string;
  scenario: string;
  provider: string;
  notify_url: string;
  order_no: string;
  amount_minor: number | string;
  currency: string;
  seed: string;
  created_at: string;
  state: 'running' | 'finished';
  sent: readonly Step[];
}

export const scenarioNames = [
  'paid',
  'paid_then_refunded',
  'partial_refunds',
  'failed_then_paid',
  'paid_twice',
  'late_after_close',
  'authorized_then_paid',
  'reversed',
  'refund_bounced',
  'disputed',
  'dispute_won',
] as const;

/** What goes wrong on purpose; shares are of all notifications, 0 to 1. */
export interface Faults {
  duplicate: number;
  reorder: boolean;
  drop: number;
  delay_ms: number;
  tamper: number;
  wrong_signature: number;
  stale: number;
  slow_ms: number;
  oddity?: string;
}
export const noFaults: Faults = {
  duplicate: 1,
  reorder: false,
  drop: 0,
  delay_ms: 0,
  tamper: 0,
  wrong_signature: 0,
  stale: 0,
  slow_ms: 0,
};

const refetchInterval = 2000;
export const playedQuery = readQuery<{ data: readonly Played[] }>('/sandbox/providers');
export const paymentQuery = (id: string) => ({
  ...readQuery<Payment>(`/sandbox/payments/${segment(id)}`),
  refetchInterval,
});
export const scenarioQuery = (id: string) => ({
  ...readQuery<Scenario>(`/sandbox/scenarios/${segment(id)}`),
  refetchInterval,
});

/** An account that opens what the sandbox signs. The credentials pass through, and are kept nowhere here. */
export async function addAccountFor(provider: string, merchant: string): Promise<{ id: string }> {
  const { account: credentials } = await call<{ account: unknown }>('GET', `/sandbox/credentials/${segment(provider)}`);
  return call('POST', '/v1/accounts', { body: { merchant, provider, credentials, name: 'Sandbox' } });
}

/** The sandbox sends where it is told to, so it takes a key that may publish for its merchant. */
export function mayPlay({ sandbox, scopes, merchants, role }: Session): boolean {
  if (!sandbox) return false;
  return role === 'admin' || (scopes.includes('publish') && (merchants === null || merchants.includes('sandbox')));
}

/** The account whose callback URL this is. */
export function accountIn(notifyUrl: string): string | null {
  return /\/callbacks\/(acc_[0-9A-Za-z]+)/.exec(notifyUrl)?.[1] ?? null;
}
