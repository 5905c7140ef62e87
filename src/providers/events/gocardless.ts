import { fromIso } from '../../domain/clock.ts';
import type { Fact, FactKind } from '../../domain/fact.ts';
import { limits } from '../../domain/limits.ts';
import { at, idAt, type Json, textAt } from '../primitives/json.ts';
import { orderNoAt } from '../primitives/order-no.ts';
import { shown } from '../primitives/refusal.ts';
import type { Opened, ReceiverAccount } from '../provider.ts';

export interface GocardlessSource {
  account: ReceiverAccount;
  orderNoPath: string | undefined;
  fromOrder: boolean;
  /** Events carry no amount: where the API can be asked, nothing is believed before it was. */
  readBack: boolean;
}

/**
 * What an action on a payment means. `paid_out` says the same as `confirmed`, later. A chargeback takes the money back at once; once
 * it is settled there is no more about it. A late failure undoes a payment that was paid out already.
 */
const kindOfPayment: Readonly<Record<string, FactKind>> = {
  confirmed: 'captured',
  paid_out: 'captured',
  failed: 'failed',
  cancelled: 'closed',
  customer_approval_denied: 'closed',
  late_failure_settled: 'reversed',
  charged_back: 'dispute_opened',
  chargeback_cancelled: 'dispute_won',
  chargeback_settled: 'dispute_lost',
};

/** A refund that fails comes back to the merchant, also after it was paid. */
const kindOfRefund: Readonly<Record<string, FactKind>> = {
  created: 'refund_pending',
  paid: 'refunded',
  refund_settled: 'refunded',
  failed: 'refund_bounced',
  bounced: 'refund_bounced',
};
const kindsWithAmount: readonly FactKind[] = ['captured', 'refunded'];
const orderNoPlaces = ['resource_metadata.order_no', 'resource_metadata.order_id', 'metadata.order_no'];

/** The facts of all events of a request: unrelated ones, in any order. Events without a kind are skipped. */
export function readGocardlessEvents(body: Json, source: GocardlessSource): Opened {
  const events = at(body, 'events');
  if (!Array.isArray(events)) return { is: 'unreadable', why: 'the body has no list of events' };
  if (events.length > limits.factsPerCallbackMax)
    return { is: 'unreadable', why: `more than ${limits.factsPerCallbackMax} events` };
  const facts: Fact[] = [];
  for (const event of events) {
    const fact = factOfGocardless(event, source);
    if (typeof fact === 'string') return { is: 'unreadable', why: fact };
    if (fact !== null) facts.push(fact);
  }
  // The same event may come again in another batch, so the id of a batch tells nothing apart; that of a single event does.
  const messageId = events.length === 1 ? idAt(events[0], 'id') : null;
  if (facts.length > 0) return { is: 'facts', messageId, facts, readBack: source.readBack };
  const type = [textAt(events[0], 'resource_type') ?? 'no events', textAt(events[0], 'action') ?? ''].join(' ').trim();
  return { is: 'ignored', messageId, type: shown(type) };
}

/** The fact of one event, without an amount. Null = no kind for it; a text = the reason why it cannot be read. */
export function factOfGocardless(
  event: Json,
  { account, orderNoPath, fromOrder }: GocardlessSource,
): Fact | null | string {
  const [resource, action] = [textAt(event, 'resource_type'), textAt(event, 'action')];
  if (resource === null || action === null) return 'an event has no resource_type or no action';
  const kind = kindOf(resource, action);
  if (kind === undefined) return null;
  const reference = gocardlessReference(event, orderNoPath);
  const [payment, refund] = [idAt(event, 'links.payment'), idAt(event, 'links.refund')];
  const operationId = resource === 'refunds' ? refund : payment;
  const paymentId = payment ?? (reference === null ? refund : `order:${reference}`);
  const providerTime = fromIso(textAt(event, 'created_at') ?? '');
  if (operationId === null || paymentId === null || providerTime === null)
    return `${shown(`${resource} ${action}`)}: no link to its resource, or no created_at in ISO 8601`;
  const payee = idAt(event, 'links.organisation');
  return {
    account: account.id,
    kind,
    paymentId,
    operationId,
    reference,
    ...(payee === null ? {} : { payee }),
    amountMinor: null,
    currency: null,
    fromOrder: fromOrder && kindsWithAmount.includes(kind),
    measure: 'single',
    providerTime,
  };
}

/** Our order number in an event, or in what is wrapped as one. */
export function gocardlessReference(event: Json, orderNoPath: string | undefined): string | null {
  return orderNoAt(event, orderNoPath === undefined ? orderNoPlaces : [orderNoPath]);
}

function kindOf(resource: string, action: string): FactKind | undefined {
  const kinds = resource === 'payments' ? kindOfPayment : resource === 'refunds' ? kindOfRefund : {};
  return Object.hasOwn(kinds, action) ? kinds[action] : undefined;
}
