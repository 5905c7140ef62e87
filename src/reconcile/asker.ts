import type { Ask } from '../domain/asking.ts';
import type { Clock, Instant } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Fact, FactKind } from '../domain/fact.ts';
import type { AccountId, CallbackId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import { LruMap } from '../domain/lru-map.ts';
import type { Account } from '../domain/merchant.ts';
import type { Client, QueryAnswer, Reference } from '../providers/provider.ts';
import type { Prepared } from '../secrets/prepared.ts';
import type { AnsweredInput } from '../stores/decisions.ts';
import type { Store } from '../stores/store.ts';
import { giveBack } from './refund.ts';
import { lookOf } from './sweep.ts';

export interface AskerDependencies {
  store: Pick<Store, 'read'>;
  /** The store's. */
  clock: Pick<Clock, 'now'>;
  findAccount(id: AccountId): Promise<Account | null>;
  client: Prepared['client'];
  /** What a kept callback makes us ask; null: nothing. */
  readBack(id: CallbackId, account: Account): Promise<Omit<Questions, 'closes'> | null>;
}

/** What came of one ask, to be recorded. */
export type Answered = Pick<AnsweredInput, 'came' | 'answer' | 'facts' | 'denied' | 'withoutOrder'>;

interface Questions {
  references: readonly Reference[];
  /** The provider has to tell facts, not only that it knows the payment. */
  tellsFacts: boolean;
  closes: boolean;
}

/** Answers remembered for asks that were due before the question was put: a burst of callbacks of one payment is one question. */
const recentMax = 1000;

/** Asks one account's provider, one reference after the other. It never rejects: that nothing came is an answer too. */
export function createAsker(deps: AskerDependencies): (ask: Ask, signal: AbortSignal) => Promise<Answered> {
  const recent = new LruMap<string, { startedAt: Instant; answer: Promise<QueryAnswer> }>(recentMax);

  const query = async (ask: Ask, reference: Reference, put: () => Promise<QueryAnswer>): Promise<QueryAnswer> => {
    const key = `${ask.account} ${nameOf(reference)}`;
    const known = recent.get(key);
    if (known !== undefined && known.startedAt > ask.dueAt) return known.answer;
    const answer = put();
    recent.set(key, { startedAt: deps.clock.now(), answer });
    try {
      return await answer;
    } catch (error) {
      recent.delete(key);
      throw error;
    }
  };

  return async (ask, signal) => {
    const facts: Fact[] = [];
    const denied: string[] = [];
    let withoutOrder: Account['withoutOrder'] = 'park';
    try {
      const account = await deps.findAccount(ask.account);
      if (account === null) return { came: { is: 'gone' }, answer: 'its account is gone', facts, denied, withoutOrder };
      withoutOrder = account.withoutOrder;
      if (ask.reason === 'refund') return { ...(await giveBack(deps, ask, account, signal)), denied, withoutOrder };
      const questions = await questionsOf(deps, ask, account);
      const references = distinct(questions?.references ?? []);
      if (questions === null || references.length === 0)
        return { came: { is: 'gone' }, answer: 'there is nothing to ask for', facts, denied, withoutOrder };
      const client = deps.client(account, 'query');
      if (questions.closes) facts.push(...(await closeAll(client, references, signal)));
      const states: string[] = [];
      let unknown = 0;
      let unaskable: unknown = null;
      for (const reference of references) {
        const told = await query(ask, reference, () => client.query(reference, signal)).catch((error: unknown) => {
          if (!cannotAsk(error)) throw error;
          unaskable = error;
          return null;
        });
        if (told === null) continue;
        facts.push(...told.facts);
        if (facts.length > limits.factsPerCallbackMax)
          throw new AppError('provider.answer', `it told more than ${limits.factsPerCallbackMax} facts`);
        states.push(told.state.replace('_', ' '));
        if (isDenied(reference, told)) denied.push(reference.paymentId);
        if (told.state === 'not_found' || (questions.tellsFacts && told.facts.length === 0)) unknown += 1;
      }
      if (states.length === 0) throw unaskable;
      return { came: { is: 'told', unknown }, answer: wordsOf(states, facts), facts, denied, withoutOrder };
    } catch (error) {
      // Sweeping where nobody can be asked would only fail again; a callback waits until somebody can.
      const nobody = cannotAsk(error) && ask.reason !== 'callback';
      // It would refuse the same refund again.
      const refused = ask.reason === 'refund' && error instanceof AppError && error.code === 'provider.refused';
      return {
        came: { is: nobody || refused ? 'gone' : 'failed' },
        answer: wordsOfError(error),
        facts,
        denied,
        withoutOrder,
      };
    }
  };
}

/** Whether the payment that was asked about has come to its end without money, by what was told. */
function isDenied(asked: Reference, { state, facts }: QueryAnswer): asked is Reference & { paymentId: string } {
  const isPaid = facts.some(({ kind, paymentId }) => paymentId === asked.paymentId && paidKinds.includes(kind));
  return asked.paymentId !== null && state === 'final' && !isPaid;
}

const paidKinds: readonly FactKind[] = ['captured', 'reversed'];

/** Some platforms find nothing by our number, but by an id of theirs that stands beside it. */
function cannotAsk(error: unknown): boolean {
  return error instanceof AppError && error.code === 'provider.cannot_ask';
}

async function questionsOf(deps: AskerDependencies, ask: Ask, account: Account): Promise<Questions | null> {
  if (ask.reason === 'callback') {
    const readBack = await deps.readBack(ask.subject, account);
    return readBack && { ...readBack, closes: false };
  }
  if (ask.reason === 'refund') return null;
  const found = await deps.store.read('orderById', ask.subject);
  const look = found === null ? null : lookOf(found, ask, deps.clock.now());
  return look && { ...look, tellsFacts: false };
}

/** Where it cannot be closed (it is paid, it was never begun) the query that follows says what it is. */
async function closeAll(client: Client, references: readonly Reference[], signal: AbortSignal): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (const reference of references) {
    try {
      const fact = (await client.close?.(reference, signal)) ?? null;
      if (fact !== null) facts.push(fact);
    } catch (error) {
      const says = error instanceof AppError ? error.code : null;
      if (says !== 'provider.refused' && says !== 'provider.cannot_ask') throw error;
    }
  }
  return facts;
}

function distinct(references: readonly Reference[]): readonly Reference[] {
  return [...new Map(references.map((reference) => [nameOf(reference), reference])).values()];
}

function nameOf({ reference, paymentId, operationId }: Reference): string {
  return JSON.stringify([reference, paymentId, operationId ?? null]);
}

function wordsOf(states: readonly string[], facts: readonly Fact[]): string {
  const said = [...new Set(states)].join(', ');
  return facts.length === 0 ? said : `${said}: ${[...new Set(facts.map(({ kind }) => kind))].join(', ')}`;
}

/** The message of anything but an AppError may quote a secret. */
function wordsOfError(error: unknown): string {
  if (error instanceof AppError) return `${error.code}: ${error.detail}`;
  return `provider.answer: ${error instanceof Error ? error.name : 'the client failed'}`;
}
