import type { Alert } from '../domain/alert.ts';
import type { BudgetWarning } from '../domain/breaker.ts';
import { asId } from '../domain/ids.ts';
import { alertRuleOf, number, numberOrNull, parsed, type Row, text, toJson } from './mapping.ts';
import type { AlertSignals } from './signals.ts';

// What `mapping.ts` is for the rest: alerts.

type Body = Pick<Alert, 'detail' | 'degree' | 'missed' | 'told' | 'untold' | 'failures' | 'error'>;

export const alertColumns = 'seq, id, rule, subject, opened_at, recovered_at, due_at, body';
export function alertOf(row: Row): Alert {
  return {
    ...parsed<Body>(row, 'body'),
    id: asId.alert(text(row, 'id')),
    rule: alertRuleOf(row),
    subject: text(row, 'subject'),
    openedAt: number(row, 'opened_at'),
    recoveredAt: numberOrNull(row, 'recovered_at'),
    dueAt: numberOrNull(row, 'due_at'),
  };
}

export function alertValues(alert: Alert) {
  const { id, rule, subject, openedAt, recoveredAt, dueAt, ...body } = alert;
  return {
    id,
    rule,
    subject,
    opened_at: openedAt,
    recovered_at: recoveredAt,
    due_at: dueAt,
    body: toJson(body),
  };
}

/** Needs what came and was refused by account, and what was found; each may have accounts that the other has not. */
export function accountSignalsOf(received: readonly Row[], found: readonly Row[]): AlertSignals['accounts'] {
  const payments = new Map(found.map((row) => [text(row, 'account'), row]));
  const came = received.map((row) => {
    const account = text(row, 'account');
    const known = payments.get(account);
    payments.delete(account);
    return {
      account: asId.account(account),
      merchant: asId.merchant(text(row, 'merchant')),
      provider: text(row, 'provider'),
      refused: number(row, 'refused'),
      refusedBefore: number(row, 'refused_before'),
      authentic: number(row, 'authentic'),
      found: known === undefined ? 0 : number(known, 'found'),
    };
  });
  const silent = [...payments.values()].map((row) => ({
    account: asId.account(text(row, 'account')),
    merchant: asId.merchant(text(row, 'merchant')),
    provider: text(row, 'provider'),
    refused: 0,
    refusedBefore: 0,
    authentic: 0,
    found: number(row, 'found'),
  }));
  return [...came, ...silent];
}

export function disabledOf(row: Row): AlertSignals['disabled'][number] {
  return {
    endpoint: asId.endpoint(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    url: text(row, 'url'),
  };
}

export function failingOf(row: Row): AlertSignals['failing'][number] {
  return { ...disabledOf(row), percent: parsed<BudgetWarning[]>(row, 'warnings').at(-1)?.percent ?? 0 };
}

export function backlogOf(row: Row): AlertSignals['backlog'][number] {
  return {
    currency: text(row, 'currency'),
    deliveries: number(row, 'deliveries'),
    minorHours: number(row, 'minor_hours'),
  };
}
