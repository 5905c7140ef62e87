import type { AlertRule } from '../domain/alert.ts';
import type { Ask } from '../domain/asking.ts';
import type { Callback, CallbackVerdict } from '../domain/callback.ts';
import type { DeliveryState, Step, TargetKind } from '../domain/delivery.ts';
import { type ErrorCode, isErrorCode } from '../domain/errors.ts';
import type { FactKind, Source } from '../domain/fact.ts';
import type { FunnelCounts } from '../domain/funnel.ts';
import { asId } from '../domain/ids.ts';
import type {
  Account,
  ApiKey,
  Endpoint,
  EndpointState,
  Merchant,
  Person,
  Policies,
  Scope,
  SealedCredentials,
  UrlChange,
} from '../domain/merchant.ts';
import type { Notification, NotificationType, Vocabulary } from '../domain/notification.ts';
import { zeroTotals } from '../domain/order.ts';
import type { OrderReference, OutboxItem, RecordedAction, SandboxPayment, StoredFact, StoredOrder } from './kept.ts';
import type { Sighting } from './reads.ts';

/** A row as a driver gives it: integers as numbers, amounts and JSON as text, flags as 0 or 1. */
export type Row = Record<string, null | number | bigint | string | Uint8Array>;

// The one place where what the database gives becomes what the program calls it. Types are asserted here, and nowhere else,
// because the tables are strict and their check constraints hold the same sets of values.

/** What an operation answers has the type that its name gives it; whoever waits for it knows the name. */
export const answerOf = (value: unknown) => value as never;

export const text = (row: Row, column: string) => row[column] as string;
export const textOrNull = (row: Row, column: string) => row[column] as string | null;
export const number = (row: Row, column: string) => row[column] as number;
export const numberOrNull = (row: Row, column: string) => row[column] as number | null;
export const bytes = (row: Row, column: string) => row[column] as Uint8Array;
export const bytesOrNull = (row: Row, column: string) => row[column] as Uint8Array | null;
export const flag = (row: Row, column: string) => row[column] === 1;
/** Amounts are selected as text: a 64-bit integer does not fit a JavaScript number. */
const bigint = (row: Row, column: string) => BigInt(row[column] as string);
export const bigintOrNull = (row: Row, column: string) => (row[column] === null ? null : BigInt(row[column] as string));
export const parsed = <T>(row: Row, column: string) => JSON.parse(row[column] as string) as T;

export const stepOf = (row: Row) => text(row, 'step') as Step;
export const stepOrNull = (row: Row) => textOrNull(row, 'step') as Step | null;
export const verdictOf = (row: Row) => text(row, 'verdict') as CallbackVerdict;
export const typeOf = (row: Row) => text(row, 'type') as NotificationType;
export const targetKindOf = (row: Row) => text(row, 'kind') as TargetKind;
export const functionKindOf = (row: Row) => text(row, 'kind') as Exclude<TargetKind, 'endpoint'>;
export const deliveryStateOf = (row: Row) => text(row, 'state') as DeliveryState;
/** `held` is not a state that is kept: the statement makes it of the lane's. */
export const shownStateOf = (row: Row) => text(row, 'state') as DeliveryState | 'held';
export const alertRuleOf = (row: Row) => text(row, 'rule') as AlertRule;
export const endpointStateOf = (row: Row) => text(row, 'state') as EndpointState;
export const orderingOf = (row: Row) => text(row, 'ordering') as Endpoint['ordering'];

/** JSON for a column; big integers become strings, and the mapper of the column makes them big again. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));
}

/** The same for what is to be read back with {@link fromWholeJson}: whole amounts as `{"$": "123"}`. */
export function toWholeJson(value: object): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? { $: String(part) } : part));
}

export function fromWholeJson<T extends object>(json: string): T {
  return JSON.parse(json, (_, part) =>
    typeof part === 'object' && part !== null && typeof part.$ === 'string' ? BigInt(part.$) : part,
  );
}

export const merchantColumns = 'seq, id, name, policies, credentials, asked_accounts, created_at';
export function merchantOf(row: Row): Merchant {
  return {
    id: asId.merchant(text(row, 'id')),
    name: text(row, 'name'),
    policies: parsed<Policies>(row, 'policies'),
    credentials: credentialsFromJson(text(row, 'credentials')),
    askedAccounts: listed<string>(row, 'asked_accounts').map(asId.account),
    createdAt: number(row, 'created_at'),
  };
}

