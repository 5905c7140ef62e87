import { type Alert, type AlertFinding, type AlertThresholds, accountsLookedBackMs } from '../domain/alert.ts';
import { type Clock, type Instant, toIso } from '../domain/clock.ts';
import { addCounts, emptyCounts } from '../domain/funnel.ts';
import { newId, type Random } from '../domain/ids.ts';
import type { Observe } from '../domain/observe.ts';
import type { Http } from '../outbound/http-client.ts';
import type { BacklogMinute } from '../stores/reads.ts';
import type { Store } from '../stores/store.ts';
import { type Message, type Robot, robotName, tell } from './robots.ts';
import { findingsOf, type Seen } from './rules.ts';

export interface AlertOptions {
  robots: readonly Robot[];
  thresholds: AlertThresholds;
}

export interface AlertDependencies extends AlertOptions {
  store: Pick<Store, 'read' | 'write'>;
  clock: Pick<Clock, 'now'>;
  random: Random;
  observe: Observe;
  http: Pick<Http, 'post'>;
  publicUrl: string;
}

/** A node that is gone is followed by another after this. */
const leaseMs = 90_000;
const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const hourMs = 60 * minuteMs;
/** Not found twice in a row: what comes and goes at the threshold is one alert. */
const missedMost = 2;
const retryMs = 30_000;
const retryMsMax = hourMs;

/**
 * Looks at everything once, keeps what waits, what has opened and recovered, and tells the robots. One node at a time does it.
 * What is told is kept before and after, so a message is sent at least once; one that could not be sent is tried again for as
 * long as it matters.
 */
export async function reviewAlerts(deps: AlertDependencies, signal: AbortSignal): Promise<void> {
  const { store, clock } = deps;
  if (!(await store.write('lease', { name: 'alerts', ms: leaseMs }))) return;
  const now = clock.now();
  const seen = await look(store, now);
  await store.write('keepBacklog', waitingOf(seen.gauges, now));
  const found = findingsOf(seen, deps.thresholds, now);
  const known = await store.read('liveAlerts', null);
  const changed = changesOf(known, found, deps, now);
  if (changed.length > 0) await store.write('putAlerts', changed);
  for (const alert of changed) {
    const isNew = alert.openedAt === now;
    if (isNew || alert.recoveredAt === now)
      deps.observe(isNew ? 'alert.opened' : 'alert.recovered', 'warn', { rule: alert.rule, subject: alert.subject });
  }
  const present = new Map([...known, ...changed].map((alert) => [alert.id, alert]));
  for (const alert of present.values())
    if (alert.dueAt !== null && alert.dueAt <= now) await tellAll(alert, deps, signal);
}

async function look(store: AlertDependencies['store'], now: Instant): Promise<Seen> {
  const nobody = { visible: null, merchant: null, provider: null, endpoint: null, type: null };
  const range = { from: now - quarterMs, to: now + minuteMs, bucketMs: hourMs };
  const [signals, gauges, buckets] = await Promise.all([
    store.read('alertSignals', { since: now - quarterMs, before: now - accountsLookedBackMs }),
    store.read('gauges', null),
    store.read('funnel', { side: 'sending', per: 'attempt', ...range, ...nobody }),
  ]);
  return { signals, gauges, sending: buckets.reduce((sum, { counts }) => addCounts(sum, counts), emptyCounts) };
}

function waitingOf({ pending, sending, dead, oldestDueAt }: Seen['gauges'], now: Instant): BacklogMinute {
  return {
    at: now,
    waiting: pending + sending,
    dead,
    oldestDueMs: oldestDueAt === null ? 0 : Math.max(0, now - oldestDueAt),
  };
}

function changesOf(
  known: readonly Alert[],
  found: readonly AlertFinding[],
  { robots, random }: AlertDependencies,
  now: Instant,
): Alert[] {
  const nameOf = ({ rule, subject }: AlertFinding) => `${rule} ${subject}`;
  const open = new Map(known.filter(({ recoveredAt }) => recoveredAt === null).map((alert) => [nameOf(alert), alert]));
  const opened = found
    .filter((finding) => !open.has(nameOf(finding)))
    .map((finding): Alert => {
      const untold = robots.map(robotName);
      const state = { told: [], untold, missed: 0, failures: 0, error: null, recoveredAt: null };
      return {
        ...finding,
        ...state,
        id: newId('alr', now, 0, random),
        openedAt: now,
        dueAt: untold.length > 0 ? now : null,
      };
    });
  const findings = new Map(found.map((finding) => [nameOf(finding), finding]));
  const others = [...open.values()].flatMap((alert): Alert[] => {
    const finding = findings.get(nameOf(alert));
    if (finding !== undefined) return stillOpen(alert, finding, robots, now);
    const missed = alert.missed + 1;
    if (missed < missedMost) return [{ ...alert, missed }];
    // Whoever never heard of it need not hear that it is over.
    const dueAt = alert.told.length > 0 ? now : null;
    return [{ ...alert, missed, recoveredAt: now, untold: alert.told, dueAt, failures: 0, error: null }];
  });
  return [...opened, ...others];
}

function stillOpen(alert: Alert, finding: AlertFinding, robots: readonly Robot[], now: Instant): Alert[] {
  const { detail, degree = 0 } = finding;
  if (degree > (alert.degree ?? 0)) {
    const untold = robots.map(robotName);
    const dueAt = untold.length > 0 ? now : null;
    return [{ ...alert, ...finding, missed: 0, untold, dueAt, failures: 0, error: null }];
  }
  return alert.missed > 0 || detail !== alert.detail ? [{ ...alert, detail, missed: 0 }] : [];
}

/** Keeps who was told after each, so that a failure of the next does not tell them twice. */
async function tellAll(alert: Alert, deps: AlertDependencies, signal: AbortSignal): Promise<void> {
  const { robots, store, clock, observe, publicUrl } = deps;
  const message = messageOf(alert, publicUrl);
  const results = await Promise.all(
    robots
      .filter((robot) => alert.untold.includes(robotName(robot)))
      .map(async (robot) => ({ name: robotName(robot), why: await tell(robot, message, { ...deps, signal }) })),
  );
  const failed = results.filter(({ why }) => why !== null);
  for (const { name, why } of failed) observe('alert.unsent', 'warn', { alert: alert.id, robot: name, why });
  const taken = results.filter(({ why }) => why === null).map(({ name }) => name);
  const failures = failed.length === 0 ? 0 : alert.failures + 1;
  const waitMs = Math.min(retryMs * 2 ** Math.min(failures - 1, 20), retryMsMax);
  const told: Alert = {
    ...alert,
    told: alert.recoveredAt === null ? [...new Set([...alert.told, ...taken])] : alert.told,
    untold: failed.map(({ name }) => name),
    failures,
    error: failed[0] === undefined ? null : `${failed[0].name}: ${failed[0].why}`,
    dueAt: failed.length === 0 ? null : clock.now() + waitMs,
  };
  await store.write('putAlerts', [told]);
}

function messageOf(alert: Alert, publicUrl: string): Message {
  const { rule, subject, detail, openedAt, recoveredAt } = alert;
  const about = subject === '' ? rule : `${rule} (${subject})`;
  const isOver = recoveredAt !== null;
  const text = isOver
    ? `Paidonce: recovered: ${about}, open from ${toIso(openedAt)} to ${toIso(recoveredAt)}. ${publicUrl}`
    : `Paidonce: alert: ${about}: ${detail}. Since ${toIso(openedAt)}. ${publicUrl}`;
  return { text, event: isOver ? 'recovered' : 'opened', alert };
}
