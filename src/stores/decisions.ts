import type { Ask } from '../domain/asking.ts';
import type { Callback, CallbackVerdict } from '../domain/callback.ts';
import type { Instant } from '../domain/clock.ts';
import type { Step } from '../domain/delivery.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Fact, Source } from '../domain/fact.ts';
import type {
  AccountId,
  CallbackId,
  DiscrepancyId,
  EndpointId,
  LaneId,
  MerchantId,
  NotificationId,
  OrderId,
  OrderNo,
  ReconciliationId,
  ReplayId,
} from '../domain/ids.ts';
import type { NotificationType } from '../domain/notification.ts';
import type { ExpectedFee, Tally } from '../domain/reconciliation.ts';
import type { StatementRow } from '../providers/provider.ts';
import type { Claimed, DeliveryShown, OrderReference, StoredOrder } from './kept.ts';
import type { Ledger } from './ledger.ts';

/** What the program decides, by name: each is one atomic unit with its input and what it answers. */
export interface Decisions {
  /** A callback arrived at a known account: kept, and its facts taken into effect. */
  callback: { input: CallbackInput; output: CallbackOutput };
  /** Facts from a query, a statement or a person. */
  sight: { input: SightInput; output: Effects };
  /** What an order is to cost. */
  expect: { input: ExpectInput; output: ExpectOutput };
  /** A notification that a merchant's system made itself. */
  publish: { input: PublishInput; output: PublishOutput };
  /** A person wants an order's providers asked now. */
  ask: { input: AskInput; output: { is: 'asked' | 'order_unknown' | 'cannot_ask' } };
  /** A callback that cannot be verified may name these orders. `rung`: so many are asked about now instead of later. */
  ring: { input: RingInput; output: { rung: number } };
  /** What came of an ask: its facts are taken into effect, and it ends or waits for its next time. */
  answered: { input: AnsweredInput; output: AnsweredOutput };
  /** A person acts on an order or a discrepancy. */
  act: { input: ActInput; output: Effects & { is: 'done' | 'order_unknown' | 'discrepancy_unknown' | 'does_not_fit' } };
  /** Orders and parked money that time alone changes. `more`: call again at once. */
  refold: { input: { born: Birth | null }; output: Effects & { more: boolean } };
  /**
   * What user transactions left in the outbox, oldest first. `setAside`: the oldest is not applied but kept as an action with this
   * reason, because whoever applies it breaks.
   */
  outbox: { input: { born: Birth | null; most: number; setAside?: string }; output: Effects & { taken: number } };
  /** Rows of a bill that tell facts; how they differ from what was known. */
  statement: { input: StatementInput; output: StatementOutput };
  /** Facts that a bill which was read to its end does not list. */
  missed: { input: MissedInput; output: StatementOutput };
  /** The next notifications of a replay, from where it stands. `stale`: it stands elsewhere by now, and nothing was done. */
  replay: {
    input: {
      id: ReplayId;
      cursor: string | null;
      /** Where it stands then; null: at its end. */
      next: string | null;
      notifications: readonly NotificationId[];
      born: Birth | null;
    };
    output: Effects & { is: 'stepped' | 'stale' };
  };
}

/** Who could work on new deliveries right now; null = nobody, they are born pending. */
export interface Birth {
  /** Free slots for first sends. */
  slots: number;
  /** Lanes at their concurrency limit, or whose functions this process does not have. */
  closed: readonly LaneId[];
  /** Handler lanes this process has in code. */
  functions: readonly LaneId[];
  /** How long their functions may run; default: as on the embedded store. */
  functionMs?: number;
}

/** What came of a decision beside its own answer. */
export interface Effects {
  /** Deliveries leased to the calling node from birth. */
  born: readonly Claimed[];
  /** Other deliveries became due. */
  work: boolean;
}

/** Makes a decision with what may be born leased to this node, and hands those that were to its worker. */
export type WithBirth = <T extends Effects>(decide: (born: Birth | null) => Promise<T>) => Promise<T>;

export interface CallbackInput {
  /** The step it had before, for a kept callback that is read again with present code and secrets; null = it just arrived. */
  again: Step | null;
  /** Of one that is read again: its verdict until now. */
  verdictBefore?: CallbackVerdict;
  /** Only what would come of it is wanted: everything is undone, and the same is answered. */
  isRehearsal?: true;
  callback: Omit<Callback, 'verdict'>;
  born: Birth | null;
  /** What the provider file made of it. */
  opened:
    | { is: 'facts'; facts: readonly Fact[]; nonce: string | null; withoutOrder: 'park' | 'accept' }
    /** Recorded with this verdict as it is. */
    | { is: 'verdict'; verdict: 'parked' | 'ignored' | 'unreadable' | 'quarantined' | 'refused'; nonce: string | null };
  /** SHA-256 of the body, for the nonce. */
  bodyDigest: string;
  /** What the library's `expect` said of the references, asked before. */
  expectations: readonly Omit<ExpectInput, 'born'>[];
}

export interface CallbackOutput extends Effects {
  verdict: CallbackVerdict;
  code: ErrorCode | null;
  reason: string | null;
  /** The callback that came first, for duplicates. */
  first: CallbackId | null;
  orders: readonly OrderId[];
  /** References of facts that wait for their order. */
  parked: readonly { account: AccountId; reference: string }[];
}

