import { closedBreaker } from '../../../domain/breaker.ts';
import { asId, bucketOf, type LaneId } from '../../../domain/ids.ts';
import { limits } from '../../../domain/limits.ts';
import { type LaneRow, laneOf, warningsToJson } from '../../delivery-mapping.ts';
import { number, numberOrNull, text } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image, ImageRow } from '../image.ts';
import { Table } from '../table.ts';

export const lanes = new Table({
  name: 'lanes',
  columns: {
    bucket: 'smallint',
    id: 'text',
    merchant: 'text',
    kind: 'text',
    name: 'text',
    provider: 'text',
    state: 'text',
    ordering: 'text',
    rate_per_second: 'double precision',
    concurrency: 'bigint',
    next_due: 'bigint',
    tokens: 'double precision',
    tokens_at: 'bigint',
    failures: 'integer',
    failing_since: 'bigint',
    opens: 'integer',
    open_until: 'bigint',
    warnings: 'text',
    probe_until: 'bigint',
    drain_since: 'bigint',
  },
  key: ['id'],
  mutable: [
    'state',
    'ordering',
    'rate_per_second',
    'concurrency',
    'next_due',
    'tokens',
    'tokens_at',
    'failures',
    'failing_since',
    'opens',
    'open_until',
    'warnings',
    'probe_until',
    'drain_since',
  ],
  onConflict: 'do nothing',
});

/** The lock that everybody shares who writes into a lane, which for an endpoint is named like it. */
export function laneLock(lane: string): string {
  return `lane ${lane}`;
}

/** Whoever reads a lane in order to write into it shares its lock; see `nextDueOfLane`. */
export const lanesById = lanes.lookup({
  name: 'id',
  columns: ['id'],
  index: 'lanes_pkey',
  lockName: ([id = '']) => laneLock(id),
  sharesLock: true,
});

export const lockedLanes = lanes.lookup({
  name: 'id, to change it',
  columns: ['id'],
  index: 'lanes_pkey',
  locks: 'wait',
});
export const triedLanes = lanes.lookup({ name: 'id, to work it', columns: ['id'], index: 'lanes_pkey', locks: 'try' });

type LaneRows = Pick<
  Rows,
  'laneById' | 'lockLane' | 'tryLockLane' | 'upsertLane' | 'lowerLane' | 'underWayInLane' | 'dueLanes' | 'nextDueAfter'
>;

export function laneRows(image: Image): LaneRows {
  return {
    laneById(id) {
      const found = image.one(lanesById, id);
      if (found === null) return image.knows(lanesById, id) ? null : { ...standIn, id };
      return laneOf({ ...found.values, next_due: dueOf(image, found) });
    },
    lockLane(id) {
      image.find(lockedLanes, id);
    },
    tryLockLane: (id) => tryLockLane(image, id),
    upsertLane(lane) {
      const { id, merchant, kind, name, provider } = lane;
      const kept = image.one(lanesById, id);
      if (kept !== null) image.change(kept, changing(lane));
      else image.add(lanes, { bucket: bucketOf(merchant), id, merchant, kind, name, provider, ...changing(lane) });
      // Another node may make the same lane at this moment, and its row is the one that stays.
      if (kept === null && lane.nextDue !== null) image.lower(id, lane.nextDue);
    },
    lowerLane: (id, nextDue) => image.lower(id, nextDue),
    underWayInLane: (id, now, most) => (most >= limits.endpointConcurrency ? 0 : underWayInLane(image, id, now, most)),
    dueLanes(kind, now, most) {
      const found = image.answer(`lanes ${kind} ${now} ${most}`, (session) =>
        // In the order of the index.
        session.all(
          '/* lanes_due (kind, next_due) */ select id, next_due from paidonce.lanes where kind = $1 and next_due <= $2 order by next_due limit $3',
          kind,
          now,
          most,
        ),
      );
      // As this transaction leaves them, in the same order whenever the claim runs again.
      const dues = new Map((found ?? []).map((row) => [text(row, 'id'), numberOrNull(row, 'next_due')]));
      for (const [id, nextDue] of lanesOf(image, kind)) dues.set(id, nextDue);
      const due = [...dues].flatMap(([id, nextDue]) => (nextDue !== null && nextDue <= now ? [{ id, nextDue }] : []));
      due.sort((one, other) => one.nextDue - other.nextDue);
      return due.slice(0, most).map(({ id }) => asId.lane(id));
    },
    nextDueAfter(kind, now) {
      const met = lanesOf(image, kind);
      const found = image.answer(`next ${kind} ${now} ${met.size}`, (session) =>
        // In the order of the index: its first entries after that moment.
        session.all(
          '/* lanes_due (kind, next_due) */ select id, next_due from paidonce.lanes where kind = $1 and next_due > $2 order by next_due limit $3',
          kind,
          now,
          met.size + 1,
        ),
      );
      const other = (found ?? []).find((row) => !met.has(text(row, 'id')));
      const dues = [...met.values(), other === undefined ? null : number(other, 'next_due')];
      const later = dues.filter((due) => due !== null && due > now).map(Number);
      return later.length === 0 ? null : Math.min(...later);
    },
  };
}

