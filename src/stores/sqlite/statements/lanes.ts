import type { Instant } from '../../../domain/clock.ts';
import type { TargetKind } from '../../../domain/delivery.ts';
import { asId, type LaneId } from '../../../domain/ids.ts';
import { type LaneRow, laneColumns, laneOf, warningsToJson } from '../../delivery-mapping.ts';
import { numberOrNull, text } from '../../mapping.ts';
import type { Connection } from '../connection.ts';

const laneByIdSql = `-- SEARCH paidonce_lanes USING PRIMARY KEY (id=?)
  select ${laneColumns} from paidonce_lanes where id = ?`;

export function laneById(db: Connection, id: LaneId): LaneRow | null {
  const row = db.get(laneByIdSql, id);
  return row === undefined ? null : laneOf(row);
}

export function upsertLane(db: Connection, lane: LaneRow): void {
  const { breaker } = lane;
  db.run(
    `insert into paidonce_lanes (
       id, merchant, kind, name, provider, state, ordering, rate_per_second, concurrency, next_due, tokens, tokens_at, failures, failing_since,
       opens, open_until, warnings, probe_until, drain_since
     ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do update set
       state = excluded.state, ordering = excluded.ordering, rate_per_second = excluded.rate_per_second, concurrency = excluded.concurrency,
       next_due = excluded.next_due, tokens = excluded.tokens, tokens_at = excluded.tokens_at, failures = excluded.failures,
       failing_since = excluded.failing_since, opens = excluded.opens, open_until = excluded.open_until,
       warnings = excluded.warnings, probe_until = excluded.probe_until, drain_since = excluded.drain_since`,
    lane.id,
    lane.merchant,
    lane.kind,
    lane.name,
    lane.provider,
    lane.state,
    lane.ordering,
    lane.ratePerSecond,
    lane.concurrency,
    lane.nextDue,
    lane.tokens,
    lane.tokensAt,
    breaker.failures,
    breaker.failingSince,
    breaker.opens,
    breaker.openUntil,
    warningsToJson(breaker),
    lane.probeUntil,
    lane.drainSince,
  );
}

export function lowerLane(db: Connection, id: LaneId, nextDue: Instant): void {
  db.run(
    `-- SEARCH paidonce_lanes USING PRIMARY KEY (id=?)
     update paidonce_lanes set next_due = ? where id = ?`,
    nextDue,
    id,
  );
}

/** Lanes with something due, the longest waiting first. */
export function dueLanes(db: Connection, kind: TargetKind, now: Instant, most: number): LaneId[] {
  return db
    .all(
      `-- SEARCH paidonce_lanes USING COVERING INDEX paidonce_lanes_due (kind=? AND next_due<?)
       select id from paidonce_lanes where kind = ? and next_due <= ? order by next_due limit ?`,
      kind,
      now,
      most,
    )
    .map((row) => asId.lane(text(row, 'id')));
}

/** When the next lane comes due after `now`. */
export function nextDueAfter(db: Connection, kind: TargetKind, now: Instant): Instant | null {
  const row = db.get(
    `-- SEARCH paidonce_lanes USING COVERING INDEX paidonce_lanes_due (kind=? AND next_due>?)
     select next_due from paidonce_lanes where kind = ? and next_due > ? order by next_due limit 1`,
    kind,
    now,
  );
  return row === undefined ? null : numberOrNull(row, 'next_due');
}

/** After a start nobody works a lane, and nobody probes one: what an earlier process left is looked at as soon as the breaker allows. */
export function resetLanes(db: Connection, now: Instant): void {
  db.run(
    `update paidonce_lanes set probe_until = null, next_due = max(?, coalesce(open_until, 0))
     where state = 'enabled' and (probe_until is not null or id in (
       select lane from paidonce_deliveries where state not in ('confirmed', 'canceled') and state = 'sending'
     ))`,
    now,
  );
}
