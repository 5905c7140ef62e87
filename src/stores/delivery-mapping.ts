import type { Breaker, BudgetWarning } from '../domain/breaker.ts';
import type { AttemptRecord, DeliveryState, Step, Target, TargetKind } from '../domain/delivery.ts';
import { asId } from '../domain/ids.ts';
import type { Endpoint, EndpointState } from '../domain/merchant.ts';
import type { DeliveryShown } from './kept.ts';
import {
  bytesOrNull,
  deliveryStateOf,
  endpointStateOf,
  flag,
  functionKindOf,
  number,
  numberOrNull,
  orderingOf,
  parsed,
  type Row,
  shownStateOf,
  stepOf,
  stepOrNull,
  targetKindOf,
  text,
  textOrNull,
  typeOf,
} from './mapping.ts';
import type { DeliveryRow } from './reads.ts';

// What `mapping.ts` is for the rest: deliveries, their attempts and their lanes.

export function targetOf(row: Row): Target {
  const kind = targetKindOf(row);
  return kind === 'endpoint' ? { kind, id: asId.endpoint(text(row, 'lane')) } : { kind, name: text(row, 'name') };
}

/** Needs `own_url`: whether the delivery has a URL of its own. */
export function deliveryShownOf(row: Row): DeliveryShown {
  const target = targetOf(row);
  const endpoint = target.kind === 'endpoint' && !flag(row, 'own_url') ? target.id : null;
  return { id: asId.delivery(text(row, 'id')), target, endpoint, state: shownStateOf(row) };
}

/** A delivery as the writer works on it. */
export interface DeliveryWork {
  row: number;
  id: ReturnType<typeof asId.delivery>;
  merchant: ReturnType<typeof asId.merchant>;
  notification: ReturnType<typeof asId.notification>;
  lane: ReturnType<typeof asId.lane>;
  target: Target;
  url: string | null;
  effect: { key: string; payload: string } | null;
  state: DeliveryState;
  dueAt: number | null;
  attempts: number;
  tries: number;
  rescues: number;
  step: Step | null;
  leasedAt: number | null;
  createdAt: number;
}

export const deliveryWorkColumns =
  'seq, id, merchant, notification, lane, kind, name, url, effect_key, effect_payload, state, due_at, attempts, tries, rescues, step, leased_at, created_at';
