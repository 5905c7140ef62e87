import { closedBreaker, probingBreaker } from '../../domain/breaker.ts';
import { laneOfEndpoint } from '../../domain/ids.ts';
import { limits } from '../../domain/limits.ts';
import type { Account, Endpoint } from '../../domain/merchant.ts';
import type { Writes } from '../writes.ts';
import type { Unit } from './unit.ts';

export function addMerchant(unit: Unit, merchant: Writes['addMerchant']['input']): Writes['addMerchant']['output'] {
  return unit.rows.insertMerchant(merchant) ? 'added' : 'exists';
}

export function changeMerchant(unit: Unit, { id, by, ...change }: Writes['changeMerchant']['input']): boolean {
  const merchant = unit.rows.merchantById(id);
  if (merchant === null) return false;
  unit.rows.updateMerchant({ ...merchant, ...change });
  unit.directory.forgetMerchant(id);
  unit.rows.insertAction({
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
  unit.rows.insertAccount(account);
  return null;
}

export function changeAccount(unit: Unit, { id, by, version, change }: Writes['changeAccount']['input']): boolean {
  const account = unit.rows.accountById(id);
  if (account === null || (version ?? account.credentials.version) !== account.credentials.version) return false;
  unit.rows.updateAccount({ ...account, ...change });
  unit.rows.insertAction({
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
  const account = unit.rows.accountById(id);
  if (account === null) return false;
  unit.rows.deleteAccount(id);
  markAsked(unit, { merchant: account.merchant, account: id, asked: false });
  unit.rows.insertAction({
    at: unit.now,
    merchant: account.merchant,
    by,
    what: 'account.remove',
    subject: id,
    note: null,
  });
  return true;
}

export function markAsked(unit: Unit, { merchant, account, asked }: Writes['markAsked']['input']): null {
  unit.rows.setAsked(merchant, account, asked);
  unit.directory.forgetMerchant(merchant);
  return null;
}

export function addEndpoint(unit: Unit, endpoint: Endpoint): Writes['addEndpoint']['output'] {
  if (!endpoint.hidden && unit.rows.endpointsOfMerchant(endpoint.merchant).length >= limits.merchantEndpointsMax)
    return 'too_many';
  unit.rows.insertEndpoint(endpoint);
  unit.lanes.addForEndpoint(endpoint);
  unit.directory.forgetEndpoint(endpoint);
  return 'added';
}

export function changeEndpoint(unit: Unit, { id, by, change }: Writes['changeEndpoint']['input']): boolean {
  const before = unit.rows.endpointById(id);
  if (before === null) return false;
  const endpoint: Endpoint = { ...before, ...change };
  unit.rows.updateEndpoint(endpoint);
  unit.directory.forgetEndpoint(endpoint);
  changeLane(unit, before, endpoint);
  unit.rows.insertAction({
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
  // Whoever enables an endpoint again says that it works: its past failures no longer hold it back. One that failed for days is
  // asked first, by one delivery: what it was held back from is not to fall on it at once.
  const enabled = state === 'enabled' && before.state !== 'enabled';
  const breaker = before.state === 'disabled' ? probingBreaker(unit.now) : closedBreaker;
  unit.lanes.change(lane, {
    state,
    ordering,
    ratePerSecond,
    concurrency,
    ...(enabled ? { breaker, probeUntil: null } : {}),
  });
  if (before.ordering === 'order' && ordering === 'none') unit.rows.freeDeliveriesOfLane(lane.id, unit.now);
  unit.lanes.reopen(lane);
}

function actionOf({ state }: Writes['changeEndpoint']['input']['change']): string {
  const actions = { enabled: 'endpoint.resume', paused: 'endpoint.pause', disabled: 'endpoint.disable' } as const;
  return state === undefined ? 'endpoint.change' : actions[state];
}

export function removeEndpoint(unit: Unit, { id, by }: Writes['removeEndpoint']['input']): boolean {
  const endpoint = unit.rows.endpointById(id);
  if (endpoint === null) return false;
  unit.rows.retireEndpoint(id, unit.now);
  unit.directory.forgetEndpoint(endpoint);
  const canceled = unit.rows.cancelDeliveriesOfLane(laneOfEndpoint(id));
  const lane = unit.lanes.ofTarget(endpoint.merchant, { kind: 'endpoint', id });
  unit.lanes.change(lane, { state: 'disabled' });
  unit.lanes.reckon(lane);
  unit.rows.insertAction({
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
    unit.rows.insertHandler(merchant, type, name);
    unit.directory.forgetMerchant(merchant);
    unit.lanes.ofTarget(merchant, { kind: 'handler', name });
  }
  return null;
}

export function addApiKey(unit: Unit, { apiKey, digest }: Writes['addApiKey']['input']): null {
  unit.rows.insertApiKey(apiKey, digest);
  return null;
}

export function removeApiKey(unit: Unit, id: Writes['removeApiKey']['input']): boolean {
  return unit.rows.deleteApiKey(id);
}

export function addSession(unit: Unit, session: Writes['addSession']['input']): null {
  unit.rows.insertSession(session);
  return null;
}

export function removeSession(unit: Unit, { digest }: Writes['removeSession']['input']): null {
  unit.rows.deleteSession(digest);
  return null;
}

export function putSandboxPayment(unit: Unit, { payment, names }: Writes['putSandboxPayment']['input']): null {
  unit.rows.upsertSandboxPayment(payment);
  for (const name of names) unit.rows.nameSandboxPayment(payment, name);
  return null;
}

export function keepSetting(unit: Unit, { name, value }: Writes['keepSetting']['input']): Uint8Array {
  return unit.rows.keepSetting(name, value);
}

export function putAlerts(unit: Unit, alerts: Writes['putAlerts']['input']): null {
  for (const alert of alerts) unit.rows.upsertAlert(alert);
  return null;
}
