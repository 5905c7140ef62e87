import type { Rows } from '../../work/rows.ts';
import type { Connection } from '../connection.ts';
import * as actions from './actions.ts';
import * as asks from './asks.ts';
import * as attempts from './attempts.ts';
import * as callbackReplays from './callback-replays.ts';
import * as callbacks from './callbacks.ts';
import * as commits from './commits.ts';
import * as deliveries from './deliveries.ts';
import * as discrepancies from './discrepancies.ts';
import * as facts from './facts.ts';
import * as funnel from './funnel.ts';
import * as lanes from './lanes.ts';
import * as merchants from './merchants.ts';
import * as notifications from './notifications.ts';
import * as orders from './orders.ts';
import * as outbox from './outbox.ts';
import * as reconciliations from './reconciliations.ts';
import * as replays from './replays.ts';
import * as retention from './retention.ts';
import * as seals from './seals.ts';
import * as settings from './settings.ts';

/** The rows of the database behind a connection; each call is one statement on it. */
export function rowsOn(db: Connection): Rows {
  return {
    ...merchantRows(db),
    ...callbackRows(db),
    ...factRows(db),
    ...orderRows(db),
    ...notificationRows(db),
    ...deliveryRows(db),
    ...laneRows(db),
    ...retentionRows(db),
    ...askRows(db),
    ...sealRows(db),
    insertMade: commits.insertMade.bind(null, db),
    ...otherRows(db),
  };
}

function merchantRows(db: Connection) {
  return {
    merchantById: merchants.merchantById.bind(null, db),
    insertMerchant: merchants.insertMerchant.bind(null, db),
    setAsked: merchants.setAsked.bind(null, db),
    updateMerchant: merchants.updateMerchant.bind(null, db),
    accountById: merchants.accountById.bind(null, db),
    insertAccount: merchants.insertAccount.bind(null, db),
    updateAccount: merchants.updateAccount.bind(null, db),
    deleteAccount: merchants.deleteAccount.bind(null, db),
    endpointById: merchants.endpointById.bind(null, db),
    endpointsOfMerchant: merchants.endpointsOfMerchant.bind(null, db),
    hiddenEndpoint: merchants.hiddenEndpoint.bind(null, db),
    insertEndpoint: merchants.insertEndpoint.bind(null, db),
    updateEndpoint: merchants.updateEndpoint.bind(null, db),
    retireEndpoint: merchants.retireEndpoint.bind(null, db),
    handlersOfMerchant: merchants.handlersOfMerchant.bind(null, db),
    insertHandler: merchants.insertHandler.bind(null, db),
    insertApiKey: merchants.insertApiKey.bind(null, db),
    deleteApiKey: merchants.deleteApiKey.bind(null, db),
    insertSession: merchants.insertSession.bind(null, db),
    deleteSession: merchants.deleteSession.bind(null, db),
  };
}

function callbackRows(db: Connection) {
  return {
    insertCallback: callbacks.insertCallback.bind(null, db),
    firstCallbackOfMessage: callbacks.firstCallbackOfMessage.bind(null, db),
    countRefusedSince: callbacks.countRefusedSince.bind(null, db),
    addUnkeptCallback: callbacks.addUnkeptCallback.bind(null, db),
    confirmCallback: callbacks.confirmCallback.bind(null, db),
    takeNonce: callbacks.takeNonce.bind(null, db),
    updateCallback: callbacks.updateCallback.bind(null, db),
    setVerdict: callbacks.setVerdict.bind(null, db),
    insertParkedCallback: callbacks.insertParkedCallback.bind(null, db),
    parkedCallbacksOf: callbacks.parkedCallbacksOf.bind(null, db),
    deleteParkedCallback: callbacks.deleteParkedCallback.bind(null, db),
    releaseCallback: callbacks.releaseCallback.bind(null, db),
  };
}

