import { discrepancyKey, discrepancyKinds, type ObservedKind } from '../domain/discrepancy.ts';
import type { OrderId } from '../domain/ids.ts';
import { decide } from '../domain/order.ts';
import type { Births } from '../notify/fan-out.ts';
import type { Ledger, StoredDiscrepancy, StoredOrder } from '../stores/ledger.ts';
import { announce, ofDiscrepancy, openDiscrepancy, resolveDiscrepancy } from './announce.ts';

/** What a query or a statement showed of an order, that is no fact: the fold does not see it. */
export interface Observation {
  kind: ObservedKind;
  /** What it is about, such as the operation. The same subject is the same discrepancy. */
  subject: readonly string[];
  amountMinor: bigint | null;
  currency: string | null;
  /** One sentence for the person who meets it, with both sides. */
  why: string;
}

/**
 * Opens a discrepancy that was observed, or says anew what it has come to. It stays until `closeObserved`, or until a person has
 * decided, and then stays decided however often it is observed. Gives whether it is open.
 */
export function openObserved(ledger: Ledger, births: Births, id: OrderId, observed: Observation): boolean {
  const order = ledger.order(id);
  const { kind, subject, ...about } = observed;
  const key = discrepancyKey(kind, ...subject);
  // Nobody expects it yet: its facts are parked, and there is nothing that they could contradict.
  if (order === null || order.expectations.length === 0 || decide(order.actions).byKey.has(key)) return false;
  const known = openOf(ledger, order, key);
  if (known === undefined) {
    const opened = openDiscrepancy(ledger, order, { ...about, key, kind, blocks: discrepancyKinds[kind].blocks });
    tell(ledger, births, order, ['discrepancy.opened', opened]);
  } else if (known.why !== about.why || known.amountMinor !== about.amountMinor || known.currency !== about.currency)
    ledger.saveDiscrepancy({ ...known, ...about });
  return true;
}

/** Resolves an observed discrepancy, where it is open: what was observed is so no more. Gives whether it was open. */
export function closeObserved(
  ledger: Ledger,
  births: Births,
  id: OrderId,
  { kind, subject }: Pick<Observation, 'kind' | 'subject'>,
): boolean {
  const order = ledger.order(id);
  const known = order === null ? undefined : openOf(ledger, order, discrepancyKey(kind, ...subject));
  if (order === null || known === undefined) return false;
  resolveDiscrepancy(ledger, known);
  tell(ledger, births, order, ['discrepancy.resolved', known]);
  return true;
}

function openOf(ledger: Ledger, { id, sequence }: StoredOrder, key: string): StoredDiscrepancy | undefined {
  // Every discrepancy took a sequence: before the first there is nothing to read.
  if (sequence === 0) return undefined;
  return ledger.discrepanciesOf(id).find((one) => one.state === 'open' && one.key === key);
}

function tell(
  ledger: Ledger,
  births: Births,
  order: StoredOrder,
  [type, discrepancy]: readonly ['discrepancy.opened' | 'discrepancy.resolved', StoredDiscrepancy],
): void {
  const expectation = order.expectations.at(-1);
  if (expectation === undefined) return;
  const drafts = [ofDiscrepancy(type, discrepancy, expectation, ledger.now)];
  ledger.saveOrder({ ...order, sequence: order.sequence + 1, updatedAt: ledger.now });
  announce(ledger, births, order, { drafts, callback: null, expectation });
}
