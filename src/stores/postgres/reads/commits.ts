import { AppError } from '../../../domain/errors.ts';
import type { MadeKind } from '../../../domain/made.ts';
import {
  type CommitRow,
  commitOf,
  keysOf,
  madeCallbackOf,
  madeDiscrepancyOf,
  madeFactOf,
  madeNotificationOf,
  nameOfMade,
  shortAttemptColumns,
  shortAttemptOf,
} from '../../commit-mapping.ts';
import { deliveryRowColumns, deliveryRowOf } from '../../delivery-mapping.ts';
import { discrepancyColumns } from '../../discrepancy-mapping.ts';
import { callbackColumns, callbackLineColumns, factColumns, number, type Row, text } from '../../mapping.ts';
import type { CommitPlace, Made, Reads } from '../../reads.ts';
import type { Session } from '../session.ts';
import { deliveryTables, notificationColumns, notificationTables } from './deliveries.ts';
import { callbackTables, discrepancyTables } from './orders.ts';

/** Transactions end in another order than they began in: what stands below the first that still runs is final. */
const final = 'xid < pg_snapshot_xmin(pg_current_snapshot())';

export async function commits(
  session: Session,
  { from, most, kinds }: Reads['commits']['input'],
): Promise<Reads['commits']['output']> {
  // commits_pkey (xid)
  const found = await session.all(
    `select xid::text as commit, made from paidonce.commits where xid >= $1::text::xid8 and ${final} order by xid limit $2`,
    String(from),
    most,
  );
  const rows = found.map(commitOf);
  const made = new Map((await Promise.all(kinds.map((kind) => loaders[kind](session, rows)))).flat());
  return rows.map(({ commit, digest, keys }) => ({
    commit,
    digest,
    made: keys.map((key) => made.get(nameOfMade(key)) ?? null),
  }));
}

export async function newestCommit(session: Session): Promise<CommitPlace> {
  // commits_pkey (xid)
  const [row] = await session.all(
    `select xid::text as commit, made from paidonce.commits where ${final} order by xid desc limit 1`,
  );
  if (row === undefined)
    throw new AppError('store.unavailable', 'a transaction runs that began before the first commit');
  const { commit, digest } = commitOf(row);
  return { commit, digest };
}

type Named = readonly (readonly [name: string, made: Made])[];

const loaders: Readonly<Record<MadeKind, (session: Session, rows: readonly CommitRow[]) => Promise<Named>>> = {
  async callback(session, rows) {
    const ids = keysOf(rows, 'callback').map(([, id]) => id);
    if (ids.length === 0) return [];
    // callbacks_pkey (id), callback_bytes_pkey (callback)
    const found = await session.all(
      `select ${callbackColumns}, ${callbackLineColumns} from ${callbackTables} where c.id = any($1::text[])`,
      ids,
    );
    return found.map((row) => [nameOfMade(['callback', text(row, 'id')]), madeCallbackOf(row)]);
  },
  async fact(session, rows) {
    const keys = keysOf(rows, 'fact').map(([, key]) => key);
    if (keys.length === 0) return [];
    // facts_pkey (key), orders_pkey (id), sightings_pkey (fact)
    const found = await session.all(
      `select f.*, o.order_no, s.callback from (
         select key, ${factColumns} from paidonce.facts where key = any($1::text[])
       ) f left join paidonce.orders o on o.id = f.order_id
       left join lateral (select callback from paidonce.sightings where fact = f.id order by seq limit 1) s on true`,
      keys,
    );
    return found.map((row) => [nameOfMade(['fact', text(row, 'key')]), madeFactOf(row)]);
  },
  async notification(session, rows) {
    const ids = keysOf(rows, 'notification').map(([, id]) => id);
    if (ids.length === 0) return [];
    // notifications_pkey (id), payloads_pkey (notification)
    const found = await session.all(
      `select ${notificationColumns} from ${notificationTables} where n.id = any($1::text[])`,
      ids,
    );
    return found.map((row) => [nameOfMade(['notification', text(row, 'id')]), madeNotificationOf(row)]);
  },
  async discrepancy(session, rows) {
    const ids = keysOf(rows, 'discrepancy').map(([, id]) => id);
    if (ids.length === 0) return [];
    // discrepancies_pkey (id), orders_pkey (id)
    const found = await session.all(
      `select ${discrepancyColumns}, o.order_no from ${discrepancyTables} where d.id = any($1::text[])`,
      ids,
    );
    return found.map((row) => [nameOfMade(['discrepancy', text(row, 'id')]), madeDiscrepancyOf(row)]);
  },
  async attempt(session, rows) {
    const keys = keysOf(rows, 'attempt');
    if (keys.length === 0) return [];
    const ids = keys.map(([, delivery]) => delivery);
    const [found, deliveries] = await Promise.all([
      // attempts_pkey (delivery, number)
      session.all(
        `select ${shortAttemptColumns} from unnest($1::text[], $2::integer[]) k (delivery, number)
         join paidonce.attempts a on a.delivery = k.delivery and a.number = k.number`,
        ids,
        keys.map(([, , place]) => place),
      ),
      // deliveries_pkey (id)
      session.all(`select ${deliveryRowColumns} from ${deliveryTables} where d.id = any($1::text[])`, ids),
    ]);
    return withDeliveries(found, deliveries);
  },
};

function withDeliveries(attempts: readonly Row[], deliveries: readonly Row[]): Named {
  const byId = new Map(deliveries.map((row) => [text(row, 'id'), deliveryRowOf(row)]));
  return attempts.flatMap((row): Named => {
    const delivery = byId.get(text(row, 'delivery'));
    if (delivery === undefined) return [];
    const { merchant, orderNo } = delivery;
    const name = nameOfMade(['attempt', delivery.id, number(row, 'number')]);
    return [[name, { is: 'attempt', merchant, orderNo, delivery, attempt: shortAttemptOf(row) }]];
  });
}