/** In place of a lane that has yet to be loaded, so that an operation on many lanes goes on and finds all that it needs at once. */
const standIn = {
  merchant: asId.merchant(''),
  kind: 'endpoint',
  name: '',
  provider: '',
  state: 'enabled',
  ordering: 'none',
  ratePerSecond: null,
  concurrency: limits.endpointConcurrency,
  nextDue: null,
  tokens: 0,
  tokensAt: 0,
  breaker: closedBreaker,
  probeUntil: null,
  drainSince: null,
} as const;

/** Lanes that a claim takes before it looks what is in them: others want some too, and few may be enough. */
const lanesAtOnce = 32;

function tryLockLane(image: Image, id: LaneId): boolean {
  if (!image.knows(triedLanes, id)) {
    const asked = [...image.missing.values()];
    // The claim runs again as it is; the lanes before this one may be all that it needs.
    const mayAsk =
      asked.length < lanesAtOnce && asked.every((need) => need.is === 'rows' && need.lookup === triedLanes);
    if (!mayAsk) return false;
  }
  return image.one(triedLanes, id) !== null;
}

/** When a lane is due as this transaction leaves it. */
function dueOf(image: Image, { values }: ImageRow): number | null {
  const lowered = image.lowered.get(text(values, 'id'));
  const nextDue = numberOrNull(values, 'next_due');
  if (lowered === undefined || values.state !== 'enabled') return nextDue;
  return nextDue === null ? lowered : Math.min(nextDue, lowered);
}

/** The lanes that this transaction has met, which may be due at other times than the database says. */
function lanesOf(image: Image, kind: string): Map<string, number | null> {
  const met = new Map<string, number | null>();
  for (const lane of image.all(lanes))
    if (lane.values.kind === kind) met.set(text(lane.values, 'id'), dueOf(image, lane));
  return met;
}

/** A lease ends at most this long after it began, whatever the target. */
const leaseMsMax = limits.connectMs + limits.endpointTimeoutMsMax + limits.responseBodyMs + limits.leaseMarginMs;

/** An endpoint that asks for less than everybody gets is asked less on all nodes together. */
function underWayInLane(image: Image, id: LaneId, now: number, most: number): number {
  const counted = image.answer(`under way ${id} ${now} ${most}`, (session) =>
    // Of the index the part in which leases can end.
    session.all(
      `/* deliveries_due (lane, due_at) */ select count(*) as under_way from (
         select 1 from paidonce.deliveries
         where lane = $1 and state in ('pending', 'sending', 'dead') and due_at > $2 and due_at <= $3 and state = 'sending' limit $4
       ) sending`,
      id,
      now,
      now + leaseMsMax,
      most,
    ),
  );
  const [row] = counted ?? [];
  return row === undefined ? 0 : number(row, 'under_way');
}

function changing(lane: LaneRow) {
  const { failures, failingSince, opens, openUntil } = lane.breaker;
  return {
    state: lane.state,
    ordering: lane.ordering,
    rate_per_second: lane.ratePerSecond,
    concurrency: lane.concurrency,
    next_due: lane.nextDue,
    tokens: lane.tokens,
    tokens_at: lane.tokensAt,
    failures,
    failing_since: failingSince,
    opens,
    open_until: openUntil,
    warnings: warningsToJson(lane.breaker),
    probe_until: lane.probeUntil,
    drain_since: lane.drainSince,
  };
}
