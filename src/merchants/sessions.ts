import { createHmac } from 'node:crypto';
import type { Clock, Instant } from '../domain/clock.ts';
import type { Random } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Holder } from '../domain/merchant.ts';
import type { Store } from '../stores/store.ts';
import { digestOf as digestOfKey } from './api-keys.ts';

/** Who a session stands for, and until when. */
interface FoundSession {
  holder: Holder;
  expiresAt: Instant;
}

export interface Sessions {
  /** `token` is given once; only its digest is kept, with the moment it ends. */
  open(holder: Holder): Promise<{ token: string; expiresAt: Instant }>;
  /** Null: signed out, expired, of an API key that was removed, or of an admin key or a sign-in of people that was changed. */
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

/** What sessions without an API key end with, as SHA-256; null where there is none. */
export interface SessionRoots {
  /** The admin key in use. */
  admin: Uint8Array | null;
  /** How people are signed in, and which roles they get. */
  people: Uint8Array | null;
}

export function createSessions(deps: SessionsDependencies, roots: SessionRoots): Sessions {
  const { store, clock, random } = deps;
  // Digests of these tokens hang on their root: with another one no such session is found any more.
  const digestOf = (token: string): string | null => {
    const rooted = token.startsWith(prefixes.admin) ? 'admin' : token.startsWith(prefixes.people) ? 'people' : null;
    if (rooted === null) return digestOfKey(token).toString('base64url');
    const root = roots[rooted];
    return root && createHmac('sha256', root).update(token).digest('base64url');
  };
  return {
    async open(holder) {
      const person = holder !== 'admin' && 'role' in holder ? holder : null;
      const apiKey = holder === 'admin' || 'role' in holder ? null : holder.id;
      const prefix = prefixes[holder === 'admin' ? 'admin' : person === null ? 'key' : 'people'];
      const token = `${prefix}${Buffer.from(random(32)).toString('base64url')}`;
      const digest = digestOf(token);
      if (digest === null) throw new Error('there is no such sign-in, so nobody can have used it');
      const createdAt = clock.now();
      const expiresAt = createdAt + limits.sessionMs;
      await store.write('addSession', { digest, apiKey, person, createdAt, expiresAt });
      return { token, expiresAt };
    },
    async find(token) {
      const digest = digestOf(token);
      const found = digest === null ? null : await store.read('session', digest);
      if (found === null || found.expiresAt <= clock.now()) return null;
      return found;
    },
    async close(token) {
      const digest = digestOf(token);
      if (digest !== null) await store.write('removeSession', { digest });
    },
    withAdminKey: (admin) => createSessions(deps, { ...roots, admin }),
  };
}

const prefixes = { admin: 'admin_', key: 'key_', people: 'person_' } as const;
