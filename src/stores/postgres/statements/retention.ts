import { idFloor } from '../../../domain/ids.ts';
import { number, type Row, text } from '../../mapping.ts';
import type { Retained, RetentionRows } from '../../work/retention-rows.ts';
import type { Image } from '../image.ts';
import { dropOld } from '../partitions.ts';
import type { Session } from '../session.ts';

/** Each kind is deleted in a transaction of the operation's own; what other nodes delete at this moment is left to them. */
export function retentionRows(image: Image): RetentionRows {
  const deleting = (name: string, run: (session: Session) => Promise<readonly Row[]>): Retained => {
    const found = image.alone(`retain ${name}`, async (session) => {
      // One node at a time; the others have nothing to do then.
      const [alone] = await session.all(
        'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as got',
        `retain ${name}`,
      );
      return alone?.got === 1 ? run(session) : [];
    });
    const [removed] = found ?? [];
    const kept = (found ?? []).slice(1).map((row) => text(row, 'part'));
    return { removed: removed === undefined ? 0 : number(removed, 'removed'), kept };
  };
  return {
    deleteBytes: (before) => deleting('callback_bytes', (session) => dropOld(session, 'callback_bytes', before)),
    deletePayloads: (before) => deleting('payloads', (session) => dropOld(session, 'payloads', before)),
    deleteAttempts: (before) => deleting('attempts', (session) => dropOld(session, 'attempts', before)),
    deleteNonces: (before, most) =>
      deleting('nonces', (session) =>
        // Index nonces_age.
        session.all(
          `-- history
           with old as (
             select account, nonce from paidonce.nonces where taken_at < $1 order by taken_at limit $2
           ), gone as (
             delete from paidonce.nonces n using old where n.account = old.account and n.nonce = old.nonce returning 1
           ) select count(*) as removed from gone`,
          before,
          most,
        ),
      ),
    deleteRefused: (before, most) =>
      deleting('refused', (session) =>
        // Index callbacks_refused_age: ids go by the time they were made, and what is refused got no further than these steps.
        session.all(
          `-- history
           with old as (
             select id from paidonce.callbacks
             where id < $1 and step in ('total', 'sent') and verdict in ('quarantined', 'refused') order by id limit $2
           ), bytes as (
             delete from paidonce.callback_bytes b using old where b.callback = old.id
           ), gone as (
             delete from paidonce.callbacks c using old where c.id = old.id returning 1
           ) select count(*) as removed from gone`,
          idFloor('cbk', before),
          most,
        ),
      ),
    deleteIdempotency: (before, most) =>
      deleting('idempotency', (session) =>
        // Index idempotency_age.
        session.all(
          `-- history
           with old as (
             select merchant, key from paidonce.idempotency where created_at < $1 order by created_at limit $2
           ), gone as (
             delete from paidonce.idempotency i using old where i.merchant = old.merchant and i.key = old.key returning 1
           ) select count(*) as removed from gone`,
          before,
          most,
        ),
      ),
    deleteCommits: (before, most) => deleting('commits', (session) => session.all(deleteCommitsSql, before, most)),
    deleteReconciliations: (before, most) =>
      deleting('reconciliations', (session) => deleteReconciliations(session, before, most)),
    deleteSessions: (before, most) => deleting('sessions', (session) => deleteSessions(session, before, most)),
    deleteOrders: (before, most) => deleting('orders', (session) => deleteOrders(session, before, most)),
  };
}

/** Index commits_pkey: from the first on, and no further than those that are too old. */
const deleteCommitsSql = `-- history
  with first as (
    select xid, at from paidonce.commits order by xid limit $2
  ), gone as (
    delete from paidonce.commits c using first where c.xid = first.xid and first.at < $1
      and c.xid < (select xid from paidonce.commits order by xid desc limit 1) returning 1
  ) select count(*) as removed from gone`;
