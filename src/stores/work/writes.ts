import type { Writes } from '../writes.ts';
import { claimAccount, claimAsks, releaseAsks } from './asks.ts';
import * as callbackReplays from './callback-replays.ts';
import { claim } from './claim.ts';
import { acknowledged, changeDelivery } from './deliveries.ts';
import { finish, giveBack } from './finish.ts';
import * as merchants from './merchants.ts';
import * as reconciliations from './reconciliations.ts';
import { addReplay, changeReplay } from './replays.ts';
import { retain } from './retain.ts';
import * as seals from './seals.ts';
import type { Unit } from './unit.ts';

/** Every write by its name. */
export const writes: { readonly [K in keyof Writes]: (unit: Unit, input: Writes[K]['input']) => Writes[K]['output'] } =
  {
    claim,
    finish,
    giveBack,
    changeDelivery,
    acknowledged,
    addReplay,
    changeReplay,
    addReconciliation: reconciliations.addReconciliation,
    addStatementChunk: reconciliations.addStatementChunk,
    takeReconciliation: reconciliations.takeReconciliation,
    keepReconciliation: reconciliations.keepReconciliation,
    addCallbackReplay: callbackReplays.addCallbackReplay,
    changeCallbackReplay: callbackReplays.changeCallbackReplay,
    leaseCallbackReplay: callbackReplays.leaseCallbackReplay,
    stepCallbackReplay: callbackReplays.stepCallbackReplay,
    retain,
    claimAsks,
    claimAccount,
    releaseAsks,
    markAsked: merchants.markAsked,
    registerHandlers: merchants.registerHandlers,
    addMerchant: merchants.addMerchant,
    changeMerchant: merchants.changeMerchant,
    addAccount: merchants.addAccount,
    changeAccount: merchants.changeAccount,
    removeAccount: merchants.removeAccount,
    addEndpoint: merchants.addEndpoint,
    changeEndpoint: merchants.changeEndpoint,
    askUrl: merchants.askUrl,
    settleUrl: merchants.settleUrl,
    forceUrl: merchants.forceUrl,
    removeEndpoint: merchants.removeEndpoint,
    addApiKey: merchants.addApiKey,
    removeApiKey: merchants.removeApiKey,
    addSession: merchants.addSession,
    removeSession: merchants.removeSession,
    putSandboxPayment: merchants.putSandboxPayment,
    keepSetting: merchants.keepSetting,
    seal: seals.seal,
    lease: seals.lease,
    putAlerts: merchants.putAlerts,
    keepBacklog: merchants.keepBacklog,
  };
