import type { Clock, Instant } from '../domain/clock.ts';
import { acceptNeedsAmount, actionsOn } from '../domain/discrepancy.ts';
import { AppError } from '../domain/errors.ts';
import type { AccountId, DiscrepancyId, MerchantId, OrderNo } from '../domain/ids.ts';
import type { Account } from '../domain/merchant.ts';
import type { ActInput, ExpectInput, SightInput, WithBirth } from '../stores/decisions.ts';
import type { OrderReference, StoredFact, StoredOrder } from '../stores/kept.ts';
import type { OrderDetail } from '../stores/reads.ts';
import type { Store } from '../stores/store.ts';
import { type TimelineEntry, timelineOf } from './timeline.ts';

/** What an order is to cost, as its merchant announces it. */
export interface ExpectRequest {
  merchant: MerchantId;
  orderNo: OrderNo;
  /** ≥ 1. */
  amountMinor: bigint;
  currency: string;
  /** Where it may be paid; default: any of the merchant's accounts. */
  accounts?: readonly AccountId[];
  /** What the providers will echo back; default: the order's number. */
  references?: readonly OrderReference[];
  payee?: string;
  /** When an unpaid rest becomes a discrepancy; default: a day after the expectation. */
  expiresAt?: Instant;
  description?: string;
  metadata?: Readonly<Record<string, unknown>>;
}

/** A person's word that a payment happened. */
export interface ConfirmRequest {
  merchant: MerchantId;
  orderNo: OrderNo;
  account: AccountId;
  operationId: string;
  amountMinor: bigint;
  currency: string;
  note: string;
  /** Records it whatever the provider says, or where it says nothing. */
  override: boolean;
  by: string;
}

/** What a person's word is about. */
export interface ConfirmedOrder {
  order: StoredOrder;
  facts: readonly StoredFact[];
  account: Account;
  now: Instant;
}

/**
 * What is to be recorded of a person's word, once the account's provider was asked about it.
 *
 * @throws AppError unless overridden `order.confirm_contradicted`, and `provider.unreachable` where it said nothing.
 */
export type Hear = (request: ConfirmRequest, known: ConfirmedOrder) => Promise<Heard>;
export type Heard = Omit<SightInput, 'born'> & { checked: boolean };

export interface ResolveRequest {
  discrepancy: DiscrepancyId;
  with: 'accept' | 'refund' | 'reopen' | 'ignore';
  /** For `fact_conflict` and `amount_missing`: the amount that counts. For `refund`: how much goes back; null = all that can. */
  amountMinor: bigint | null;
  note: string;
  by: string;
}

export interface AssignRequest {
  discrepancy: DiscrepancyId;
  /** Null: nobody's any more. */
  to: string | null;
  note: string | null;
  by: string;
}

export interface Orders {
  /** @throws AppError `merchant.unknown`, `account.unknown`, `request.invalid`, `order.currency_fixed`, `order.reference_taken`. */
  expect(request: ExpectRequest): Promise<{ created: boolean; order: StoredOrder; isBare: boolean }>;
  /** The merchant takes no more money for it: it is closed at the providers that can be asked. @throws AppError `order.unknown`. */
  close(request: { merchant: MerchantId; orderNo: OrderNo; reason: string; by: string }): Promise<void>;
  /** Has the providers asked now; what they say comes on the normal path. @throws AppError `order.unknown`, `provider.cannot_ask`. */
  query(request: { merchant: MerchantId; orderNo: OrderNo; by: string }): Promise<void>;
  /**
   * A manual sighting on the normal path. Where the account's provider can be asked, it is asked before, and what it tells is recorded too
   * where it agrees. `checked`: it has answered.
   *
   * @throws AppError `order.unknown`, `account.unknown`; unless overridden `order.confirm_contradicted`, and `provider.unreachable` where it
   * says nothing.
   */
  confirm(request: ConfirmRequest): Promise<{ checked: boolean }>;
  /** @throws AppError `discrepancy.unknown`, `discrepancy.action`. */
  resolve(request: ResolveRequest): Promise<void>;
  /** Says whose work an open discrepancy is. @throws AppError `discrepancy.unknown`, `discrepancy.action`. */
  assign(request: AssignRequest): Promise<void>;
  /** @throws AppError `order.unknown`. */
  detail(merchant: MerchantId, orderNo: OrderNo): Promise<OrderDetail>;
  /** @throws AppError `order.unknown`. */
  timeline(merchant: MerchantId, orderNo: OrderNo): Promise<readonly TimelineEntry[]>;
}

export interface OrdersDependencies {
  store: Store;
  withBirth: WithBirth;
  clock: Clock;
  /** Called when providers are to be asked now. */
  onAsk(): void;
  hear: Hear;
  /** Why none of a merchant's accounts can be asked. */
  whyNobody(merchant: MerchantId): Promise<string>;
}

