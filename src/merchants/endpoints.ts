import { type Clock, toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { bucketOf, type EndpointId, type MerchantId, newId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Endpoint, EndpointState, SealedCredentials } from '../domain/merchant.ts';
import type { Observe } from '../domain/observe.ts';
import { type AddressPolicy, checkUrl } from '../outbound/address-guard.ts';
import type { Http } from '../outbound/http-client.ts';
import { type SecretOwner, secretOwner, type Vault } from '../secrets/vault.ts';
import type { Store } from '../stores/store.ts';
import { type Keeping, keep, markOf, providerOf } from './keeping.ts';
import { hasOld, isRecord, type Rotation, withNew, without, withoutOld } from './rotation.ts';
import { askUrl, present } from './url-change.ts';

export interface EndpointRequest {
  merchant: MerchantId;
  url: string;
  provider?: string;
  credentials?: unknown;
  types?: readonly string[];
  /** Milliseconds between tries. */
  schedule?: readonly number[] | null;
  timeoutMs?: number;
  ratePerSecond?: number | null;
  concurrency?: number;
  ordering?: 'none' | 'order';
}
export type EndpointChange = Partial<Omit<EndpointRequest, 'merchant' | 'provider'>> & {
  state?: EndpointState;
  /** The URL changes without a challenge, for this reason. */
  force?: { note: string };
};

export interface Endpoints {
  /**
   * `by`: default `code`, the caller's own. `made`: credentials that the server made because none were given, to be shown once.
   *
   * @throws AppError `merchant.unknown`, `provider.unknown`, `account.credentials`, `endpoint.url`, `request.invalid`.
   */
  add(request: EndpointRequest, by?: string): Promise<{ endpoint: Endpoint; made: unknown }>;
  /**
   * Another URL is asked first, see `urlChange` of what it gives; everything else changes at once. The present URL ends a change that
   * waits.
   *
   * @throws AppError `endpoint.unknown` and as `add`.
   */
  change(id: EndpointId, change: EndpointChange, by: string): Promise<Endpoint>;
  /** Asks the URL that failed to answer once more. @throws AppError `endpoint.unknown`, `endpoint.state` where there is none. */
  retryUrl(id: EndpointId, by: string): Promise<Endpoint>;
  /** Ends the older secrets whose time is over. */
  endRotations(): Promise<void>;
  /** Cancels its live deliveries. @throws AppError `endpoint.unknown`. */
  remove(id: EndpointId, by: string): Promise<void>;
  /**
   * Puts new secrets beside the present ones, or ends old ones. `made`: those that the server made, to be shown once.
   *
   * @throws AppError `endpoint.unknown`, `account.credentials`, `endpoint.state` where somebody else changed them meanwhile.
   */
  rotate(id: EndpointId, rotation: Rotation, by: string): Promise<{ endpoint: Endpoint; made: unknown }>;
}

interface EndpointsDependencies {
  store: Store;
  clock: Clock;
  keeping: Keeping;
  vault: Vault;
  policy: AddressPolicy;
  http: Pick<Http, 'post'>;
  observe: Observe;
}

export function createEndpoints(deps: EndpointsDependencies): Endpoints {
  const { store, keeping, policy } = deps;
  const existing = async (id: EndpointId): Promise<Endpoint> => {
    const endpoint = await store.read('endpoint', id);
    if (endpoint === null || endpoint.hidden) throw new AppError('endpoint.unknown', `there is no endpoint ${id}`);
    return endpoint;
  };
  return {
    async add(request, by = 'code') {
      const { endpoint, made } = await newEndpoint(deps, request);
      if ((await store.write('addEndpoint', { ...endpoint, by })) === 'too_many') {
        const most = limits.merchantEndpointsMax;
        throw new AppError('request.invalid', `merchant ${endpoint.merchant} has ${most} endpoints, which is the most`);
      }
      return { endpoint, made };
    },
    async change(id, { credentials, url, force, ...rest }, by) {
      const before = await existing(id);
      if (url !== undefined) refuseUrl(url, policy);
      const secrets =
        credentials === undefined ? {} : { credentials: keptAnew(keeping, before, credentials), previousUntil: null };
      const change = { ...rest, ...secrets };
      if (Object.keys(change).length > 0) await store.write('changeEndpoint', { id, by, change });
      if (url === undefined || (url === before.url && before.urlChange === null)) return { ...before, ...change };
      if (url !== before.url && force === undefined) return askUrl(deps, id, { url, by });
      return present(id, await store.write('forceUrl', { id, url, by, note: force?.note ?? null }));
    },
    async retryUrl(id, by) {
      const { urlChange } = await existing(id);
      if (urlChange === null) throw new AppError('endpoint.state', `no change of the URL of ${id} waits for an answer`);
      refuseUrl(urlChange.url, policy);
      return askUrl(deps, id, { url: urlChange.url, by });
    },
    async endRotations() {
      for (const endpoint of await store.read('endpointsToFinish', { at: deps.clock.now() })) {
        try {
          await rotate(deps, endpoint, { finish: true }, 'paidonce');
        } catch (error) {
          // One whose secrets cannot be read must not keep the others from it.
          deps.observe('endpoint.rotation_failed', 'error', { endpoint: endpoint.id, error: String(error) });
        }
      }
    },
    async remove(id, by) {
      await existing(id);
      await store.write('removeEndpoint', { id, by });
    },
    async rotate(id, rotation, by) {
      const before = await existing(id);
      const rotated = await rotate(deps, before, rotation, by);
      if (rotated === null)
        throw new AppError('endpoint.state', `the secrets of ${id} were changed by somebody else at the same moment`);
      return rotated;
    },
  };
}

/** Null: somebody else has changed its secrets. */
async function rotate(
  deps: EndpointsDependencies,
  before: Endpoint,
  rotation: Rotation,
  by: string,
): Promise<{ endpoint: Endpoint; made: unknown } | null> {
  const { store, clock, keeping } = deps;
  const { id, provider, previousUntil: until, credentials: present } = before;
  const { made, rotated } = rotatedCredentials(deps, before, rotation);
  const isEnding = 'finish' in rotation || 'drop' in rotation;
  const overlapMs = isEnding ? undefined : rotation.overlapMs;
  if (overlapMs !== undefined && !hasOld(providerOf(keeping, provider), 'endpoint', rotated))
    throw new AppError('account.credentials', `${provider}: what seals changes at once here, so nothing can overlap`);
  const stays = 'drop' in rotation ? until : null;
  const previousUntil = overlapMs === undefined ? stays : clock.now() + overlapMs;
  const change = { credentials: keptAnew(keeping, before, rotated), previousUntil };
  const version = present === null ? {} : { version: present.version };
  const end = previousUntil === null ? '' : `: older ones end ${toIso(previousUntil)}`;
  const note = `credentials${isEnding ? ': older ones ended' : end}`;
  const isChanged = await store.write('changeEndpoint', { id, by, change, note, ...version });
  return isChanged ? { endpoint: { ...before, ...change }, made: inUse(made, rotated) } : null;
}

function keptAnew(keeping: Keeping, { id, provider, credentials: before }: Endpoint, credentials: unknown) {
  const options = { provider, for: 'endpoint', version: (before?.version ?? 0) + 1 } as const;
  return keep(keeping, secretOwner.endpoint(id), credentials, options);
}

async function newEndpoint(
  { store, clock, keeping, policy }: EndpointsDependencies,
  request: EndpointRequest,
): Promise<{ endpoint: Endpoint; made: unknown }> {
  const { merchant, url, provider: name = 'standard' } = request;
  if ((await store.read('merchant', merchant)) === null) {
    throw new AppError('merchant.unknown', `there is no merchant ${merchant}`);
  }
  refuseUrl(url, policy);
  const { profile } = providerOf(keeping, name);
  const id = newId('end', clock.now(), bucketOf(merchant), keeping.random);
  const { credentials, made } = given(keeping, secretOwner.endpoint(id), name, request.credentials);
  const endpoint: Endpoint = {
    id,
    merchant,
    url,
    provider: name,
    types: request.types ?? ['*'],
    speaks: { types: profile.types, currencies: profile.currencies ?? null },
    schedule: request.schedule ?? null,
    timeoutMs: request.timeoutMs ?? Math.min(profile.deadlineMs, limits.endpointTimeoutMs),
    ratePerSecond: request.ratePerSecond ?? null,
    concurrency: request.concurrency ?? limits.endpointConcurrency,
    ordering: request.ordering ?? 'none',
    state: 'enabled',
    credentials,
    previousUntil: null,
    urlChange: null,
    hidden: false,
    createdAt: clock.now(),
  };
  return { endpoint, made };
}

function refuseUrl(url: string, policy: AddressPolicy): void {
  const checked = checkUrl(url, policy);
  if (checked.is === 'refused') throw checked.error;
}

function given(
  keeping: Keeping,
  owner: SecretOwner,
  provider: string,
  credentials: unknown,
): { credentials: SealedCredentials; made: unknown } {
  const made = credentials === undefined ? generated(keeping, provider) : null;
  return { credentials: keep(keeping, owner, credentials ?? made, { provider, for: 'endpoint', version: 1 }), made };
}

function generated(keeping: Keeping, name: string): unknown {
  const provider = providerOf(keeping, name);
  if (provider.generate === undefined)
    throw new AppError('account.credentials', `${name} needs credentials of yours; the server cannot make them`);
  return provider.generate(keeping.random);
}

function rotatedCredentials(
  { keeping, vault }: EndpointsDependencies,
  { id, provider: name, credentials: kept }: Endpoint,
  rotation: Rotation,
): { made: unknown; rotated: unknown } {
  const provider = providerOf(keeping, name);
  const present = kept === null ? {} : vault.openCredentials(secretOwner.endpoint(id), kept.sealed);
  if ('finish' in rotation) return { made: null, rotated: withoutOld(provider, 'endpoint', present) };
  if ('drop' in rotation)
    return {
      made: null,
      rotated: without(provider, 'endpoint', { present, drop: rotation.drop, mark: markOf(keeping, name) }),
    };
  const { credentials } = rotation;
  const made = credentials === undefined ? generated(keeping, name) : null;
  // What the server makes replaces secrets alone: an api_key or id by which the merchant knows the sender stays.
  const change = { next: credentials ?? made, present, keepIds: credentials === undefined };
  return { made, rotated: withNew(provider, 'endpoint', change) };
}

/** Of what the server made, what is used: an id that stayed is shown as it is. */
function inUse(made: unknown, kept: unknown): unknown {
  if (!isRecord(made) || !isRecord(kept)) return made;
  return Object.fromEntries(
    Object.entries(made).map(([name, value]) => [name, Array.isArray(value) ? value : kept[name]]),
  );
}
