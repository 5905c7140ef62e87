import type { Instant } from '../../../domain/clock.ts';
import { number, parsed, type Row, text } from '../../mapping.ts';
import type { Retained } from '../../work/retention-rows.ts';
import type { Connection } from '../connection.ts';
import { deleteSession } from './merchants.ts';

// History goes from its oldest end, some rows in a transaction: what is to go is found first, and then deleted row by row.

function each(old: readonly Row[], remove: (row: Row) => void): Retained {
  for (const row of old) remove(row);
  return { removed: old.length, kept: [] };
}

export function deleteBytes(db: Connection, before: Instant, most: number): Retained {
  const old = db.all(
    `-- SEARCH b USING INTEGER PRIMARY KEY (rowid>?)
     -- SEARCH c USING INTEGER PRIMARY KEY (rowid=?)
     select b.callback from paidonce_callback_bytes b cross join paidonce_callbacks c on c.seq = b.callback
     where b.callback > 0 and c.received_at < ? and c.verdict <> 'parked' order by b.callback limit ?`,
    before,
    most,
  );
  return each(old, (row) => deleteBytesOf(db, number(row, 'callback')));
}

function deleteBytesOf(db: Connection, callback: number): void {
  db.run(
    `-- SEARCH paidonce_callback_bytes USING INTEGER PRIMARY KEY (rowid=?)
     delete from paidonce_callback_bytes where callback = ?`,
    callback,
  );
}

export function deletePayloads(db: Connection, before: Instant, most: number): Retained {
  const old = db.all(
    `-- SEARCH n USING INDEX paidonce_notifications_data (created_at<?)
     -- CORRELATED SCALAR SUBQUERY 1
     -- SEARCH d USING INDEX paidonce_deliveries_notification (notification=?)
     select n.seq from paidonce_notifications n where n.data is not null and n.created_at < ? and not exists (
       select 1 from paidonce_deliveries d where d.notification = n.id and d.state in ('pending', 'sending')
     ) order by n.created_at limit ?`,
    before,
    most,
  );
  return each(old, (row) => {
    db.run(
      `-- SEARCH paidonce_notifications USING INTEGER PRIMARY KEY (rowid=?)
       update paidonce_notifications set data = null where seq = ?`,
      number(row, 'seq'),
    );
  });
}

export function deleteAttempts(db: Connection, before: Instant, most: number): Retained {
  const old = db.all(
    `-- SEARCH a USING INTEGER PRIMARY KEY (rowid>?)
     -- SEARCH d USING INDEX paidonce_deliveries_id (id=?)
     select a.seq from paidonce_attempts a cross join paidonce_deliveries d on d.id = a.delivery
     where a.seq > 0 and a.started_at < ? and d.state not in ('pending', 'sending') order by a.seq limit ?`,
    before,
    most,
  );
  return each(old, (row) => {
    db.run(
      `-- SEARCH paidonce_attempts USING INTEGER PRIMARY KEY (rowid=?)
       delete from paidonce_attempts where seq = ?`,
      number(row, 'seq'),
    );
  });
}

export function deleteNonces(db: Connection, before: Instant, most: number): Retained {
  const old = db.all(
    `-- SEARCH paidonce_nonces USING COVERING INDEX paidonce_nonces_age (taken_at<?)
     select account, nonce from paidonce_nonces where taken_at < ? order by taken_at limit ?`,
    before,
    most,
  );
  return each(old, (row) => {
    db.run(
      `-- SEARCH paidonce_nonces USING PRIMARY KEY (account=? AND nonce=?)
       delete from paidonce_nonces where account = ? and nonce = ?`,
      text(row, 'account'),
      text(row, 'nonce'),
    );
  });
}

export function deleteRefused(db: Connection, before: Instant, most: number): Retained {
  const old = db.all(
    `-- SEARCH paidonce_callbacks USING INTEGER PRIMARY KEY (rowid>?)
     select seq from paidonce_callbacks
     where seq > 0 and received_at < ? and verdict in ('quarantined', 'refused') order by seq limit ?`,
    before,
    most,
  );
  return each(old, (row) => deleteCallback(db, number(row, 'seq')));
}

function deleteCallback(db: Connection, seq: number): void {
  deleteBytesOf(db, seq);
  db.run(
    `-- SEARCH paidonce_callbacks USING INTEGER PRIMARY KEY (rowid=?)
     delete from paidonce_callbacks where seq = ?`,
    seq,
  );
}

export function deleteIdempotency(db: Connection, before: Instant, most: number): Retained {
  const old = db.all(
    `-- SEARCH paidonce_idempotency USING COVERING INDEX paidonce_idempotency_age (created_at<?)
     select merchant, key from paidonce_idempotency where created_at < ? order by created_at limit ?`,
    before,
    most,
  );
  return each(old, (row) => {
    db.run(
      `-- SEARCH paidonce_idempotency USING PRIMARY KEY (merchant=? AND key=?)
       delete from paidonce_idempotency where merchant = ? and key = ?`,
      text(row, 'merchant'),
      text(row, 'key'),
    );
  });
}

/** From the first on; the last one that is looked at, and so the newest, always stays. */
export function deleteCommits(db: Connection, before: Instant, most: number): Retained {
  const first = db.all(
    `-- SEARCH paidonce_commits USING INTEGER PRIMARY KEY (rowid>?)
     select seq, at from paidonce_commits where seq > 0 order by seq limit ?`,
    most + 1,
  );
  const old = first.slice(0, -1).filter((row) => number(row, 'at') < before);
  return each(old, (row) => {
    db.run(
      `-- SEARCH paidonce_commits USING INTEGER PRIMARY KEY (rowid=?)
       delete from paidonce_commits where seq = ?`,
      number(row, 'seq'),
    );
  });
}