export function createOrders(deps: OrdersDependencies): Orders {
  const { store, withBirth, clock, onAsk, hear, whyNobody } = deps;
  const detail = async (merchant: MerchantId, orderNo: OrderNo): Promise<OrderDetail> => {
    const found = await store.read('order', { merchant, orderNo });
    if (found === null) throw new AppError('order.unknown', `merchant ${merchant} has no order ${orderNo}`);
    return found;
  };
  const act = async (input: Omit<ActInput, 'born'>, named: string): Promise<void> => {
    const { is } = await withBirth((born) => store.decide('act', { ...input, born }));
    if (is === 'order_unknown')
      throw new AppError('order.unknown', `merchant ${input.merchant} expects no order ${named}`);
    if (is === 'discrepancy_unknown') throw new AppError('discrepancy.unknown', `there is no discrepancy ${named}`);
    if (is === 'does_not_fit') throw new AppError('discrepancy.action', await whyNot(store, input, named));
  };
  const actOn = async (
    id: DiscrepancyId,
    { by, note, action }: Pick<ActInput, 'by' | 'note' | 'action'>,
  ): Promise<void> => {
    const discrepancy = await store.read('discrepancy', id);
    if (discrepancy === null) throw new AppError('discrepancy.unknown', `there is no discrepancy ${id}`);
    await act({ merchant: discrepancy.merchant, by, note, action }, id);
  };
  return {
    detail,
    async expect(request) {
      const input = expectInputOf(request);
      // An account misspelt would let no payment count, and look like a customer who does not pay.
      const named = [...(input.accounts ?? []), ...input.references.flatMap(({ account }) => account ?? [])];
      await Promise.all([...new Set(named)].map((account) => accountOf(store, input.merchant, account)));
      const output = await withBirth((born) => store.decide('expect', { ...input, born }));
      if (output.is === 'refused') throw new AppError(output.code, output.detail);
      const { is, order, isBare } = output;
      return { created: is === 'created', order, isBare };
    },
    async close({ merchant, orderNo, reason, by }) {
      await act({ merchant, by, note: reason, action: { is: 'close', orderNo } }, orderNo);
      onAsk();
    },
    async query({ merchant, orderNo, by }) {
      const { is } = await store.decide('ask', { merchant, orderNo, by });
      if (is === 'order_unknown')
        throw new AppError('order.unknown', `merchant ${merchant} expects no order ${orderNo}`);
      if (is === 'cannot_ask') throw new AppError('provider.cannot_ask', await whyNobody(merchant));
      onAsk();
    },
    async resolve({ discrepancy: id, with: how, amountMinor, note, by }) {
      await actOn(id, { by, note, action: { is: 'resolve', discrepancy: id, with: how, amountMinor } });
      if (how === 'refund') onAsk();
    },
    assign: ({ discrepancy: id, to, note, by }) =>
      actOn(id, { by, note: note ?? '', action: { is: 'assign', discrepancy: id, to } }),
    async confirm(request) {
      const { order, facts } = await detail(request.merchant, request.orderNo);
      const account = await accountOf(store, request.merchant, request.account);
      const { checked, ...input } = await hear(request, { order, facts, account, now: clock.now() });
      await withBirth((born) => store.decide('sight', { ...input, born }));
      return { checked };
    },
    async timeline(merchant, orderNo) {
      const found = await detail(merchant, orderNo);
      return timelineOf(found, await store.read('history', found.order.id));
    },
  };
}

/** Why an action does not fit a discrepancy, with those that do. */
async function whyNot(store: Store, { action }: Omit<ActInput, 'born'>, named: string): Promise<string> {
  const found = action.is === 'close' ? null : await store.read('discrepancy', action.discrepancy);
  if (found === null) return `discrepancy ${named} is gone`;
  const { kind, state } = found;
  if (action.is !== 'resolve' || state !== 'open')
    return `discrepancy ${named} is ${state}; only an open one can be acted on`;
  const fitting = actionsOn(found);
  if (!fitting.includes(action.with)) return `${action.with} does not fit; ${kind} takes ${fitting.join(' or ')} here`;
  if (action.with === 'refund')
    return `no such amount of ${named} can be refunded: it is more than the payment still holds, or a refund of it is under way`;
  if (action.amountMinor !== null || !acceptNeedsAmount(kind)) return `a refund of ${named} is under way`;
  return `to ${action.with} ${kind} takes the amount_minor that is to count`;
}

/** @throws AppError `account.unknown` */
async function accountOf(store: Store, merchant: MerchantId, id: AccountId): Promise<Account> {
  const account = await store.read('account', id);
  if (account === null || account.merchant !== merchant)
    throw new AppError('account.unknown', `merchant ${merchant} has no account ${id}`);
  return account;
}

/** The request as the decision takes it. */
export function expectInputOf(request: ExpectRequest): Omit<ExpectInput, 'born'> {
  return {
    merchant: request.merchant,
    orderNo: request.orderNo,
    amountMinor: request.amountMinor,
    currency: request.currency,
    accounts: request.accounts ?? null,
    references: request.references ?? [],
    payee: request.payee ?? null,
    expiresAt: request.expiresAt ?? null,
    description: request.description ?? null,
    metadata: request.metadata === undefined ? null : JSON.stringify(request.metadata),
  };
}
