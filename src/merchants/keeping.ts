import { AppError } from '../domain/errors.ts';
import { fieldErrors } from '../domain/field-errors.ts';
import type { Random } from '../domain/ids.ts';
import { acceptsRisk, type SealedCredentials } from '../domain/merchant.ts';
import type { Provider, ReceiverAccount } from '../providers/provider.ts';
import type { SecretOwner, Vault } from '../secrets/vault.ts';

/** What turns credentials that somebody sent into credentials that are kept. */
export interface Keeping {
  providers: ReadonlyMap<string, Provider>;
  vault: Vault;
  random: Random;
}

/** @throws AppError `provider.unknown`. */
export function providerOf({ providers }: Pick<Keeping, 'providers'>, name: string): Provider {
  const provider = providers.get(name);
  if (provider === undefined)
    throw new AppError('provider.unknown', `"${name}" is none of: ${[...providers.keys()].join(', ')}`);
  return provider;
}

/** Makes fingerprints of a provider's secrets: the same text at two providers is no sign that one was used twice. */
export function markOf({ vault }: Pick<Keeping, 'vault'>, provider: string): (material: Uint8Array) => string {
  return (material) => vault.fingerprint(Buffer.concat([Buffer.from(`${provider} `), material]));
}

/** Whose credentials they are to be. */
interface Purpose {
  provider: string;
  for: ReceiverAccount | 'endpoint';
}

/**
 * Checks credentials against the provider's schema and encrypts them.
 *
 * @throws AppError `account.credentials` with a pointer for each field that is wrong; the values are never in it.
 */
export function keep(
  keeping: Keeping,
  owner: SecretOwner,
  credentials: unknown,
  options: Purpose & { version: number },
): SealedCredentials {
  const sealed = keeping.vault.sealCredentials(owner, parsedCredentials(keeping, credentials, options));
  return { version: options.version, sealed };
}

/** The credentials as the provider's schema gives them back. @throws AppError as {@link keep}. */
export function parsedCredentials(keeping: Keeping, credentials: unknown, purpose: Purpose): unknown {
  const provider = providerOf(keeping, purpose.provider);
  const schema = purpose.for === 'endpoint' ? provider.endpointCredentials : provider.accountCredentials;
  const parsed = schema.safeParse(credentials, { reportInput: true });
  if (!parsed.success) {
    const side = purpose.for === 'endpoint' ? 'endpoint' : 'account';
    const errors = fieldErrors(parsed.error.issues, '/credentials').map(({ pointer, detail }) => {
      const field = provider.secretFields(side).find((one) => pointer.split('/')[2] === one.field);
      // Conventions differ by provider, and the wrong one is the usual mistake.
      return { pointer, detail: field === undefined ? detail : `${detail} (what counts is ${field.says})` };
    });
    const fields = errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ');
    throw new AppError('account.credentials', `${provider.name}: ${fields}`, { errors });
  }
  // Built once here, so that a key that parses but cannot be used is refused now and not at the first callback.
  buildOnce(provider, parsed.data, purpose.for);
  return parsed.data;
}

function buildOnce(provider: Provider, credentials: unknown, of: ReceiverAccount | 'endpoint'): void {
  try {
    if (of === 'endpoint') provider.sender(credentials);
    else provider.receiver(credentials, of);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // The message of a crypto library may quote key material; only its code is safe to show.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unusable key';
    throw new AppError('account.credentials', `${provider.name}: a key cannot be used (${code})`);
  }
}

/**
 * Why credentials with which the provider cannot be asked are refused: no signature covers what matters, and their owner does not accept
 * that risk by name. Null: they are not.
 */
export function riskOf({ profile }: Provider, credentials: unknown, whyNotAsked: string): AppError | null {
  const { unsigned } = profile;
  if (unsigned === undefined || acceptsRisk(credentials, unsigned.risk)) return null;
  const detail = `${unsigned.why}, so the provider is asked before a callback is believed. ${whyNotAsked}; or accept the risk with accept_risk: "${unsigned.risk}"`;
  return new AppError('account.credentials', detail, { errors: [{ pointer: '/credentials', detail }] });
}
