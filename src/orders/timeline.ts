import type { Ask } from '../domain/asking.ts';
import { type Instant, toIso } from '../domain/clock.ts';
import type { AttemptRecord, Target } from '../domain/delivery.ts';
import { moneyText } from '../domain/money.ts';
import { isPublished } from '../domain/notification.ts';
import type { DeliveryDetail, OrderDetail, OrderTrail } from '../stores/reads.ts';

/** One line of an order's story. */
export interface TimelineEntry {
  at: Instant;
  what:
    | 'expectation'
    | 'callback'
    | 'fact'
    | 'notification'
    | 'delivery'
    | 'attempt'
    | 'discrepancy'
    | 'action'
    | 'ask';
  /** Of the row it tells about, where it has one. */
  id: string | null;
  text: string;
  /** Why it was applied, ignored, parked, refused or tried again. */
  why: string;
  /** The same in parts, for whoever says it in other words or draws it. Amounts are minor units in digits. */
  details: Readonly<Record<string, string | number | boolean | null>>;
}

/** Everything known about an order, in time order, each with why. */
export function timelineOf(detail: OrderDetail, trail: OrderTrail): readonly TimelineEntry[] {
  const entries = [
    ...expectationEntries(detail),
    ...trail.callbacks.map(
      ({ id, receivedAt, provider, verdict, reason, code }): TimelineEntry => ({
        at: receivedAt,
        what: 'callback',
        id,
        text: `${provider} callback: ${verdict}`,
        why: reason ?? code ?? 'its signature is right and its facts were new',
        details: { provider, verdict, code },
      }),
    ),
    ...factEntries(detail),
    ...trail.notifications.map(
      ({ notification, callback }): TimelineEntry => ({
        at: notification.createdAt,
        what: 'notification',
        id: notification.id,
        text: `${notification.type} #${notification.sequence}, ${moneyText(notification.amountMinor, notification.currency)}`,
        why:
          callback === null
            ? isPublished(notification)
              ? 'published'
              : 'what is known changed'
            : `made by callback ${callback}`,
        details: {
          type: notification.type,
          sequence: notification.sequence,
          amount: String(notification.amountMinor),
          currency: notification.currency,
          callback,
        },
      }),
    ),
    ...trail.deliveries.flatMap(deliveryEntries),
    ...discrepancyEntries(detail),
    ...trail.asks.map(askEntry),
    ...trail.actions.map(
      ({ at, by, what, note }): TimelineEntry => ({
        at,
        what: 'action',
        id: null,
        text: `${what} by ${by}`,
        why: note ?? '',
        details: { what, by, note },
      }),
    ),
  ];
  // A stable sort: what happened in one commit stays in the order cause → effect of the list above.
  return entries.sort((one, other) => one.at - other.at);
}

function expectationEntries({ order }: OrderDetail): readonly TimelineEntry[] {
  return order.expectations.map(({ recordedAt, amountMinor, currency, unverified }, index) => ({
    at: recordedAt,
    what: 'expectation',
    id: order.id,
    text: `expected ${moneyText(amountMinor, currency)}`,
    why: unverified
      ? 'taken from the earliest capture: nobody announced the order'
      : index === 0
        ? 'announced'
        : `revision ${index + 1}`,
    details: { revision: index + 1, amount: String(amountMinor), currency, unverified },
  }));
}

function factEntries({ facts }: OrderDetail): readonly TimelineEntry[] {
  return facts.flatMap((fact) =>
    fact.sightings.map(({ source, at, callback }, index) => ({
      at,
      what: 'fact' as const,
      id: fact.id,
      text: `${fact.kind} ${fact.amountMinor === null || fact.currency === null ? 'without an amount' : moneyText(fact.amountMinor, fact.currency)}, payment ${fact.paymentId}`,
      why: `${index === 0 ? 'first told' : 'told again, no effect:'} by ${callback ?? source}`,
      details: {
        kind: fact.kind,
        payment: fact.paymentId,
        amount: fact.amountMinor === null ? null : String(fact.amountMinor),
        currency: fact.currency,
        source,
        callback,
        sighting: index + 1,
      },
    })),
  );
}

function askEntry({ account, since, askedAt, tries, answer, dueAt, reason }: Ask): TimelineEntry {
  const asked = answer === null ? 'to be asked' : `asked ${tries === 1 ? 'once' : `${tries} times`}: ${answer}`;
  const why = {
    sweep: 'nothing final is known',
    person: 'a person wants it',
    close: 'it was closed',
    refund: 'the money of a discrepancy is to go back',
    callback: '',
  }[reason];
  return {
    at: askedAt ?? since,
    what: 'ask',
    id: account,
    text: `account ${account}: ${asked}`,
    why: `${why}; next at ${toIso(dueAt)}`,
    details: { account, answer, tries, reason },
  };
}

function deliveryEntries(delivery: DeliveryDetail): readonly TimelineEntry[] {
  const target = targetText(delivery.target, delivery.url);
  const attempts = delivery.tries.map(
    (attempt): TimelineEntry => ({
      at: attempt.startedAt + attempt.durationMs,
      what: 'attempt',
      id: attempt.id,
      text: `attempt ${attempt.number} to ${target}: ${attempt.step}${attempt.status === null ? '' : `, status ${attempt.status}`}`,
      why: whyOf(attempt),
      details: {
        delivery: delivery.id,
        target,
        number: attempt.number,
        step: attempt.step,
        status: attempt.status,
        error: attempt.error,
        took: attempt.durationMs,
      },
    }),
  );
  if (attempts.length > 0) return attempts;
  const why = delivery.state === 'held' ? 'its endpoint is paused or disabled' : 'not tried yet';
  const details = { target, state: delivery.state };
  const text = `to ${target}: ${delivery.state}`;
  return [{ at: delivery.createdAt, what: 'delivery', id: delivery.id, text, why, details }];
}

function whyOf(attempt: AttemptRecord): string {
  return attempt.error ?? `confirmed after ${Math.round(attempt.durationMs)} ms`;
}

function discrepancyEntries({ discrepancies }: OrderDetail): readonly TimelineEntry[] {
  return discrepancies.flatMap(({ id, kind, why, state, openedAt, closedAt, decision }): TimelineEntry[] => {
    const opened: TimelineEntry = {
      at: openedAt,
      what: 'discrepancy',
      id,
      text: `${kind} opened`,
      why,
      details: { kind, state: 'open' },
    };
    if (closedAt === null) return [opened];
    const said = decision === null ? `a person ${state} it` : `by ${decision.by}: ${decision.note}`;
    const reason = state === 'resolved' ? 'its condition is gone' : said;
    return [
      opened,
      { at: closedAt, what: 'discrepancy', id, text: `${kind} ${state}`, why: reason, details: { kind, state } },
    ];
  });
}

function targetText(target: Target, url: string | null): string {
  return target.kind === 'endpoint' ? (url ?? target.id) : `${target.kind} ${target.name}`;
}
