import { createHash } from 'node:crypto';
import type { Callback } from '../domain/callback.ts';
import type { Clock, Instant } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Fact } from '../domain/fact.ts';
import {
  type AccountId,
  asId,
  bucketOf,
  type CallbackId,
  isId,
  newId,
  type OrderId,
  type Random,
} from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Account } from '../domain/merchant.ts';
import type { Observe } from '../domain/observe.ts';
import type { Context, Outcome, RawReply, RawRequest, Receiver } from '../providers/provider.ts';
import type { CallbackInput, CallbackOutput, ExpectInput, WithBirth } from '../stores/decisions.ts';
import type { Store } from '../stores/store.ts';
import type { Acknowledged } from '../stores/writes.ts';
import { Deadlines } from './deadlines.ts';
import type { FetchKeys } from './fetch-keys.ts';
import { type Reading, readingAs, readingOf } from './reading.ts';

/** A request on a callback URL as it arrived. `cut` says how reading it ended early. */
export interface ArrivedRequest extends RawRequest {
  account: string;
  receivedAt: Instant;
  cut: 'too_large' | 'incomplete' | null;
}

export interface Received {
  reply: RawReply;
  /** To be called once the reply was fully written: the last step of the receiving funnel. */
  written(): void;
}

export interface ReceiveDependencies {
  store: Store;
  /** This machine's, which judges replay windows. */
  ownClock: Clock;
  random: Random;
  publicUrl: string;
  observe: Observe;
  account(id: AccountId): Promise<Account | null>;
  receiver(account: Account): Receiver;
  fetchKeys: FetchKeys;
  withBirth: WithBirth;
  /** How long the provider waits for an answer. */
  deadlineMs(provider: string): number;
  methods(provider: string): readonly string[];
  /** What the library's `expect` says of references nobody announced; empty where there is none. */
  ask(account: Account, facts: readonly Fact[]): Promise<readonly Omit<ExpectInput, 'born'>[]>;
  /** Money whose order stays unknown, so that it is asked for again. */
  parked(account: Account, references: readonly string[]): void;
  /** A callback was kept that has to be read back. */
  readBack(): void;
  /** A callback was refused that may be genuine. */
  ring(account: Account, body: Uint8Array): Promise<void>;
  /** Resolves when the handlers of these orders are done (true) or the time is over (false). */
  handled(orders: readonly OrderId[], withinMs: number): Promise<boolean>;
}

/** How much of the provider's patience is used up by waiting, for the commit and then for handlers. */
const waitingShare = 0.8;
/** How much of it a key that we lack may take before that. */
const keyShare = 0.5;

/**
 * Opens, records and answers callbacks. Nothing is answered as taken before its commit; what cannot be committed is answered "try
 * again later" in the provider's own format.
 */
export function createReceive(deps: ReceiveDependencies) {
  const acknowledged = createAcknowledged(deps);
  const deadlines = new Deadlines(deps.ownClock);

  /** null = there is no such account. `decided`: the store has answered; what follows waits for handlers alone. */
  async function receive(request: ArrivedRequest, decided: () => void = () => {}): Promise<Received | null> {
    let account = await accountOf(deps, request.account);
    if (account === 'unavailable') return { reply: tryLater, written() {} };
    if (account === null) return null;
    if (request.cut === null && !deps.methods(account.provider).includes(request.method))
      return { reply: methodRefused(deps.methods(account.provider)), written() {} };
    const { receivedAt } = request;
    const beganMs = deps.ownClock.monotonicMs();
    const { publicUrl, random } = deps;
    const context: Context = { now: deps.ownClock.now(), receivedAt, publicUrl, random };
    const deadlineMs = deps.deadlineMs(account.provider);
    const lastMs = beganMs + deadlineMs * waitingShare;
    let receiver: Receiver | null = null;
    try {
      receiver = deps.receiver(account);
      let opened = request.cut === null ? receiver.open(request, context) : null;
      if (opened?.is === 'unknown_key') {
        const changed = await deps.fetchKeys(account, opened.keyId, deadlineMs * keyShare);
        if (changed !== null) {
          account = changed;
          receiver = deps.receiver(account);
          opened = receiver.open(request, context);
        }
      }
      if (opened?.is === 'challenge') return { reply: opened.reply, written() {} };
      const reading = opened === null ? cutReading(request) : readingOf(opened, account);
      const output = await deadlines.before(lastMs, decide(deps, account, request, reading), committedTooLate);
      const callback = output.callback;
      decided();
      const outcome = await outcomeOf(deps, account, output, lastMs);
      const reply = receiver.acknowledge(outcome, request, context, output.code ?? undefined);
      return { reply, written: () => acknowledged(callback, outcome, deps.ownClock.monotonicMs() - beganMs) };
    } catch (error) {
      // Fail closed and say so: nothing is known to be committed, so the provider must send again.
      deps.observe('callback.failed', 'error', {
        account: account.id,
        error: error instanceof AppError ? error.message : String(error),
      });
      return { reply: receiver?.acknowledge('try_later', request, context) ?? tryLater, written() {} };
    }
  }

  return receive;
}

async function accountOf(deps: ReceiveDependencies, id: string): Promise<Account | null | 'unavailable'> {
  try {
    return isId('acc', id) ? await deps.account(asId.account(id)) : null;
  } catch (error) {
    // Not to be told from an account that does not exist, so the sender must ask again.
    deps.observe('callback.failed', 'error', { account: id, error: String(error) });
    return 'unavailable';
  }
}

