import type { Instant } from './clock.ts';
import { discrepancyKey } from './discrepancy.ts';
import { compareTexts, type FactKind, factKinds, type KnownFact, paymentKey, sources } from './fact.ts';
import type { AccountId } from './ids.ts';
import type { Money } from './money.ts';

/** One capture, refund or dispute at a provider, with all that is known of it. */
export interface Operation {
  /** Names it within the order, together with the family of its kinds; stable whatever arrives later. */
  key: string;
  operationId: string;
  /** Those of each kind in tie order. */
  facts: readonly KnownFact[];
  /** What each kind of fact about it comes to; a kind without a fact is absent. */
  said: ReadonlyMap<FactKind, Said>;
}

/** What all facts of one kind about one operation say together. */
export interface Said {
  /** Provider time of the earliest. */
  at: Instant;
  /** The amount of this operation alone; of several, the one of the best source, then the smaller. */
  single: Money | null;
  /** The largest total said, one per currency. */
  cumulative: readonly Money[];
  /** Two different single amounts were said, and no person has decided. */
  conflicting: boolean;
}

/** One try of a buyer to pay, with its operations in the order in which they were first heard of by provider time. */
export interface PaymentOperations {
  key: string;
  account: AccountId;
  paymentId: string;
  /** `order:<order_no>`: the format names no payment, so what is not a capture counts against the order as a whole. */
  wholeOrder: boolean;
  operations: readonly Operation[];
}

/** What amounts depend on beside the facts. */
export interface AmountContext {
  /** Currency of the expectation in force. */
  currency: string;
  /** The first expectation, which a capture without an amount of its own is for where the account says so. */
  first: Money;
  /** The amount a person named for a conflicting or missing one, by discrepancy key. */
  named: (discrepancy: string) => bigint | null;
}

/** Whether neither the provider nor a person nor the account's setting gave an amount. */
export function isMissing(said: Said): boolean {
  return said.single === null && said.cumulative.length === 0;
}

/** What the operation itself comes to in a currency; null where nothing was said in it. */
export function amountOf(operation: Operation, kind: FactKind, currency: string): bigint | null {
  const said = operation.said.get(kind);
  const amounts = [said?.single, ...(said?.cumulative ?? [])].flatMap((money) =>
    money?.currency === currency ? [money.amountMinor] : [],
  );
  return amounts.length === 0 ? null : amounts.reduce(larger);
}

/** What the payment comes to: the largest total said or the sum of single amounts, whichever is more. */
export function sumOf(payment: PaymentOperations, kind: FactKind, currency: string): bigint {
  let singles = 0n;
  let largest = 0n;
  for (const { said } of payment.operations) {
    const { single = null, cumulative = [] } = said.get(kind) ?? {};
    if (single?.currency === currency) singles += single.amountMinor;
    for (const total of cumulative) if (total.currency === currency) largest = larger(largest, total.amountMinor);
  }
  return larger(singles, largest);
}

export function has(payment: PaymentOperations, kind: FactKind): boolean {
  return payment.operations.some(({ said }) => said.has(kind));
}

