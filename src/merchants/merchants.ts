import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { bucketOf, isName, type MerchantId, merchantId, newId } from '../domain/ids.ts';
import type { Merchant, Policies, SealedCredentials } from '../domain/merchant.ts';
import { secretOwner } from '../secrets/vault.ts';
import type { Store } from '../stores/store.ts';
import { type Keeping, keep } from './keeping.ts';

type Credentials = Readonly<Record<string, unknown>>;

export interface Merchants {
  /** `by`: default `code`, the caller's own. @throws AppError `merchant.exists`, `account.credentials`, `provider.unknown`, `request.invalid`. */
  add(
    request: { id?: string; name: string; policies?: Policies; credentials?: Credentials },
    by?: string,
  ): Promise<Merchant>;
  /** Credentials are replaced provider by provider; null removes one. @throws AppError `merchant.unknown` and as `add`. */
  change(
    id: MerchantId,
    request: { name?: string; policies?: Policies; credentials?: Credentials },
    by: string,
  ): Promise<Merchant>;
}

export function createMerchants({
  store,
  clock,
  keeping,
}: {
  store: Store;
  clock: Clock;
  keeping: Keeping;
}): Merchants {
  const sealed = (
    id: MerchantId,
    credentials: Credentials,
    before: Merchant['credentials'],
  ): Record<string, SealedCredentials> => {
    const kept: Record<string, SealedCredentials> = { ...before };
    for (const [provider, value] of Object.entries(credentials)) {
      const version = (before[provider]?.version ?? 0) + 1;
      if (value === null) delete kept[provider];
      else
        kept[provider] = keep(keeping, secretOwner.merchant(id, provider), value, {
          provider,
          for: 'endpoint',
          version,
        });
    }
    return kept;
  };
  return {
    async add({ id: wanted, name, policies = {}, credentials = {} }, by = 'code') {
      if (wanted !== undefined && !isName(wanted)) {
        throw new AppError(
          'request.invalid',
          'a merchant id has 1–64 characters of A–Z a–z 0–9 . _ : - and begins with a letter or digit',
          {
            errors: [{ pointer: '/id', detail: 'not a usable id' }],
          },
        );
      }
      const id = wanted === undefined ? newMerchantId(clock, keeping) : merchantId(wanted);
      const merchant: Merchant = {
        id,
        name,
        policies,
        credentials: sealed(id, credentials, {}),
        askedAccounts: [],
        createdAt: clock.now(),
      };
      if ((await store.write('addMerchant', { ...merchant, by })) === 'exists')
        throw new AppError('merchant.exists', `there is a merchant ${id}`);
      return merchant;
    },
    async change(id, { name, policies, credentials }, by) {
      const before = await store.read('merchant', id);
      if (before === null) throw new AppError('merchant.unknown', `there is no merchant ${id}`);
      const change = {
        ...(name === undefined ? {} : { name }),
        ...(policies === undefined ? {} : { policies: { ...before.policies, ...policies } }),
        ...(credentials === undefined ? {} : { credentials: sealed(id, credentials, before.credentials) }),
      };
      await store.write('changeMerchant', { id, by, ...change });
      return { ...before, ...change };
    },
  };
}

function newMerchantId(clock: Clock, { random }: Keeping): MerchantId {
  const bytes = random(2);
  return newId('mer', clock.now(), bucketOf(merchantId(`m${(bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)}`)), random);
}
