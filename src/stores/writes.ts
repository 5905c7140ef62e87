import type { Alert } from '../domain/alert.ts';
import type { BudgetWarning } from '../domain/breaker.ts';
import type { Callback } from '../domain/callback.ts';
import type {
  CallbackReplay,
  CallbackReplayChange,
  CallbackReplayProgress,
  Reread,
} from '../domain/callback-replay.ts';
import type { Instant } from '../domain/clock.ts';
import type { AttemptRecord, Verdict } from '../domain/delivery.ts';
import type {
  AccountId,
  ApiKeyId,
  DeliveryId,
  EndpointId,
  LaneId,
  MerchantId,
  ReconciliationId,
  ReplayId,
} from '../domain/ids.ts';
import type {
  Account,
  ApiKey,
  Endpoint,
  Merchant,
  Policies,
  SealedCredentials,
  Session,
  UrlChange,
} from '../domain/merchant.ts';
import type { Reconciliation } from '../domain/reconciliation.ts';
import type { Replay, ReplayChange } from '../domain/replay.ts';
import type { Seal } from '../domain/seal.ts';
import type { Claimed, ClaimedAsks, SandboxPayment } from './kept.ts';
import type { BacklogMinute } from './reads.ts';

export type { Claimed, OutboxItem } from './kept.ts';

/** Everything else that changes the store, by name. */
export interface Writes {
  /** Leases due deliveries to this node, at most `limits.claimMax` of one lane. */
  claim: { input: ClaimInput; output: ClaimOutput };
  /** Records attempts, and what becomes of their deliveries where the fence still holds. */
  finish: { input: readonly Finished[]; output: FinishOutput };
  /** Gives leases back unused: the delivery is due again at once and the attempt never counted. */
  giveBack: { input: readonly { delivery: DeliveryId; number: number }[]; output: null };
  /** A person's change of one delivery. */
  changeDelivery: {
    input: { delivery: DeliveryId; to: 'retry' | 'cancel'; by: string };
    output: 'changed' | 'unknown' | 'state';
  };
  /** The acknowledgements of these callbacks were fully written. */
  acknowledged: { input: readonly Acknowledged[]; output: null };
  /** Leases accounts with due asks to this node, at most `most`, the longest waiting first. */
  claimAsks: { input: { most: number }; output: ClaimAsksOutput };
  /** Leases one account for a question that somebody waits for, as `claimAsks` does; null: it is asked, or was just now. */
  claimAccount: { input: { merchant: MerchantId; account: AccountId; leaseMs: number }; output: AccountLease | null };
  /** Gives an account back, so that its asks may be claimed again from `freeAt` on; nothing where the lease is another's by now. */
  releaseAsks: { input: { account: AccountId; lease: number; freeAt: Instant }; output: null };
  /** Whether an account's provider can be asked, so that its merchant's orders are swept there. */
  markAsked: { input: { merchant: MerchantId; account: AccountId; asked: boolean }; output: null };
  /** Deletes a piece of what is older than this; what makes effects happen once outlives it. */
  retain: { input: RetainInput; output: RetainOutput };
  /** Makes handlers known, so that notifications get a delivery for each, whichever node makes them. */
  registerHandlers: { input: readonly { merchant: MerchantId; type: string; name: string }[]; output: null };

  addReplay: { input: Replay; output: null };
  /** A person's change of a replay; `state`: it has ended. */
  changeReplay: {
    input: { id: ReplayId; to: ReplayChange; by: string };
    output: 'changed' | 'unknown' | 'state';
  };

