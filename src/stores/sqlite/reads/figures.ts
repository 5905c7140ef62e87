import type { SQLInputValue } from 'node:sqlite';
import type { Instant } from '../../../domain/clock.ts';
import { backlogMinuteOf, backlogMosts, latencyBucketsOf, latencySums } from '../../figures-mapping.ts';
import { countsOf, number, numberOrNull } from '../../mapping.ts';
import type { BacklogMinute, FunnelBucket, FunnelQuery, Gauges, LatencyBucket, Reads } from '../../reads.ts';
import { minuteOf } from '../../work/funnel-book.ts';
import type { Connection } from '../connection.ts';
import { counter } from '../statements/settings.ts';
import { type Condition, equals, visibleIn } from './page.ts';

/** Buckets that hold anything, earliest first. A minute is in the range when it begins in it. */
export function funnel(db: Connection, query: FunnelQuery): readonly FunnelBucket[] {
  const { side, per, from, to, bucketMs } = query;
  const where = conditionsOf(query, { merchant: 'merchant', provider: 'provider', target: 'target', type: 'type' });
  const rows = db.all(
    `select minute - minute % ? as at, sum(total) as total, sum(sent) as sent, sum(received) as received, sum(handled) as handled,
       sum(confirmed) as confirmed
     from paidonce_funnel_minutes
     where side = ? and per = ? and minute >= ? and minute < ? ${where.sql} group by at order by at`,
    bucketMs,
    side,
    side === 'receiving' ? 'attempt' : per,
    minuteOf(from),
    to,
    ...where.parameters,
  );
  return bucketsOf(rows);
}

/** How long what the funnel counts by attempt took. */
export function latency(db: Connection, query: FunnelQuery): readonly LatencyBucket[] {
  const where = conditionsOf(query, { merchant: 'merchant', provider: 'provider', target: 'target', type: 'type' });
  const rows = db.all(
    `select minute - minute % ? as at, ${latencySums}
     from paidonce_funnel_minutes
     where side = ? and per = 'attempt' and minute >= ? and minute < ? ${where.sql} group by at order by at`,
    query.bucketMs,
    query.side,
    minuteOf(query.from),
    query.to,
    ...where.parameters,
  );
  return latencyBucketsOf(rows);
}

/** The same figures, counted again from what is stored of attempts, deliveries and callbacks. */
export function recount(db: Connection, query: FunnelQuery): readonly FunnelBucket[] {
  if (query.side === 'receiving') return recountReceiving(db, query);
  const kind = query.side === 'sending' ? 'endpoint' : 'handler';
  const target = kind === 'endpoint' ? 'd.lane' : 'd.name';
  const where = conditionsOf(query, {
    merchant: 'd.merchant',
    provider: "coalesce(e.provider, '')",
    target,
    type: 'n.type',
  });
  const counted =
    query.per === 'attempt'
      ? {
          table: 'paidonce_attempts a join paidonce_deliveries d on d.id = a.delivery',
          at: 'a.started_at',
          step: 'a.step',
        }
      : { table: 'paidonce_deliveries d', at: 'd.created_at', step: 'd.step' };
  const rows = db.all(
    `select ${bucketOf(counted.at)} as at, ${stepSums(counted.step, '1')}
     from ${counted.table} join paidonce_notifications n on n.id = d.notification left join paidonce_endpoints e on e.id = d.lane
     where d.kind = ? and ${counted.step} is not null and ${counted.at} >= ? and ${counted.at} - ${counted.at} % 60000 < ? ${where.sql}
     group by 1 order by 1`,
    query.bucketMs,
    kind,
    minuteOf(query.from),
    query.to,
    ...where.parameters,
  );
  return bucketsOf(rows);
}

/** Callbacks that are kept, and those that were only counted because the quarantine was full. */
function recountReceiving(db: Connection, query: FunnelQuery): readonly FunnelBucket[] {
  const where = conditionsOf(query, { merchant: 'merchant', provider: 'provider', target: 'account', type: "''" });
  const rows = db.all(
    `select ${bucketOf('at')} as at, ${stepSums('step', 'callbacks')} from (
       select received_at as at, merchant, provider, account, step, 1 as callbacks from paidonce_callbacks
       union all select minute, merchant, provider, account, step, callbacks from paidonce_unkept_callbacks
     ) where at >= ? and at - at % 60000 < ? ${where.sql} group by 1 order by 1`,
    query.bucketMs,
    minuteOf(query.from),
    query.to,
    ...where.parameters,
  );
  return bucketsOf(rows);
}

