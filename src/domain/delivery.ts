import type { Instant } from './clock.ts';
import type { AttemptId, DeliveryId, EndpointId } from './ids.ts';

/** Where a notification goes. */
export type Target =
  | { kind: 'endpoint'; id: EndpointId }
  | { kind: 'handler'; name: string }
  | { kind: 'effect'; name: string };
export type TargetKind = Target['kind'];

/** `held` is not a state: it is `pending` seen through a paused or disabled lane. */
export const deliveryStates = ['pending', 'sending', 'confirmed', 'dead', 'canceled'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

const moves: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  pending: ['sending', 'canceled'],
  sending: ['confirmed', 'pending', 'dead', 'canceled'],
  dead: ['pending'],
  confirmed: [],
  canceled: [],
};

/** Whether the state machine has this move. `confirmed` and `canceled` are final: sending again makes a new delivery. */
export function canMove(from: DeliveryState, to: DeliveryState): boolean {
  return moves[from].includes(to);
}

export function isFinal(state: DeliveryState): boolean {
  return moves[state].length === 0;
}

/** How far something got; each step counts only with all before it. */
export const steps = ['total', 'sent', 'received', 'handled', 'confirmed'] as const;
export type Step = (typeof steps)[number];

export function stepRank(step: Step): number {
  return steps.indexOf(step);
}

/** What one try of a delivery came to. The worker reports it; the store decides whether the fence still allows the change of state. */
export interface AttemptRecord {
  id: AttemptId;
  delivery: DeliveryId;
  /** Counts the tries of the delivery from 1, and is its fence: only the newest number may change the delivery's state. */
  number: number;
  startedAt: Instant;
  durationMs: number;
  step: Step;
  /** HTTP status, or null where no response arrived (or the target is a function). */
  status: number | null;
  /** One line: why it was not confirmed; null when it was. */
  error: string | null;
  request: { headers: readonly (readonly [string, string])[]; bodySha256: string } | null;
  response: { headers: readonly (readonly [string, string])[]; body: Uint8Array; truncated: boolean } | null;
  /** Address connected to, where the target is a URL. */
  peer: string | null;
  /** SHA-256 of the certificate that the other side showed, in hexadecimal; null without TLS. */
  certificate: string | null;
  /** Whose secret sealed it, and which version of it: `endpoint:<id>:<version>`. */
  secret: string | null;
}

/** What becomes of the delivery after an attempt. */
export type Verdict = { is: 'confirmed' } | { is: 'again'; at: Instant; consumesTry: boolean } | { is: 'dead' };