function factRows(db: Connection) {
  return {
    // Each is there when it is asked for.
    hasReadFacts: () => true,
    factByKey: facts.factByKey.bind(null, db),
    insertFact: facts.insertFact.bind(null, db),
    insertFirstSighting: facts.insertFirstSighting.bind(null, db),
    insertNextSighting: facts.insertNextSighting.bind(null, db),
    firstSourceOf: facts.firstSourceOf.bind(null, db),
    setFactSource: facts.setFactSource.bind(null, db),
    setFactOrder: facts.setFactOrder.bind(null, db),
    setFactTold: facts.setFactTold.bind(null, db),
    parkedFactsOfPayment: facts.parkedFactsOfPayment.bind(null, db),
    factsOfOrder: facts.factsOfOrder.bind(null, db),
    untoldParkedFacts: facts.untoldParkedFacts.bind(null, db),
    insertAwaitedReference: facts.insertAwaitedReference.bind(null, db),
    paymentsAwaiting: facts.paymentsAwaiting.bind(null, db),
    orderOfPayment: facts.orderOfPayment.bind(null, db),
    insertPaymentLink: facts.insertPaymentLink.bind(null, db),
  };
}

function orderRows(db: Connection) {
  return {
    orderById: orders.orderById.bind(null, db),
    orderByNo: orders.orderByNo.bind(null, db),
    // Looking for what is not there costs little here.
    orderIsNew: () => {},
    insertOrder: orders.insertOrder.bind(null, db),
    updateOrder: orders.updateOrder.bind(null, db),
    ordersToRefold: orders.ordersToRefold.bind(null, db),
    orderOfReference: orders.orderOfReference.bind(null, db),
    otherWithReference: orders.otherWithReference.bind(null, db),
    insertReference: orders.insertReference.bind(null, db),
    discrepanciesOfOrder: discrepancies.discrepanciesOfOrder.bind(null, db),
    discrepancyById: discrepancies.discrepancyById.bind(null, db),
    insertDiscrepancy: discrepancies.insertDiscrepancy.bind(null, db),
    updateDiscrepancy: discrepancies.updateDiscrepancy.bind(null, db),
    openDiscrepancyOfParked: discrepancies.openDiscrepancyOfParked.bind(null, db),
  };
}

function notificationRows(db: Connection) {
  return {
    insertNotification: notifications.insertNotification.bind(null, db),
    notificationById: notifications.notificationById.bind(null, db),
    notificationsOfOrder: notifications.notificationsOfOrder.bind(null, db),
    idempotencyRow: notifications.idempotencyRow.bind(null, db),
    insertIdempotency: notifications.insertIdempotency.bind(null, db),
  };
}

function deliveryRows(db: Connection) {
  return {
    insertDelivery: deliveries.insertDelivery.bind(null, db),
    deliveryById: deliveries.deliveryById.bind(null, db),
    deliveriesOfNotification: deliveries.deliveriesOfNotification.bind(null, db),
    dueDeliveries: deliveries.dueDeliveries.bind(null, db),
    nextDueOfLane: deliveries.nextDueOfLane.bind(null, db),
    leaseDelivery: deliveries.leaseDelivery.bind(null, db),
    endAttempt: deliveries.endAttempt.bind(null, db),
    setDeliveryStep: deliveries.setDeliveryStep.bind(null, db),
    scheduleDelivery: deliveries.scheduleDelivery.bind(null, db),
    cancelDelivery: deliveries.cancelDelivery.bind(null, db),
    cancelDeliveriesOfLane: deliveries.cancelDeliveriesOfLane.bind(null, db),
    freeDeliveriesOfLane: deliveries.freeDeliveriesOfLane.bind(null, db),
    earlierInLane: deliveries.earlierInLane.bind(null, db),
    headOfOrder: deliveries.headOfOrder.bind(null, db),
    insertAttempt: attempts.insertAttempt.bind(null, db),
    lostAttempt: attempts.lostAttempt.bind(null, db),
  };
}

