import type { Instant } from '../../../domain/clock.ts';
import { limits } from '../../../domain/limits.ts';
import { accountSignalsOf, alertColumns, alertOf, backlogOf, disabledOf, failingOf } from '../../alert-mapping.ts';
import { numberOrNull } from '../../mapping.ts';
import type { Reads, Visible } from '../../reads.ts';
import type { AlertSignals } from '../../signals.ts';
import { minuteOf } from '../../work/funnel-book.ts';
import type { Connection } from '../connection.ts';
import { pageOf, visibleIn } from './page.ts';

export function alerts(db: Connection, input: Reads['alerts']['input']): Reads['alerts']['output'] {
  const { state } = input;
  const conditions = [state === null ? null : ([`recovered_at is ${state === 'open' ? 'null' : 'not null'}`] as const)];
  return pageOf(
    db,
    { select: `select ${alertColumns} from paidonce_alerts`, seq: 'seq', conditions, map: alertOf },
    input,
  );
}

export function liveAlerts(db: Connection): Reads['liveAlerts']['output'] {
  return db
    .all(`select ${alertColumns} from paidonce_alerts where recovered_at is null or due_at is not null order by seq`)
    .map(alertOf);
}

export function alertSignals(
  db: Connection,
  { since, before }: Reads['alertSignals']['input'],
  now: Instant,
): AlertSignals {
  const oldest = db.get(
    `select
       (select min(d.created_at) from paidonce_lanes l join paidonce_deliveries d on d.lane = l.id
        where l.kind = 'handler' and d.state not in ('confirmed', 'canceled') and d.state <> 'dead') as unhandled_at,
       (select min(opened_at) from paidonce_discrepancies where state = 'open') as discrepancy_at`,
  );
  const disabled = db.all(
    `select id, merchant, url from paidonce_endpoints where state = 'disabled' and hidden = 0 and removed_at is null limit ${limits.pageMax}`,
  );
  const failing = db.all(
    `select e.id, e.merchant, e.url, l.warnings from paidonce_lanes l join paidonce_endpoints e on e.id = l.id
     where l.warnings is not null and e.hidden = 0 and e.removed_at is null limit ${limits.pageMax}`,
  );
  const backlog = db.all(
    `select currency, count(*) as deliveries, sum(amount * (?1 - created_at) / 3600000.0) as minor_hours from (
       select n.currency, cast(n.amount_minor as real) as amount, d.created_at from paidonce_lanes l
       join paidonce_deliveries d on d.lane = l.id join paidonce_notifications n on n.id = d.notification
       where l.kind = 'endpoint' and d.state not in ('confirmed', 'canceled') and d.due_at <= ?1 limit ${limits.backlogCounted}
     ) group by currency`,
    now,
  );
  return {
    oldestUnhandledAt: oldest === undefined ? null : numberOrNull(oldest, 'unhandled_at'),
    oldestDiscrepancyAt: oldest === undefined ? null : numberOrNull(oldest, 'discrepancy_at'),
    accounts: accountSignals(db, { since, before, visible: null }),
    disabled: disabled.map(disabledOf),
    failing: failing.map(failingOf),
    backlog: backlog.map(backlogOf),
  };
}

/** What came to accounts of these merchants and was found at them: from `since`, and from `before` until then. */
export function accountSignals(
  db: Connection,
  { since, before, visible }: { since: Instant; before: Instant; visible: Visible },
): AlertSignals['accounts'] {
  const [ofFunnel, ...seenOfFunnel] = visibleIn('merchant', visible) ?? ['true'];
  const received = db.all(
    `select target as account, merchant, provider, sum(case when minute >= ? then sent - received else 0 end) as refused,
       sum(case when minute < ? then sent - received else 0 end) as refused_before, sum(received) as authentic
     from paidonce_funnel_minutes where side = 'receiving' and per = 'attempt' and minute >= ? and ${ofFunnel}
     group by target, merchant, provider`,
    minuteOf(since),
    minuteOf(since),
    minuteOf(before),
    ...seenOfFunnel,
  );
  const [ofFacts, ...seenOfFacts] = visibleIn('a.merchant', visible) ?? ['true'];
  const found = db.all(
    `select f.account, f.merchant, f.provider, count(*) as found from (
       select f.seq, f.account, a.merchant, a.provider from paidonce_facts f join paidonce_accounts a on a.id = f.account
       where (f.source = 'query' or f.source = 'statement') and f.recorded_at >= ? and ${ofFacts}
       order by f.recorded_at desc limit ${limits.foundCounted}
     ) f where not exists (select 1 from paidonce_sightings s where s.fact = f.seq and s.source = 'callback')
     group by f.account, f.merchant, f.provider`,
    before,
    ...seenOfFacts,
  );
  return accountSignalsOf(received, found);
}