export function deliveryWorkOf(row: Row): DeliveryWork {
  const key = textOrNull(row, 'effect_key');
  return {
    row: number(row, 'seq'),
    id: asId.delivery(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    notification: asId.notification(text(row, 'notification')),
    lane: asId.lane(text(row, 'lane')),
    target: targetOf(row),
    url: textOrNull(row, 'url'),
    effect: key === null ? null : { key, payload: text(row, 'effect_payload') },
    state: deliveryStateOf(row),
    dueAt: numberOrNull(row, 'due_at'),
    attempts: number(row, 'attempts'),
    tries: number(row, 'tries'),
    rescues: number(row, 'rescues'),
    step: stepOrNull(row),
    leasedAt: numberOrNull(row, 'leased_at'),
    createdAt: number(row, 'created_at'),
  };
}

/** Needs the delivery as `d`, its notification as `n`, its lane as `l` (may be absent) and its endpoint as `e` (may be absent). */
export const deliveryRowColumns =
  "d.seq, d.id, d.merchant, d.notification, n.order_no, n.type, d.kind, d.lane, d.name, coalesce(d.url, e.url) as url, d.url is not null as own_url, case when d.state = 'pending' and l.state <> 'enabled' then 'held' else d.state end as state, d.attempts, d.due_at, d.created_at";
export function deliveryRowOf(row: Row): DeliveryRow {
  const target = targetOf(row);
  return {
    id: asId.delivery(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    notification: asId.notification(text(row, 'notification')),
    orderNo: asId.orderNo(text(row, 'order_no')),
    type: typeOf(row),
    target,
    endpoint: target.kind === 'endpoint' && !flag(row, 'own_url') ? target.id : null,
    url: textOrNull(row, 'url'),
    state: shownStateOf(row),
    attempts: number(row, 'attempts'),
    dueAt: numberOrNull(row, 'due_at'),
    createdAt: number(row, 'created_at'),
  };
}

export const attemptColumns =
  'seq, delivery, number, id, started_at, duration_ms, step, status, error, peer, request_headers, request_sha256, response_headers, response_body, response_truncated, certificate, secret';
export function attemptOf(row: Row): AttemptRecord {
  const requestSha256 = textOrNull(row, 'request_sha256');
  const responseBody = bytesOrNull(row, 'response_body');
  return {
    id: asId.attempt(text(row, 'id')),
    delivery: asId.delivery(text(row, 'delivery')),
    number: number(row, 'number'),
    startedAt: number(row, 'started_at'),
    durationMs: number(row, 'duration_ms'),
    step: stepOf(row),
    status: numberOrNull(row, 'status'),
    error: textOrNull(row, 'error'),
    request:
      requestSha256 === null
        ? null
        : { headers: parsed<[string, string][]>(row, 'request_headers'), bodySha256: requestSha256 },
    response:
      responseBody === null
        ? null
        : {
            headers: parsed<[string, string][]>(row, 'response_headers'),
            body: responseBody,
            truncated: flag(row, 'response_truncated'),
          },
    peer: textOrNull(row, 'peer'),
    certificate: textOrNull(row, 'certificate'),
    secret: textOrNull(row, 'secret'),
  };
}

export const laneColumns =
  'id, merchant, kind, name, provider, state, ordering, rate_per_second, concurrency, next_due, tokens, tokens_at, failures, failing_since, opens, open_until, warnings, probe_until, drain_since';
/** A lane as its row says. */
export interface LaneRow {
  id: ReturnType<typeof asId.lane>;
  merchant: ReturnType<typeof asId.merchant>;
  kind: TargetKind;
  name: string;
  provider: string;
  state: EndpointState;
  ordering: Endpoint['ordering'];
  ratePerSecond: number | null;
  concurrency: number;
  nextDue: number | null;
  tokens: number;
  tokensAt: number;
  breaker: Breaker;
  probeUntil: number | null;
  /** What came due until then is let out slowly; null: nothing waited. */
  drainSince: number | null;
}

export function laneOf(row: Row): LaneRow {
  return {
    id: asId.lane(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    kind: targetKindOf(row),
    name: text(row, 'name'),
    provider: text(row, 'provider'),
    state: endpointStateOf(row),
    ordering: orderingOf(row),
    ratePerSecond: numberOrNull(row, 'rate_per_second'),
    concurrency: number(row, 'concurrency'),
    nextDue: numberOrNull(row, 'next_due'),
    tokens: number(row, 'tokens'),
    tokensAt: number(row, 'tokens_at'),
    breaker: breakerOf(row),
    probeUntil: numberOrNull(row, 'probe_until'),
    drainSince: numberOrNull(row, 'drain_since'),
  };
}

export function breakerOf(row: Row): Breaker {
  return {
    failures: number(row, 'failures'),
    failingSince: numberOrNull(row, 'failing_since'),
    opens: number(row, 'opens'),
    openUntil: numberOrNull(row, 'open_until'),
    warnings: row.warnings === null ? [] : parsed<BudgetWarning[]>(row, 'warnings'),
  };
}

/** Null where there is nothing to be warned of, so that an index finds the others. */
export function warningsToJson({ warnings }: Breaker): string | null {
  return warnings.length === 0 ? null : JSON.stringify(warnings);
}

/** The function that a lane belongs to. */
export function functionOf(row: Row): { merchant: LaneRow['merchant']; kind: 'handler' | 'effect'; name: string } {
  return {
    merchant: asId.merchant(text(row, 'merchant')),
    kind: functionKindOf(row),
    name: text(row, 'name'),
  };
}
