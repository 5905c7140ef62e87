import { AppError } from '../domain/errors.ts';
import type { MerchantId } from '../domain/ids.ts';
import type { ApiKey, Scope } from '../domain/merchant.ts';
import type { Service } from '../service.ts';
import type { Visible } from '../stores/reads.ts';

/** Who asks. */
export interface Caller {
  /** As it is written into actions: `admin`, or the API key's id. */
  name: string;
  isAdmin: boolean;
  scopes: readonly Scope[];
  /** The merchants whose things exist for this caller; null = all. */
  visible: Visible;
}

/** What a call needs: one of these scopes, or the admin key. */
export type Need = readonly Scope[] | 'admin';

export interface Authentication {
  /** @throws AppError `auth.missing`, `auth.invalid`. */
  callerOf(authorization: string | null): Promise<Caller>;
}

export function createAuthentication(service: Service): Authentication {
  return {
    async callerOf(authorization) {
      const found = await service.apiKeys.find(tokenOf(authorization));
      if (found === null) throw new AppError('auth.invalid', 'the API key is not known, or was removed');
      return found === 'admin' ? admin : callerFrom(found);
    },
  };
}

/** @throws AppError `auth.scope` */
export function requireNeed(caller: Caller, need: Need): void {
  if (caller.isAdmin) return;
  if (need === 'admin') throw new AppError('auth.scope', 'only the admin key may do this');
  if (need.some((scope) => caller.scopes.includes(scope))) return;
  throw new AppError(
    'auth.scope',
    `this needs the scope ${need.join(' or ')}; the key has ${caller.scopes.join(', ')}`,
  );
}

/** Whether something of this merchant exists for the caller. */
export function sees(caller: Caller, merchant: MerchantId): boolean {
  return caller.visible === null || caller.visible.includes(merchant);
}

/** For calls that concern all merchants. @throws AppError `auth.scope` */
export function requireUnlimited(caller: Caller): void {
  if (caller.visible !== null) throw new AppError('auth.scope', 'this needs a key that is not limited to merchants');
}

const admin: Caller = { name: 'admin', isAdmin: true, scopes: ['publish', 'read', 'operate'], visible: null };

function callerFrom(apiKey: ApiKey): Caller {
  return { name: apiKey.id, isAdmin: false, scopes: apiKey.scopes, visible: apiKey.merchants };
}

function tokenOf(authorization: string | null): string {
  if (authorization === null) throw new AppError('auth.missing', 'the header authorization is missing');
  const token = /^bearer +([\x21-\x7e]{1,512})$/i.exec(authorization)?.[1];
  if (token === undefined)
    throw new AppError('auth.missing', 'the header authorization does not hold one bearer token');
  return token;
}
