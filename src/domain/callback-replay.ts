import type { CallbackVerdict } from './callback.ts';
import type { Instant } from './clock.ts';
import type { ErrorCode } from './errors.ts';
import { type Fact, factKey } from './fact.ts';
import type { AccountId, CallbackId, FactId, MerchantId, ReplayId } from './ids.ts';

/** `previewed`: it waits for a person to say that it is to be applied. `done` and `canceled` are final. */
export const callbackReplayStates = ['running', 'previewed', 'paused', 'done', 'canceled'] as const;
export type CallbackReplayState = (typeof callbackReplayStates)[number];

/** First everything is read without effect, then, when a person says so, what came out otherwise is taken into effect. */
export const callbackReplayPhases = ['preview', 'apply'] as const;
export type CallbackReplayPhase = (typeof callbackReplayPhases)[number];

/** Which callbacks are read again; null = whatever it is. */
export interface CallbackReplayFilter {
  merchant: MerchantId | null;
  account: AccountId | null;
  provider: string | null;
  verdict: CallbackVerdict | null;
  /** When it was received; from ≤ at < to. */
  from: Instant | null;
  to: Instant | null;
}

export interface CallbackReplayProgress {
  /** Callbacks that the filter takes and that were looked at. */
  looked: number;
  /** Those that the present code reads as they stand. */
  same: number;
  /** Those that it reads otherwise; each is kept with its difference. */
  differ: number;
  /** Those whose bytes retention has deleted. */
  gone: number;
  /** Those that cannot be read: their account is gone, or its credentials cannot be used, or do not verify them any more. */
  failed: number;
  /** Looking ended early, because more differ than are kept. */
  cut: boolean;
  /** Of those that differ: taken into effect. */
  applied: number;
  /** Of these: with another result than was previewed. */
  otherwise: number;
}

export const nothingLooked: CallbackReplayProgress = {
  looked: 0,
  same: 0,
  differ: 0,
  gone: 0,
  failed: 0,
  cut: false,
  applied: 0,
  otherwise: 0,
};

/** Callbacks read again through the present code: a job that any node goes on with where the last one stopped. */
export interface CallbackReplay {
  id: ReplayId;
  by: string;
  filter: CallbackReplayFilter;
  /** Callbacks taken into effect a second, over all nodes. Null: as fast as it goes. */
  ratePerSecond: number | null;
  phase: CallbackReplayPhase;
  state: CallbackReplayState;
  /** Where it goes on, and the fence: a step that began elsewhere changes nothing. Null: at the beginning of its phase. */
  cursor: string | null;
  /** Not before then does it go on: its rate lets it wait, or a node is at a step. */
  nextAt: Instant;
  progress: CallbackReplayProgress;
  createdAt: Instant;
  updatedAt: Instant;
}

/** What a callback is taken for. */
export interface Judged {
  verdict: CallbackVerdict;
  code: ErrorCode | null;
  reason: string | null;
}

/** A callback that the present code reads otherwise. */
export interface Reread {
  replay: ReplayId;
  callback: CallbackId;
  before: Judged;
  after: Judged;
  /** What it would tell that it has not told. `known`: somebody else has. */
  added: readonly { fact: Fact; known: boolean }[];
  /** What it has told and would not tell now. It stays: facts are never removed. */
  untold: readonly Fact[];
  /** The facts that it had told when it was looked at. */
  told: readonly FactId[];
  /** What taking it into effect came to; null = it has not been. */
  applied: Applied | null;
}

export type Applied =
  | ({ is: 'read'; at: Instant; added: readonly Fact[] } & Judged)
  /** Its bytes, or its account, have gone since; or the credentials cannot be used. */
  | { is: 'failed'; at: Instant; why: string };

/** Whether taking it into effect came to something else than its preview. */
export function cameOtherwise({ after, added, applied }: Pick<Reread, 'after' | 'added' | 'applied'>): boolean {
  if (applied === null) return false;
  if (applied.is === 'failed' || applied.verdict !== after.verdict || applied.added.length !== added.length)
    return true;
  const keys = applied.added.map(factKey);
  return added.some(({ fact }) => !keys.includes(factKey(fact)));
}

export const callbackReplayChanges = ['apply', 'pause', 'resume', 'cancel'] as const;
export type CallbackReplayChange = (typeof callbackReplayChanges)[number];

/** What a person may do with it in this state; null: nothing comes of it. */
export function callbackReplayAfter(
  { state, phase, cursor }: Pick<CallbackReplay, 'state' | 'phase' | 'cursor'>,
  change: CallbackReplayChange,
): Pick<CallbackReplay, 'state' | 'phase' | 'cursor'> | null {
  if (state === 'done' || state === 'canceled') return null;
  if (change === 'cancel') return { state: 'canceled', phase, cursor };
  if (change === 'apply') return state === 'previewed' ? { state: 'running', phase: 'apply', cursor: null } : null;
  if (state === 'previewed') return null;
  return { state: change === 'pause' ? 'paused' : 'running', phase, cursor };
}
