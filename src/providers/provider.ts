import type { z } from 'zod';
import type { Instant } from '../domain/clock.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Fact } from '../domain/fact.ts';
import type { AccountId, Random } from '../domain/ids.ts';
import type { Money } from '../domain/money.ts';
import type { Notification } from '../domain/notification.ts';
import type { Profile } from './profile.ts';
import type { MadeSecrets, SecretField, SecretView } from './secret-field.ts';

/** Header pairs exactly as received or sent, in order, copies included. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** A request as bytes: what is verified is what came, what is signed is what goes. */
export interface RawRequest {
  method: string;
  /** Path and query as on the request line. */
  target: string;
  headers: Headers;
  body: Uint8Array;
}

export interface RawReply {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

/** What a provider file may know of the world. */
export interface Context {
  /** This machine's time, which judges replay windows. */
  now: Instant;
  /** When the request arrived, by the store's time: that of facts which name none. Default: `now`. */
  receivedAt?: Instant;
  /** The base of our own URLs, as configured; some providers sign it. */
  publicUrl: string;
  /** The URL to take as signed, whatever is configured: `verify` finds out with it which one a sender signed. */
  signedUrl?: string;
  random: Random;
}

/** Our value that a provider can be asked about, with the provider's own id where it is known. */
export interface Reference {
  reference: string | null;
  paymentId: string | null;
  /** The operation that is asked about as well; for a refund by us, its idempotency key does too where the platform goes by that. */
  operationId?: string;
}

export interface Refusal {
  is: 'refused';
  code: ErrorCode;
  /** One line that a developer can act on. */
  why: string;
  /** The text that should have been signed, for `verify`; null where none could be made. */
  signedText: Uint8Array | null;
}

/** What a callback turned out to be. */
export type Opened =
  /** A batch: all items verified, or refused whole. `nonce`: taken once per account where the format has one. */
  | { is: 'facts'; messageId: string | null; facts: readonly Fact[]; readBack: boolean; nonce?: string }
  /** Ask; believe only the answer. */
  | { is: 'ping'; messageId: string | null; references: readonly Reference[] }
  /** Authentic; no kind for it. */
  | { is: 'ignored'; messageId: string | null; type: string; nonce?: string }
  /** Authentic, but what it says cannot be read. */
  | { is: 'unreadable'; why: string; nonce?: string }
  | { is: 'challenge'; reply: RawReply }
  /** Signed with a key we do not have; `why` says which. */
  | { is: 'unknown_key'; keyId: string; why: string; signedText: Uint8Array | null }
  | Refusal;

export type Outcome = 'accepted' | 'duplicate' | 'ignored' | 'refused' | 'unreadable' | 'try_later';

/** Opens and answers callbacks under one version of an account's credentials. Pure and synchronous; hostile bytes never make it throw. */
export interface Receiver {
  open(request: RawRequest, context: Context): Opened;
  acknowledge(outcome: Outcome, request: RawRequest, context: Context, refusal?: ErrorCode): RawReply;
  /** `hmac`: what a GET on the callback URL asks; null where its Authorization header is not one of this account. */
  confirmation?(request: RawRequest): Confirmation | null;
}

/** Has it arrived? Yes where a verified callback of the account bore exactly this header, or it signs the query parameter `body`. */
export type Confirmation = { authorization: string; signsBody: boolean };

/** How an answer to a delivery is understood. Only `deliver` computes times. */
export interface Judgement {
  confirmed: boolean;
  why: string;
  retry: 'by_schedule' | 'stop';
  /** The failure is no sign that the target is ill: its breaker and its failure budget do not count it. */
  sparesTarget?: boolean;
}

/** Seals notifications under one version of an endpoint's credentials, and judges the answers. */
export interface Sender {
  /**
   * The request to send. Of its `target` only the query counts, and is added to the endpoint's URL. RSA may leave the thread.
   *
   * @throws RangeError for a type or an amount that `profile` says the format cannot carry.
   */
  seal(notification: Notification, context: Context): RawRequest | Promise<RawRequest>;
  judge(answer: RawReply | 'timeout' | 'unreachable'): Judgement;
  /** Signs a body as it is, for what a platform has sent though no notification says it. Only where the sandbox plays such. */
  signBody?(body: Uint8Array, context: Context): RawRequest;
}

/** Asks a URL whether it is to receive what these credentials seal. Of the request's `target` only the query counts. */
export type Challenge = { request: RawRequest; isAnsweredBy(reply: RawReply): boolean };

/** One request to a provider's own API. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers: Headers;
  body: Uint8Array;
}

/** How a client reaches its provider: no redirect is followed, nothing is tried again, every wait has an end. */
export interface Http {
  /**
   * The whole answer, whatever its status.
   *
   * @throws AppError `provider.unreachable`: no whole answer came, so nothing is known of what the request did.
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<RawReply>;
  /**
   * The body of a 200 as it comes, however long it is.
   *
   * @throws AppError `provider.unreachable`; `provider.refused` for any other status, with the start of its body.
   */
  stream(request: HttpRequest, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** What a client is made with, beside the credentials. */
export interface ClientWorld {
  account: ReceiverAccount;
  http: Http;
  /** This machine's time, for signatures. */
  now(): Instant;
  random: Random;
}

/** What a provider says of a payment. "Not found" never means closed. */
export interface QueryAnswer {
  /** `final`: nothing more will happen by itself; refunds and disputes may still come. */
  state: 'open' | 'final' | 'not_found';
  /** What the provider says has happened, refunds included where the same answer tells them. */
  facts: readonly Fact[];
}

/**
 * A provider's own API under one version of an account's credentials: the only I/O of a provider file. What the credentials do not
 * suffice for is absent. All of it throws AppErrors: `provider.unreachable` (nothing is known), `provider.refused` (it said no; the
 * detail says what it said), `provider.answer` (what came cannot be read, or its signature is wrong).
 */
export interface Client {
  query?(order: Reference, signal: AbortSignal): Promise<QueryAnswer>;
  /** Gives money back; the same key gives it once. */
  refund?(order: Reference, money: Money, idempotencyKey: string, signal: AbortSignal): Promise<Fact>;
  /** Ends a payment that is not paid; null: there was nothing to close, or its end is told later. A paid one throws `provider.refused`. */
  close?(order: Reference, signal: AbortSignal): Promise<Fact | null>;
  /** The bill of a day (`2026-01-05`, in `profile.statementZone`), whole only when it ends without an error; `statement.absent`: none (yet). */
  statement?(day: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * The public key of this id (`keyId` of an `unknown_key`: hostile until it is checked), and what else the platform signs with now, as a change of the account's
   * credentials: fields that hold an object take its entries in, others are replaced. `provider.refused`: it is none of the platform's;
   * `provider.cannot_ask`: it cannot be one, so nobody was asked.
   */
  fetchKeys?(keyId: string, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
}

/** A row of a provider's bill. */
export interface StatementRow {
  /** Where it stands in the file, from 1. */
  line: number;
  /** The provider's own word for what the row is. */
  type: string;
  /** What it says has happened; null for what moves no order's money (a payout, a fee by itself). */
  fact: Fact | null;
  /** What the provider kept of it, in minor units of the fact's currency; negative where it gave back. null = not said. */
  feeMinor: bigint | null;
}

/** Account credentials open, endpoint credentials seal. */
export type Side = 'account' | 'endpoint';

/** Settings of an account that a receiver needs beside its credentials. */
export interface ReceiverAccount {
  id: AccountId;
  mode: 'live' | 'test';
}

/**
 * A provider: one platform's wire format, both directions. `A` and `E` are the credentials as the schemas give them back
 * (snake_case, as in the API).
 */
export interface Definition<A, E> {
  name: string;
  profile: Profile;
  /** Empty, placeholder or malformed credentials are refused. */
  accountCredentials: z.ZodType<A>;
  endpointCredentials: z.ZodType<E>;
  /** Built once per version of the credentials. @throws AppError `account.credentials` for secrets of the other mode. */
  receiver(credentials: A, account: ReceiverAccount): Receiver;
  sender(credentials: E): Sender;
  /** The format's own challenge, which its receiver answers; absent: the one that `paidonce` has for all. `challenge`: 32 hex digits. */
  challenge?(credentials: E, challenge: string): Challenge;
  /** Built once per version of the credentials, as the receiver. */
  client?(credentials: A, world: ClientWorld): Client;
  /**
   * Reads a bill as it streams by, and checks its totals where it has them. The credentials say whose money the account is.
   *
   * @throws AppError `statement.malformed` with the line; what was yielded before stays true of the rows before.
   */
  readStatement?(
    file: AsyncIterable<Uint8Array>,
    account: ReceiverAccount,
    credentials: A,
  ): AsyncIterable<StatementRow>;
  /** Makes endpoint credentials where the server can (generated secrets, shown once); absent where a person must bring them. */
  generate?(random: Random): E;
  /** Makes a pair of keys: the private half seals, the public one opens. Absent where both sides share a secret. */
  keyPair?(random: Random): MadeSecrets;
  /** Made-up credentials for both sides that fit each other, for the sandbox and for tests. RSA keys are made by the system, not from `random`. */
  pair?(random: Random): { account: A; endpoint: E };
}

/** A provider whose credential types are forgotten: what lists of providers hold. */
export interface Provider {
  name: string;
  profile: Profile;
  accountCredentials: z.ZodType;
  endpointCredentials: z.ZodType;
  /** Parses the credentials itself; throws a ZodError for ones that the schema refuses. */
  receiver(credentials: unknown, account: ReceiverAccount): Receiver;
  sender(credentials: unknown): Sender;
  challenge(credentials: unknown, asking: { challenge: string; now: Instant }): Challenge;
  client?(credentials: unknown, world: ClientWorld): Client;
  readStatement?: Definition<unknown, unknown>['readStatement'];
  generate?(random: Random): unknown;
  keyPair?(random: Random): MadeSecrets;
  /** The fields of its credentials that hold key material. */
  secretFields(side: Side): readonly SecretField[];
  /** What such credentials hold of it; `mark` makes a fingerprint. */
  secretsIn(side: Side, credentials: unknown, mark: (material: Uint8Array) => string): readonly SecretView[];
  pair?(random: Random): { account: unknown; endpoint: unknown };
}
