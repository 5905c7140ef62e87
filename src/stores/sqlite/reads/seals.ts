import { idFloor } from '../../../domain/ids.ts';
import { limits } from '../../../domain/limits.ts';
import { between } from '../../made-between.ts';
import { bytes, number, text } from '../../mapping.ts';
import type { Reads } from '../../reads.ts';
import {
  manifestLineColumns,
  manifestLineOf,
  sealColumns,
  sealedAttemptColumns,
  sealedAttemptOf,
  sealOf,
} from '../../seal-mapping.ts';
import type { Connection } from '../connection.ts';

const attemptTables = `paidonce_attempts a cross join paidonce_deliveries d on d.id = a.delivery
  cross join paidonce_notifications n on n.id = d.notification`;

export function unsealed(db: Connection, { most }: Reads['unsealed']['input']): Reads['unsealed']['output'] {
  const rows = db.all('select seq, attempts from paidonce_unsealed order by seq limit ?', most);
  const attempts = rows.flatMap((row) =>
    db.all(
      `select ${sealedAttemptColumns} from json_each(?) k cross join ${attemptTables}
       where a.delivery = k.value ->> 0 and a.number = k.value ->> 1`,
      text(row, 'attempts'),
    ),
  );
  return { entries: rows.map((row) => number(row, 'seq')), attempts: attempts.map(sealedAttemptOf) };
}

export function sealedAttempts(
  db: Connection,
  notification: Reads['sealedAttempts']['input'],
): Reads['sealedAttempts']['output'] {
  const rows = db.all(
    `-- SEARCH d USING INDEX paidonce_deliveries_notification (notification=?)
     -- SEARCH a USING INDEX paidonce_attempts_delivery (delivery=?)
     -- SEARCH n USING INDEX paidonce_notifications_id (id=?)
     select ${sealedAttemptColumns} from paidonce_deliveries d cross join paidonce_attempts a on a.delivery = d.id
     cross join paidonce_notifications n on n.id = d.notification where d.notification = ? order by d.seq, a.number`,
    notification,
  );
  return rows.map(sealedAttemptOf);
}

export function sealHolding(
  db: Connection,
  { leaf, from }: Reads['sealHolding']['input'],
): Reads['sealHolding']['output'] {
  const row = db.get(
    `with near as (select ${sealColumns} from paidonce_seals where at >= ? order by at limit ${limits.sealsSearched})
     select near.*, l.leaves from near cross join paidonce_seal_leaves l on l.number = near.number
     where instr(l.leaves, ?) > 0 order by near.number limit 1`,
    from,
    leaf,
  );
  return row === undefined ? null : { seal: sealOf(row), leaves: bytes(row, 'leaves') };
}

export function seals(db: Connection, input: Reads['seals']['input']): Reads['seals']['output'] {
  const { after, most } = input;
  const conditions = [['number > ?', after] as const, ...between('at', input)].filter(
    (condition) => condition !== null,
  );
  return db
    .all(
      `select ${sealColumns} from paidonce_seals where ${conditions.map(([sql]) => sql).join(' and ')} order by number limit ?`,
      ...conditions.flatMap(([, ...values]) => values),
      most,
    )
    .map(sealOf);
}

export function newestSeal(db: Connection, { before }: Reads['newestSeal']['input']): Reads['newestSeal']['output'] {
  const row = db.get(
    `select ${sealColumns} from paidonce_seals where at < ? order by at desc, number desc limit 1`,
    before ?? Number.MAX_SAFE_INTEGER,
  );
  return row === undefined ? null : sealOf(row);
}

/** Ids go by the time they were made, so the index of ids finds those of a range. */
export function manifestLines(
  db: Connection,
  { merchant, from, to }: Reads['manifestLines']['input'],
): Reads['manifestLines']['output'] {
  const rows = db.all(
    `-- SEARCH paidonce_notifications USING INDEX paidonce_notifications_id (id>? AND id<?)
     select ${manifestLineColumns} from paidonce_notifications where id >= ? and id < ? and merchant = ? and created_at >= ? and created_at < ?`,
    idFloor('ntf', from),
    idFloor('ntf', to),
    merchant,
    from,
    to,
  );
  return rows.map(manifestLineOf);
}
