import { ZodError, z } from 'zod';
import { AppError, type FieldError } from '../domain/errors.ts';
import { LruMap } from '../domain/lru-map.ts';
import type { Account, SealedCredentials } from '../domain/merchant.ts';
import type { Client, ClientWorld, Provider, Receiver, Sender, StatementRow } from '../providers/provider.ts';
import { type SecretOwner, secretOwner, type Vault } from './vault.ts';

/** Whose credentials seal: an endpoint's own, or a merchant's for a provider. */
export interface SealingOwner {
  owner: SecretOwner;
  provider: string;
  credentials: SealedCredentials;
}

/**
 * Receivers, senders and clients, built once per version of their credentials: decrypting them and making key objects costs more than
 * the signature they are for. All methods throw an AppError, the same one until the credentials change: `provider.unknown`,
 * `secrets.master_key`, `account.credentials`.
 */
export interface Prepared {
  receiver(account: PreparedAccount): Receiver;
  sender(owner: SealingOwner): Sender;
  /** Every text in an account's credentials, secrets among them: for finding out how a sender reads them, and never to be shown. */
  texts(account: Pick<Account, 'id' | 'provider' | 'credentials'>): readonly string[];
  /**
   * Reads bills of the account's provider; see `Definition.readStatement`.
   *
   * @throws AppError `statement.unsupported`: no bill of it is read.
   */
  statementReader(account: PreparedAccount): (file: AsyncIterable<Uint8Array>) => AsyncIterable<StatementRow>;
  /** The provider's own API, with at least this one call. @throws AppError `provider.cannot_ask`: it says which fields would help. */
  client<Call extends keyof Client>(account: PreparedAccount, call: Call): Client & Required<Pick<Client, Call>>;
  /**
   * Why credentials that are not kept, and were parsed, do not suffice for a call; null: they do.
   *
   * @throws AppError `account.credentials`: no client can be made of them.
   */
  whyNot(call: keyof Client, provider: Provider, credentials: unknown, account: ClientWorld['account']): string | null;
}

type PreparedAccount = Pick<Account, 'id' | 'provider' | 'mode' | 'credentials'>;

export interface PreparedOptions {
  vault: Vault;
  provider(name: string): Provider | undefined;
  /** What clients are made with, beside their account. */
  world: Omit<ClientWorld, 'account'>;
  /** Receivers, and senders, kept at once; one more pushes out the one unused longest. */
  max?: number;
}

const maxDefault = 10_000;

