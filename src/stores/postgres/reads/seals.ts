import { idFloor } from '../../../domain/ids.ts';
import { limits } from '../../../domain/limits.ts';
import { between } from '../../made-between.ts';
import { bytes, number, parsed } from '../../mapping.ts';
import type { Reads } from '../../reads.ts';
import {
  manifestLineColumns,
  manifestLineOf,
  sealColumns,
  sealedAttemptColumns,
  sealedAttemptOf,
  sealOf,
} from '../../seal-mapping.ts';
import type { Session } from '../session.ts';
import { oneOf } from './lists.ts';
import { whereOf } from './page.ts';

export async function unsealed(
  session: Session,
  { most }: Reads['unsealed']['input'],
): Promise<Reads['unsealed']['output']> {
  const rows = await session.all('select seq, attempts from paidonce.unsealed order by seq limit $1', most);
  const keys = rows.flatMap((row) => parsed<[string, number][]>(row, 'attempts'));
  // attempts_pkey (delivery, number), deliveries_pkey (id), notifications_pkey (id)
  const attempts = await session.all(
    `select ${sealedAttemptColumns} from unnest($1::text[], $2::integer[]) with ordinality k (delivery, number, place)
     join paidonce.attempts a on a.delivery = k.delivery and a.number = k.number
     join paidonce.deliveries d on d.id = a.delivery join paidonce.notifications n on n.id = d.notification order by k.place`,
    keys.map(([delivery]) => delivery),
    keys.map(([, place]) => place),
  );
  return { entries: rows.map((row) => number(row, 'seq')), attempts: attempts.map(sealedAttemptOf) };
}

export async function sealedAttempts(
  session: Session,
  notification: Reads['sealedAttempts']['input'],
): Promise<Reads['sealedAttempts']['output']> {
  // deliveries_notification (notification), attempts_pkey (delivery), notifications_pkey (id)
  const rows = await session.all(
    `select ${sealedAttemptColumns} from paidonce.deliveries d join paidonce.attempts a on a.delivery = d.id
     join paidonce.notifications n on n.id = d.notification where d.notification = $1 order by d.seq, a.number`,
    notification,
  );
  return rows.map(sealedAttemptOf);
}

export async function sealHolding(
  session: Session,
  { leaf, from }: Reads['sealHolding']['input'],
): Promise<Reads['sealHolding']['output']> {
  // seals_at (at), seal_leaves_pkey (number)
  const rows = session.all(
    `select near.*, l.leaves from (
       select ${sealColumns} from paidonce.seals where at >= $1 order by at, number limit ${limits.sealsSearched}
     ) near join paidonce.seal_leaves l on l.number = near.number
     where position($2::bytea in l.leaves) > 0 order by near.number limit 1`,
    from,
    leaf,
  );
  return oneOf(rows, (row) => ({ seal: sealOf(row), leaves: bytes(row, 'leaves') }));
}

export async function seals(session: Session, input: Reads['seals']['input']): Promise<Reads['seals']['output']> {
  const where = whereOf([['number > ?', input.after], ...between('at', input)]);
  // seals_at (at), or seals_pkey (number)
  const rows = await session.all(
    `select ${sealColumns} from paidonce.seals ${where.sql} order by number limit $${where.parameters.length + 1}`,
    ...where.parameters,
    input.most,
  );
  return rows.map(sealOf);
}

export async function newestSeal(
  session: Session,
  { before }: Reads['newestSeal']['input'],
): Promise<Reads['newestSeal']['output']> {
  // seals_at (at)
  const rows = session.all(
    `select ${sealColumns} from paidonce.seals where at < $1 order by at desc, number desc limit 1`,
    before ?? Number.MAX_SAFE_INTEGER,
  );
  return oneOf(rows, sealOf);
}

/** Ids go by the time they were made, so the primary key finds those of a range. */
export async function manifestLines(
  session: Session,
  { merchant, from, to }: Reads['manifestLines']['input'],
): Promise<Reads['manifestLines']['output']> {
  // notifications_pkey (id)
  const rows = await session.all(
    `select ${manifestLineColumns} from paidonce.notifications
     where id >= $1 and id < $2 and merchant = $3 and created_at >= $4 and created_at < $5`,
    ...[idFloor('ntf', from), idFloor('ntf', to), merchant, from, to],
  );
  return rows.map(manifestLineOf);
}
