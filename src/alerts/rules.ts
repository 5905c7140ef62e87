import type { AlertFinding, AlertThresholds } from '../domain/alert.ts';
import { type Instant, toIso } from '../domain/clock.ts';
import { exponentOf } from '../domain/currencies.ts';
import { type FunnelCounts, ratesOf } from '../domain/funnel.ts';
import type { Gauges } from '../stores/reads.ts';
import type { AlertSignals } from '../stores/signals.ts';

/** Fewer answers than this say nothing about a rate. */
const answersMin = 20;
/** Refusals are compared with the hour before, which is four times as long as what is looked at. */
const hourOverQuarter = 4;
const risingBy = 3;

/** Everything that the rules look at. */
export interface Seen {
  signals: AlertSignals;
  gauges: Gauges;
  /** Deliveries to endpoints in the last 15 minutes. */
  sending: FunnelCounts;
}

/** What is to be told, in the order of the rules. Pure. */
export function findingsOf(
  { signals, gauges, sending }: Seen,
  thresholds: AlertThresholds,
  now: Instant,
): AlertFinding[] {
  const found: AlertFinding[] = [];
  const find = (
    rule: AlertFinding['rule'],
    isFound: (threshold: number) => boolean,
    detail: string,
    about: Partial<Pick<AlertFinding, 'subject' | 'degree'>> = {},
  ) => {
    const threshold = thresholds[rule];
    if (threshold > 0 && isFound(threshold)) found.push({ rule, subject: '', detail, ...about });
  };
  const older = (at: Instant | null) => (seconds: number) => at !== null && now - at > seconds * 1000;
  const { pC } = ratesOf(sending);
  const { handled, confirmed } = sending;
  const share = `${confirmed} of ${handled} answers with 2xx were acknowledgements in the last 15 minutes`;
  find('confirmation_rate', (least) => pC !== null && handled >= answersMin && pC < least, share);
  find('oldest_due', older(gauges.oldestDueAt), `deliveries have been due since ${said(gauges.oldestDueAt)}`);
  find(
    'oldest_unhandled',
    older(signals.oldestUnhandledAt),
    `a handler is behind since ${said(signals.oldestUnhandledAt)}`,
  );
  find('dead_deliveries', (most) => gauges.dead >= most, `dead deliveries: ${gauges.dead}`);
  const discrepancies = `${gauges.discrepanciesOpen} discrepancies are open, the oldest since ${said(signals.oldestDiscrepancyAt)}`;
  find('discrepancy_age', older(signals.oldestDiscrepancyAt), discrepancies);
  for (const { account, provider, found: payments, authentic } of signals.accounts) {
    const silent = `${provider}: ${payments} payments were found by asking, and no callback came`;
    find('silent_provider', (least) => authentic === 0 && payments >= least, silent, { subject: account });
  }
  for (const { account, provider, refused, refusedBefore } of signals.accounts) {
    const isRising = refused * hourOverQuarter > refusedBefore * risingBy;
    const rising = `${provider}: ${refused} callbacks were refused in the last 15 minutes`;
    find('refused_signatures', (least) => refused >= least && isRising, rising, { subject: account });
  }
  for (const { endpoint, merchant, url, percent } of signals.failing) {
    const isOver = (least: number) => percent >= least;
    const used = `the endpoint of ${merchant} at ${url} has used ${percent} % of its failure budget; at 100 % it is disabled`;
    // That it is disabled is told by the next rule.
    find('failure_budget', isOver, used, { subject: endpoint, degree: Math.min(percent, 80) });
  }
  for (const { endpoint, merchant, url } of signals.disabled)
    find(
      'endpoint_disabled',
      () => true,
      `the endpoint of ${merchant} at ${url} is disabled; its deliveries are held`,
      { subject: endpoint },
    );
  for (const { currency, deliveries, minorHours } of signals.backlog) {
    const majorHours = minorHours / 10 ** (exponentOf(currency) ?? 2);
    const waiting = `${deliveries} deliveries are due; amount × age is ${Math.round(majorHours)} ${currency} × hours`;
    find('money_at_risk', (most) => majorHours > most, waiting, { subject: currency });
  }
  return found;
}

function said(at: Instant | null): string {
  return at === null ? 'never' : toIso(at);
}
