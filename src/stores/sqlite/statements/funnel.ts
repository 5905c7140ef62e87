import type { Instant } from '../../../domain/clock.ts';
import type { FunnelCounts } from '../../../domain/funnel.ts';
import type { MerchantId } from '../../../domain/ids.ts';
import type { Connection } from '../connection.ts';

/** What one row of the funnel counts. */
export interface FunnelKey {
  minute: Instant;
  side: 'sending' | 'handlers' | 'receiving';
  per: 'attempt' | 'delivery';
  merchant: MerchantId;
  /** Empty for handlers. */
  provider: string;
  /** The endpoint, the account, or the name of the handler. */
  target: string;
  /** The notification's type; empty for receiving. */
  type: string;
}

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
