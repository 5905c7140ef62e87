import type { Callback, CallbackVerdict } from '../domain/callback.ts';
import { stepRank } from '../domain/delivery.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { Births } from '../notify/fan-out.ts';
import type { CallbackInput, CallbackOutput } from '../stores/decisions.ts';
import type { Ledger } from '../stores/ledger.ts';
import { readBack } from './asks.ts';
import { expect } from './expect.ts';
import { digestOfFacts, recordFacts } from './record.ts';

type Digested = CallbackInput & { digest: string | null };
type Taken = Omit<CallbackOutput, 'born' | 'work'>;

/** Keeps a callback and takes its facts into effect, in one transaction. The rows are those of the table of verdicts. */
export function takeCallback(ledger: Ledger, input: CallbackInput): CallbackOutput {
  const births = new Births(input.born);
  const { callback, opened } = input;
  const known = knownBefore(input);
  if (known !== null) return { ...births.effects, ...nothing, verdict: known };
  const digest = digestOf(input);
  const nonce =
    opened.nonce === null || input.again !== null
      ? 'taken'
      : ledger.takeNonce(callback.account, opened.nonce, input.bodyDigest);
  if (nonce === 'other')
    return conclude(
      ledger,
      { ...input, digest },
      births,
      refused('callback.nonce_reused', 'the nonce was used before with another body'),
    );
  if (opened.is === 'verdict')
    return conclude(ledger, { ...input, digest }, births, withoutFacts(ledger, input, opened.verdict));
  return conclude(ledger, { ...input, digest }, births, withFacts(ledger, { ...input, digest }, opened, births));
}

function withoutFacts(ledger: Ledger, { callback }: CallbackInput, verdict: CallbackVerdict): Taken {
  const first = verdict === 'ignored' ? firstOf(ledger, callback) : null;
  const { code, reason } = callback;
  return { ...nothing, verdict: first === null ? verdict : 'duplicate', code, reason, first: first?.id ?? null };
}

function withFacts(
  ledger: Ledger,
  input: Digested,
  opened: Extract<CallbackInput['opened'], { is: 'facts' }>,
  births: Births,
): Taken {
  const { callback, digest } = input;
  const first = firstOf(ledger, callback);
  for (const expectation of input.expectations) expect(ledger, expectation, births);
  const contradicts = first !== null && first.factsDigest !== null && first.factsDigest !== digest;
  const recorded = recordFacts(ledger, births, opened.facts, {
    merchant: callback.merchant,
    source: 'callback',
    callback: callback.id,
    at: callback.receivedAt,
    withoutOrder: opened.withoutOrder,
    note: null,
    heardBefore: wasTold(input),
    contradictedMessage: contradicts ? `message:${callback.account}:${callback.messageId}` : null,
  });
  const orders = [...recorded.orders];
  const parked = recorded.parked.flatMap(({ account, reference }) =>
    reference === null ? [] : [{ account, reference }],
  );
  if (contradicts)
    return {
      ...nothing,
      verdict: 'conflict',
      reason: `message ${callback.messageId} came before and said something else`,
      first: first.id,
      orders,
      parked,
    };
  if (recorded.conflict)
    return { ...nothing, verdict: 'conflict', reason: 'its payment belongs to another order', orders, parked };
  // Read again it finds its own facts, which makes it no copy of itself.
  const foundItself = wasTold(input) && input.verdictBefore !== 'duplicate';
  const isCopy = recorded.duplicate && opened.facts.length > 0 && !foundItself;
  if (first !== null || isCopy) {
    const reason = first === null ? 'all its facts were known' : `message ${callback.messageId} came before`;
    return { ...nothing, verdict: 'duplicate', reason, first: first?.id ?? null, orders, parked };
  }
  if (recorded.parked.length > 0)
    return { ...nothing, verdict: 'parked', reason: 'its order is not known yet', orders, parked };
  return { ...nothing, verdict: 'verified', orders };
}

/** By what a later callback with the same message id is compared; without such an id nothing will ask for it. */
function digestOf({ callback, opened }: CallbackInput): string | null {
  return opened.is === 'facts' && callback.messageId !== null ? digestOfFacts(opened.facts) : null;
}

/** The verdict of a callback that was authentic and cannot be verified with what is known now: what it was does not end with its secrets. */
function knownBefore({ opened, verdictBefore }: CallbackInput): CallbackVerdict | null {
  if (verdictBefore === undefined || !authentic.includes(verdictBefore) || opened.is === 'facts') return null;
  return authentic.includes(opened.verdict) ? null : verdictBefore;
}

/** Whether its facts were recorded when it was read before. */
function wasTold({ verdictBefore }: CallbackInput): boolean {
  return verdictBefore !== undefined && tellingVerdicts.includes(verdictBefore);
}
const tellingVerdicts: readonly CallbackVerdict[] = ['verified', 'parked', 'duplicate', 'conflict'];
const authentic: readonly CallbackVerdict[] = [...tellingVerdicts, 'ignored'];

/** The other callback that brought the same message first. */
function firstOf(ledger: Ledger, callback: CallbackInput['callback']) {
  const first = callback.messageId === null ? null : ledger.callbackByMessage(callback.account, callback.messageId);
  return first === null || first.id === callback.id ? null : first;
}

const nothing = { code: null, reason: null, first: null, orders: [], parked: [] } as const;

function refused(code: ErrorCode, reason: string): Taken {
  return { ...nothing, verdict: 'refused', code, reason };
}

/** Keeps the row, unless it is a refused one past the bound of the quarantine: those are only counted. */
function conclude(ledger: Ledger, input: Digested, births: Births, taken: Taken): CallbackOutput {
  const { verdict, code, reason } = taken;
  const callback: Callback = {
    ...input.callback,
    verdict,
    code,
    reason,
    step: furthest(stepOf(input.callback.step, verdict), input.again),
  };
  if (isReadBack(input, verdict)) readBack(ledger, callback);
  if (input.again !== null) {
    ledger.changeCallback(callback, input.digest);
    ledger.count(callback, callback.step, input.again);
    return { ...births.effects, ...taken };
  }
  const outside = verdict === 'quarantined' || verdict === 'refused';
  if (outside && !ledger.quarantineHasRoom(callback.account)) ledger.countUnkept(callback);
  else ledger.addCallback(callback, input.digest);
  ledger.count(callback, callback.step, null);
  return { ...births.effects, ...taken };
}

/** Parked without facts: the provider has to say what happened. */
function isReadBack({ opened }: CallbackInput, verdict: CallbackVerdict): boolean {
  return opened.is === 'verdict' && verdict === 'parked';
}

function stepOf(arrived: Callback['step'], verdict: CallbackVerdict): Callback['step'] {
  if (arrived === 'total') return 'total';
  if (verdict === 'quarantined' || verdict === 'refused') return 'sent';
  return verdict === 'unreadable' ? 'received' : 'handled';
}

/** Read again, a callback may get further than before; it never falls back. */
function furthest(step: Callback['step'], before: Callback['step'] | null): Callback['step'] {
  return before !== null && stepRank(before) > stepRank(step) ? before : step;
}
