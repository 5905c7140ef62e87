import { type Ask, rankOf, ranks } from '../../../domain/asking.ts';
import { asId, bucketOf } from '../../../domain/ids.ts';
import { askColumns, askOf, number, numberOrNull, type Row, text } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import type { Session } from '../session.ts';
import { Table } from '../table.ts';

export const asks = new Table({
  name: 'asks',
  columns: {
    bucket: 'smallint',
    name: 'text',
    subject: 'text',
    account: 'text',
    merchant: 'text',
    reason: 'text',
    rank: 'smallint',
    due_at: 'bigint',
    tries: 'integer',
    failures: 'integer',
    since: 'bigint',
    asked_at: 'bigint',
    answer: 'text',
  },
  key: ['name'],
  mutable: ['reason', 'rank', 'due_at', 'tries', 'failures', 'asked_at', 'answer'],
  onConflict: 'do nothing',
});

const asksByName = asks.lookup({ name: 'name', columns: ['name'], index: 'asks_pkey', locks: 'wait' });

/** One column, because an index on what is due of an account must never be taken for one that finds an ask. */
function nameOf({ subject, account }: Pick<Ask, 'subject' | 'account'>): string {
  return `${subject} ${account}`;
}

type AskRows = Pick<
  Rows,
  | 'askOf'
  | 'insertAsk'
  | 'updateAsk'
  | 'deleteAsk'
  | 'callAskQueue'
  | 'leaseAskQueues'
  | 'leaseAskQueue'
  | 'dueAsks'
  | 'freeAskQueue'
  | 'nextAskDue'
>;

export function askRows(image: Image): AskRows {
  const changing = (ask: Ask) => {
    const { reason, dueAt, tries, failures, askedAt, answer } = ask;
    return { reason, rank: rankOf(ask), due_at: dueAt, tries, failures, asked_at: askedAt, answer };
  };
  return {
    askOf(subject, account) {
      const name = nameOf({ subject, account });
      if (image.isFresh(subject)) image.fresh(name);
      const found = image.one(asksByName, name);
      return found === null ? null : askOf(found.values);
    },
    insertAsk(ask) {
      const { subject, account, merchant, since } = ask;
      const about = { bucket: bucketOf(merchant), name: nameOf(ask), subject, account, merchant, since };
      image.add(asks, { ...about, ...changing(ask) });
    },
    updateAsk(ask) {
      const kept = image.one(asksByName, nameOf(ask));
      if (kept !== null) image.change(kept, changing(ask));
    },
    deleteAsk(ask) {
      const kept = image.one(asksByName, nameOf(ask));
      if (kept !== null) image.delete(kept);
    },
    callAskQueue: ({ merchant, account, dueAt }) => image.call(account, { bucket: bucketOf(merchant), dueAt }),
    ...askQueueRows(image),
  };
}