export function deleteSessions(db: Connection, before: Instant, most: number): Retained {
  const old = db.all(
    `-- SEARCH paidonce_sessions USING COVERING INDEX paidonce_sessions_age (expires_at<?)
     select digest from paidonce_sessions where expires_at < ? order by expires_at limit ?`,
    before,
    most,
  );
  return each(old, (row) => deleteSession(db, text(row, 'digest')));
}

/** From the first order on: those that are not final stay in front, and are few. */
export function deleteOrders(db: Connection, before: Instant, most: number): Retained {
  const old = db.all(
    `-- SEARCH o USING INTEGER PRIMARY KEY (rowid>?)
     -- CORRELATED SCALAR SUBQUERY 1
     -- SEARCH d USING INDEX paidonce_discrepancies_order (order_id=?)
     -- CORRELATED SCALAR SUBQUERY 2
     -- SEARCH n USING INDEX paidonce_notifications_cause (order_id=?)
     -- SEARCH l USING INDEX paidonce_deliveries_notification (notification=?)
     select o.seq, o.id, o.merchant, o.order_references from paidonce_orders o
     where o.seq > 0 and o.updated_at < ? and o.status in ('paid', 'reversed', 'closed', 'failed') and o.refold_at is null
       and not exists (select 1 from paidonce_discrepancies d where d.order_id = o.id and d.state = 'open')
       and not exists (
         select 1 from paidonce_notifications n cross join paidonce_deliveries l on l.notification = n.id
         where n.order_id = o.id and l.state in ('pending', 'sending')
       )
     order by o.seq limit ?`,
    before,
    most,
  );
  return each(old, (order) => deleteOrder(db, order));
}

function deleteOrder(db: Connection, order: Row): void {
  const id = text(order, 'id');
  const merchant = text(order, 'merchant');
  for (const { reference } of parsed<{ reference: string }[]>(order, 'order_references')) {
    db.run(
      `-- SEARCH paidonce_order_references USING PRIMARY KEY (merchant=? AND reference=?)
       delete from paidonce_order_references where merchant = ? and reference = ? and order_id = ?`,
      merchant,
      reference,
      id,
    );
  }
  deleteFacts(db, id);
  deleteNotifications(db, id);
  db.run(
    `-- SEARCH paidonce_discrepancies USING INDEX paidonce_discrepancies_order (order_id=?)
     delete from paidonce_discrepancies where order_id = ?`,
    id,
  );
  db.run(
    `-- SEARCH paidonce_orders USING INTEGER PRIMARY KEY (rowid=?)
     delete from paidonce_orders where seq = ?`,
    number(order, 'seq'),
  );
}

/** With their sightings, the callbacks that told them, and what tied their payments to the order. */
function deleteFacts(db: Connection, order: string): void {
  const facts = db.all(
    `-- SEARCH paidonce_facts USING INDEX paidonce_facts_order (order_id=?)
     select seq, payment_key from paidonce_facts where order_id = ?`,
    order,
  );
  for (const fact of facts) {
    const callbacks = db.all(
      `-- SEARCH s USING PRIMARY KEY (fact=?)
       -- SEARCH c USING COVERING INDEX paidonce_callbacks_id (id=?)
       select c.seq from paidonce_sightings s cross join paidonce_callbacks c on c.id = s.callback where s.fact = ?`,
      number(fact, 'seq'),
    );
    for (const callback of callbacks) deleteCallback(db, number(callback, 'seq'));
    db.run(
      `-- SEARCH paidonce_sightings USING PRIMARY KEY (fact=?)
       delete from paidonce_sightings where fact = ?`,
      number(fact, 'seq'),
    );
    db.run(
      `-- SEARCH paidonce_payment_links USING PRIMARY KEY (payment_key=?)
       delete from paidonce_payment_links where payment_key = ?`,
      text(fact, 'payment_key'),
    );
  }
  db.run(
    `-- SEARCH paidonce_facts USING INDEX paidonce_facts_order (order_id=?)
     delete from paidonce_facts where order_id = ?`,
    order,
  );
}

function deleteNotifications(db: Connection, order: string): void {
  const deliveries = db.all(
    `-- SEARCH n USING INDEX paidonce_notifications_cause (order_id=?)
     -- SEARCH d USING INDEX paidonce_deliveries_notification (notification=?)
     select d.seq, d.id from paidonce_notifications n cross join paidonce_deliveries d on d.notification = n.id where n.order_id = ?`,
    order,
  );
  for (const delivery of deliveries) {
    db.run(
      `-- SEARCH paidonce_attempts USING INDEX paidonce_attempts_delivery (delivery=?)
       delete from paidonce_attempts where delivery = ?`,
      text(delivery, 'id'),
    );
    db.run(
      `-- SEARCH paidonce_deliveries USING INTEGER PRIMARY KEY (rowid=?)
       delete from paidonce_deliveries where seq = ?`,
      number(delivery, 'seq'),
    );
  }
  db.run(
    `-- SEARCH paidonce_notifications USING INDEX paidonce_notifications_cause (order_id=?)
     delete from paidonce_notifications where order_id = ?`,
    order,
  );
}
