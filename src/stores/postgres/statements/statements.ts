import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import type { Table } from '../table.ts';
import { actionRows, actions } from './actions.ts';
import { askRows, asks } from './asks.ts';
import { attemptRows, attempts } from './attempts.ts';
import { callbackReplayRows, callbackReplays, rereads } from './callback-replays.ts';
import { callbackBytes, callbackRows, callbacks, nonces, parkedCallbacks, unkeptCallbacks } from './callbacks.ts';
import { commitRows, commits } from './commits.ts';
import { deliveries, deliveryRows } from './deliveries.ts';
import { discrepancies, discrepancyRows } from './discrepancies.ts';
import { awaitedReferences, factRows, facts, paymentLinks, sightings } from './facts.ts';
import { funnelMinutes, funnelRows } from './funnel.ts';
import { laneRows, lanes } from './lanes.ts';
import {
  accounts,
  apiKeys,
  endpoints,
  handlers,
  merchantRows,
  merchants,
  sandboxNames,
  sandboxPayments,
  sessions,
} from './merchants.ts';
import { idempotency, notificationRows, notifications, payloads } from './notifications.ts';
import { orderReferences, orderRows, orders } from './orders.ts';
import { outbox, outboxRows } from './outbox.ts';
import { differences, reconciliationRows, reconciliations, statementChunks } from './reconciliations.ts';
import { replayRows, replays } from './replays.ts';
import { retentionRows } from './retention.ts';
import { sealRows, unsealed } from './seals.ts';
import { alerts, backlogMinutes, counters, settingRows, settings } from './settings.ts';

/** The rows of a transaction, as far as its image has them. `writer` names whose sums are added to. */
export function rowsOf(image: Image, { now, writer }: { now: number; writer: string }): Rows {
  return {
    ...merchantRows(image),
    ...callbackRows(image, writer),
    ...factRows(image),
    ...orderRows(image),
    ...discrepancyRows(image),
    ...notificationRows(image),
    ...deliveryRows(image, now),
    ...attemptRows(image),
    ...laneRows(image),
    ...outboxRows(image),
    ...actionRows(image),
    ...settingRows(image, writer),
    ...retentionRows(image),
    ...askRows(image),
    ...reconciliationRows(image),
    ...replayRows(image),
    ...callbackReplayRows(image),
    ...sealRows(image),
    ...commitRows(image),
    ...funnelRows(image, writer),
  };
}

/** The order in which every batch writes: two of them never hold what the other waits for. */
export const writeOrder: readonly Table[] = [
  merchants,
  accounts,
  endpoints,
  handlers,
  apiKeys,
  sessions,
  settings,
  callbacks,
  callbackBytes,
  nonces,
  orders,
  orderReferences,
  awaitedReferences,
  paymentLinks,
  facts,
  sightings,
  parkedCallbacks,
  discrepancies,
  notifications,
  payloads,
  idempotency,
  deliveries,
  attempts,
  asks,
  unsealed,
  commits,
  lanes,
  outbox,
  reconciliations,
  differences,
  statementChunks,
  replays,
  callbackReplays,
  rereads,
  actions,
  sandboxPayments,
  sandboxNames,
  alerts,
  unkeptCallbacks,
  counters,
  backlogMinutes,
  funnelMinutes,
];