async function decide(
  deps: ReceiveDependencies,
  account: Account,
  request: ArrivedRequest,
  reading: Reading,
): Promise<CallbackOutput & { callback: CallbackInput['callback'] }> {
  const { merchant, provider } = account;
  const { receivedAt, method, target, headers, body } = request;
  const { messageId, code, reason } = reading;
  const id = newId('cbk', receivedAt, bucketOf(merchant), deps.random);
  const step = request.cut === null ? 'sent' : 'total';
  const callback = {
    id,
    merchant,
    account: account.id,
    provider,
    receivedAt,
    method,
    target,
    headers,
    body,
    messageId,
    code,
    reason,
    step,
  } as const;
  const expectations = reading.opened.is === 'facts' ? await deps.ask(account, reading.opened.facts) : [];
  const bodyDigest = reading.opened.nonce === null ? '' : createHash('sha256').update(body).digest('base64url');
  const { opened } = reading;
  const output = await record(deps, account, { callback, again: null, opened, bodyDigest, expectations });
  tell(deps, account, id, output);
  if (output.verdict === 'quarantined') void deps.ring(account, body);
  return { ...output, callback };
}

/** A provider that waits in vain learns less than one that is told to send again. What is committed after that is found as a duplicate then. */
function committedTooLate(): Error {
  return new AppError('store.unavailable', 'the store has not committed in the time that the provider waits');
}

/** Records a callback that was opened, and has asked again later for the orders that nobody knows yet. */
export async function record(
  deps: ReceiveDependencies,
  account: Account,
  input: Omit<CallbackInput, 'born'>,
): Promise<CallbackOutput> {
  const output = await deps.withBirth((born) => deps.store.decide('callback', { ...input, born }));
  const references = output.parked.map(({ reference }) => reference);
  if (references.length > 0) deps.parked(account, references);
  if (output.verdict === 'parked' && input.opened.is === 'verdict') deps.readBack();
  return output;
}

async function outcomeOf(
  deps: ReceiveDependencies,
  account: Account,
  output: CallbackOutput,
  lastMs: number,
): Promise<Outcome> {
  const outcome = outcomes[output.verdict];
  const waits =
    account.acknowledge === 'after_handling' &&
    (outcome === 'accepted' || outcome === 'duplicate') &&
    output.orders.length > 0;
  if (!waits) return outcome;
  const handled = await deps.handled(output.orders, Math.max(0, lastMs - deps.ownClock.monotonicMs()));
  return handled ? outcome : 'try_later';
}

function tell(
  deps: ReceiveDependencies,
  account: Account,
  id: CallbackId,
  { verdict, code, reason }: CallbackOutput,
): void {
  const level = levels[verdict];
  deps.observe('callback.received', level, {
    callback: id,
    account: account.id,
    provider: account.provider,
    verdict,
    code,
    reason,
  });
}

/** What goes as it should is a figure, not a line: thousands a second would hide the others. */
const levels = {
  verified: 'debug',
  duplicate: 'debug',
  ignored: 'debug',
  parked: 'info',
  quarantined: 'info',
  conflict: 'warn',
  unreadable: 'warn',
  refused: 'warn',
} as const satisfies Record<Callback['verdict'], string>;

const outcomes = {
  verified: 'accepted',
  parked: 'accepted',
  conflict: 'accepted',
  duplicate: 'duplicate',
  ignored: 'ignored',
  unreadable: 'unreadable',
  quarantined: 'refused',
  refused: 'refused',
} as const satisfies Record<Callback['verdict'], Outcome>;

function cutReading({ cut }: ArrivedRequest): Reading {
  if (cut === 'too_large')
    return readingAs('refused', `the body is over ${limits.callbackBytesMax} bytes`, 'request.too_large');
  return readingAs('refused', 'the body ended early or took too long', 'request.incomplete');
}

const acknowledgedAtOnce = 256;

/** Gathers the callbacks whose acknowledgement was written, and records them in one write at a time. */
function createAcknowledged(deps: Pick<ReceiveDependencies, 'store' | 'observe'>) {
  const waiting: Acknowledged[] = [];
  let writing = false;
  const write = async () => {
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, acknowledgedAtOnce);
      try {
        await deps.store.write('acknowledged', batch);
        deps.observe('callback.acknowledged', 'debug', { callbacks: batch.length });
      } catch (error) {
        // The provider has its answer; only our last figure of the funnel is lost, and it is lost on the careful side.
        deps.observe('callback.acknowledged_unrecorded', 'warn', { callbacks: batch.length, error: String(error) });
      }
    }
    writing = false;
  };
  return (callback: CallbackInput['callback'], outcome: Outcome, tookMs: number): void => {
    if (outcome !== 'accepted' && outcome !== 'duplicate' && outcome !== 'ignored') return;
    const { id, merchant, account, provider, receivedAt } = callback;
    waiting.push({ id, merchant, account, provider, receivedAt, tookMs });
    if (!writing) void write();
  };
}

function methodRefused(methods: readonly string[]): RawReply {
  return { status: 405, headers: [['allow', methods.join(', ')]], body: new Uint8Array(0) };
}

const tryLater: RawReply = { status: 503, headers: [['retry-after', '10']], body: new Uint8Array(0) };
