import type { Callback, CallbackVerdict } from '../../../domain/callback.ts';
import type { Instant } from '../../../domain/clock.ts';
import type { Step } from '../../../domain/delivery.ts';
import { type AccountId, asId, type CallbackId, type MerchantId } from '../../../domain/ids.ts';
import { number, text, textOrNull, verdictOf } from '../../mapping.ts';
import type { Connection } from '../connection.ts';

// Each comment inside a statement is its plan as SQLite states it; `test/stores/plans.test.ts` holds both equal.

export function insertCallback(db: Connection, callback: Callback, factsDigest: string | null): void {
  const { id, merchant, account, provider, receivedAt, messageId, verdict, code, reason, step } = callback;
  const seq = db.insert(
    `insert into paidonce_callbacks (id, merchant, account, provider, received_at, message_id, verdict, code, reason, step, facts_digest)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    merchant,
    account,
    provider,
    receivedAt,
    messageId,
    verdict,
    code,
    reason,
    step,
    factsDigest,
  );
  insertCallbackBytes(db, seq, callback);
}

function insertCallbackBytes(db: Connection, seq: number, { method, target, headers, body }: Callback): void {
  db.run(
    'insert into paidonce_callback_bytes (callback, method, target, headers, body) values (?, ?, ?, ?, ?)',
    seq,
    method,
    target,
    JSON.stringify(headers),
    body,
  );
}

/** The authentic callback that came first with this message id. */
export function firstCallbackOfMessage(
  db: Connection,
  account: AccountId,
  messageId: string,
): { id: CallbackId; verdict: CallbackVerdict; factsDigest: string | null } | null {
  const row = db.get(
    `-- SEARCH paidonce_callbacks USING INDEX paidonce_callbacks_message (account=? AND message_id=?)
     select id, verdict, facts_digest from paidonce_callbacks
     where account = ? and message_id = ? and message_id is not null and verdict <> 'quarantined' and verdict <> 'refused' and verdict <> 'unreadable'
     order by seq limit 1`,
    account,
    messageId,
  );
  if (row === undefined) return null;
  return { id: asId.callback(text(row, 'id')), verdict: verdictOf(row), factsDigest: textOrNull(row, 'facts_digest') };
}

/** How many refused callbacks of the account are kept since a moment, counted up to `most`. */
export function countRefusedSince(db: Connection, account: AccountId, since: Instant, most: number): number {
  const row = db.get(
    `-- CO-ROUTINE (subquery-1)
     -- SEARCH paidonce_callbacks USING COVERING INDEX paidonce_callbacks_refused (account=? AND received_at>?)
     -- SCAN (subquery-1)
     select count(*) as kept from (
       select 1 from paidonce_callbacks where account = ? and received_at >= ? and verdict in ('quarantined', 'refused') limit ?
     )`,
    account,
    since,
    most,
  );
  return row === undefined ? 0 : number(row, 'kept');
}

export function addUnkeptCallback(
  db: Connection,
  { minute, merchant, provider, account, step }: Omit<UnkeptCallback, 'callbacks'>,
): void {
  db.run(
    `insert into paidonce_unkept_callbacks (minute, merchant, provider, account, step, callbacks) values (?, ?, ?, ?, ?, 1)
     on conflict do update set callbacks = callbacks + 1`,
    minute,
    merchant,
    provider,
    account,
    step,
  );
}

interface UnkeptCallback {
  minute: Instant;
  merchant: MerchantId;
  provider: string;
  account: AccountId;
  step: Step;
  callbacks: number;
}

/** Whether it was this that completed it: only a callback that was handled can be confirmed, and only once. */
export function confirmCallback(db: Connection, id: CallbackId): boolean {
  const changed = db.run(
    `-- SEARCH paidonce_callbacks USING INDEX paidonce_callbacks_id (id=?)
     update paidonce_callbacks set step = 'confirmed' where id = ? and step = 'handled'`,
    id,
  );
  return changed === 1;
}

/** Gives whose body took the nonce; the given one where it was free. */
export function takeNonce(
  db: Connection,
  account: AccountId,
  nonce: string,
  body: { digest: string; at: Instant },
): string | null {
  const taken = db.run(
    'insert into paidonce_nonces (account, nonce, body_digest, taken_at) values (?, ?, ?, ?) on conflict do nothing',
    account,
    nonce,
    body.digest,
    body.at,
  );
  return taken === 1 ? null : bodyOfNonce(db, account, nonce);
}

function bodyOfNonce(db: Connection, account: AccountId, nonce: string): string {
  const row = db.get(
    `-- SEARCH paidonce_nonces USING PRIMARY KEY (account=? AND nonce=?)
     select body_digest from paidonce_nonces where account = ? and nonce = ?`,
    account,
    nonce,
  );
  return row === undefined ? '' : text(row, 'body_digest');
}

/** A kept callback that was read again. False: there is none. */
export function updateCallback(
  db: Connection,
  callback: Pick<Callback, 'id' | 'messageId' | 'verdict' | 'code' | 'reason' | 'step'>,
  factsDigest: string | null,
): void {
  db.run(
    `-- SEARCH paidonce_callbacks USING INDEX paidonce_callbacks_id (id=?)
     update paidonce_callbacks set message_id = ?, verdict = ?, code = ?, reason = ?, step = ?, facts_digest = ? where id = ?`,
    callback.messageId,
    callback.verdict,
    callback.code,
    callback.reason,
    callback.step,
    factsDigest,
    callback.id,
  );
}

export function setVerdict(
  db: Connection,
  id: CallbackId,
  { verdict, code, reason }: Pick<Callback, 'verdict' | 'code' | 'reason'>,
): void {
  db.run(
    `-- SEARCH paidonce_callbacks USING INDEX paidonce_callbacks_id (id=?)
     update paidonce_callbacks set verdict = ?, code = ?, reason = ? where id = ?`,
    verdict,
    code,
    reason,
    id,
  );
}

export function insertParkedCallback(db: Connection, fact: number, callback: CallbackId): void {
  db.run('insert into paidonce_parked_callbacks (fact, callback) values (?, ?) on conflict do nothing', fact, callback);
}

export function parkedCallbacksOf(db: Connection, fact: number): CallbackId[] {
  const rows = db.all(
    `-- SEARCH paidonce_parked_callbacks USING PRIMARY KEY (fact=?)
     select callback from paidonce_parked_callbacks where fact = ?`,
    fact,
  );
  return rows.map((row) => asId.callback(text(row, 'callback')));
}

export function deleteParkedCallback(db: Connection, fact: number, callback: CallbackId): void {
  db.run(
    `-- SEARCH paidonce_parked_callbacks USING PRIMARY KEY (fact=? AND callback=?)
     delete from paidonce_parked_callbacks where fact = ? and callback = ?`,
    fact,
    callback,
  );
}

/** Unless another fact of it still waits. */
export function releaseCallback(db: Connection, id: CallbackId): void {
  db.run(
    `-- SEARCH paidonce_callbacks USING INDEX paidonce_callbacks_id (id=?)
     -- SCALAR SUBQUERY 1
     -- SEARCH paidonce_parked_callbacks USING COVERING INDEX paidonce_parked_callbacks_callback (callback=?)
     update paidonce_callbacks set verdict = 'verified', reason = null
     where id = ?1 and verdict = 'parked' and not exists (select 1 from paidonce_parked_callbacks where callback = ?1)`,
    id,
  );
}
