import type { Random } from '../domain/ids.ts';
import { acceptsRisk } from '../domain/merchant.ts';
import { answerToChallenge, plainChallenge } from './primitives/challenge.ts';
import { secretFieldsOf, secretsIn } from './primitives/secret-fields.ts';
import type { Profile } from './profile.ts';
import type { Definition, Provider, Receiver } from './provider.ts';
import type { SecretField } from './secret-field.ts';

/** Credentials together with the provider that they are for. */
export interface Configured<Credentials> {
  provider: string;
  credentials: Credentials;
}

/** A provider that still knows the types of its credentials. */
export interface DefinedProvider<A, E> extends Provider {
  /** An account at this provider, for the library's `accounts`. The credentials are checked when the account is put to use. */
  account(credentials: A): Configured<A>;
  /** An endpoint that receives this provider's format. */
  endpoint(credentials: E): Configured<E>;
  generate?(random: Random): E;
  pair?(random: Random): { account: A; endpoint: E };
}

/**
 * Makes a provider of its definition: credentials come in unchecked, are parsed by the definition's schemas, and only then reach it;
 * nothing is sealed that the format cannot say.
 */
export function define<A, E>(definition: Definition<A, E>): DefinedProvider<A, E> {
  const { name, profile, accountCredentials, endpointCredentials, client, readStatement } = definition;
  const { generate, keyPair, pair } = definition;
  const secretFields = { account: secretFieldsOf(accountCredentials), endpoint: secretFieldsOf(endpointCredentials) };
  return {
    name,
    profile,
    accountCredentials,
    endpointCredentials,
    receiver(credentials, account) {
      const parsed = accountCredentials.parse(credentials);
      return answering(believing(definition.receiver(parsed, account), profile, parsed), secretFields.account, parsed);
    },
    sender(credentials) {
      const sender = definition.sender(endpointCredentials.parse(credentials));
      return {
        ...sender,
        seal(notification, context) {
          const { type, currency } = notification;
          if (!profile.types.includes(type)) throw new RangeError(`${name} cannot say ${type}`);
          if (profile.currencies?.includes(currency) === false) throw new RangeError(`${name} cannot say ${currency}`);
          return sender.seal(notification, context);
        },
      };
    },
    challenge(credentials, asking) {
      const parsed = endpointCredentials.parse(credentials);
      return definition.challenge?.(parsed, asking.challenge) ?? plainChallenge(secretFields.endpoint, parsed, asking);
    },
    secretFields: (side) => secretFields[side],
    secretsIn: (side, credentials, mark) => secretsIn(secretFields[side], credentials, mark),
    account: (credentials) => ({ provider: name, credentials }),
    endpoint: (credentials) => ({ provider: name, credentials }),
    ...(client ? { client: (credentials, world) => client(accountCredentials.parse(credentials), world) } : {}),
    ...(readStatement
      ? {
          readStatement: (file, account, credentials) =>
            readStatement(file, account, accountCredentials.parse(credentials)),
        }
      : {}),
    ...(generate ? { generate } : {}),
    ...(keyPair ? { keyPair } : {}),
    ...(pair ? { pair } : {}),
  };
}

/** Answers the challenge of a sender with the same secrets; nothing of it is kept. */
function answering(receiver: Receiver, fields: readonly SecretField[], credentials: unknown): Receiver {
  return {
    ...receiver,
    open(request, context) {
      const reply = answerToChallenge(fields, credentials, request, context.now);
      return reply === null ? receiver.open(request, context) : { is: 'challenge', reply };
    },
  };
}

/** Where the account's owner accepts the risk of what no signature covers, facts need not be read back. */
function believing(receiver: Receiver, { unsigned }: Profile, credentials: unknown): Receiver {
  if (unsigned === undefined || !acceptsRisk(credentials, unsigned.risk)) return receiver;
  return {
    ...receiver,
    open(request, context) {
      const opened = receiver.open(request, context);
      return opened.is === 'facts' ? { ...opened, readBack: false } : opened;
    },
  };
}
