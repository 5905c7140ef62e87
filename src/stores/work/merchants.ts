import { closedBreaker, probingBreaker } from '../../domain/breaker.ts';
import { laneOfEndpoint, type MerchantId } from '../../domain/ids.ts';
import { limits } from '../../domain/limits.ts';
import type { Endpoint } from '../../domain/merchant.ts';
import type { Writes } from '../writes.ts';
import { minuteOf } from './funnel-book.ts';
import type { Unit } from './unit.ts';

export function addMerchant(
  unit: Unit,
  { by, ...merchant }: Writes['addMerchant']['input'],
): Writes['addMerchant']['output'] {
  if (!unit.rows.insertMerchant(merchant)) return 'exists';
  act(unit, { id: merchant.id, merchant: merchant.id }, { by, what: 'merchant.add', note: null });
  return 'added';
}

export function changeMerchant(unit: Unit, { id, by, ...change }: Writes['changeMerchant']['input']): boolean {
  const merchant = unit.rows.merchantById(id);
  if (merchant === null) return false;
  unit.rows.updateMerchant({ ...merchant, ...change });
  unit.directory.forgetMerchant(id);
  act(unit, { id, merchant: id }, { by, what: 'merchant.change', note: Object.keys(change).join(', ') });
  return true;
}

export function addAccount(unit: Unit, { by, ...account }: Writes['addAccount']['input']): null {
  unit.rows.insertAccount(account);
  act(unit, account, { by, what: 'account.add', note: account.provider });
  return null;
}

export function changeAccount(unit: Unit, { id, by, version, change }: Writes['changeAccount']['input']): boolean {
  const account = unit.rows.accountById(id);
  if (account === null || (version ?? account.credentials.version) !== account.credentials.version) return false;
  unit.rows.updateAccount({ ...account, ...change });
  act(unit, account, { by, what: 'account.change', note: Object.keys(change).join(', ') });
  return true;
}

export function removeAccount(unit: Unit, { id, by }: Writes['removeAccount']['input']): boolean {
  const account = unit.rows.accountById(id);
  if (account === null) return false;
  unit.rows.deleteAccount(id);
  markAsked(unit, { merchant: account.merchant, account: id, asked: false });
  act(unit, account, { by, what: 'account.remove', note: null });
  return true;
}

export function markAsked(unit: Unit, { merchant, account, asked }: Writes['markAsked']['input']): null {
  unit.rows.setAsked(merchant, account, asked);
  unit.directory.forgetMerchant(merchant);
  return null;
}

export function addEndpoint(
  unit: Unit,
  { by, ...endpoint }: Writes['addEndpoint']['input'],
): Writes['addEndpoint']['output'] {
  if (!endpoint.hidden && unit.rows.endpointsOfMerchant(endpoint.merchant).length >= limits.merchantEndpointsMax)
    return 'too_many';
  unit.rows.insertEndpoint(endpoint);
  unit.lanes.addForEndpoint(endpoint);
  unit.directory.forgetEndpoint(endpoint);
  act(unit, endpoint, { by, what: 'endpoint.add', note: endpoint.url });
  return 'added';
}

export function changeEndpoint(unit: Unit, input: Writes['changeEndpoint']['input']): boolean {
  const { id, by, version, change, note } = input;
  const before = unit.rows.endpointById(id);
  if (before === null || (version !== undefined && version !== before.credentials?.version)) return false;
  const endpoint: Endpoint = { ...before, ...change };
  putEndpoint(unit, before, endpoint);
  act(unit, endpoint, { by, what: actionOf(change), note: note ?? Object.keys(change).join(', ') });
  return true;
}

/** Asks for another URL: nothing else changes before it has answered. */
export function askUrl(unit: Unit, { id, change }: Writes['askUrl']['input']): Writes['askUrl']['output'] {
  const before = unit.rows.endpointById(id);
  if (before === null) return null;
  const isAgain = before.urlChange?.url === change.url;
  const tries = (isAgain ? (before.urlChange?.tries ?? 0) : 0) + 1;
  const endpoint: Endpoint = { ...before, urlChange: { ...change, tries, askedAt: unit.now, failure: null } };
  putEndpoint(unit, before, endpoint);
  act(unit, endpoint, { by: change.by, what: 'endpoint.ask_url', note: `${before.url} -> ${change.url}` });
  return endpoint;
}