/** One process has the whole database: every lane is its own, and it knows itself what is under way in it. */
function laneRows(db: Connection) {
  return {
    laneById: lanes.laneById.bind(null, db),
    lockLane: () => {},
    tryLockLane: () => true,
    upsertLane: lanes.upsertLane.bind(null, db),
    lowerLane: lanes.lowerLane.bind(null, db),
    underWayInLane: () => 0,
    dueLanes: lanes.dueLanes.bind(null, db),
    nextDueAfter: lanes.nextDueAfter.bind(null, db),
  };
}

function retentionRows(db: Connection) {
  return {
    deleteBytes: retention.deleteBytes.bind(null, db),
    deletePayloads: retention.deletePayloads.bind(null, db),
    deleteAttempts: retention.deleteAttempts.bind(null, db),
    deleteNonces: retention.deleteNonces.bind(null, db),
    deleteRefused: retention.deleteRefused.bind(null, db),
    deleteIdempotency: retention.deleteIdempotency.bind(null, db),
    deleteCommits: retention.deleteCommits.bind(null, db),
    deleteReconciliations: reconciliations.deleteReconciliations.bind(null, db),
    deleteSessions: retention.deleteSessions.bind(null, db),
    deleteOrders: retention.deleteOrders.bind(null, db),
  };
}

function sealRows(db: Connection) {
  return {
    insertUnsealed: seals.insertUnsealed.bind(null, db),
    addSeal: seals.addSeal.bind(null, db),
    takeLease: seals.takeLease.bind(null, db),
  };
}

function askRows(db: Connection) {
  return {
    askOf: asks.askBySubject.bind(null, db),
    insertAsk: asks.insertAsk.bind(null, db),
    updateAsk: asks.updateAsk.bind(null, db),
    deleteAsk: asks.deleteAsk.bind(null, db),
    callAskQueue: asks.callAskQueue.bind(null, db),
    leaseAskQueues: asks.leaseAskQueues.bind(null, db),
    leaseAskQueue: asks.leaseAskQueue.bind(null, db),
    dueAsks: asks.dueAsks.bind(null, db),
    freeAskQueue: asks.freeAskQueue.bind(null, db),
    nextAskDue: asks.nextAskDue.bind(null, db),
  };
}

function otherRows(db: Connection) {
  return {
    insertAction: actions.insertAction.bind(null, db),
    addToFunnel: funnel.addToFunnel.bind(null, db),
    oldestOutboxItems: outbox.oldestOutboxItems.bind(null, db),
    deleteOutboxItem: outbox.deleteOutboxItem.bind(null, db),
    insertOutboxItem: outbox.insertOutboxItem.bind(null, db),
    reconciliationById: reconciliations.reconciliationById.bind(null, db),
    insertReconciliation: reconciliations.insertReconciliation.bind(null, db),
    updateReconciliation: reconciliations.updateReconciliation.bind(null, db),
    insertDifference: reconciliations.insertDifference.bind(null, db),
    insertStatementChunk: reconciliations.insertStatementChunk.bind(null, db),
    deleteStatement: reconciliations.deleteStatement.bind(null, db),
    replayById: replays.replayById.bind(null, db),
    insertReplay: replays.insertReplay.bind(null, db),
    updateReplay: replays.updateReplay.bind(null, db),
    callbackReplayById: callbackReplays.callbackReplayById.bind(null, db),
    insertCallbackReplay: callbackReplays.insertCallbackReplay.bind(null, db),
    updateCallbackReplay: callbackReplays.updateCallbackReplay.bind(null, db),
    insertReread: callbackReplays.insertReread.bind(null, db),
    updateReread: callbackReplays.updateReread.bind(null, db),
    keepSetting: settings.keepSetting.bind(null, db),
    upsertAlert: settings.upsertAlert.bind(null, db),
    raiseBacklogMinute: settings.raiseBacklogMinute.bind(null, db),
    addToCounter: settings.addToCounter.bind(null, db),
    upsertSandboxPayment: merchants.upsertSandboxPayment.bind(null, db),
    nameSandboxPayment: merchants.nameSandboxPayment.bind(null, db),
  };
}
