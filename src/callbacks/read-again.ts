import type { Callback } from '../domain/callback.ts';
import { AppError } from '../domain/errors.ts';
import type { Fact } from '../domain/fact.ts';
import type { Account } from '../domain/merchant.ts';
import type { Context } from '../providers/provider.ts';
import type { CallbackInput, CallbackOutput } from '../stores/decisions.ts';
import { type Reading, readingOf } from './reading.ts';
import { type ReceiveDependencies, record } from './receive.ts';

/** What would come of a kept callback that is read again. */
export interface Rehearsed extends Pick<Reading, 'code' | 'reason'> {
  facts: readonly Fact[];
  output: CallbackOutput;
  /** It was believed for what its provider said, who would be asked the same again. */
  isReadBackAgain: boolean;
  /** It was authentic, and the present secrets cannot say so any more. */
  isUnverifiable: boolean;
}

/** Reads kept callbacks again with the present code and secrets, as at the time of their receipt. */
export function createReadAgain(deps: ReceiveDependencies) {
  const inputOf = async (callback: Callback, account: Account): Promise<Omit<CallbackInput, 'born'>> => {
    const context: Context = { now: callback.receivedAt, publicUrl: deps.publicUrl, random: deps.random };
    const opened = deps.receiver(account).open(callback, context);
    const reading = opened.is === 'challenge' ? null : readingOf(opened, account);
    if (reading === null)
      throw new AppError('callback.unknown', `callback ${callback.id} is a challenge, of which nothing is kept`);
    const { messageId, code, reason } = reading;
    const expectations = reading.opened.is === 'facts' ? await deps.ask(account, reading.opened.facts) : [];
    return {
      callback: { ...callback, messageId, code, reason },
      again: callback.step,
      verdictBefore: callback.verdict,
      opened: reading.opened,
      bodyDigest: '',
      expectations,
    };
  };
  return {
    async readAgain(callback: Callback, account: Account): Promise<CallbackOutput> {
      return record(deps, account, await inputOf(callback, account));
    },
    /** Nothing comes of it. */
    async rehearse(callback: Callback, account: Account): Promise<Rehearsed> {
      const input = await inputOf(callback, account);
      const output = await deps.store.decide('callback', { ...input, born: null, isRehearsal: true });
      const { opened } = input;
      const { code, reason } = input.callback;
      const facts = opened.is === 'facts' ? opened.facts : [];
      const as = opened.is === 'verdict' ? opened.verdict : null;
      const isReadBackAgain = as === 'parked' && callback.verdict === 'verified';
      const isUnverifiable = as === 'quarantined' && output.verdict !== as;
      return { facts, output, code, reason, isReadBackAgain, isUnverifiable };
    },
  };
}
