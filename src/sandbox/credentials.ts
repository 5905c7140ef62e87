import { AppError } from '../domain/errors.ts';
import { merchantId, type Random } from '../domain/ids.ts';
import type { Provider } from '../providers/provider.ts';
import type { Store } from '../stores/store.ts';
import type { SandboxService, SandboxVault } from './service.ts';

/** The simulated platform is a merchant like any other: its notifications are published, sealed and delivered on the usual way. */
export const sandboxMerchant = merchantId('sandbox');

/** Two matching halves: what an account opens with, and what the platform seals with. */
export interface Pair {
  account: unknown;
  endpoint: unknown;
}

export interface SandboxCredentials {
  /** Makes the merchant and what it signs with, once; the same ones are there after a restart. */
  start(service: SandboxService): Promise<void>;
  /** @throws AppError `provider.unknown` */
  pair(provider: string): Pair;
}

export interface CredentialsOptions {
  store: Pick<Store, 'read' | 'write'>;
  vault: SandboxVault;
  providers: ReadonlyMap<string, Provider>;
  random: Random;
}

export function createCredentials(options: CredentialsOptions): SandboxCredentials {
  const { store, vault, providers, random } = options;
  const pairs = new Map<string, Pair>();

  const keep = async (provider: Provider, isKept: boolean): Promise<void> => {
    if (provider.pair === undefined) return;
    const owner = `merchant:${sandboxMerchant}:pair.${provider.name}` as const;
    // Making RSA keys takes a tenth of a second each: only where there are none yet.
    const value = isKept ? new Uint8Array(0) : vault.sealCredentials(owner, provider.pair(random));
    const kept = await store.write('keepSetting', { name: `sandbox.pair.${provider.name}`, value });
    pairs.set(provider.name, pairOf(vault.openCredentials(owner, kept)));
  };

  return {
    async start(service) {
      const merchant = await store.read('merchant', sandboxMerchant);
      for (const provider of providers.values())
        await keep(provider, merchant?.credentials[provider.name] !== undefined);
      const missing = [...pairs].filter(([name]) => merchant?.credentials[name] === undefined);
      const credentials = Object.fromEntries(missing.map(([name, pair]) => [name, pair.endpoint]));
      if (merchant === null)
        await service.merchants.add({ id: sandboxMerchant, name: 'Sandbox platform', credentials });
      else if (missing.length > 0) await service.merchants.change(sandboxMerchant, { credentials }, 'sandbox');
    },
    pair(provider) {
      const pair = pairs.get(provider);
      if (pair === undefined)
        throw new AppError('provider.unknown', `the sandbox plays ${[...pairs.keys()].join(', ')}; not ${provider}`);
      return pair;
    },
  };
}

function pairOf(kept: unknown): Pair {
  if (typeof kept === 'object' && kept !== null && 'account' in kept && 'endpoint' in kept)
    return { account: kept.account, endpoint: kept.endpoint };
  throw new TypeError('a kept pair of sandbox credentials has another form');
}