export function createPrepared(options: PreparedOptions): Prepared {
  const names = new WeakMap<SealedCredentials, string>();
  const receivers = createCache<Receiver>(options.max ?? maxDefault);
  const senders = createCache<Sender>(options.max ?? maxDefault);
  const clients = createCache<{ client: Client; helpful: readonly string[] }>(options.max ?? maxDefault);

  /** Everything that can fail between the sealed bytes and a receiver or sender becomes an AppError. */
  const prepare = <Made>(owner: SealingOwner, build: (provider: Provider, credentials: unknown) => Made): Made => {
    const provider = options.provider(owner.provider);
    if (provider === undefined)
      throw new AppError('provider.unknown', `${owner.owner} has provider ${JSON.stringify(owner.provider)}`);
    try {
      return build(provider, options.vault.openCredentials(owner.owner, owner.credentials.sealed));
    } catch (error) {
      // A provider's message might quote a key, so only a schema's messages are passed on.
      throw unusable(owner.owner, error);
    }
  };

  const clientOf = (found: Provider, opened: unknown, account: ClientWorld['account']) => ({
    client: found.client?.(opened, { ...options.world, account }) ?? {},
    helpful: found.client === undefined ? [] : absentFields(found.accountCredentials, opened),
  });

  const keyOf = ({ id, provider, mode, credentials }: PreparedAccount): string =>
    `${secretOwner.account(id)} ${provider} ${mode} ${nameIn(names, credentials)}`;

  return {
    texts({ id, provider, credentials }) {
      return prepare({ owner: secretOwner.account(id), provider, credentials }, (_, opened) => textsIn(opened));
    },
    receiver(account) {
      const { id, mode } = account;
      const owner = ownerOf(account);
      return receivers(keyOf(account), () => prepare(owner, (found, opened) => found.receiver(opened, { id, mode })));
    },
    client(account, call) {
      const { id, mode, provider } = account;
      const { client, helpful } = clients(keyOf(account), () =>
        prepare(ownerOf(account), (found, opened) => clientOf(found, opened, { id, mode })),
      );
      if (can(client, call)) return client;
      throw new AppError('provider.cannot_ask', `account ${id}: ${lacking(call, provider, helpful)}`);
    },
    whyNot(call, provider, credentials, account) {
      try {
        const { client, helpful } = clientOf(provider, credentials, account);
        return can(client, call) ? null : lacking(call, provider.name, helpful);
      } catch (error) {
        // As with credentials that are kept.
        throw unusable(secretOwner.account(account.id), error);
      }
    },
    statementReader(account) {
      const { id, mode } = account;
      return prepare(ownerOf(account), (found, opened) => {
        const { name, readStatement } = found;
        if (readStatement === undefined) throw new AppError('statement.unsupported', `no bill of ${name} is read`);
        return (file) => readStatement(file, { id, mode }, opened);
      });
    },
    sender(owner) {
      const key = `${owner.owner} ${owner.provider} ${nameIn(names, owner.credentials)}`;
      return senders(key, () => prepare(owner, (found, opened) => found.sender(opened)));
    },
  };
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function ownerOf({ id, provider, credentials }: PreparedAccount): SealingOwner {
  return { owner: secretOwner.account(id), provider, credentials };
}

function lacking(call: keyof Client, provider: string, helpful: readonly string[]): string {
  return helpful.length === 0
    ? `there is no way to ${call} at ${provider}`
    : `to ${call} at ${provider} its credentials need one or more of: ${helpful.join(', ')}`;
}

function can<Call extends keyof Client>(client: Client, call: Call): client is Client & Required<Pick<Client, Call>> {
  return client[call] !== undefined;
}

/** Fields that the schema knows and the credentials leave out: what a client may be missing is among them. */
function absentFields(schema: z.ZodType, credentials: unknown): readonly string[] {
  if (!(schema instanceof z.ZodObject) || typeof credentials !== 'object' || credentials === null) return [];
  return Object.keys(schema.shape).filter((name) => name !== 'accept_risk' && !(name in credentials));
}

/** Credentials are asked for twice a callback, and mostly as the same object. */
function nameIn(names: WeakMap<SealedCredentials, string>, credentials: SealedCredentials): string {
  const known = names.get(credentials);
  if (known !== undefined) return known;
  const name = nameOf(credentials);
  names.set(credentials, name);
  return name;
}

/** The end of what is sealed is its tag, which differs even where two changes made at once were given the same version. */
function nameOf({ sealed, version }: SealedCredentials): string {
  return `${version} ${Buffer.from(sealed.subarray(-16)).toString('base64')}`;
}

function unusable(owner: SecretOwner, error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof ZodError)) {
    const kind = error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'an error';
    return new AppError('account.credentials', `the credentials of ${owner} cannot be used (${kind})`);
  }
  const errors = error.issues.map((issue): FieldError => ({ pointer: pointerOf(issue.path), detail: issue.message }));
  const fields = errors.map((field) => field.pointer).join(', ');
  return new AppError('account.credentials', `the credentials of ${owner} are refused by their schema: ${fields}`, {
    errors,
  });
}

function pointerOf(path: readonly PropertyKey[]): string {
  return ['', 'credentials', ...path].map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
}

/** Keeps results and failures alike: a broken account that is called often must not decrypt and parse each time. */
function createCache<Made>(max: number): (key: string, make: () => Made) => Made {
  const kept = new LruMap<string, { made: Made } | { failed: AppError }>(max);
  return (key, make) => {
    const known = kept.get(key);
    const found = known ?? attempt(make);
    if (known === undefined) kept.set(key, found);
    if ('failed' in found) throw found.failed;
    return found.made;
  };
}

function attempt<Made>(make: () => Made): { made: Made } | { failed: AppError } {
  try {
    return { made: make() };
  } catch (error) {
    if (error instanceof AppError) return { failed: error };
    throw error;
  }
}
