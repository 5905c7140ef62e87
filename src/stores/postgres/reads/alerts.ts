import type { Instant } from '../../../domain/clock.ts';
import { limits } from '../../../domain/limits.ts';
import { accountSignalsOf, alertColumns, alertOf, backlogOf, disabledOf, failingOf } from '../../alert-mapping.ts';
import { numberOrNull } from '../../mapping.ts';
import type { Reads, Visible } from '../../reads.ts';
import type { AlertSignals } from '../../signals.ts';
import { minuteOf } from '../../work/funnel-book.ts';
import type { Session } from '../session.ts';
import { pageOf, visibleIn, whereOf } from './page.ts';

export async function alerts(session: Session, input: Reads['alerts']['input']): Promise<Reads['alerts']['output']> {
  const { state } = input;
  const conditions = [state === null ? null : ([`recovered_at is ${state === 'open' ? 'null' : 'not null'}`] as const)];
  const list = { columns: alertColumns, from: 'paidonce.alerts', seqs: ['seq'], xid: 'xid' };
  return pageOf(session, { ...list, conditions, map: alertOf }, input);
}

export async function liveAlerts(session: Session): Promise<Reads['liveAlerts']['output']> {
  // alerts_live
  const rows = await session.all(
    `select ${alertColumns} from paidonce.alerts where recovered_at is null or due_at is not null order by seq`,
  );
  return rows.map(alertOf);
}

/** Asked twice a minute, by one node. */
export async function alertSignals(
  session: Session,
  { since, before }: Reads['alertSignals']['input'],
  now: Instant,
): Promise<AlertSignals> {
  // deliveries_due (lane), discrepancies_open
  const [oldest] = await session.all(
    `select
       (select min(d.created_at) from paidonce.lanes l join paidonce.deliveries d on d.lane = l.id
        where l.kind = 'handler' and d.state in ('pending', 'sending', 'dead') and d.state <> 'dead') as unhandled_at,
       (select min(opened_at) from paidonce.discrepancies where state = 'open') as discrepancy_at`,
  );
  const disabled = await session.all(
    `select id, merchant, url from paidonce.endpoints where state = 'disabled' and not hidden and removed_at is null limit ${limits.pageMax}`,
  );
  // lanes_warned, endpoints_pkey (id)
  const failing = await session.all(
    `select e.id, e.merchant, e.url, l.warnings from paidonce.lanes l join paidonce.endpoints e on e.id = l.id
     where l.warnings is not null and not e.hidden and e.removed_at is null limit ${limits.pageMax}`,
  );
  // deliveries_due (lane, due_at), notifications_pkey (id)
  const backlog = await session.all(
    `select currency, count(*) as deliveries, sum(amount * ($1 - created_at) / 3600000.0)::double precision as minor_hours from (
       select n.currency, n.amount_minor::double precision as amount, d.created_at from paidonce.lanes l
       join paidonce.deliveries d on d.lane = l.id join paidonce.notifications n on n.id = d.notification
       where l.kind = 'endpoint' and d.state in ('pending', 'sending', 'dead') and d.due_at <= $1 limit ${limits.backlogCounted}
     ) due group by currency`,
    now,
  );
  return {
    oldestUnhandledAt: oldest === undefined ? null : numberOrNull(oldest, 'unhandled_at'),
    oldestDiscrepancyAt: oldest === undefined ? null : numberOrNull(oldest, 'discrepancy_at'),
    accounts: await accountSignals(session, { since, before, visible: null }),
    disabled: disabled.map(disabledOf),
    failing: failing.map(failingOf),
    backlog: backlog.map(backlogOf),
  };
}

/** What came to accounts of these merchants and was found at them: from `since`, and from `before` until then. */
export async function accountSignals(
  session: Session,
  { since, before, visible }: { since: Instant; before: Instant; visible: Visible },
): Promise<AlertSignals['accounts']> {
  const ofFunnel = whereOf([visibleIn('merchant', visible)], { word: 'and', first: 3 });
  // funnel_minutes_pkey (minute, side, per)
  const received = await session.all(
    `select target as account, merchant, provider, coalesce(sum(sent - received) filter (where minute >= $1), 0) as refused,
       coalesce(sum(sent - received) filter (where minute < $1), 0) as refused_before, sum(received) as authentic
     from paidonce.funnel_minutes where side = 'receiving' and per = 'attempt' and minute >= $2 ${ofFunnel.sql}
     group by target, merchant, provider`,
    minuteOf(since),
    minuteOf(before),
    ...ofFunnel.parameters,
  );
  const ofFacts = whereOf([visibleIn('a.merchant', visible)], { word: 'and', first: 2 });
  // facts_found (recorded_at)
  const found = await session.all(
    `select f.account, f.merchant, f.provider, count(*) as found from (
       select f.id, f.account, a.merchant, a.provider from paidonce.facts f join paidonce.accounts a on a.id = f.account
       where f.source in ('query', 'statement') and f.recorded_at >= $1 ${ofFacts.sql}
       order by f.recorded_at desc limit ${limits.foundCounted}
     ) f where not exists (select 1 from paidonce.sightings s where s.fact = f.id and s.source = 'callback')
     group by f.account, f.merchant, f.provider`,
    before,
    ...ofFacts.parameters,
  );
  return accountSignalsOf(received, found);
}
