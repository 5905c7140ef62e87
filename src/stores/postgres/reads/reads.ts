import type { Instant } from '../../../domain/clock.ts';
import type { Reads } from '../../reads.ts';
import type { Session } from '../session.ts';
import * as alerts from './alerts.ts';
import * as callbackReplays from './callback-replays.ts';
import * as commits from './commits.ts';
import * as deliveries from './deliveries.ts';
import * as figures from './figures.ts';
import * as lists from './lists.ts';
import * as orders from './orders.ts';
import * as reconciliations from './reconciliations.ts';
import * as replays from './replays.ts';
import * as seals from './seals.ts';
import { atRisk, trouble } from './trouble.ts';

/** Every read by its name. */
const reads: {
  readonly [K in keyof Reads]: (
    session: Session,
    input: Reads[K]['input'],
    now: Instant,
  ) => Promise<Reads[K]['output']>;
} = {
  merchants: lists.merchants,
  merchant: lists.merchant,
  accounts: lists.accounts,
  account: lists.account,
  endpoints: lists.endpoints,
  endpoint: lists.endpoint,
  laneHealth: lists.laneHealth,
  endpointsToFinish: lists.endpointsToFinish,
  actions: lists.actions,
  apiKeys: lists.apiKeys,
  apiKeyByDigest: lists.apiKeyByDigest,
  session: lists.session,
  sandboxPayment: lists.sandboxPayment,
  sandboxPaymentsNamed: lists.sandboxPaymentsNamed,
  sandboxPaymentsMoved: lists.sandboxPaymentsMoved,
  order: orders.order,
  orderById: orders.orderWithFacts,
  orders: orders.orders,
  history: orders.history,
  callbacks: orders.callbacks,
  callback: orders.callback,
  bore: orders.bore,
  discrepancies: orders.discrepancies,
  discrepancy: orders.discrepancy,
  parkedReferences: orders.parkedReferences,
  notifications: deliveries.notifications,
  notification: deliveries.notification,
  deliveries: deliveries.deliveries,
  delivery: deliveries.delivery,
  unhandled: deliveries.unhandled,
  handlers: deliveries.handlers,
  replays: replays.replays,
  replay: replays.replay,
  runningReplays: replays.runningReplays,
  reconciliations: reconciliations.reconciliations,
  reconciliation: reconciliations.reconciliation,
  waitingReconciliations: reconciliations.waitingReconciliations,
  reconciledDays: reconciliations.reconciledDays,
  statementChunk: reconciliations.statementChunk,
  differences: reconciliations.differences,
  unlistedFacts: reconciliations.unlistedFacts,
  callbackReplays: callbackReplays.callbackReplays,
  callbackReplay: callbackReplays.callbackReplay,
  runningCallbackReplays: callbackReplays.runningCallbackReplays,
  rereads: callbackReplays.rereads,
  rereadsAfter: callbackReplays.rereadsAfter,
  told: callbackReplays.told,
  funnel: figures.funnel,
  recount: figures.recount,
  latency: figures.latency,
  backlog: figures.backlog,
  gauges: figures.gauges,
  atRisk,
  trouble,
  unsealed: seals.unsealed,
  sealedAttempts: seals.sealedAttempts,
  sealHolding: seals.sealHolding,
  seals: seals.seals,
  newestSeal: seals.newestSeal,
  manifestLines: seals.manifestLines,
  alertSignals: alerts.alertSignals,
  liveAlerts: alerts.liveAlerts,
  alerts: alerts.alerts,
  commits: commits.commits,
  newestCommit: commits.newestCommit,
  ready: figures.ready,
};

/** A recount reads every row of its range: it is asked for by a person, and rarely. */
const recountMs = 120_000;
const recountSql = `select set_config('statement_timeout', '${recountMs}', true)`;

/** Those that take several statements, or more time; all others see one state of the database because they are one. */
const several: ReadonlySet<keyof Reads> = new Set([
  'order',
  'orderById',
  'history',
  'notification',
  'deliveries',
  'delivery',
  'recount',
  'unsealed',
  'alertSignals',
  'commits',
] as const);

/** Those that ask only by keys. Any plan of theirs but the one by the key is a mistake, and making it anew each time costs more than it does. */
const byKey: ReadonlySet<keyof Reads> = new Set([
  'order',
  'orderById',
  'history',
  'notification',
  'delivery',
  'unsealed',
  'commits',
] as const);
const byKeySql = `select set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)`;

/** Answers on one state of the database. The session is this read's alone until then, and outside of a transaction. */
export async function runRead<K extends keyof Reads>(
  session: Session,
  { name, input, now }: { name: K; input: Reads[K]['input']; now: Instant },
): Promise<Reads[K]['output']> {
  const read: (session: Session, input: Reads[K]['input'], now: Instant) => Promise<Reads[K]['output']> = reads[name];
  if (!several.has(name)) return read(session, input, now);
  const begun = session.command('begin isolation level repeatable read read only');
  try {
    const set = byKey.has(name) ? byKeySql : name === 'recount' ? recountSql : null;
    const prepared = set === null ? begun : session.all(set);
    const [answer] = await Promise.all([read(session, input, now), begun, prepared]);
    return answer;
  } finally {
    await session.command('rollback');
  }
}
