import type { Instant } from '../../../domain/clock.ts';
import type { Reads } from '../../reads.ts';
import type { Connection } from '../connection.ts';
import type { ReadRequest } from '../messages.ts';
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
  readonly [K in keyof Reads]: (db: Connection, input: Reads[K]['input'], now: Instant) => Reads[K]['output'];
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

export function runRead(db: Connection, { name, input, now }: ReadRequest): unknown {
  return run(db, { name, input, now });
}

function run<K extends keyof Reads>(
  db: Connection,
  { name, input, now }: { name: K; input: Reads[K]['input']; now: Instant },
): unknown {
  const read: (db: Connection, input: Reads[K]['input'], now: Instant) => unknown = reads[name];
  return read(db, input, now);
}