/** What came of a challenge, unless another change has taken its place or its time is over. */
export function settleUrl(
  unit: Unit,
  { id, challenge, version, failure }: Writes['settleUrl']['input'],
): Writes['settleUrl']['output'] {
  const before = unit.rows.endpointById(id);
  const asked = before?.urlChange ?? null;
  if (before === null || asked === null || asked.challenge !== challenge) return before;
  const why =
    failure ??
    (unit.now >= asked.askedAt + limits.urlChangeMs ? 'it answered too late' : null) ??
    (before.credentials?.version === version ? null : 'the secrets of the endpoint were changed meanwhile');
  if (why === null) return switchUrl(unit, before, { url: asked.url, by: asked.by, note: null });
  const endpoint: Endpoint = { ...before, urlChange: { ...asked, failure: why } };
  putEndpoint(unit, before, endpoint);
  act(unit, endpoint, { by: asked.by, what: 'endpoint.refuse_url', note: `${before.url} -> ${asked.url}: ${why}` });
  return endpoint;
}

/** A person's word in place of an answer; also the way back to the present URL. */
export function forceUrl(unit: Unit, { id, ...to }: Writes['forceUrl']['input']): Writes['forceUrl']['output'] {
  const before = unit.rows.endpointById(id);
  return before === null ? null : switchUrl(unit, before, to);
}

function switchUrl(unit: Unit, before: Endpoint, to: { url: string; by: string; note: string | null }): Endpoint {
  const endpoint: Endpoint = { ...before, url: to.url, urlChange: null };
  putEndpoint(unit, before, endpoint);
  const what = before.url === to.url ? 'endpoint.keep_url' : 'endpoint.change_url';
  const other = before.url === to.url ? (before.urlChange?.url ?? to.url) : to.url;
  const note = `${before.url} -> ${other}${to.note === null ? '' : `, unasked: ${to.note}`}`;
  act(unit, endpoint, { by: to.by, what, note });
  return endpoint;
}

function putEndpoint(unit: Unit, before: Endpoint, endpoint: Endpoint): void {
  unit.rows.updateEndpoint(endpoint);
  unit.directory.forgetEndpoint(endpoint);
  changeLane(unit, before, endpoint);
}

function act(
  unit: Unit,
  { id, merchant }: { id: string; merchant: MerchantId | null },
  action: { by: string; what: string; note: string | null },
): void {
  unit.rows.insertAction({ at: unit.now, merchant, subject: id, ...action });
}

function changeLane(
  unit: Unit,
  before: Endpoint,
  { id, merchant, url, state, ordering, ratePerSecond, concurrency }: Endpoint,
): void {
  const lane = unit.lanes.ofTarget(merchant, { kind: 'endpoint', id });
  // Whoever enables an endpoint again says that it works: its past failures no longer hold it back. One that failed for days is
  // asked first, by one delivery: what it was held back from is not to fall on it at once.
  const enabled = state === 'enabled' && before.state !== 'enabled';
  // Nor does what another URL did say anything about this one.
  const moved = url !== before.url && lane.breaker.failures > 0;
  const breaker = moved || before.state === 'disabled' ? probingBreaker(unit.now) : closedBreaker;
  unit.lanes.change(lane, {
    state,
    ordering,
    ratePerSecond,
    concurrency,
    ...(enabled || moved ? { breaker, probeUntil: null } : {}),
  });
  if (enabled && breaker === closedBreaker) unit.lanes.drain(lane);
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
  act(unit, endpoint, { by, what: 'endpoint.remove', note: `${canceled} deliveries canceled` });
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

export function addApiKey(unit: Unit, { apiKey, digest, by }: Writes['addApiKey']['input']): null {
  unit.rows.insertApiKey(apiKey, digest);
  const { id, name, scopes, merchants } = apiKey;
  const note = `${name}: ${scopes.join(', ')}; ${merchants === null ? 'all merchants' : merchants.join(', ')}`;
  act(unit, { id, merchant: null }, { by, what: 'api_key.add', note });
  return null;
}

export function removeApiKey(unit: Unit, { id, by }: Writes['removeApiKey']['input']): boolean {
  if (!unit.rows.deleteApiKey(id)) return false;
  act(unit, { id, merchant: null }, { by, what: 'api_key.remove', note: null });
  return true;
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

export function keepBacklog(unit: Unit, { at, ...waits }: Writes['keepBacklog']['input']): null {
  unit.rows.raiseBacklogMinute({ at: minuteOf(at), ...waits });
  return null;
}
