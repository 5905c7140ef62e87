import { type Ask, rankOf, ranks } from '../../../domain/asking.ts';
import type { Instant } from '../../../domain/clock.ts';
import { type AccountId, asId } from '../../../domain/ids.ts';
import { askColumns, askOf, number, numberOrNull, text } from '../../mapping.ts';
import type { AskLease } from '../../work/rows.ts';
import type { Connection } from '../connection.ts';

export function askBySubject(db: Connection, subject: Ask['subject'], account: AccountId): Ask | null {
  const row = db.get(
    `-- SEARCH paidonce_asks USING PRIMARY KEY (subject=? AND account=?)
     select ${askColumns} from paidonce_asks where subject = ? and account = ?`,
    subject,
    account,
  );
  return row === undefined ? null : askOf(row);
}

export function asksOfSubject(db: Connection, subject: Ask['subject']): Ask[] {
  return db
    .all(
      `-- SEARCH paidonce_asks USING PRIMARY KEY (subject=?)
       select ${askColumns} from paidonce_asks where subject = ? order by account`,
      subject,
    )
    .map(askOf);
}

export function insertAsk(db: Connection, ask: Ask): void {
  const { subject, account, merchant, reason, dueAt, tries, failures, since, askedAt, answer } = ask;
  db.run(
    `insert into paidonce_asks (subject, account, merchant, reason, rank, due_at, tries, failures, since, asked_at, answer)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    subject,
    account,
    merchant,
    reason,
    rankOf(ask),
    dueAt,
    tries,
    failures,
    since,
    askedAt,
    answer,
  );
}

export function updateAsk(db: Connection, ask: Ask): void {
  const { subject, account, reason, dueAt, tries, failures, askedAt, answer } = ask;
  db.run(
    `-- SEARCH paidonce_asks USING PRIMARY KEY (subject=? AND account=?)
     update paidonce_asks set reason = ?, rank = ?, due_at = ?, tries = ?, failures = ?, asked_at = ?, answer = ? where subject = ? and account = ?`,
    reason,
    rankOf(ask),
    dueAt,
    tries,
    failures,
    askedAt,
    answer,
    subject,
    account,
  );
}

export function deleteAsk(db: Connection, { subject, account }: Pick<Ask, 'subject' | 'account'>): void {
  db.run(
    `-- SEARCH paidonce_asks USING PRIMARY KEY (subject=? AND account=?)
     delete from paidonce_asks where subject = ? and account = ?`,
    subject,
    account,
  );
}

/** Never before whoever works it is done with it. */
export function callAskQueue(db: Connection, { account, dueAt }: Pick<Ask, 'account' | 'dueAt'>): void {
  db.run(
    `insert into paidonce_ask_queues (account, next_due, free_at, lease) values (?, ?, 0, 0)
     on conflict do update set next_due = max(free_at, min(next_due, excluded.next_due))`,
    account,
    dueAt,
  );
}

export function leaseAskQueues(db: Connection, now: Instant, most: number, leaseEndsAt: Instant): AskLease[] {
  const due = db.all(
    `-- SEARCH paidonce_ask_queues USING INDEX paidonce_ask_queues_due (next_due<?)
     select account, lease from paidonce_ask_queues where next_due <= ? order by next_due limit ?`,
    now,
    most,
  );
  return due.map((row) => {
    const [account, lease] = [text(row, 'account'), number(row, 'lease') + 1];
    db.run(
      `-- SEARCH paidonce_ask_queues USING PRIMARY KEY (account=?)
       update paidonce_ask_queues set next_due = ?2, free_at = ?2, lease = ?3 where account = ?1`,
      account,
      leaseEndsAt,
      lease,
    );
    return { account: asId.account(account), lease };
  });
}

export function leaseAskQueue(
  db: Connection,
  { account }: Pick<Ask, 'account'>,
  now: Instant,
  leaseEndsAt: Instant,
): number | null {
  const row = db.get(
    `insert into paidonce_ask_queues (account, next_due, free_at, lease) values (?1, ?3, ?3, 1)
     on conflict do update set next_due = ?3, free_at = ?3, lease = lease + 1 where free_at <= ?2 returning lease`,
    account,
    now,
    leaseEndsAt,
  );
  return row === undefined ? null : number(row, 'lease');
}

export function dueAsks(db: Connection, accounts: readonly AccountId[], now: Instant, mostOfEach: number): Ask[] {
  return accounts.flatMap((account) =>
    ranks.flatMap((rank) =>
      db
        .all(
          `-- SEARCH paidonce_asks USING INDEX paidonce_asks_due (account=? AND rank=? AND due_at<?)
           select ${askColumns} from paidonce_asks where account = ? and rank = ? and due_at <= ? order by due_at limit ?`,
          account,
          rank,
          now,
          mostOfEach,
        )
        .map(askOf),
    ),
  );
}

export function freeAskQueue(db: Connection, account: AccountId, lease: number, freeAt: Instant): void {
  const dues = ranks.flatMap((rank) => nextDueOf(db, account, rank) ?? []);
  if (dues.length === 0) {
    db.run(
      `-- SEARCH paidonce_ask_queues USING PRIMARY KEY (account=?)
       delete from paidonce_ask_queues where account = ? and lease = ?`,
      account,
      lease,
    );
    return;
  }
  db.run(
    `-- SEARCH paidonce_ask_queues USING PRIMARY KEY (account=?)
     update paidonce_ask_queues set free_at = ?3, next_due = max(?3, ?4) where account = ?1 and lease = ?2`,
    account,
    lease,
    freeAt,
    Math.min(...dues),
  );
}

function nextDueOf(db: Connection, account: AccountId, rank: (typeof ranks)[number]): Instant | null {
  const next = db.get(
    `-- SEARCH paidonce_asks USING COVERING INDEX paidonce_asks_due (account=? AND rank=?)
     select due_at from paidonce_asks where account = ? and rank = ? order by due_at limit 1`,
    account,
    rank,
  );
  return next === undefined ? null : number(next, 'due_at');
}

export function nextAskDue(db: Connection): Instant | null {
  const row = db.get(
    `-- SEARCH paidonce_ask_queues USING COVERING INDEX paidonce_ask_queues_due (next_due>?)
     select next_due from paidonce_ask_queues where next_due > 0 order by next_due limit 1`,
  );
  return row === undefined ? null : numberOrNull(row, 'next_due');
}

/** After a start nobody asks anything: what an earlier process had under way is asked again at once. */
export function resetAskQueues(db: Connection, now: Instant): void {
  db.run('update paidonce_ask_queues set next_due = ?1, free_at = 0 where free_at > ?1', now);
}
