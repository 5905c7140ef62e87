import type { Instant } from '../../../domain/clock.ts';
import { limits } from '../../../domain/limits.ts';
import type { Reads, Visible } from '../../reads.ts';
import type { MoneyAtRisk, Trouble } from '../../signals.ts';
import { atRiskOf, troubledOf } from '../../trouble-mapping.ts';
import type { Session } from '../session.ts';
import { accountSignals } from './alerts.ts';
import { visibleIn, whereOf } from './page.ts';

export async function trouble(session: Session, { since, visible }: Reads['trouble']['input']): Promise<Trouble> {
  const accounts = await accountSignals(session, { since, before: since, visible });
  return {
    endpoints: await troubled(session, visible),
    accounts: accounts.filter(({ refused, authentic, found }) => refused > 0 || (found > 0 && authentic === 0)),
  };
}

export async function atRisk(session: Session, visible: Visible, now: Instant): Promise<MoneyAtRisk[]> {
  const visibly = whereOf([visibleIn('l.merchant', visible)], { word: 'and', first: 2 });
  // deliveries_due (lane), notifications_pkey (id)
  const rows = await session.all(
    `select currency, sum(amount_minor / 1000000000)::text as billions, sum(amount_minor % 1000000000)::text as rest,
       count(*) as notifications, sum(deliveries)::bigint as deliveries, min(oldest_at) as oldest_at from (
       select id, currency, amount_minor, count(*) as deliveries, min(created_at) as oldest_at from (
         select n.id, n.currency, n.amount_minor, d.created_at from paidonce.lanes l
         join paidonce.deliveries d on d.lane = l.id join paidonce.notifications n on n.id = d.notification
         where l.kind = 'endpoint' and d.state in ('pending', 'sending', 'dead') and d.state <> 'dead'
           and (d.due_at is null or d.due_at <= $1 or d.step is not null) and n.amount_minor > 0 ${visibly.sql} limit ${limits.backlogCounted}
       ) due group by id, currency, amount_minor
     ) counted group by currency order by min(oldest_at)`,
    now,
    ...visibly.parameters,
  );
  return rows.map(atRiskOf);
}

async function troubled(session: Session, visible: Visible): Promise<Trouble['endpoints']> {
  const visibly = whereOf([visibleIn('l.merchant', visible)], { word: 'and' });
  // lanes_pkey, endpoints_pkey (id): as many as there are endpoints
  const rows = await session.all(
    `select e.id, e.merchant, e.url, e.state, l.failures, l.failing_since, l.opens, l.open_until, l.warnings
     from paidonce.lanes l join paidonce.endpoints e on e.id = l.id
     where l.kind = 'endpoint' and (l.state <> 'enabled' or l.open_until is not null or l.warnings is not null)
       and not e.hidden and e.removed_at is null ${visibly.sql} order by (e.state = 'paused'), e.id limit ${limits.pageMax}`,
    ...visibly.parameters,
  );
  return rows.map(troubledOf);
}
