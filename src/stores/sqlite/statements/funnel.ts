import type { FunnelCounts } from '../../../domain/funnel.ts';
import type { FunnelKey } from '../../work/rows.ts';
import type { Connection } from '../connection.ts';

export function addToFunnel(db: Connection, key: FunnelKey, counts: FunnelCounts): void {
  db.run(
    `insert into paidonce_funnel_minutes (minute, side, per, merchant, provider, target, type, total, sent, received, handled, confirmed)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do update set
       total = total + excluded.total, sent = sent + excluded.sent, received = received + excluded.received,
       handled = handled + excluded.handled, confirmed = confirmed + excluded.confirmed`,
    key.minute,
    key.side,
    key.per,
    key.merchant,
    key.provider,
    key.target,
    key.type,
    counts.total,
    counts.sent,
    counts.received,
    counts.handled,
    counts.confirmed,
  );
}
