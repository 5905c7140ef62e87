import { fromIso, type Instant } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import type { Money } from '../../domain/money.ts';
import type { Opened } from '../provider.ts';
import { at, integerText, type Json, textAt } from './json.ts';
import { shown } from './refusal.ts';

/** What a platform says of one operation. What it must say and does not is null; money that cannot be read is the reason as a text. */
export interface Told {
  kind: FactKind;
  paymentId: string | null;
  operationId: string | null;
  reference: string | null;
  money: Money | null | string;
  /** Default: `single`. */
  measure?: Fact['measure'];
  needsPerson?: boolean;
  operationIdMissing?: boolean;
  time: Instant | null;
}

/** The fact, or the reason why there is none. */
export function factTold(told: Told, account: AccountId): Fact | string {
  const { paymentId, operationId, money, time } = told;
  if (paymentId === null || operationId === null) return 'no id of the operation, or none of its payment';
  if (typeof money === 'string') return money;
  if (time === null) return 'no time, or one that cannot be read';
  return {
    account,
    kind: told.kind,
    paymentId,
    operationId,
    reference: told.reference,
    amountMinor: money?.amountMinor ?? null,
    currency: money?.currency ?? null,
    fromOrder: false,
    measure: told.measure ?? 'single',
    ...(told.needsPerson ? { needsPerson: true } : {}),
    ...(told.operationIdMissing ? { operationIdMissing: true } : {}),
    providerTime: time,
  };
}

/** All the facts, or the reason why there is none of one of them. */
export function factsTold(list: readonly Told[], account: AccountId): readonly Fact[] | string {
  const facts: Fact[] = [];
  for (const told of list) {
    const fact = factTold(told, account);
    if (typeof fact === 'string') return fact;
    facts.push(fact);
  }
  return facts;
}

/** The facts among what was read, without what has no kind; or the reason why one of them cannot be read. */
export function factsAmong(found: readonly (Fact | string | null)[]): readonly Fact[] | string {
  const facts: Fact[] = [];
  for (const fact of found) {
    if (typeof fact === 'string') return fact;
    if (fact !== null) facts.push(fact);
  }
  return facts;
}

/** A message of one fact; null = there is no kind for its type. */
export function openedAs(message: { id: string | null; type: string }, fact: Fact | string | null): Opened {
  if (fact === null) return { is: 'ignored', messageId: message.id, type: shown(message.type) };
  if (typeof fact === 'string') return { is: 'unreadable', why: `${shown(message.type)}: ${fact}` };
  return { is: 'facts', messageId: message.id, facts: [fact], readBack: false };
}

/** Whole seconds since 1970; else null. */
export function secondsAt(body: Json | undefined, path: string): Instant | null {
  const seconds = Number(integerText(at(body, path)));
  return seconds > 0 && seconds < 1e11 ? seconds * 1000 : null;
}
/** An ISO 8601 time with its offset; else null. */
export function timeAt(body: Json | undefined, path: string): Instant | null {
  return fromIso(textAt(body, path) ?? '');
}
