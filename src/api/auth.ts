import type { Instant } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { MerchantId } from '../domain/ids.ts';
import { type Holder, rightsOf, type Scope } from '../domain/merchant.ts';
import { bearerTokenOf, sessionCookie, sessionTokenIn } from '../domain/session-cookie.ts';
import type { Service } from '../service.ts';
import type { Visible } from '../stores/reads.ts';

/** Who asks. */
export interface Caller {
  /** As it is written into actions: `admin`, the API key's id, or a person's name with its claim. */
  name: string;
  isAdmin: boolean;
  scopes: readonly Scope[];
  /** The merchants whose things exist for this caller; null = all. */
  visible: Visible;
  holder: Holder;
  /** Set where a cookie stood for the key, or for a person without one. */
  session: { token: string; expiresAt: Instant } | null;
}

/** What a call needs: one of these scopes, or the admin key. */
export type Need = readonly Scope[] | 'admin';

export interface Authentication {
  /** @throws AppError `auth.missing`, `auth.invalid`. */
  callerOf(authorization: string | null): Promise<Caller>;
  /** The same, where a session may stand for the key. @throws AppError also `auth.scope`. */
  callerFrom(request: Pick<Request, 'method' | 'headers'>): Promise<Caller>;
}

export function createAuthentication(service: Service): Authentication {
  const callerOf: Authentication['callerOf'] = async (authorization) => {
    const found = await service.apiKeys.find(bearerTokenOf(authorization));
    if (found === null) throw new AppError('auth.invalid', 'the API key is not known, or was removed');
    return callerBy(found, null);
  };
  return {
    callerOf,
    async callerFrom(request) {
      const token = sessionTokenIn(request);
      if (token === null) return callerOf(request.headers.get('authorization'));
      const found = await service.sessions.find(token);
      if (found === null) throw new AppError('auth.invalid', 'the session has ended; sign in again');
      return callerBy(found.holder, { token, expiresAt: found.expiresAt });
    },
  };
}

/** The header that sets a session's cookie, or with an end in the past removes it. */
export function cookieWith(token: string, { secure, expiresAt }: { secure: boolean; expiresAt: Instant }): string {
  const expires = new Date(expiresAt).toUTCString();
  return `${sessionCookie}=${token}; Path=/; Expires=${expires}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
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

/** The same for a job by filter; null: it is of all merchants. */
export function seesFiltered(caller: Caller, merchant: MerchantId | null): boolean {
  return merchant === null ? caller.visible === null : sees(caller, merchant);
}

/** For calls that concern all merchants. @throws AppError `auth.scope` */
export function requireUnlimited(caller: Caller): void {
  if (caller.visible !== null) throw new AppError('auth.scope', 'this needs a key that is not limited to merchants');
}

function callerBy(holder: Holder, session: Caller['session']): Caller {
  const { name, isAdmin, scopes, merchants: visible } = rightsOf(holder);
  return { name, isAdmin, scopes, visible, holder, session };
}