export function credentialsToJson(credentials: Readonly<Record<string, SealedCredentials>>): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(credentials).map(([provider, { version, sealed }]) => [
        provider,
        { version, sealed: Buffer.from(sealed).toString('base64') },
      ]),
    ),
  );
}

function credentialsFromJson(json: string): Record<string, SealedCredentials> {
  const kept = JSON.parse(json) as Record<string, { version: number; sealed: string }>;
  return Object.fromEntries(
    Object.entries(kept).map(([provider, { version, sealed }]) => [
      provider,
      { version, sealed: new Uint8Array(Buffer.from(sealed, 'base64')) },
    ]),
  );
}

export const actionColumns = 'seq, at, merchant, by, what, subject, note';
export function actionOf(row: Row): RecordedAction {
  const merchant = textOrNull(row, 'merchant');
  return {
    at: number(row, 'at'),
    merchant: merchant === null ? null : asId.merchant(merchant),
    by: text(row, 'by'),
    what: text(row, 'what'),
    subject: text(row, 'subject'),
    note: textOrNull(row, 'note'),
  };
}

export const accountColumns =
  'seq, id, merchant, provider, name, mode, acknowledge, without_order, credentials_version, credentials, created_at';
export function accountOf(row: Row): Account {
  return {
    id: asId.account(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    provider: text(row, 'provider'),
    name: text(row, 'name'),
    mode: text(row, 'mode') as Account['mode'],
    acknowledge: text(row, 'acknowledge') as Account['acknowledge'],
    withoutOrder: text(row, 'without_order') as Account['withoutOrder'],
    credentials: { version: number(row, 'credentials_version'), sealed: bytes(row, 'credentials') },
    createdAt: number(row, 'created_at'),
  };
}

export const endpointColumns =
  'seq, id, merchant, url, provider, types, speaks, schedule, timeout_ms, rate_per_second, concurrency, ordering, state, credentials_version, credentials, previous_until, url_change, hidden, created_at';
export function endpointOf(row: Row): Endpoint {
  const sealed = bytesOrNull(row, 'credentials');
  return {
    id: asId.endpoint(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    url: text(row, 'url'),
    provider: text(row, 'provider'),
    types: parsed<string[]>(row, 'types'),
    speaks: parsed<Vocabulary>(row, 'speaks'),
    schedule: row.schedule === null ? null : parsed<number[]>(row, 'schedule'),
    timeoutMs: number(row, 'timeout_ms'),
    ratePerSecond: numberOrNull(row, 'rate_per_second'),
    concurrency: number(row, 'concurrency'),
    ordering: orderingOf(row),
    state: endpointStateOf(row),
    credentials: sealed === null ? null : { version: number(row, 'credentials_version'), sealed },
    previousUntil: numberOrNull(row, 'previous_until'),
    urlChange: row.url_change === null ? null : parsed<UrlChange>(row, 'url_change'),
    hidden: flag(row, 'hidden'),
    createdAt: number(row, 'created_at'),
  };
}

export const apiKeyColumns = 'seq, id, name, scopes, merchants, created_at';
export function apiKeyOf(row: Row): ApiKey {
  return {
    id: asId.apiKey(text(row, 'id')),
    name: text(row, 'name'),
    scopes: parsed<Scope[]>(row, 'scopes'),
    merchants: row.merchants === null ? null : parsed<string[]>(row, 'merchants').map(asId.merchant),
    createdAt: number(row, 'created_at'),
  };
}

export function personOf(row: Row): Person | null {
  return row.person === null ? null : parsed<Person>(row, 'person');
}

export const callbackColumns =
  'c.seq, c.id, c.merchant, c.account, c.provider, c.received_at, c.message_id, c.verdict, c.code, c.reason, c.step';
/** Bytes that are gone, because they are too old, are shown as empty. */
export const callbackLineColumns = "coalesce(b.method, '') as method, coalesce(b.target, '') as target";
export type CallbackSummary = Omit<Callback, 'headers' | 'body'>;
export function callbackSummaryOf(row: Row): CallbackSummary {
  const code = textOrNull(row, 'code');
  return {
    id: asId.callback(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    account: asId.account(text(row, 'account')),
    provider: text(row, 'provider'),
    receivedAt: number(row, 'received_at'),
    method: text(row, 'method'),
    target: text(row, 'target'),
    messageId: textOrNull(row, 'message_id'),
    verdict: verdictOf(row),
    code: code === null ? null : errorCodeOf(code),
    reason: textOrNull(row, 'reason'),
    step: stepOf(row),
  };
}

export function callbackOf(row: Row): Callback {
  return { ...callbackSummaryOf(row), headers: parsed<[string, string][]>(row, 'headers'), body: bytes(row, 'body') };
}

/** A code that an older version knew and this one does not is still shown as it was kept. */
function errorCodeOf(code: string): ErrorCode {
  return isErrorCode(code) ? code : (code as ErrorCode);
}

export const sourceOf = (row: Row) => text(row, 'source') as Source;
export const factColumns =
  'seq, id, merchant, order_id, account, kind, payment_id, operation_id, reference, group_id, payee, cast(amount_minor as text) as amount_minor, currency, from_order, measure, needs_person, operation_id_missing, scoped_by_reference, provider_time, source, recorded_at';
export function factOf(row: Row): StoredFact {
  const order = textOrNull(row, 'order_id');
  const groupId = textOrNull(row, 'group_id');
  const payee = textOrNull(row, 'payee');
  return {
    id: asId.fact(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    order: order === null ? null : asId.order(order),
    account: asId.account(text(row, 'account')),
    kind: text(row, 'kind') as FactKind,
    paymentId: text(row, 'payment_id'),
    operationId: text(row, 'operation_id'),
    reference: textOrNull(row, 'reference'),
    ...(groupId === null ? {} : { groupId }),
    ...(payee === null ? {} : { payee }),
    amountMinor: bigintOrNull(row, 'amount_minor'),
    currency: textOrNull(row, 'currency'),
    fromOrder: flag(row, 'from_order'),
    measure: text(row, 'measure') as StoredFact['measure'],
    ...(flag(row, 'needs_person') ? { needsPerson: true as const } : {}),
    ...(flag(row, 'operation_id_missing') ? { operationIdMissing: true as const } : {}),
    ...(flag(row, 'scoped_by_reference') ? { scopedByReference: true as const } : {}),
    providerTime: number(row, 'provider_time'),
    source: text(row, 'source') as Source,
    recordedAt: number(row, 'recorded_at'),
  };
}

export function sightingOf(row: Row): Sighting {
  const callback = textOrNull(row, 'callback');
  return {
    source: text(row, 'source') as Source,
    callback: callback === null ? null : asId.callback(callback),
    at: number(row, 'at'),
    providerTime: number(row, 'provider_time'),
    note: textOrNull(row, 'note'),
  };
}

export const orderColumns =
  'seq, id, merchant, order_no, status, totals, expectations, order_references, actions, link_conflicts, description, metadata, sequence, fell_short, refold_at, created_at, updated_at';
export function orderOf(row: Row): StoredOrder {
  return {
    id: asId.order(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    orderNo: asId.orderNo(text(row, 'order_no')),
    status: text(row, 'status') as StoredOrder['status'],
    totals: totalsFromJson(text(row, 'totals')),
    expectations: listed<StoredOrder['expectations'][number]>(row, 'expectations').map((expectation) => ({
      ...expectation,
      amountMinor: BigInt(expectation.amountMinor),
    })),
    references: listed<OrderReference>(row, 'order_references'),
    actions: listed<StoredOrder['actions'][number]>(row, 'actions').map((action) => ({
      ...action,
      amountMinor: action.amountMinor === null ? null : BigInt(action.amountMinor),
    })),
    linkConflicts: listed<string>(row, 'link_conflicts'),
    description: textOrNull(row, 'description'),
    metadata: textOrNull(row, 'metadata'),
    sequence: number(row, 'sequence'),
    fellShort: flag(row, 'fell_short'),
    refoldAt: numberOrNull(row, 'refold_at'),
    createdAt: number(row, 'created_at'),
    updatedAt: number(row, 'updated_at'),
  };
}

/** Most lists of most orders are empty; parsing that took as long as reading the row. */
function listed<T>(row: Row, column: string): readonly T[] {
  return row[column] === '[]' ? [] : parsed<T[]>(row, column);
}

export const askColumns = 'subject, account, merchant, reason, due_at, tries, failures, since, asked_at, answer';
export function askOf(row: Row): Ask {
  const reason = text(row, 'reason') as Ask['reason'];
  const subject = text(row, 'subject');
  const state = {
    merchant: asId.merchant(text(row, 'merchant')),
    account: asId.account(text(row, 'account')),
    dueAt: number(row, 'due_at'),
    tries: number(row, 'tries'),
    failures: number(row, 'failures'),
    since: number(row, 'since'),
    askedAt: numberOrNull(row, 'asked_at'),
    answer: textOrNull(row, 'answer'),
  };
  if (reason === 'callback') return { ...state, reason, subject: asId.callback(subject) };
  if (reason === 'refund') return { ...state, reason, subject: asId.discrepancy(subject) };
  return { ...state, reason, subject: asId.order(subject) };
}

/** Written out, because this runs for each change of an order: walking over the names took 1.8 µs instead of 0.5. */
export function totalsToJson(totals: StoredOrder['totals']): string {
  const { capturedMinor, authorizedMinor, reversedMinor, refundedMinor } = totals;
  const { disputedMinor, chargedBackMinor, overpaidMinor } = totals;
  return `{"capturedMinor":"${capturedMinor}","authorizedMinor":"${authorizedMinor}","reversedMinor":"${reversedMinor}","refundedMinor":"${refundedMinor}","disputedMinor":"${disputedMinor}","chargedBackMinor":"${chargedBackMinor}","overpaidMinor":"${overpaidMinor}"}`;
}

const zeroTotalsJson = totalsToJson(zeroTotals);

export function withAmountsToJson(list: readonly { amountMinor: bigint | null }[]): string {
  if (list.length === 0) return '[]';
  return JSON.stringify(
    list.map((one) => ({ ...one, amountMinor: one.amountMinor === null ? null : String(one.amountMinor) })),
  );
}

/** How {@link withAmountsToJson} writes one of the amounts. */
export function expectedAmountJson(amountMinor: bigint): string {
  return `"amountMinor":"${amountMinor}"`;
}

function totalsFromJson(json: string): StoredOrder['totals'] {
  if (json === zeroTotalsJson) return zeroTotals;
  const kept = JSON.parse(json) as Record<keyof StoredOrder['totals'], string>;
  return {
    capturedMinor: BigInt(kept.capturedMinor),
    authorizedMinor: BigInt(kept.authorizedMinor),
    reversedMinor: BigInt(kept.reversedMinor),
    refundedMinor: BigInt(kept.refundedMinor),
    disputedMinor: BigInt(kept.disputedMinor),
    chargedBackMinor: BigInt(kept.chargedBackMinor),
    overpaidMinor: BigInt(kept.overpaidMinor),
  };
}

export const notificationColumns =
  'n.seq, n.id, n.merchant, n.order_id, n.order_no, n.type, n.cause, n.sequence, cast(n.amount_minor as text) as amount_minor, n.currency, n.payment_id, n.operation_id, cast(n.order_amount_minor as text) as order_amount_minor, cast(n.refunded_total_minor as text) as refunded_total_minor, n.occurred_at, n.created_at, n.data';
export function notificationOf(row: Row): Notification {
  return {
    id: asId.notification(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    type: typeOf(row),
    orderNo: asId.orderNo(text(row, 'order_no')),
    sequence: number(row, 'sequence'),
    cause: text(row, 'cause'),
    amountMinor: bigint(row, 'amount_minor'),
    currency: text(row, 'currency'),
    paymentId: text(row, 'payment_id'),
    operationId: text(row, 'operation_id'),
    orderAmountMinor: bigintOrNull(row, 'order_amount_minor'),
    refundedTotalMinor: bigintOrNull(row, 'refunded_total_minor'),
    occurredAt: number(row, 'occurred_at'),
    createdAt: number(row, 'created_at'),
    data: textOrNull(row, 'data'),
  };
}

export function countsOf(row: Row): FunnelCounts {
  return {
    total: number(row, 'total'),
    sent: number(row, 'sent'),
    received: number(row, 'received'),
    handled: number(row, 'handled'),
    confirmed: number(row, 'confirmed'),
  };
}

export function outboxItemOf(row: Row): OutboxItem {
  return parsed<OutboxItem>(row, 'item');
}

export const sandboxPaymentColumns =
  'id, provider, order_no, cast(amount_minor as text) as amount_minor, currency, notify_url, state, cast(refunded_minor as text) as refunded_minor, return_url, detail, created_at, moved_at';
export function sandboxPaymentOf(row: Row): SandboxPayment {
  return {
    id: text(row, 'id'),
    provider: text(row, 'provider'),
    orderNo: asId.orderNo(text(row, 'order_no')),
    amountMinor: bigint(row, 'amount_minor'),
    currency: text(row, 'currency'),
    notifyUrl: text(row, 'notify_url'),
    state: text(row, 'state') as SandboxPayment['state'],
    refundedMinor: bigint(row, 'refunded_minor'),
    returnUrl: textOrNull(row, 'return_url'),
    detail: text(row, 'detail'),
    createdAt: number(row, 'created_at'),
    movedAt: number(row, 'moved_at'),
  };
}