/** From the oldest on; one that has more differences than go at once stays until they are gone. */
async function deleteReconciliations(session: Session, before: number, most: number): Promise<readonly Row[]> {
  // Index reconciliations_age.
  const old = await session.all(
    'select id from paidonce.reconciliations where created_at < $1 order by created_at limit $2',
    before,
    most,
  );
  const ids = old.map((row) => text(row, 'id'));
  const differences = await session.run(
    `-- history
     delete from paidonce.differences d using (
       select reconciliation, run, seq from paidonce.differences where reconciliation = any($1::text[]) limit $2
     ) old where (d.reconciliation, d.run, d.seq) = (old.reconciliation, old.run, old.seq)`,
    ids,
    most,
  );
  if (differences === most) return [{ removed: differences }];
  await session.run('-- history\ndelete from paidonce.statement_chunks where reconciliation = any($1::text[])', ids);
  await session.run('-- history\ndelete from paidonce.reconciliations where id = any($1::text[])', ids);
  return [{ removed: differences + ids.length }];
}

function deleteSessions(session: Session, before: number, most: number): Promise<readonly Row[]> {
  // Index sessions_age.
  return session.all(
    `-- history
     with old as (
       select digest from paidonce.sessions where expires_at < $1 order by expires_at limit $2
     ), gone as (
       delete from paidonce.sessions s using old where s.digest = old.digest returning 1
     ) select count(*) as removed from gone`,
    before,
    most,
  );
}

/** From the first order on, by orders_seq: those that are not final stay in front, and are few. Whatever is busy is left. */
async function deleteOrders(session: Session, before: number, most: number): Promise<readonly Row[]> {
  const old = await session.all(
    `select o.id from paidonce.orders o
     where o.updated_at < $1 and o.status in ('paid', 'reversed', 'closed', 'failed') and o.refold_at is null
       and not exists (select 1 from paidonce.discrepancies d where d.order_id = o.id and d.state = 'open')
       and not exists (
         select 1 from paidonce.notifications n join paidonce.deliveries l on l.notification = n.id
         where n.order_id = o.id and l.state in ('pending', 'sending')
       )
     order by o.seq limit $2 for update of o skip locked`,
    before,
    most,
  );
  const orders = old.map((row) => text(row, 'id'));
  for (const sql of ofOrders) await session.run(sql, orders);
  return [{ removed: orders.length }];
}

/** What belongs to the orders $1, the wide rows and those that others lead to first. */
const ofOrders = [
  `-- history
   delete from paidonce.attempts a using paidonce.notifications n join paidonce.deliveries d on d.notification = n.id
   where n.order_id = any($1::text[]) and a.delivery = d.id`,
  `-- history
   delete from paidonce.deliveries d using paidonce.notifications n where n.order_id = any($1::text[]) and d.notification = n.id`,
  `-- history
   delete from paidonce.payloads p using paidonce.notifications n where n.order_id = any($1::text[]) and p.notification = n.id`,
  '-- history\ndelete from paidonce.notifications where order_id = any($1::text[])',
  `-- history
   delete from paidonce.callback_bytes b using paidonce.facts f join paidonce.sightings s on s.fact = f.id
   where f.order_id = any($1::text[]) and b.callback = s.callback`,
  `-- history
   delete from paidonce.callbacks c using paidonce.facts f join paidonce.sightings s on s.fact = f.id
   where f.order_id = any($1::text[]) and c.id = s.callback`,
  '-- history\ndelete from paidonce.sightings s using paidonce.facts f where f.order_id = any($1::text[]) and s.fact = f.id',
  `-- history
   delete from paidonce.payment_links l using paidonce.facts f where f.order_id = any($1::text[]) and l.payment_key = f.payment_key`,
  '-- history\ndelete from paidonce.facts where order_id = any($1::text[])',
  '-- history\ndelete from paidonce.discrepancies where order_id = any($1::text[])',
  `-- history
   delete from paidonce.order_references r using paidonce.orders o, json_array_elements(o.order_references::json) claimed
   where o.id = any($1::text[]) and r.merchant = o.merchant and r.reference = claimed ->> 'reference' and r.order_id = o.id`,
  '-- history\ndelete from paidonce.orders where id = any($1::text[])',
] as const;