  addReconciliation: { input: Reconciliation; output: null };
  addStatementChunk: { input: { id: ReconciliationId; number: number; bytes: Uint8Array }; output: null };
  /** Takes one that nobody works, if it is still as it was read, for this long. Null: another node was first. */
  takeReconciliation: { input: { id: ReconciliationId; run: number; leaseMs: number }; output: Reconciliation | null };
  /** What became of it, and for how long it stays this node's. False: it is another's by now. Its file goes with its end. */
  keepReconciliation: {
    input: Pick<Reconciliation, 'id' | 'run' | 'state' | 'progress' | 'failure'> & { leaseMs: number };
    output: boolean;
  };
  addCallbackReplay: { input: CallbackReplay; output: null };
  /** A person's change of one; `state`: it is not in a state that allows it. */
  changeCallbackReplay: {
    input: { id: ReplayId; to: CallbackReplayChange; by: string };
    output: 'changed' | 'unknown' | 'state';
  };
  /** Takes its next step for this node until then; false: it stands elsewhere, or another node is at it. */
  leaseCallbackReplay: { input: { id: ReplayId; cursor: string | null; until: Instant }; output: boolean };
  /** What a step came to. `stale`: it stands elsewhere by now, and nothing was recorded. */
  stepCallbackReplay: { input: CallbackReplayStep; output: 'stepped' | 'stale' };

  addMerchant: { input: Omit<Merchant, 'askedAccounts'> & { by: string }; output: 'added' | 'exists' };
  changeMerchant: {
    input: {
      id: MerchantId;
      name?: string;
      policies?: Policies;
      credentials?: Readonly<Record<string, SealedCredentials>>;
      by: string;
    };
    output: boolean;
  };
  addAccount: { input: Account & { by: string }; output: null };
  changeAccount: {
    input: {
      id: AccountId;
      by: string;
      /** Only where the credentials still have this version. */
      version?: number;
      change: Partial<Pick<Account, 'name' | 'mode' | 'acknowledge' | 'withoutOrder' | 'credentials'>>;
    };
    output: boolean;
  };
  removeAccount: { input: { id: AccountId; by: string }; output: boolean };
  addEndpoint: { input: Endpoint & { by: string }; output: 'added' | 'too_many' };
  changeEndpoint: {
    input: {
      id: EndpointId;
      by: string;
      /** Only where the credentials still have this version. */
      version?: number;
      /** Of the action; default: the names of what changes. */
      note?: string;
      change: Partial<
        Pick<
          Endpoint,
          | 'types'
          | 'schedule'
          | 'timeoutMs'
          | 'ratePerSecond'
          | 'concurrency'
          | 'ordering'
          | 'state'
          | 'credentials'
          | 'previousUntil'
        >
      >;
    };
    output: boolean;
  };
  /** Keeps that a URL is to take the place of the present one, in place of any that was to before. Gives the endpoint; null: there is none. */
  askUrl: {
    input: { id: EndpointId; change: Pick<UrlChange, 'url' | 'challenge' | 'by'> };
    output: Endpoint | null;
  };
  /**
   * What came of the challenge, which was signed by this version of the secrets: with a `failure` the URL stays, without one it changes.
   * Nothing where another challenge was sent since. Gives the endpoint as it is now.
   */
  settleUrl: {
    input: { id: EndpointId; challenge: string; version: number | undefined; failure: string | null };
    output: Endpoint | null;
  };
  /** Changes the URL without a challenge, and ends a change that waits for one. */
  forceUrl: { input: { id: EndpointId; url: string; by: string; note: string | null }; output: Endpoint | null };
  /** Its live deliveries are canceled, as an action of this person. */
  removeEndpoint: { input: { id: EndpointId; by: string }; output: boolean };
  addApiKey: { input: { apiKey: ApiKey; digest: string; by: string }; output: null };
  removeApiKey: { input: { id: ApiKeyId; by: string }; output: boolean };
  addSession: { input: Session; output: null };
  removeSession: { input: { digest: string }; output: null };
  /** `names`: what it is found by, beside its id. */
  putSandboxPayment: { input: { payment: SandboxPayment; names: readonly string[] }; output: null };
  /** Keeps a small value under a name if there is none yet, and gives what is kept. */
  keepSetting: { input: { name: string; value: Uint8Array }; output: Uint8Array };
  /** Appends a seal over leaves (32 bytes each, in order), made of these entries of `unsealed`. False: another came first. */
  seal: { input: { seal: Seal; leaves: Uint8Array; covered: readonly number[] }; output: boolean };
  /** Keeps alerts as they are now, new ones and known ones. */
  putAlerts: { input: readonly Alert[]; output: null };
  /** What waits at this moment: of its minute the most is kept. */
  keepBacklog: { input: BacklogMinute; output: null };
  /** Takes, or keeps, a node's time-bounded claim on a piece of work that one node does at a time. */
  lease: { input: { name: 'sealing' | 'alerts'; ms: number }; output: boolean };
}