export interface SightInput {
  merchant: MerchantId;
  source: Exclude<Source, 'callback'>;
  /** The order that whoever tells it names, whatever the references of the facts; null = they decide. */
  orderNo: OrderNo | null;
  facts: readonly Fact[];
  withoutOrder: 'park' | 'accept';
  note: string | null;
  by: string | null;
  /** What the provider was asked for beside it: its facts as a query's, or what contradicts. */
  heard?: { is: 'agrees'; facts: readonly Fact[] } | { is: 'contradicts'; why: string };
  born: Birth | null;
}

/** Of which run of a reconciliation something is. */
export interface OfRun {
  reconciliation: ReconciliationId;
  run: number;
  merchant: MerchantId;
  /** The bill's. */
  day: string;
  /** Differences are kept, and not only counted. */
  keeps: boolean;
  born: Birth | null;
}

export interface StatementInput extends OfRun {
  withoutOrder: 'park' | 'accept';
  /** Something that bills did not list is open at the account: these may list it. */
  closes: boolean;
  expectedFee: ExpectedFee | null;
  rows: readonly ToldRow[];
}

export type ToldRow = Omit<StatementRow, 'fact'> & { fact: Fact };

export interface MissedInput extends OfRun {
  /** Each by its key, with its day and what it is if it is still not listed. */
  facts: readonly { key: string; day: string; is: 'missing_at_provider' | 'undecided' }[];
}

export interface StatementOutput extends Effects {
  /** Of the bill's own day. */
  tallies: readonly Tally[];
  differences: number;
  /** References of facts that wait for their order. */
  parked: readonly string[];
}

export interface AskInput {
  merchant: MerchantId;
  orderNo: OrderNo;
  by: string;
}

export interface RingInput {
  merchant: MerchantId;
  account: AccountId;
  references: readonly string[];
}

export interface AnsweredInput {
  /** As it was claimed. */
  ask: Ask;
  /** `told`: of `unknown` things that it was to say something about the provider says nothing; `gone`: there is nobody to ask, or nothing to ask for. */
  came: { is: 'told'; unknown: number } | { is: 'failed' } | { is: 'gone' };
  /** In words for a person. */
  answer: string;
  /** All that the provider told, also where it failed in the middle. */
  facts: readonly Fact[];
  /** Known payments that were asked about, of which a final answer tells no capture. */
  denied: readonly string[];
  withoutOrder: 'park' | 'accept';
  /** What the library's `expect` said of the references, asked before. */
  expectations: readonly Omit<ExpectInput, 'born'>[];
  born: Birth | null;
}

export interface AnsweredOutput extends Effects {
  /** Facts were new. */
  found: boolean;
  /** When it is asked again; null = never, it has ended. */
  nextAt: Instant | null;
  /** References of facts that wait for their order. */
  parked: readonly { account: AccountId; reference: string }[];
}

export interface ExpectInput {
  merchant: MerchantId;
  orderNo: OrderNo;
  amountMinor: bigint;
  currency: string;
  accounts: readonly AccountId[] | null;
  references: readonly OrderReference[];
  payee: string | null;
  expiresAt: Instant | null;
  description: string | null;
  /** JSON text. */
  metadata: string | null;
  born: Birth | null;
}

export type ExpectOutput = Effects &
  (
    | {
        is: 'created' | 'unchanged' | 'revised';
        order: StoredOrder;
        /** It is seen that nothing has happened to it yet: no fact, no discrepancy. */
        isBare: boolean;
      }
    | {
        is: 'refused';
        code: 'order.currency_fixed' | 'order.reference_taken' | 'request.invalid' | 'merchant.unknown';
        detail: string;
      }
  );

export interface PublishInput {
  merchant: MerchantId;
  type: NotificationType;
  orderNo: OrderNo;
  amountMinor: bigint;
  currency: string;
  operationId: string | null;
  paymentId: string | null;
  orderAmountMinor: bigint | null;
  refundedTotalMinor: bigint | null;
  /** JSON text of an object. */
  data: string | null;
  occurredAt: Instant | null;
  /** One delivery to this URL in this provider's format, with the merchant's own secrets. */
  notifyUrl: { url: string; provider: string } | null;
  alsoEndpoints: boolean;
  idempotency: { key: string; bodyDigest: string } | null;
  /** Only this target, for a test of one endpoint. */
  onlyEndpoint: EndpointId | null;
  /** Not before this moment. */
  notBefore: Instant | null;
  born: Birth | null;
}

export type PublishOutput = Effects &
  (
    | {
        is: 'accepted' | 'repeated';
        id: NotificationId;
        sequence: number;
        deliveries: readonly DeliveryShown[];
        skipped: readonly { endpoint: string; reason: string }[];
      }
    | {
        is: 'refused';
        code:
          | 'publish.idempotency_mismatch'
          | 'request.invalid'
          | 'merchant.unknown'
          | 'publish.no_secrets'
          | 'provider.cannot_say'
          | 'endpoint.unknown';
        detail: string;
      }
  );

export interface ActInput {
  merchant: MerchantId;
  by: string;
  /** Empty where nothing was said; only an assignment may say nothing. */
  note: string;
  born: Birth | null;
  action:
    | { is: 'close'; orderNo: OrderNo }
    | {
        is: 'resolve';
        discrepancy: DiscrepancyId;
        with: 'accept' | 'refund' | 'reopen' | 'ignore';
        amountMinor: bigint | null;
      }
    /** Null: nobody's any more. */
    | { is: 'assign'; discrepancy: DiscrepancyId; to: string | null };
}

/** What decides inside a store's transaction: pure functions over the ledger, the same for every store. */
export type Program = {
  readonly [K in keyof Decisions]: (ledger: Ledger, input: Decisions[K]['input']) => Decisions[K]['output'];
};