/** Leasing and freeing are transactions of their own, which may wait for those that call a queue. */
function askQueueRows(image: Image): Omit<AskRows, 'askOf' | 'insertAsk' | 'updateAsk' | 'deleteAsk' | 'callAskQueue'> {
  return {
    leaseAskQueues(now, most, leaseEndsAt) {
      const leased = image.alone(`lease asks ${most}`, (session) =>
        session.all(
          `/* ask_queues_due (next_due), ask_queues_pkey (account, bucket) */
           with due as (
             select account, bucket from paidonce.ask_queues where next_due <= $1 order by next_due limit $2 for update skip locked
           ) update paidonce.ask_queues q set next_due = $3, free_at = $3, lease = lease + 1
           from due where q.account = due.account and q.bucket = due.bucket returning q.account, q.lease`,
          now,
          most,
          leaseEndsAt,
        ),
      );
      return (leased ?? []).map((row) => ({
        account: asId.account(text(row, 'account')),
        lease: number(row, 'lease'),
      }));
    },
    leaseAskQueue({ merchant, account }, now, leaseEndsAt) {
      const leased = image.alone(`lease account ${account}`, (session) =>
        session.all(
          `insert into paidonce.ask_queues (bucket, account, next_due, free_at, lease) values ($1::smallint, $2, $4::bigint, $4::bigint, 1)
           on conflict (account, bucket) do update set next_due = $4::bigint, free_at = $4::bigint, lease = ask_queues.lease + 1
             where ask_queues.free_at <= $3::bigint returning lease`,
          bucketOf(merchant),
          account,
          now,
          leaseEndsAt,
        ),
      );
      const [row] = leased ?? [];
      return row === undefined ? null : number(row, 'lease');
    },
    dueAsks(accounts, now, mostOfEach) {
      const due = image.answer(`due asks ${accounts.join(' ')}`, (session) =>
        session.all(
          `/* asks_due (account, rank, due_at) */
           select due.* from unnest($1::text[]) k (account) cross join unnest($4::smallint[]) r (rank) cross join lateral (
             select ${askColumns} from paidonce.asks
             where account = k.account and rank = r.rank and due_at <= $2 order by due_at limit $3
           ) due`,
          accounts,
          now,
          mostOfEach,
          ranks,
        ),
      );
      return (due ?? []).map(askOf);
    },
    freeAskQueue(account, lease, freeAt) {
      image.alone(`free asks ${account}`, (session) => freeAskQueue(session, account, { lease, freeAt }));
    },
    nextAskDue() {
      const next = image.answer('next ask', (session) =>
        session.all('/* ask_queues_due () */ select next_due from paidonce.ask_queues order by next_due limit 1'),
      );
      const [row] = next ?? [];
      return row === undefined ? null : numberOrNull(row, 'next_due');
    },
  };
}

/**
 * Whoever calls a queue writes its row, after the ask and before the commit. So once the row is locked here, what was called before
 * is seen, and what is called later finds the row as it is left.
 */
async function freeAskQueue(
  session: Session,
  account: string,
  { lease, freeAt }: { lease: number; freeAt: number },
): Promise<readonly Row[]> {
  const held = await session.all(
    '/* ask_queues_pkey (account) */ select lease from paidonce.ask_queues where account = $1 for update',
    account,
  );
  if (held[0]?.lease !== lease) return [];
  const next = await session.all(
    `/* asks_due (account, rank) */ select next.due_at from unnest($2::smallint[]) r (rank) cross join lateral (
       select due_at from paidonce.asks where account = $1 and rank = r.rank order by due_at limit 1
     ) next`,
    account,
    ranks,
  );
  if (next.length === 0)
    await session.run('/* ask_queues_pkey (account) */ delete from paidonce.ask_queues where account = $1', account);
  else
    await session.run(
      `/* ask_queues_pkey (account) */ update paidonce.ask_queues set free_at = $2::bigint, next_due = greatest($2::bigint, $3::bigint) where account = $1`,
      account,
      freeAt,
      Math.min(...next.map((row) => number(row, 'due_at'))),
    );
  return next;
}

/** Of these accounts something is to be asked; never before whoever works one is done with it. */
export async function callAskQueues(
  session: Session,
  called: ReadonlyMap<string, { bucket: number; dueAt: number }>,
): Promise<void> {
  const sorted = [...called].sort(([one], [other]) => (one < other ? -1 : 1));
  await session.run(
    `insert into paidonce.ask_queues (bucket, account, next_due, free_at, lease)
     select bucket, account, next_due, 0, 0 from unnest($1::smallint[], $2::text[], $3::bigint[]) u (bucket, account, next_due)
     on conflict (account, bucket) do update
       set next_due = greatest(ask_queues.free_at, least(ask_queues.next_due, excluded.next_due))`,
    sorted.map(([, { bucket }]) => bucket),
    sorted.map(([account]) => account),
    sorted.map(([, { dueAt }]) => dueAt),
  );
}