/** `tookMs`: from when it had arrived whole until then. */
export interface Acknowledged extends Pick<Callback, 'id' | 'merchant' | 'account' | 'provider' | 'receivedAt'> {
  tookMs: number;
}

export interface AccountLease {
  /** The fence. */
  lease: number;
  /** The moment of the claim. */
  at: Instant;
}

export interface ClaimAsksOutput {
  claimed: readonly ClaimedAsks[];
  /** The moment of the claim. */
  at: Instant;
  /** When the next account is due; null = nothing is to be asked. */
  nextDueAt: Instant | null;
}

export interface RetainInput {
  /** Bytes of callbacks, payloads and attempts from before this moment. */
  bytesBefore: Instant;
  /** Nonces, and refused callbacks. */
  noncesBefore: Instant;
  idempotencyBefore: Instant;
  /** What commits have made, as those see it who follow them. */
  commitsBefore: Instant;
  reconciliationsBefore: Instant;
  /** Orders that have been final since, with everything that belongs to them. */
  ordersBefore: Instant;
}

type RetainedKind =
  | ('bytes' | 'payloads' | 'attempts' | 'nonces' | 'refused' | 'idempotency')
  | ('commits' | 'reconciliations' | 'sessions' | 'orders');

export interface RetainOutput {
  /** How much went, by what it was. */
  removed: Readonly<Record<RetainedKind, number>>;
  /** Old parts that stay because something in them is still live. */
  kept: readonly string[];
  /** There is more to delete now. */
  more: boolean;
}

export interface ClaimInput {
  /** Free slots for endpoints, and those of them that only first tries may take. */
  slots: number;
  firstOnlySlots: number;
  /** Free slots for functions; they are not among `slots`, so that neither starves the other. */
  functionSlots: { handler: number; effect: number };
  /** What is left of the concurrency of lanes that have something in use, functions included; 0 = take nothing. */
  room: ReadonlyMap<LaneId, number>;
  /** Handler and effect lanes that this process has in code. */
  functions: readonly LaneId[];
  /** How long a function may run, for its lease. */
  functionMs: number;
}

export interface ClaimOutput {
  claimed: readonly Claimed[];
  /** When the next lane is due that this node could work; null = nothing waits. */
  nextDueAt: Instant | null;
  /** Expired leases taken over. */
  rescued: number;
}

export interface Finished {
  claimed: Pick<Claimed, 'delivery' | 'merchant' | 'lane' | 'target' | 'number' | 'notification' | 'probe'>;
  provider: string | null;
  attempt: AttemptRecord;
  verdict: Verdict;
  /** Whether the attempt says something about the target's health (our own faults do not). */
  health: 'success' | 'failure' | 'nothing';
}

export interface FinishOutput {
  /** Deliveries whose fence no longer held: recorded, state unchanged. */
  fencedOut: readonly DeliveryId[];
  /** Endpoints that passed a mark of their failure budget with this; at 100 they are disabled now. */
  warned: readonly { endpoint: EndpointId; percent: BudgetWarning['percent'] }[];
}

export interface CallbackReplayStep {
  id: ReplayId;
  /** Where it stood. */
  cursor: string | null;
  /** Where it stands then; null: at the end of its phase. */
  next: string | null;
  /** Not before then does it go on. */
  nextAt: Instant;
  progress: CallbackReplayProgress;
  /** In its preview they are new; then they have been applied. */
  rereads: readonly Reread[];
}
