import type { Instant } from '../../../domain/clock.ts';
import { limits } from '../../../domain/limits.ts';
import type { Reads, Visible } from '../../reads.ts';
import type { MoneyAtRisk, Trouble } from '../../signals.ts';
import { atRiskOf, troubledOf } from '../../trouble-mapping.ts';
import type { Connection } from '../connection.ts';
import { accountSignals } from './alerts.ts';
import { visibleIn } from './page.ts';

export function trouble(db: Connection, { since, visible }: Reads['trouble']['input']): Trouble {
  const accounts = accountSignals(db, { since, before: since, visible });
  return {
    endpoints: troubled(db, visible),
    accounts: accounts.filter(({ refused, authentic, found }) => refused > 0 || (found > 0 && authentic === 0)),
  };
}

export function atRisk(db: Connection, visible: Visible, now: Instant): MoneyAtRisk[] {
  const [visibly, ...seen] = visibleIn('l.merchant', visible) ?? ['true'];
  const rows = db.all(
    `select currency, cast(sum(amount_minor / 1000000000) as text) as billions, cast(sum(amount_minor % 1000000000) as text) as rest,
       count(*) as notifications, sum(deliveries) as deliveries, min(oldest_at) as oldest_at from (
       select id, currency, amount_minor, count(*) as deliveries, min(created_at) as oldest_at from (
         select n.id, n.currency, n.amount_minor, d.created_at from paidonce_lanes l
         join paidonce_deliveries d on d.lane = l.id join paidonce_notifications n on n.id = d.notification
         where l.kind = 'endpoint' and d.state not in ('confirmed', 'canceled') and d.state <> 'dead'
           and (d.due_at is null or d.due_at <= ? or d.step is not null) and n.amount_minor > 0 and ${visibly} limit ${limits.backlogCounted}
       ) group by id, currency, amount_minor
     ) group by currency order by min(oldest_at)`,
    now,
    ...seen,
  );
  return rows.map(atRiskOf);
}

function troubled(db: Connection, visible: Visible): Trouble['endpoints'] {
  const [visibly, ...seen] = visibleIn('l.merchant', visible) ?? ['true'];
  const rows = db.all(
    `select e.id, e.merchant, e.url, e.state, l.failures, l.failing_since, l.opens, l.open_until, l.warnings
     from paidonce_lanes l join paidonce_endpoints e on e.id = l.id
     where l.kind = 'endpoint' and (l.state <> 'enabled' or l.open_until is not null or l.warnings is not null)
       and e.hidden = 0 and e.removed_at is null and ${visibly} order by (e.state = 'paused'), e.id limit ${limits.pageMax}`,
    ...seen,
  );
  return rows.map(troubledOf);
}