/** The bucket of a time is that of its minute. */
function bucketOf(at: string): string {
  return `(${at} - ${at} % 60000) - (${at} - ${at} % 60000) % ?1`;
}

function stepSums(step: string, weight: string): string {
  const reached = (steps: string) => `coalesce(sum((${step} in (${steps})) * ${weight}), 0)`;
  return `sum(${weight}) as total, ${reached("'sent', 'received', 'handled', 'confirmed'")} as sent,
    ${reached("'received', 'handled', 'confirmed'")} as received, ${reached("'handled', 'confirmed'")} as handled,
    ${reached("'confirmed'")} as confirmed`;
}

interface FunnelColumns {
  merchant: string;
  provider: string;
  target: string;
  type: string;
}

function conditionsOf(query: FunnelQuery, columns: FunnelColumns): { sql: string; parameters: SQLInputValue[] } {
  const conditions: Condition[] = [
    visibleIn(columns.merchant, query.visible),
    equals(columns.merchant, query.merchant),
    equals(columns.provider, query.provider),
    equals(columns.target, query.endpoint),
    equals(columns.type, query.type),
  ];
  const asked = conditions.filter((condition) => condition !== null);
  return { sql: asked.map(([sql]) => ` and ${sql}`).join(''), parameters: asked.flatMap(([, ...values]) => values) };
}

function bucketsOf(rows: ReturnType<Connection['all']>): readonly FunnelBucket[] {
  const buckets = rows.map((row) => ({ at: number(row, 'at'), counts: countsOf(row) }));
  return buckets.filter(({ counts }) => counts.total > 0);
}

export function backlog(db: Connection, { from, to, bucketMs }: Reads['backlog']['input']): readonly BacklogMinute[] {
  return db
    .all(
      `select minute - minute % ? as at, ${backlogMosts} from paidonce_backlog_minutes
       where minute >= ? and minute < ? group by at order by at`,
      bucketMs,
      minuteOf(from),
      to,
    )
    .map(backlogMinuteOf);
}

export function gauges(db: Connection, _: null, now: Instant): Gauges {
  const row = db.get(
    `with live as (
       select state, count(*) as deliveries from paidonce_deliveries where state not in ('confirmed', 'canceled') group by state
     )
     select
       (select coalesce(sum(deliveries), 0) from live where state = 'pending') as pending,
       (select coalesce(sum(deliveries), 0) from live where state = 'sending') as sending,
       (select coalesce(sum(deliveries), 0) from live where state = 'dead') as dead,
       (select min(next_due) from paidonce_lanes where next_due is not null) as oldest_due_at,
       (select count(*) from paidonce_facts where order_id is null) as parked_facts,
       (select count(*) from paidonce_callbacks where verdict in ('quarantined', 'refused')) as quarantined,
       (select count(*) from paidonce_discrepancies where state = 'open') as discrepancies_open,
       (select count(*) from paidonce_outbox) as outbox,
       (select count(*) from paidonce_asks) as asks,
       (select min(next_due) from paidonce_ask_queues) as oldest_ask_due_at`,
  );
  if (row === undefined) throw new Error('a query without a table gives a row');
  const oldestDueAt = numberOrNull(row, 'oldest_due_at');
  const oldestAskDueAt = numberOrNull(row, 'oldest_ask_due_at');
  return {
    pending: number(row, 'pending'),
    sending: number(row, 'sending'),
    dead: number(row, 'dead'),
    oldestDueAt: oldestDueAt !== null && oldestDueAt <= now ? oldestDueAt : null,
    parkedFacts: number(row, 'parked_facts'),
    quarantined: number(row, 'quarantined'),
    discrepanciesOpen: number(row, 'discrepancies_open'),
    rescuedLeases: counter(db, 'rescued_leases'),
    outbox: number(row, 'outbox'),
    asks: number(row, 'asks'),
    oldestAskDueAt: oldestAskDueAt !== null && oldestAskDueAt <= now ? oldestAskDueAt : null,
    oldestXminAge: null,
  };
}

export function ready(db: Connection): Reads['ready']['output'] {
  const row = db.get('select max(number) as migration from paidonce_migrations');
  const now = db.get("select unixepoch('subsec') * 1000 as now");
  return {
    migration: row === undefined ? 0 : number(row, 'migration'),
    now: now === undefined ? 0 : Math.round(number(now, 'now')),
  };
}
