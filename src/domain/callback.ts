import type { Instant } from './clock.ts';
import type { Step } from './delivery.ts';
import type { ErrorCode } from './errors.ts';
import type { AccountId, CallbackId, MerchantId } from './ids.ts';

export const verdicts = [
  'verified',
  'parked',
  'duplicate',
  'conflict',
  'ignored',
  'unreadable',
  'quarantined',
  'refused',
] as const;
/** What became of a callback. */
export type CallbackVerdict = (typeof verdicts)[number];

/** One raw HTTP request received on an account's callback URL, kept byte for byte. */
export interface Callback {
  id: CallbackId;
  merchant: MerchantId;
  account: AccountId;
  provider: string;
  receivedAt: Instant;
  method: string;
  /** Path and query as on the request line. */
  target: string;
  headers: readonly (readonly [string, string])[];
  body: Uint8Array;
  messageId: string | null;
  verdict: CallbackVerdict;
  code: ErrorCode | null;
  /** One line: why this verdict; null where it is `verified`. */
  reason: string | null;
  /** How far it got in the receiving funnel. */
  step: Step;
}
