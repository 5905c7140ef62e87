import { madeToText } from '../../commit-mapping.ts';
import { text } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import type { Session } from '../session.ts';
import { Table } from '../table.ts';

/** One row for each transaction, whose number the database fills in. */
export const commits = new Table({
  name: 'commits',
  columns: { at: 'bigint', made: 'text' },
  key: ['seq'],
  onConflict: '(xid) do update set made = commits.made || excluded.made',
});

/**
 * Begins the list anew where it came from a dump of another cluster, whose transactions this one has yet to reach: among its own they
 * would stand anywhere. Where they are all behind, they stay as its past.
 */
export async function forgetForeignCommits(session: Session, now: number): Promise<void> {
  // Index commits_pkey (xid).
  await session.run(
    `-- history
     with gone as (
       delete from paidonce.commits where exists (
         select from paidonce.commits where xid >= pg_snapshot_xmax(pg_current_snapshot())
       ) returning 1
     ) insert into paidonce.commits (at, made) select $1::bigint, gen_random_uuid()::text where exists (select from gone)`,
    now,
  );
}

export function commitRows(image: Image): Pick<Rows, 'insertMade'> {
  return {
    insertMade(made, now) {
      const [row] = image.all(commits);
      if (row === undefined) image.add(commits, { at: now, made: madeToText(made) });
      else image.change(row, { made: text(row.values, 'made') + madeToText(made) });
    },
  };
}
