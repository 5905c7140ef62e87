import { AppError, type FieldError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import type { Side } from '../providers/provider.ts';
import type { SecretView } from '../providers/secret-field.ts';
import type { Prepared } from '../secrets/prepared.ts';
import { type Keeping, markOf, parsedCredentials, providerOf, riskOf } from './keeping.ts';

export interface CredentialsToCheck {
  provider: string;
  side: Side;
  mode: 'live' | 'test';
  credentials: Readonly<Record<string, unknown>>;
}

export interface CheckedCredentials {
  /** What would be refused, with pointers as for an account that is added. */
  errors: readonly FieldError[];
  /** What is right of the key material. */
  secrets: readonly (SecretView & { pointer: string })[];
}

/** Says what would be refused of credentials, and keeps nothing of them. @throws AppError `provider.unknown`. */
export type CheckCredentials = (given: CredentialsToCheck) => CheckedCredentials;

export function createChecking(keeping: Keeping, whyNot: Prepared['whyNot']): CheckCredentials {
  return (given) => {
    const errors = errorsOf(keeping, whyNot, given);
    return { errors, secrets: secretsOf(keeping, given, new Set(errors.map(({ pointer }) => pointer))) };
  };
}

/** Of an account that does not exist. */
const nobody = asId.account('acc_00000000000000000000000000');

function errorsOf(keeping: Keeping, whyNot: Prepared['whyNot'], given: CredentialsToCheck): readonly FieldError[] {
  const provider = providerOf(keeping, given.provider);
  const account = { id: nobody, mode: given.mode };
  try {
    const purpose = { provider: provider.name, for: given.side === 'account' ? account : 'endpoint' } as const;
    const parsed = parsedCredentials(keeping, given.credentials, purpose);
    if (given.side === 'endpoint') return [];
    const why = whyNot('query', provider, parsed, account);
    const refusal = why === null ? null : riskOf(provider, parsed, why);
    return refusal === null ? [] : refusal.errors;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.errors.length > 0 ? error.errors : [{ pointer: '/credentials', detail: error.detail }];
  }
}

function secretsOf(
  keeping: Keeping,
  { provider: name, side, credentials }: CredentialsToCheck,
  wrong: ReadonlySet<string>,
): CheckedCredentials['secrets'] {
  const provider = providerOf(keeping, name);
  return provider.secretFields(side).flatMap(({ field }) => {
    const value = credentials[field];
    const isOne = typeof value === 'string';
    const parts = isOne ? [['', value] as const] : Object.entries(typeof value === 'object' ? (value ?? {}) : {});
    return parts.flatMap(([part, text]) => {
      const pointer = `/credentials/${field}${isOne ? '' : `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`}`;
      if (wrong.has(pointer) || typeof text !== 'string') return [];
      return provider.secretsIn(side, { [field]: text }, markOf(keeping, name)).map((view) => ({ ...view, pointer }));
    });
  });
}
