import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { type ApiKeyId, type MerchantId, newId, type Random } from '../domain/ids.ts';
import { LruMap } from '../domain/lru-map.ts';
import type { ApiKey, Scope } from '../domain/merchant.ts';
import type { Store } from '../stores/store.ts';

export interface ApiKeys {
  /** `secret` is shown once; only its digest is kept. */
  add(request: {
    name: string;
    scopes: readonly Scope[];
    merchants: readonly MerchantId[] | null;
    by: string;
  }): Promise<{ apiKey: ApiKey; secret: string }>;
  /** Which key a bearer token is. */
  find(secret: string): Promise<ApiKey | 'admin' | null>;
  /** @throws AppError `api_key.unknown`. */
  remove(id: ApiKeyId, by: string): Promise<void>;
}

/** How long another node may still accept a key that was removed here. */
const cacheMs = 5000;
const cachedMax = 1000;

export function createApiKeys(deps: { store: Store; clock: Clock; random: Random; adminKey: string | null }): ApiKeys {
  const { store, clock, random } = deps;
  const admin = deps.adminKey === null ? null : digestOf(deps.adminKey);
  const cache = new LruMap<string, { apiKey: ApiKey; until: number }>(cachedMax);
  return {
    async add({ name, scopes, merchants, by }) {
      const secret = `pk_${Buffer.from(random(32)).toString('base64url')}`;
      const apiKey: ApiKey = {
        id: newId('key', clock.now(), 0, random),
        name,
        scopes,
        merchants,
        createdAt: clock.now(),
      };
      await store.write('addApiKey', { apiKey, digest: digestOf(secret).toString('base64url'), by });
      return { apiKey, secret };
    },
    async find(secret) {
      const digest = digestOf(secret);
      if (admin !== null && timingSafeEqual(digest, admin)) return 'admin';
      // Looked up by digest: how long it takes tells nothing about a key that is near.
      const text = digest.toString('base64url');
      const cached = cache.get(text);
      if (cached !== undefined && cached.until > clock.monotonicMs()) return cached.apiKey;
      const apiKey = await store.read('apiKeyByDigest', text);
      if (apiKey === null) cache.delete(text);
      else cache.set(text, { apiKey, until: clock.monotonicMs() + cacheMs });
      return apiKey;
    },
    async remove(id, by) {
      cache.clear();
      const removed = await store.write('removeApiKey', { id, by });
      cache.clear();
      if (!removed) throw new AppError('api_key.unknown', `there is no API key ${id}`);
    },
  };
}

/** All that is kept of a key. */
export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
