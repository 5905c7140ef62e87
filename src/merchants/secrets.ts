import type { Account, Endpoint, Merchant } from '../domain/merchant.ts';
import type { Side } from '../providers/provider.ts';
import type { SecretView } from '../providers/secret-field.ts';
import type { SealingOwner } from '../secrets/prepared.ts';
import { secretOwner } from '../secrets/vault.ts';
import { type Keeping, markOf, providerOf } from './keeping.ts';

/** What key material is kept, without any of it. All throw AppError `provider.unknown`, `secrets.master_key`. */
export interface Secrets {
  ofAccount(account: Account): readonly SecretView[];
  ofEndpoint(endpoint: Endpoint): readonly SecretView[];
  /** A merchant's signing secrets for `notify_url`, by provider. */
  ofMerchant(merchant: Merchant): Readonly<Record<string, readonly SecretView[]>>;
}

export function createSecrets(keeping: Keeping): Secrets {
  const views = ({ owner, provider: name, credentials }: SealingOwner, side: Side): readonly SecretView[] => {
    const opened = keeping.vault.openCredentials(owner, credentials.sealed);
    return providerOf(keeping, name).secretsIn(side, opened, markOf(keeping, name));
  };
  return {
    ofAccount: ({ id, provider, credentials }) =>
      views({ owner: secretOwner.account(id), provider, credentials }, 'account'),
    ofEndpoint: ({ id, provider, credentials }) =>
      credentials === null ? [] : views({ owner: secretOwner.endpoint(id), provider, credentials }, 'endpoint'),
    ofMerchant: ({ id, credentials }) =>
      Object.fromEntries(
        Object.entries(credentials).map(([provider, sealed]) => [
          provider,
          views({ owner: secretOwner.merchant(id, provider), provider, credentials: sealed }, 'endpoint'),
        ]),
      ),
  };
}
