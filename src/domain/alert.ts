import type { Instant } from './clock.ts';
import type { AlertId } from './ids.ts';

/** What is watched, by name: what it means, in which unit its threshold is, and the default. A threshold of 0 is met by nothing. */
export const alertRules = {
  confirmation_rate: {
    meaning: 'P_c over 15 minutes, at least 20 answers with 2xx, is below this',
    unit: 'of 1',
    threshold: 0.9,
  },
  oldest_due: { meaning: 'the delivery that is due longest has waited longer than this', unit: 's', threshold: 300 },
  oldest_unhandled: {
    meaning: 'a handler has left a notification unhandled for longer than this',
    unit: 's',
    threshold: 300,
  },
  dead_deliveries: { meaning: 'so many deliveries are dead', unit: 'deliveries', threshold: 1 },
  discrepancy_age: { meaning: 'a discrepancy has been open for longer than this', unit: 's', threshold: 86_400 },
  silent_provider: {
    meaning: 'in 75 minutes asking, or a bill, has found so many payments of an account that sent no callback',
    unit: 'payments',
    threshold: 1,
  },
  refused_signatures: {
    meaning: 'an account has refused so many callbacks in 15 minutes, and thrice as often as in the hour before',
    unit: 'callbacks',
    threshold: 20,
  },
  endpoint_disabled: {
    meaning: 'an endpoint was disabled by its failures or by a person',
    unit: 'yes (1) or no (0)',
    threshold: 1,
  },
  money_at_risk: {
    meaning: 'amount times age of what is due to endpoints, summed for a currency, is above this',
    unit: 'major units × hours',
    threshold: 1_000_000,
  },
} as const;
export type AlertRule = keyof typeof alertRules;
export type AlertThresholds = Readonly<Record<AlertRule, number>>;

export function isAlertRule(text: string): text is AlertRule {
  return Object.hasOwn(alertRules, text);
}

/** Something that a rule has found. Of one rule and subject at most one alert is open. */
export interface AlertFinding {
  rule: AlertRule;
  /** What it is about: an account, an endpoint, a currency; empty for the whole system. */
  subject: string;
  /** One sentence for a person. */
  detail: string;
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
