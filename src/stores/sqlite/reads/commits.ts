import {
  commitOf,
  type MadeKey,
  madeCallbackOf,
  madeDiscrepancyOf,
  madeFactOf,
  madeNotificationOf,
  shortAttemptColumns,
  shortAttemptOf,
} from '../../commit-mapping.ts';
import { deliveryRowColumns, deliveryRowOf } from '../../delivery-mapping.ts';
import { discrepancyColumns } from '../../discrepancy-mapping.ts';
import { callbackColumns, callbackLineColumns, factColumns, notificationColumns } from '../../mapping.ts';
import type { CommitPlace, Made, Reads } from '../../reads.ts';
import type { Connection } from '../connection.ts';
import { deliveryTables } from './deliveries.ts';

/** The only writer numbers them as it commits. */
export function commits(db: Connection, { from, most, kinds }: Reads['commits']['input']): Reads['commits']['output'] {
  const rows = db.all(
    'select seq as "commit", made from paidonce_commits where seq >= ? order by seq limit ?',
    from,
    most,
  );
  return rows.map(commitOf).map(({ commit, digest, keys }) => ({
    commit,
    digest,
    made: keys.map((key) => (kinds.includes(key[0]) ? madeOf(db, key) : null)),
  }));
}

export function newestCommit(db: Connection): CommitPlace {
  const row = db.get('select seq as "commit", made from paidonce_commits order by seq desc limit 1');
  if (row === undefined) throw new Error('the first commit is missing');
  const { commit, digest } = commitOf(row);
  return { commit, digest };
}

function madeOf(db: Connection, key: MadeKey): Made | null {
  switch (key[0]) {
    case 'callback': {
      const row = db.get(
        `select ${callbackColumns}, ${callbackLineColumns} from paidonce_callbacks c
         left join paidonce_callback_bytes b on b.callback = c.seq where c.id = ?`,
        key[1],
      );
      return row === undefined ? null : madeCallbackOf(row);
    }
    case 'fact': {
      const row = db.get(
        `select f.*, o.order_no, (select callback from paidonce_sightings where fact = f.seq order by number limit 1) as callback
         from (select ${factColumns} from paidonce_facts where key = ?) f left join paidonce_orders o on o.id = f.order_id`,
        key[1],
      );
      return row === undefined ? null : madeFactOf(row);
    }
    case 'notification': {
      const row = db.get(`select ${notificationColumns} from paidonce_notifications n where n.id = ?`, key[1]);
      return row === undefined ? null : madeNotificationOf(row);
    }
    case 'discrepancy': {
      const row = db.get(
        `select ${discrepancyColumns}, o.order_no from paidonce_discrepancies d
         left join paidonce_orders o on o.id = d.order_id where d.id = ?`,
        key[1],
      );
      return row === undefined ? null : madeDiscrepancyOf(row);
    }
    case 'attempt':
      return madeAttemptOf(db, key);
  }
}

function madeAttemptOf(
  db: Connection,
  [, id, number]: Extract<MadeKey, readonly ['attempt', ...unknown[]]>,
): Made | null {
  const row = db.get(
    `select ${shortAttemptColumns} from paidonce_attempts a where a.delivery = ? and a.number = ?`,
    id,
    number,
  );
  const found = db.get(`select ${deliveryRowColumns} from ${deliveryTables} where d.id = ?`, id);
  if (row === undefined || found === undefined) return null;
  const delivery = deliveryRowOf(found);
  const { merchant, orderNo } = delivery;
  return { is: 'attempt', merchant, orderNo, delivery, attempt: shortAttemptOf(row) };
}
