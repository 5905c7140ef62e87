import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { EndpointId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Endpoint } from '../domain/merchant.ts';
import type { Http } from '../outbound/http-client.ts';
import { urlWith } from '../outbound/url-with.ts';
import { secretOwner, type Vault } from '../secrets/vault.ts';
import type { Store } from '../stores/store.ts';
import { type Keeping, providerOf } from './keeping.ts';

export interface UrlChangeDependencies {
  store: Store;
  clock: Clock;
  keeping: Keeping;
  vault: Vault;
  http: Pick<Http, 'post'>;
}

/**
 * Asks another URL whether it wants the deliveries, and sends them there once it has said so. Whatever goes wrong the present URL
 * stays, and `urlChange` of the endpoint says why. The URL must have been checked.
 *
 * @throws AppError `endpoint.unknown`.
 */
export async function askUrl(
  deps: UrlChangeDependencies,
  id: EndpointId,
  { url, by }: { url: string; by: string },
): Promise<Endpoint> {
  const { store, keeping } = deps;
  const challenge = Buffer.from(keeping.random(16)).toString('hex');
  const asked = present(id, await store.write('askUrl', { id, change: { url, challenge, by } }));
  const failure = await failureOf(deps, asked, { url, challenge });
  const version = asked.credentials?.version;
  return present(id, await store.write('settleUrl', { id, challenge, version, failure }));
}

/** @throws AppError `endpoint.unknown` for one that is not there any more. */
export function present(id: EndpointId, endpoint: Endpoint | null): Endpoint {
  if (endpoint === null) throw new AppError('endpoint.unknown', `there is no endpoint ${id}`);
  return endpoint;
}

/** Null: it has answered as it should. */
async function failureOf(
  { clock, keeping, vault, http }: UrlChangeDependencies,
  { id, provider, credentials, timeoutMs }: Endpoint,
  { url, challenge }: { url: string; challenge: string },
): Promise<string | null> {
  const opened = credentials === null ? {} : vault.openCredentials(secretOwner.endpoint(id), credentials.sealed);
  const { request, isAnsweredBy } = providerOf(keeping, provider).challenge(opened, { challenge, now: clock.now() });
  const { method, target, headers, body } = request;
  const signal = AbortSignal.timeout(limits.urlChangeMs);
  const posted = await http.post({ url: urlWith(url, target), method, headers, body, timeoutMs, signal });
  if (posted.is !== 'answered') return posted.why;
  return isAnsweredBy(posted) ? null : `HTTP ${posted.status}, without the answer to the challenge`;
}
