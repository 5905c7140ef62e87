import type { Callback, CallbackVerdict } from '../domain/callback.ts';
import { stepRank } from '../domain/delivery.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { Births } from '../notify/fan-out.ts';
import type { CallbackInput, CallbackOutput } from '../stores/decisions.ts';
import type { Ledger } from '../stores/ledger.ts';
import { expect } from './expect.ts';
import { digestOfFacts, recordFacts } from './record.ts';

type Taken = Omit<CallbackOutput, 'born' | 'work'>;

/** Keeps a callback and takes its facts into effect, in one transaction. The rows are those of the table of verdicts. */
export function takeCallback(ledger: Ledger, input: CallbackInput): CallbackOutput {
  const births = new Births(input.born);
  const { callback, opened } = input;
  const nonce =
    opened.nonce === null || input.again !== null
      ? 'taken'
      : ledger.takeNonce(callback.account, opened.nonce, input.bodyDigest);
  if (nonce === 'other')
    return conclude(
      ledger,
      input,
      births,
      refused('callback.nonce_reused', 'the nonce was used before with another body'),
    );
  if (opened.is === 'verdict') return conclude(ledger, input, births, withoutFacts(ledger, input, opened.verdict));
  return conclude(ledger, input, births, withFacts(ledger, input, opened, births));
}

function withoutFacts(ledger: Ledger, { callback }: CallbackInput, verdict: CallbackVerdict): Taken {
  const first = verdict === 'ignored' ? firstOf(ledger, callback) : null;
  const { code, reason } = callback;
  return { ...nothing, verdict: first === null ? verdict : 'duplicate', code, reason, first: first?.id ?? null };
}

function withFacts(
  ledger: Ledger,
  input: CallbackInput,
  opened: Extract<CallbackInput['opened'], { is: 'facts' }>,
  births: Births,
): Taken {
  const { callback } = input;
  const digest = digestOfFacts(opened.facts);
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
  if (first !== null || (recorded.duplicate && opened.facts.length > 0)) {
    const reason = first === null ? 'all its facts were known' : `message ${callback.messageId} came before`;
    return { ...nothing, verdict: 'duplicate', reason, first: first?.id ?? null, orders, parked };
  }
  if (recorded.parked.length > 0)
    return { ...nothing, verdict: 'parked', reason: 'its order is not known yet', orders, parked };
  return { ...nothing, verdict: 'verified', orders };
}

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
function conclude(ledger: Ledger, input: CallbackInput, births: Births, taken: Taken): CallbackOutput {
  const { verdict, code, reason } = taken;
  const callback: Callback = {
    ...input.callback,
    verdict,
    code,
    reason,
    step: furthest(stepOf(input.callback.step, verdict), input.again),
  };
  const digest = input.opened.is === 'facts' ? digestOfFacts(input.opened.facts) : null;
  if (input.again !== null) {
    ledger.changeCallback(callback, digest);
    ledger.count(callback, callback.step, input.again);
    return { ...births.effects, ...taken };
  }
  const outside = verdict === 'quarantined' || verdict === 'refused';
  if (outside && !ledger.quarantineHasRoom(callback.account)) ledger.countUnkept(callback);
  else ledger.addCallback(callback, digest);
  ledger.count(callback, callback.step, null);
  return { ...births.effects, ...taken };
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
