import { type Ask, type AskOfOrder, type AskOfRefund, nextLookAt, retryGapMs, sweepOf } from '../domain/asking.ts';
import type { Instant } from '../domain/clock.ts';
import { limits } from '../domain/limits.ts';
import type { Births } from '../notify/fan-out.ts';
import type { AnsweredInput, AnsweredOutput } from '../stores/decisions.ts';
import type { Ledger } from '../stores/ledger.ts';
import { compareWithTold } from './contradict.ts';
import { expect } from './expect.ts';
import { type Recorded, recordFacts } from './record.ts';

type AskOfCallback = Extract<Ask, { reason: 'callback' }>;

/**
 * What a provider was asked and said, in one transaction: its facts are taken into effect as any others, a callback that was read
 * back gets its verdict, and the ask ends or waits. What was told stays true where the ask is another's by now.
 */
export function answered(ledger: Ledger, input: AnsweredInput, births: Births): AnsweredOutput {
  const { ask, facts, withoutOrder } = input;
  // Before its own facts end it, where they make its order final.
  const kept = ledger.ask(ask.subject, ask.account);
  for (const expectation of input.expectations) expect(ledger, expectation, births);
  const recorded = recordFacts(ledger, births, facts, {
    merchant: ask.merchant,
    source: 'query',
    callback: ask.reason === 'callback' ? ask.subject : null,
    at: ledger.now,
    withoutOrder,
    note: null,
  });
  compareWithTold(ledger, births, input);
  const parked = recorded.parked.flatMap(({ account, reference }) =>
    reference === null ? [] : [{ account, reference }],
  );
  const found = facts.length > 0 && !recorded.duplicate;
  const nextAt = kept === null ? null : conclude(ledger, kept, input, recorded);
  return { ...births.effects, found, parked, nextAt };
}

/** Ends the ask or sets its next time, which it gives. */
function conclude(ledger: Ledger, kept: Ask, input: AnsweredInput, recorded: Recorded): Instant | null {
  const asked = {
    tries: kept.tries + 1,
    failures: input.came.is === 'failed' ? kept.failures + 1 : 0,
    askedAt: ledger.now,
    answer: input.answer,
  };
  // It was called again while it was asked: what came may be older than what called.
  const calledAgain = kept.dueAt !== input.ask.dueAt;
  if (calledAgain) {
    ledger.saveAsk({ ...kept, ...asked });
    return kept.dueAt;
  }
  const nextAt =
    kept.reason === 'callback'
      ? afterReadBack(ledger, { ...kept, ...asked }, input, recorded)
      : kept.reason === 'refund'
        ? afterRefund(ledger, { ...kept, ...asked }, input)
        : afterLook(ledger, { ...kept, ...asked }, input);
  if (nextAt === null) ledger.endAsk(kept);
  else if (kept.reason === 'callback' || kept.reason === 'refund') ledger.saveAsk({ ...kept, ...asked, dueAt: nextAt });
  else ledger.saveAsk({ ...kept, ...asked, dueAt: nextAt, ...(input.came.is === 'told' ? { reason: 'sweep' } : {}) });
  return nextAt;
}

function afterReadBack(
  ledger: Ledger,
  ask: AskOfCallback,
  { came, answer, facts }: AnsweredInput,
  recorded: Recorded,
): Instant | null {
  const judge = (verdict: Parameters<Ledger['judgeCallback']>[1]['verdict'], reason: string | null) =>
    ledger.judgeCallback(ask.subject, {
      verdict,
      code: verdict === 'refused' ? 'callback.not_confirmed' : null,
      reason,
    });
  if (came.is === 'gone') {
    judge('refused', answer);
    return null;
  }
  const isLate = ledger.now - ask.since >= limits.notFoundMs;
  if (came.is === 'failed' || (came.unknown > 0 && !isLate)) {
    judge('parked', `waits to be read back; after try ${ask.tries}: ${answer}`);
    return ledger.now + retryGapMs(ask.tries);
  }
  if (came.unknown > 0 && facts.length === 0) judge('refused', answer);
  else if (recorded.conflict) judge('conflict', 'its payment belongs to another order');
  else if (recorded.duplicate && facts.length > 0 && ask.tries === 1) judge('duplicate', 'all its facts were known');
  else if (recorded.parked.length > 0) judge('parked', 'its order is not known yet');
  else judge('verified', facts.length === 0 || came.unknown > 0 ? `read back: ${answer}` : null);
  return null;
}

/** What was not given back stays with its discrepancy, for a person; the fact of what was has been recorded. */
function afterRefund(ledger: Ledger, ask: AskOfRefund, { came, answer }: AnsweredInput): Instant | null {
  if (came.is === 'failed') return ledger.now + retryGapMs(ask.failures);
  const { merchant, account, subject, reason: by } = ask;
  const order = ledger.discrepancy(subject)?.order ?? subject;
  const what = came.is === 'told' ? 'discrepancy.refund_asked' : 'discrepancy.refund_given_up';
  ledger.addAction({ merchant, by, what, subject: order, note: `${answer} (account ${account})` });
  return null;
}

function afterLook(ledger: Ledger, ask: AskOfOrder, { came, answer }: AnsweredInput): Instant | null {
  const order = ledger.order(ask.subject);
  if (order === null) return null;
  const told = (what: string) => {
    const { merchant, account, reason } = ask;
    ledger.addAction({ merchant, by: reason, what, subject: ask.subject, note: `${answer} (account ${account})` });
  };
  if (came.is === 'gone') {
    if (ask.reason !== 'sweep') told('order.asked');
    return null;
  }
  const { status } = order;
  const sweep = sweepOf({ status, expectation: order.expectations.at(-1) ?? null }, ledger.factsOfOrder(order.id));
  const nextAt = sweep === null ? null : nextLookAt(sweep, ledger.now);
  const isOver = sweep === null && ask.reason === 'sweep';
  if (came.is === 'failed' && !isOver) {
    const overdueAt = Math.max(sweep?.until ?? 0, ask.since) + limits.askOverdueMs;
    if (ledger.now < overdueAt) return Math.max(ledger.now + retryGapMs(ask.failures), nextAt ?? 0);
    told('order.ask_given_up');
    return null;
  }
  if (ask.reason !== 'sweep' || nextAt === null) told('order.asked');
  return nextAt;
}