/** Earliest provider time of a kind in a payment; null without such a fact. */
export function earliest(payment: PaymentOperations, kind: FactKind): Instant | null {
  const times = payment.operations.flatMap(({ said }) => said.get(kind)?.at ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

/**
 * Gathers facts, given in tie order, into operations and payments, sorted by payment key. A fact that undoes or precedes an
 * operation (a reversal, a bounce) joins it also where it names another payment of the account, as a format does that does not
 * name the payment; a fact that moves money always stays with its own payment, so that no later fact can carry it away.
 */
export function gatherPayments(facts: readonly KnownFact[], context: AmountContext): PaymentOperations[] {
  const payments = new Map<string, { of: KnownFact; operations: Map<string, KnownFact[]> }>();
  const homes = new Map<string, KnownFact[]>();
  const place = (fact: KnownFact, mayJoin: boolean) => {
    const family = familyOf(fact.kind);
    const anywhere = JSON.stringify([
      family,
      fact.account,
      fact.operationId,
      fact.scopedByReference ? fact.reference : 0,
    ]);
    const payment = paymentKey(fact);
    const own = payments.get(payment)?.operations.get(`${family}:${fact.operationId}`);
    const home = own ?? (mayJoin ? homes.get(anywhere) : undefined);
    if (home !== undefined) {
      home.push(fact);
      return;
    }
    const operation = [fact];
    const entry = payments.get(payment) ?? { of: fact, operations: new Map<string, KnownFact[]>() };
    entry.operations.set(`${family}:${fact.operationId}`, operation);
    payments.set(payment, entry);
    if (!homes.has(anywhere)) homes.set(anywhere, operation);
  };
  for (const fact of facts) if (!secondary.has(fact.kind)) place(fact, false);
  for (const fact of facts) if (secondary.has(fact.kind)) place(fact, true);
  return [...payments]
    .map(([key, { of, operations }]) => ({
      key,
      account: of.account,
      paymentId: of.paymentId,
      wholeOrder: of.paymentId.startsWith('order:'),
      operations: [...operations.values()].map((known) => readOperation(key, known, context)),
    }))
    .sort((one, other) => compareTexts(one.key, other.key));
}

/** Kinds that say something about an operation which another kind began, or would have. */
const secondary: ReadonlySet<FactKind> = new Set([
  'reversed',
  'refund_pending',
  'refund_failed',
  'refund_bounced',
  'dispute_won',
  'dispute_lost',
]);

function familyOf(kind: FactKind): 'payment' | 'refund' | 'dispute' {
  return kind.startsWith('refund') ? 'refund' : kind.startsWith('dispute') ? 'dispute' : 'payment';
}

function readOperation(payment: string, facts: readonly KnownFact[], context: AmountContext): Operation {
  const operationId = facts[0]?.operationId ?? '';
  const key = `${payment}:${operationId}`;
  const said = new Map<FactKind, Said>();
  for (const kind of factKinds) {
    const ofKind = facts.filter((fact) => fact.kind === kind);
    if (ofKind.length > 0) said.set(kind, readAmounts(ofKind, key, context));
  }
  const refunded = said.get('refunded');
  if (refunded !== undefined && isMissing(refunded)) {
    const known = refundKinds.map((kind) => said.get(kind)?.single ?? null).find((money) => money !== null) ?? null;
    said.set('refunded', { ...refunded, single: known });
  }
  return { key, operationId, facts, said };
}

/** Where a refund's amount is found that its own fact does not say. A capture has no such place: an authorisation may be captured in part. */
const refundKinds = ['refund_pending', 'refund_bounced', 'refund_failed'] as const;

function readAmounts(facts: readonly KnownFact[], operation: string, context: AmountContext): Said {
  const [first] = facts;
  const kind = first?.kind ?? 'captured';
  const singles: (Money & { rank: number })[] = [];
  const cumulative = new Map<string, bigint>();
  for (const fact of facts) {
    const money = moneyOf(fact, context);
    if (money === null) continue;
    // A total taken from the expectation is one capture's amount, whatever the format says of its totals.
    if (fact.measure === 'single' || fact.amountMinor === null)
      singles.push({ ...money, rank: sources.indexOf(fact.source) });
    else cumulative.set(money.currency, larger(cumulative.get(money.currency) ?? 0n, money.amountMinor));
  }
  // A person who names a missing amount is one more source: a provider that says another one later contradicts it.
  const missing = context.named(discrepancyKey('amount_missing', operation, kind));
  if (missing !== null)
    singles.push({ amountMinor: missing, currency: context.currency, rank: sources.indexOf('manual') });
  const [best = null] = singles.sort(
    (one, other) =>
      one.rank - other.rank ||
      Number(one.amountMinor - other.amountMinor) ||
      compareTexts(one.currency, other.currency),
  );
  const decided = context.named(discrepancyKey('fact_conflict', operation, kind));
  return {
    at: first?.providerTime ?? 0,
    single: best && { amountMinor: decided ?? best.amountMinor, currency: best.currency },
    cumulative: [...cumulative].map(([currency, amountMinor]) => ({ amountMinor, currency })),
    conflicting:
      decided === null &&
      singles.some((one) => one.amountMinor !== best?.amountMinor || one.currency !== best.currency),
  };
}

/** An amount from the expectation is as good as said: another amount for the operation contradicts it, and never moves money silently. */
function moneyOf(fact: KnownFact, context: AmountContext): Money | null {
  if (fact.amountMinor !== null && fact.currency !== null)
    return { amountMinor: fact.amountMinor, currency: fact.currency };
  return fact.fromOrder && (fact.kind === 'captured' || fact.kind === 'authorized') ? context.first : null;
}

export function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

export function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
