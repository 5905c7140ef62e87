import type { Alert } from '../domain/alert.ts';
import type { Ask } from '../domain/asking.ts';
import type { Breaker } from '../domain/breaker.ts';
import type { Callback, CallbackVerdict } from '../domain/callback.ts';
import type { CallbackReplay, Reread } from '../domain/callback-replay.ts';
import type { Instant } from '../domain/clock.ts';
import type { AttemptRecord, DeliveryState, Target } from '../domain/delivery.ts';
import type { FactKind, Source } from '../domain/fact.ts';
import type { FunnelCounts } from '../domain/funnel.ts';
import type {
  AccountId,
  CallbackId,
  DeliveryId,
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
import type { LatencyCounts } from '../domain/latency.ts';
import type { MadeKind } from '../domain/made.ts';
import type { ManifestLine } from '../domain/manifest.ts';
import type { Account, ApiKey, Endpoint, Holder, Merchant } from '../domain/merchant.ts';
import type { Notification, NotificationType } from '../domain/notification.ts';
import type { OrderStatus } from '../domain/order.ts';
import type { SealedAttempt } from '../domain/proof.ts';
import type { Difference, DifferenceKind, Reconciliation } from '../domain/reconciliation.ts';
import type { Replay } from '../domain/replay.ts';
import type { Seal } from '../domain/seal.ts';
import type { RecordedAction, SandboxPayment, StoredDiscrepancy, StoredFact, StoredOrder } from './kept.ts';
import type { AlertSignals, MoneyAtRisk, Trouble } from './signals.ts';

export type { SandboxPayment } from './kept.ts';

/** One page of a lossless list, the newest commit first: whatever was there at the first page is on exactly one, and what commits later is before it. */
export interface Page<T> {
  data: readonly T[];
  nextCursor: string | null;
}
export interface PageRequest {
  limit: number;
  cursor: string | null;
}
/** Half-open: from ≤ at < to. */
export interface Range {
  from: Instant | null;
  to: Instant | null;
}
type Only<T> = { [K in keyof T]: T[K] | null };
/** null = all merchants; a list = only these. */
export type Visible = readonly MerchantId[] | null;

/** Everything that can be asked of a store, by name. */
export interface Reads {
  merchants: { input: PageRequest & { visible: Visible }; output: Page<Merchant> };
  merchant: { input: MerchantId; output: Merchant | null };
  accounts: { input: PageRequest & { visible: Visible; merchant: MerchantId | null }; output: Page<Account> };
  account: { input: AccountId; output: Account | null };
  endpoints: {
    input: PageRequest & { visible: Visible; merchant: MerchantId | null; state: string | null };
    output: Page<Endpoint>;
  };
  endpoint: { input: EndpointId; output: Endpoint | null };
  /** What is known of its failures, and what waits from before it could be reached; null: there is no such lane. */
  laneHealth: { input: LaneId; output: LaneHealth | null };
  /** Endpoints of which older secrets end at this moment; at most a page. */
  endpointsToFinish: { input: { at: Instant }; output: readonly Endpoint[] };
  /** What people did, and what the program did in their place. */
  actions: {
    input: PageRequest &
      Range & { visible: Visible } & Only<{ merchant: MerchantId; by: string; subject: string; what: string }>;
    output: Page<RecordedAction>;
  };
  apiKeys: { input: PageRequest; output: Page<ApiKey> };
  apiKeyByDigest: { input: string; output: ApiKey | null };
  /** By the digest of its token. Null also where the API key that opened it is gone; `apiKey` null: the admin key did. */
  session: { input: string; output: { holder: Holder; expiresAt: Instant } | null };
  order: { input: { merchant: MerchantId; orderNo: OrderNo }; output: OrderDetail | null };
  /** The same by its id, without the people's side of it. */
  orderById: { input: OrderId; output: { order: StoredOrder; facts: readonly StoredFact[] } | null };
  orders: {
    input: PageRequest &
      Range & { visible: Visible } & Only<{ merchant: MerchantId; status: OrderStatus; q: string }> & {
        /** Orders that expected one of these amounts, in minor units, or have a fact of it. */
        amounts?: readonly bigint[] | null;
      };
    output: Page<StoredOrder>;
  };
  /** Everything known about an order, for its timeline. */
  history: { input: OrderId; output: OrderTrail };
  callbacks: {
    input: PageRequest &
      Range & { visible: Visible } & Only<{
        account: AccountId;
        verdict: CallbackVerdict;
        orderNo: OrderNo;
        merchant: MerchantId;
      }>;
    output: Page<Omit<Callback, 'headers' | 'body'>>;
  };
  callback: { input: CallbackId; output: Callback | null };
  /** Whether a verified callback of this account bore exactly this Authorization header. */
  bore: { input: { account: AccountId; authorization: string }; output: boolean };
  notifications: {
    input: PageRequest &
      Range & { visible: Visible } & Only<{ merchant: MerchantId; orderNo: OrderNo; type: NotificationType }>;
    output: Page<Notification>;
  };
  notification: {
    input: NotificationId;
    output: { notification: Notification; deliveries: readonly DeliveryDetail[] } | null;
  };
  deliveries: {
    input: PageRequest & { visible: Visible } & Only<{
        merchant: MerchantId;
        endpoint: EndpointId;
        /** `waiting`: pending, held or sending. */
        state: DeliveryState | 'held' | 'waiting';
        orderNo: OrderNo;
      }>;
    output: Page<DeliveryRow>;
  };
  delivery: { input: DeliveryId; output: DeliveryDetail | null };
  discrepancies: {
    input: PageRequest & { visible: Visible } & Only<{
        merchant: MerchantId;
        state: string;
        kind: string;
        assignee: string;
      }>;
    output: Page<StoredDiscrepancy & { orderNo: OrderNo | null }>;
  };
  discrepancy: { input: DiscrepancyId; output: (StoredDiscrepancy & { orderNo: OrderNo | null }) | null };
  /** Handler deliveries of these orders that are not confirmed yet. */
  unhandled: { input: readonly OrderId[]; output: number };
  handlers: { input: { visible: Visible }; output: readonly HandlerBacklog[] };
  reconciliations: {
    input: PageRequest & { visible: Visible } & Only<{ account: AccountId; day: string }>;
    output: Page<Reconciliation>;
  };
  reconciliation: { input: ReconciliationId; output: Reconciliation | null };
  /** Those that somebody has to work, the longest waiting first; not two of one account. */
  waitingReconciliations: { input: { at: Instant }; output: readonly Reconciliation[] };
  /** Whether a bill of one of these days was reconciled to its end at the account: those that were. */
  reconciledDays: { input: { account: AccountId; days: readonly string[] }; output: readonly string[] };
  /** A piece of an uploaded file, from 0; null: it has no more. */
  statementChunk: { input: { id: ReconciliationId; number: number }; output: Uint8Array | null };
  differences: {
    input: PageRequest & { id: ReconciliationId; run: number; kind: DifferenceKind | null };
    output: Page<Difference>;
  };
  /** Facts of an account that no bill has told, in the order of their times; at most a page, after the last of the one before. */
  unlistedFacts: {
    input: {
      account: AccountId;
      kinds: readonly FactKind[];
      from: Instant;
      to: Instant;
      after: { at: Instant; seq: number } | null;
    };
    output: readonly { fact: StoredFact; seq: number }[];
  };
  replays: { input: PageRequest & { visible: Visible }; output: Page<Replay> };
  replay: { input: ReplayId; output: Replay | null };
  callbackReplays: { input: PageRequest & { visible: Visible }; output: Page<CallbackReplay> };
  callbackReplay: { input: ReplayId; output: CallbackReplay | null };
  runningCallbackReplays: { input: { at: Instant }; output: readonly CallbackReplay[] };
  /** The callbacks that a replay reads otherwise, the newest first, as its preview finds them; `before`: older than this one. */
  rereads: { input: { replay: ReplayId; before: CallbackId | null; most: number }; output: readonly Reread[] };
  /** The same in the order in which they are taken into effect: the oldest first. */
  rereadsAfter: { input: { replay: ReplayId; after: CallbackId | null; most: number }; output: readonly Reread[] };
  /** The facts that a callback itself has told, and which of these keys are known, whoever told them. */
  told: {
    input: { callback: CallbackId; keys: readonly string[] };
    output: { facts: readonly StoredFact[]; known: readonly string[] };
  };
  /** Those that can go on at this moment, the longest waiting first; at most `limits.replaysAtOnce`. */
  runningReplays: { input: { at: Instant }; output: readonly Replay[] };
  funnel: { input: FunnelQuery; output: readonly FunnelBucket[] };
  /** The same figures, counted again from the stored rows. */
  recount: { input: FunnelQuery; output: readonly FunnelBucket[] };
  /** How long they took: attempts from sending on, callbacks that were answered with success; buckets that hold any. */
  latency: { input: FunnelQuery; output: readonly LatencyBucket[] };
  /** What waited: of each bucket the most. Those in which nobody looked are not there. */
  backlog: { input: { from: Instant; to: Instant; bucketMs: number }; output: readonly BacklogMinute[] };
  gauges: { input: null; output: Gauges };
  sandboxPayment: { input: string; output: SandboxPayment | null };
  /** Those that have this name at the simulated platform, the newest first; at most a page. */
  sandboxPaymentsNamed: { input: { provider: string; name: string }; output: readonly SandboxPayment[] };
  /** Those that moved since then, in the order in which they last did; `after`: the last of the page before. */
  sandboxPaymentsMoved: {
    input: { provider: string; since: Instant; after: Pick<SandboxPayment, 'movedAt' | 'id'> | null };
    output: readonly SandboxPayment[];
  };
  /** Parked references of accounts, for asking the user's `expect` again after a start. */
  parkedReferences: {
    input: { most: number };
    output: readonly { merchant: MerchantId; account: AccountId; reference: string; parkedAt: Instant }[];
  };
  /** What no seal covers yet, oldest first: at most `most` entries of the list, each of one transaction, with their attempts. */
  unsealed: { input: { most: number }; output: Unsealed };
  /** Attempts of a notification as they are sealed, in order. */
  sealedAttempts: { input: NotificationId; output: readonly SealedAttempt[] };
  /** The seal that covers a leaf, and all of its leaves; looked for from a moment on, within `limits.sealsSearched`. */
  sealHolding: { input: { leaf: Uint8Array; from: Instant }; output: { seal: Seal; leaves: Uint8Array } | null };
  /** Seals in order, after that number; at most `most`. */
  seals: { input: Range & { after: number; most: number }; output: readonly Seal[] };
  /** A merchant's notifications made from ≤ at < to, as its manifest lists them, with their places in the list. */
  manifestLines: {
    input: { merchant: MerchantId; from: Instant; to: Instant };
    output: readonly (ManifestLine & { seq: number })[];
  };
  /** The newest seal, of those made before that moment if one is given. */
  newestSeal: { input: { before: Instant | null }; output: Seal | null };
  /** What the rules of alerts look at beside the gauges and the funnel: from `since`, and from `before` until then. */
  alertSignals: { input: { since: Instant; before: Instant }; output: AlertSignals };
  /** What endpoints of these merchants have not confirmed though it is due, was tried, or waits behind what was; each notification's amount once. */
  atRisk: { input: Visible; output: readonly MoneyAtRisk[] };
  /** What fares badly of these merchants: accounts by what came and was found from `since` on. */
  trouble: { input: { since: Instant; visible: Visible }; output: Trouble };
  /** Those that are open, and those of which somebody is still to be told. */
  liveAlerts: { input: null; output: readonly Alert[] };
  alerts: { input: PageRequest & { state: 'open' | 'recovered' | null }; output: Page<Alert> };
  /**
   * Commits from this one on, in their order, with what each made; at most `most`, and those from `kinds` alone. On PostgreSQL only
   * what no transaction that still runs can come before.
   */
  commits: { input: { from: number; most: number; kinds: readonly MadeKind[] }; output: readonly Commit[] };
  /** The newest of those that can be read now. */
  newestCommit: { input: null; output: CommitPlace };
  /** Throws where the store cannot answer. */
  ready: { input: null; output: { now: Instant; migration: number } };
}

export interface LaneHealth {
  breaker: Breaker;
  /** Since when it drains, and how many still wait; null: nothing does. */
  draining: { since: Instant; left: number } | null;
}

export interface Unsealed {
  /** What the list's entries are called; a seal names those it covers. */
  entries: readonly number[];
  attempts: readonly SealedAttempt[];
}

export interface OrderDetail {
  order: StoredOrder;
  facts: readonly (StoredFact & { sightings: readonly Sighting[] })[];
  discrepancies: readonly StoredDiscrepancy[];
}

export interface Sighting {
  source: Source;
  callback: CallbackId | null;
  at: Instant;
  providerTime: Instant;
  note: string | null;
}

export interface OrderTrail {
  callbacks: readonly Omit<Callback, 'headers' | 'body'>[];
  notifications: readonly { notification: Notification; callback: CallbackId | null }[];
  deliveries: readonly DeliveryDetail[];
  actions: readonly { at: Instant; by: string; what: string; note: string | null }[];
  asks: readonly Ask[];
}

export interface DeliveryRow {
  id: DeliveryId;
  merchant: MerchantId;
  notification: NotificationId;
  orderNo: OrderNo;
  type: NotificationType;
  target: Target;
  endpoint: EndpointId | null;
  url: string | null;
  /** As people see it: `held` where its lane is paused or disabled. */
  state: DeliveryState | 'held';
  attempts: number;
  dueAt: Instant | null;
  createdAt: Instant;
}

export interface DeliveryDetail extends DeliveryRow {
  tries: readonly AttemptRecord[];
}

/** Something that a commit made, as it is now. A discrepancy comes again with every change. */
export type Made = { merchant: MerchantId; orderNo: OrderNo | null } & (
  | { is: 'callback'; callback: Omit<Callback, 'headers' | 'body'> }
  | { is: 'fact'; fact: StoredFact; callback: CallbackId | null }
  | { is: 'notification'; notification: Notification }
  | { is: 'attempt'; delivery: DeliveryRow; attempt: ShortAttempt }
  | { is: 'discrepancy'; discrepancy: StoredDiscrepancy & { orderNo: OrderNo | null } }
);

/** An attempt without what was sent and answered. */
export type ShortAttempt = Omit<AttemptRecord, 'request' | 'response' | 'certificate' | 'secret'>;

/** Where a commit is among all of them. */
export interface CommitPlace {
  /** Grows from commit to commit; on PostgreSQL the number of the transaction. */
  commit: number;
  /** Of what it made: after a restore another commit may have the same number, but does not make the same. */
  digest: string;
}

export interface Commit extends CommitPlace {
  /** Null where it is of another kind, or gone by now. */
  made: readonly (Made | null)[];
}

export interface HandlerBacklog {
  merchant: MerchantId;
  kind: 'handler' | 'effect';
  name: string;
  type: string | null;
  waiting: number;
  dead: number;
}

export interface BacklogMinute {
  at: Instant;
  /** Deliveries that are not final. */
  waiting: number;
  dead: number;
  /** How long the one that is due longest has been due. */
  oldestDueMs: number;
}

export interface LatencyBucket {
  at: Instant;
  counts: LatencyCounts;
}

export interface FunnelQuery {
  side: 'sending' | 'handlers' | 'receiving';
  per: 'attempt' | 'delivery';
  from: Instant;
  to: Instant;
  bucketMs: number;
  visible: Visible;
  merchant: MerchantId | null;
  provider: string | null;
  endpoint: EndpointId | null;
  type: NotificationType | null;
}

export interface FunnelBucket {
  at: Instant;
  counts: FunnelCounts;
}

export interface Gauges {
  pending: number;
  sending: number;
  dead: number;
  /** null = nothing is due. */
  oldestDueAt: Instant | null;
  parkedFacts: number;
  quarantined: number;
  discrepanciesOpen: number;
  rescuedLeases: number;
  outbox: number;
  /** What is to be asked of providers, and since when the longest waiting account could be asked; null = nothing is due. */
  asks: number;
  oldestAskDueAt: Instant | null;
  /** Transactions begun since the oldest snapshot that something holds, which vacuum cannot pass; null where there is no such thing. */
  oldestXminAge: number | null;
}
