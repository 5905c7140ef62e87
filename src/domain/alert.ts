import type { Instant } from './clock.ts';
import type { AlertId } from './ids.ts';

/** What is watched, by name, with the threshold unless the operator says another; 0 turns a rule off. */
export const defaultThresholds = {
  /** P_c over 15 minutes is below this, with at least 20 answers of 2xx. */
  confirmation_rate: 0.9,
  /** Seconds that the delivery which is due longest has waited. */
  oldest_due: 300,
  /** Seconds for which a handler has left a notification unhandled. */
  oldest_unhandled: 300,
  /** Deliveries that are dead. */
  dead_deliveries: 1,
  /** Seconds for which the oldest discrepancy has been open. */
  discrepancy_age: 86_400,
  /** Payments of an account that asking, or a bill, has found in 75 minutes in which it sent no callback. */
  silent_provider: 1,
  /** Callbacks that an account has refused in 15 minutes, if thrice as often as in the hour before. */
  refused_signatures: 20,
  /** Percent of its failure budget that an endpoint has used; told again at 80. */
  failure_budget: 50,
  /** An endpoint is disabled: 1 tells it. */
  endpoint_disabled: 1,
  /** Amount times age of what waits for endpoints, in major units × hours, for each currency. */
  money_at_risk: 1_000_000,
} as const;
/** As far as accounts are looked back at: what they refused lately, and in the hour before. */
export const accountsLookedBackMs = 75 * 60_000;
export type AlertRule = keyof typeof defaultThresholds;
export type AlertThresholds = Readonly<Record<AlertRule, number>>;

export function isAlertRule(text: string): text is AlertRule {
  return Object.hasOwn(defaultThresholds, text);
}

/** Something that a rule has found. Of one rule and subject at most one alert is open. */
export interface AlertFinding {
  rule: AlertRule;
  /** What it is about: an account, an endpoint, a currency; empty for the whole system. */
  subject: string;
  /** One sentence for a person. */
  detail: string;
  /** How bad it is, where that can grow: what has grown worse is told again. */
  degree?: number;
}

export interface Alert extends AlertFinding {
  id: AlertId;
  openedAt: Instant;
  recoveredAt: Instant | null;
  /** Reviews in a row that have not found it any more; the second recovers it. */
  missed: number;
  /** Robots that were told of the opening, and those that are still to be told of how it stands. */
  told: readonly string[];
  untold: readonly string[];
  /** When the rest is told, or tried again; null = all know. */
  dueAt: Instant | null;
  /** Messages in a row that could not be sent, and why the last one was not. */
  failures: number;
  error: string | null;
}
