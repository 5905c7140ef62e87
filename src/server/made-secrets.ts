import { AppError } from '../domain/errors.ts';
import { randomBytesOf } from '../domain/ids.ts';
import { providerByName, providers } from '../providers/index.ts';
import type { MadeSecrets } from '../providers/secret-field.ts';

/**
 * New secrets for a sender in a provider's format: a pair of keys where the format has only those, or where one is asked for, else a
 * shared secret.
 *
 * @throws AppError `provider.unknown`; `account.credentials` where the platform makes them.
 */
export function madeSecrets(
  name: string,
  { keyPair, isForEndpoint }: { keyPair: boolean; isForEndpoint: boolean },
): MadeSecrets {
  const provider = providerByName(name);
  if (provider === undefined)
    throw new AppError('provider.unknown', `"${name}" is none of: ${providers.map((one) => one.name).join(', ')}`);
  if (provider.keyPair !== undefined && (keyPair || provider.generate === undefined))
    return provider.keyPair(randomBytesOf);
  const shared = keyPair ? undefined : provider.generate?.(randomBytesOf);
  if (typeof shared !== 'object' || shared === null)
    throw new AppError(
      'account.credentials',
      keyPair ? `${name} has no pairs of keys` : `${name} makes its secrets itself; import what it shows you`,
    );
  // An endpoint keeps the id by which the merchant knows the sender.
  const keys = provider.secretFields('endpoint').map(({ field }) => field);
  const seals = Object.entries(shared).filter(([field]) => !isForEndpoint || keys.includes(field));
  return { seals: Object.fromEntries(seals), opens: null };
}
