import { createHmac } from 'node:crypto';
import type { Clock, Instant } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { ApiKey } from '../domain/merchant.ts';
import type { Store } from '../stores/store.ts';
import { digestOf as digestOfKey } from './api-keys.ts';

/** Who a session stands for, and until when. */
interface FoundSession {
  key: ApiKey | 'admin';
  expiresAt: Instant;
}

export interface Sessions {
  /** `token` is given once; only its digest is kept, with the moment it ends. */
  open(key: ApiKey | 'admin'): Promise<{ token: string; expiresAt: Instant }>;
  /** Null: signed out, expired, of an API key that was removed, or of an admin key that was changed. */
  find(token: string): Promise<FoundSession | null>;
  close(token: string): Promise<void>;
  /** The same where the admin key is the one with this digest. */
  withAdminKey(digest: Uint8Array): Sessions;
}

export interface SessionsDependencies {
  store: Store;
  clock: Clock;
  random: Random;
}

/** `adminDigest`: SHA-256 of the admin key in use, null where there is none. */
export function createSessions(deps: SessionsDependencies, adminDigest: Uint8Array | null): Sessions {
  const { store, clock, random } = deps;
  // The digest of an admin's token hangs on the admin key: with another key no such session is found any more.
  const digestOf = (token: string): string | null => {
    if (!token.startsWith(adminPrefix)) return digestOfKey(token).toString('base64url');
    return adminDigest && createHmac('sha256', adminDigest).update(token).digest('base64url');
  };
  return {
    async open(key) {
      const token = `${key === 'admin' ? adminPrefix : keyPrefix}${Buffer.from(random(32)).toString('base64url')}`;
      const digest = digestOf(token);
      if (digest === null) throw new Error('there is no admin key, so nobody can have used it');
      const createdAt = clock.now();
      const expiresAt = createdAt + limits.sessionMs;
      await store.write('addSession', { digest, apiKey: key === 'admin' ? null : key.id, createdAt, expiresAt });
      return { token, expiresAt };
    },
    async find(token) {
      const digest = digestOf(token);
      const found = digest === null ? null : await store.read('session', digest);
      if (found === null || found.expiresAt <= clock.now()) return null;
      return { key: found.apiKey ?? 'admin', expiresAt: found.expiresAt };
    },
    async close(token) {
      const digest = digestOf(token);
      if (digest !== null) await store.write('removeSession', { digest });
    },
    withAdminKey: (digest) => createSessions(deps, digest),
  };
}

const adminPrefix = 'admin_';
const keyPrefix = 'key_';
