import { closedBreaker } from '../../../domain/breaker.ts';
import { laneOfEndpoint } from '../../../domain/ids.ts';
import { limits } from '../../../domain/limits.ts';
import type { Account, Endpoint, Merchant } from '../../../domain/merchant.ts';
import type { Writes } from '../../writes.ts';
import { insertAction } from '../statements/actions.ts';
import { cancelDeliveriesOfLane, freeDeliveriesOfLane } from '../statements/deliveries.ts';
import * as statements from '../statements/merchants.ts';
import { insertSetting, setting } from '../statements/settings.ts';
import type { Unit } from '../unit.ts';

export function addMerchant(unit: Unit, merchant: Merchant): Writes['addMerchant']['output'] {
  return statements.insertMerchant(unit.db, merchant) ? 'added' : 'exists';
}

export function changeMerchant(unit: Unit, { id, by, ...change }: Writes['changeMerchant']['input']): boolean {
  const merchant = statements.merchantById(unit.db, id);
  if (merchant === null) return false;
  statements.updateMerchant(unit.db, { ...merchant, ...change });
  unit.directory.forgetMerchant(id);
  insertAction(unit.db, {
    at: unit.now,
    merchant: id,
    by,
    what: 'merchant.change',
    subject: id,
    note: Object.keys(change).join(', '),
  });
  return true;
}

export function addAccount(unit: Unit, account: Account): null {
  statements.insertAccount(unit.db, account);
  return null;
}

export function changeAccount(unit: Unit, { id, by, change }: Writes['changeAccount']['input']): boolean {
  const account = statements.accountById(unit.db, id);
  if (account === null) return false;
  statements.updateAccount(unit.db, { ...account, ...change });
  insertAction(unit.db, {
    at: unit.now,
    merchant: account.merchant,
    by,
    what: 'account.change',
    subject: id,
    note: Object.keys(change).join(', '),
  });
  return true;
}

export function removeAccount(unit: Unit, { id, by }: Writes['removeAccount']['input']): boolean {
  const account = statements.accountById(unit.db, id);
  if (account === null) return false;
  statements.deleteAccount(unit.db, id);
  insertAction(unit.db, {
    at: unit.now,
    merchant: account.merchant,
    by,
    what: 'account.remove',
    subject: id,
    note: null,
  });
  return true;
}

export function addEndpoint(unit: Unit, endpoint: Endpoint): Writes['addEndpoint']['output'] {
  if (!endpoint.hidden && statements.countEndpoints(unit.db, endpoint.merchant) >= limits.merchantEndpointsMax)
    return 'too_many';
  statements.insertEndpoint(unit.db, endpoint);
  unit.lanes.addForEndpoint(endpoint);
  unit.directory.forgetEndpoint(endpoint);
  return 'added';
}

export function changeEndpoint(unit: Unit, { id, by, change }: Writes['changeEndpoint']['input']): boolean {
  const before = statements.endpointById(unit.db, id);
  if (before === null) return false;
  const endpoint: Endpoint = { ...before, ...change };
  statements.updateEndpoint(unit.db, endpoint);
  unit.directory.forgetEndpoint(endpoint);
  changeLane(unit, before, endpoint);
  insertAction(unit.db, {
    at: unit.now,
    merchant: endpoint.merchant,
    by,
    what: actionOf(change),
    subject: id,
    note: Object.keys(change).join(', '),
  });
  return true;
}

function changeLane(
  unit: Unit,
  before: Endpoint,
  { id, merchant, state, ordering, ratePerSecond, concurrency }: Endpoint,
): void {
  const lane = unit.lanes.ofTarget(merchant, { kind: 'endpoint', id });
  // Whoever enables an endpoint again says that it works: its past failures no longer hold it back.
  const enabled = state === 'enabled' && before.state !== 'enabled';
  unit.lanes.change(lane, {
    state,
    ordering,
    ratePerSecond,
    concurrency,
    ...(enabled ? { breaker: closedBreaker, probeUntil: null } : {}),
  });
  if (before.ordering === 'order' && ordering === 'none') freeDeliveriesOfLane(unit.db, lane.id, unit.now);
  unit.lanes.reopen(lane);
}

function actionOf({ state }: Writes['changeEndpoint']['input']['change']): string {
  const actions = { enabled: 'endpoint.resume', paused: 'endpoint.pause', disabled: 'endpoint.disable' } as const;
  return state === undefined ? 'endpoint.change' : actions[state];
}

export function removeEndpoint(unit: Unit, { id, by }: Writes['removeEndpoint']['input']): boolean {
  const endpoint = statements.endpointById(unit.db, id);
  if (endpoint === null) return false;
  statements.retireEndpoint(unit.db, id, unit.now);
  unit.directory.forgetEndpoint(endpoint);
  const canceled = cancelDeliveriesOfLane(unit.db, laneOfEndpoint(id));
  const lane = unit.lanes.ofTarget(endpoint.merchant, { kind: 'endpoint', id });
  unit.lanes.change(lane, { state: 'disabled' });
  unit.lanes.reckon(lane);
  insertAction(unit.db, {
    at: unit.now,
    merchant: endpoint.merchant,
    by,
    what: 'endpoint.remove',
    subject: id,
    note: `${canceled} deliveries canceled`,
  });
  return true;
}

export function registerHandlers(unit: Unit, handlers: Writes['registerHandlers']['input']): null {
  for (const { merchant, type, name } of handlers) {
    statements.insertHandler(unit.db, merchant, type, name);
    unit.directory.forgetMerchant(merchant);
    unit.lanes.ofTarget(merchant, { kind: 'handler', name });
  }
  return null;
}

export function addApiKey(unit: Unit, { apiKey, digest }: Writes['addApiKey']['input']): null {
  statements.insertApiKey(unit.db, apiKey, digest);
  return null;
}

export function removeApiKey(unit: Unit, id: Writes['removeApiKey']['input']): boolean {
  return statements.deleteApiKey(unit.db, id);
}

export function putSandboxPayment(unit: Unit, payment: Writes['putSandboxPayment']['input']): null {
  statements.upsertSandboxPayment(unit.db, payment);
  return null;
}

export function keepSetting(unit: Unit, { name, value }: Writes['keepSetting']['input']): Uint8Array {
  insertSetting(unit.db, name, value);
  return setting(unit.db, name) ?? value;
}
