import type { Instant } from '../../../domain/clock.ts';
import { backlogMinuteOf, backlogMosts, latencyBucketsOf, latencySums } from '../../figures-mapping.ts';
import { countsOf, number, numberOrNull, type Row } from '../../mapping.ts';
import type { BacklogMinute, FunnelBucket, FunnelQuery, Gauges, LatencyBucket, Reads } from '../../reads.ts';
import { minuteOf } from '../../work/funnel-book.ts';
import type { Value } from '../message-writer.ts';
import type { Session } from '../session.ts';
import { equals, visibleIn, whereOf } from './page.ts';

/** Buckets that hold anything, earliest first. A minute is in the range when it begins in it. */
export async function funnel(session: Session, query: FunnelQuery): Promise<readonly FunnelBucket[]> {
  const { side, per, from, to, bucketMs } = query;
  const columns = { merchant: 'merchant', provider: 'provider', target: 'target', type: 'type' };
  const where = conditionsOf(query, columns, 6);
  // funnel_minutes_pkey (minute, side, per)
  const rows = await session.all(
    `select minute - minute % $1 as at, sum(total) as total, sum(sent) as sent, sum(received) as received, sum(handled) as handled,
       sum(confirmed) as confirmed
     from paidonce.funnel_minutes
     where side = $2 and per = $3 and minute >= $4 and minute < $5 ${where.sql} group by 1 order by 1`,
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
export async function latency(session: Session, query: FunnelQuery): Promise<readonly LatencyBucket[]> {
  const columns = { merchant: 'merchant', provider: 'provider', target: 'target', type: 'type' };
  const where = conditionsOf(query, columns, 5);
  // funnel_minutes_pkey (minute, side, per)
  const rows = await session.all(
    `select minute - minute % $1 as at, ${latencySums}
     from paidonce.funnel_minutes
     where side = $2 and per = 'attempt' and minute >= $3 and minute < $4 ${where.sql} group by 1 order by 1`,
    query.bucketMs,
    query.side,
    minuteOf(query.from),
    query.to,
    ...where.parameters,
  );
  return latencyBucketsOf(rows);
}

/** The same figures, counted again from what is stored of attempts, deliveries and callbacks. */
export async function recount(session: Session, query: FunnelQuery): Promise<readonly FunnelBucket[]> {
  if (query.side === 'receiving') return recountReceiving(session, query);
  const kind = query.side === 'sending' ? 'endpoint' : 'handler';
  const target = kind === 'endpoint' ? 'd.lane' : 'd.name';
  const columns = { merchant: 'd.merchant', provider: "coalesce(e.provider, '')", target, type: 'n.type' };
  const where = conditionsOf(query, columns, 5);
  const counted =
    query.per === 'attempt'
      ? {
          table: 'paidonce.attempts a join paidonce.deliveries d on d.id = a.delivery',
          at: 'a.started_at',
          step: 'a.step',
        }
      : { table: 'paidonce.deliveries d', at: 'd.created_at', step: 'd.step' };
  // Reads all that is kept: a person asks for it, and rarely.
  const rows = await session.all(
    `select ${bucketOf(counted.at)} as at, ${stepSums(counted.step, '1')}
     from ${counted.table} join paidonce.notifications n on n.id = d.notification left join paidonce.endpoints e on e.id = d.lane
     where d.kind = $2 and ${counted.step} is not null and ${counted.at} >= $3 and ${counted.at} - ${counted.at} % 60000 < $4 ${where.sql}
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
async function recountReceiving(session: Session, query: FunnelQuery): Promise<readonly FunnelBucket[]> {
  const columns = { merchant: 'merchant', provider: 'provider', target: 'account', type: "''" };
  const where = conditionsOf(query, columns, 4);
  // Reads all that is kept: a person asks for it, and rarely.
  const rows = await session.all(
    `select ${bucketOf('at')} as at, ${stepSums('step', 'callbacks')} from (
       select received_at as at, merchant, provider, account, step, 1 as callbacks from paidonce.callbacks
       union all select minute, merchant, provider, account, step, callbacks from paidonce.unkept_callbacks
     ) counted where at >= $2 and at - at % 60000 < $3 ${where.sql} group by 1 order by 1`,
    query.bucketMs,
    minuteOf(query.from),
    query.to,
    ...where.parameters,
  );
  return bucketsOf(rows);
}

/** The bucket of a time is that of its minute. */
function bucketOf(at: string): string {
  return `(${at} - ${at} % 60000) - (${at} - ${at} % 60000) % $1::bigint`;
}

function stepSums(step: string, weight: string): string {
  const reached = (steps: string) => `coalesce(sum(${weight}) filter (where ${step} in (${steps})), 0)`;
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

function conditionsOf(
  query: FunnelQuery,
  columns: FunnelColumns,
  first: number,
): { sql: string; parameters: readonly Value[] } {
  const conditions = [
    visibleIn(columns.merchant, query.visible),
    equals(columns.merchant, query.merchant),
    equals(columns.provider, query.provider),
    equals(columns.target, query.endpoint),
    equals(columns.type, query.type),
  ];
  return whereOf(conditions, { word: 'and', first });
}

function bucketsOf(rows: readonly Row[]): readonly FunnelBucket[] {
  const buckets = rows.map((row) => ({ at: number(row, 'at'), counts: countsOf(row) }));
  return buckets.filter(({ counts }) => counts.total > 0);
}

export async function backlog(
  session: Session,
  { from, to, bucketMs }: Reads['backlog']['input'],
): Promise<readonly BacklogMinute[]> {
  // backlog_minutes_pkey (minute)
  const rows = await session.all(
    `select minute - minute % $1 as at, ${backlogMosts} from paidonce.backlog_minutes
     where minute >= $2 and minute < $3 group by 1 order by 1`,
    bucketMs,
    minuteOf(from),
    to,
  );
  return rows.map(backlogMinuteOf);
}

/** Past this a gauge says that much and no more: it must not fail to be read just when there is much to count. */
const countedMost = 2_000_000;

export async function gauges(session: Session, _: null, now: Instant): Promise<Gauges> {
  // deliveries_due, lanes_due, facts_parked_payment, callbacks_refused: the partial indexes that hold what is counted and no more
  const [row] = await session.all(
    `select live.pending, live.sending, live.dead,
       (select min(next_due) from paidonce.lanes where next_due is not null) as oldest_due_at,
       (select count(*) from paidonce.facts where order_id is null) as parked_facts,
       (select count(*) from (
         select 1 from paidonce.callbacks where verdict in ('quarantined', 'refused') limit $1
       ) refused) as quarantined,
       (select count(*) from paidonce.discrepancies where state = 'open') as discrepancies_open,
       (select coalesce(sum(value), 0)::bigint from paidonce.counters where name = 'rescued_leases') as rescued_leases,
       (select count(*) from paidonce.outbox) as outbox,
       (select count(*) from (select 1 from paidonce.asks limit $1) counted) as asks,
       (select min(next_due) from paidonce.ask_queues) as oldest_ask_due_at,
       (select max(age(backend_xmin)) from pg_stat_activity) as oldest_xmin_age
     from (
       select count(*) filter (where state = 'pending') as pending, count(*) filter (where state = 'sending') as sending,
         count(*) filter (where state = 'dead') as dead
       from (select state from paidonce.deliveries where state in ('pending', 'sending', 'dead') limit $1) counted
     ) live`,
    countedMost,
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
    rescuedLeases: number(row, 'rescued_leases'),
    outbox: number(row, 'outbox'),
    asks: number(row, 'asks'),
    oldestAskDueAt: oldestAskDueAt !== null && oldestAskDueAt <= now ? oldestAskDueAt : null,
    oldestXminAge: numberOrNull(row, 'oldest_xmin_age'),
  };
}

export async function ready(session: Session): Promise<Reads['ready']['output']> {
  const [row] = await session.all(
    `select (extract(epoch from clock_timestamp()) * 1000)::bigint as now,
       (select coalesce(max(number), 0) from paidonce.migrations) as migration`,
  );
  if (row === undefined) throw new Error('a query without a table gives a row');
  return { now: number(row, 'now'), migration: number(row, 'migration') };
}
