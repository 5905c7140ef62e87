import { number, toJson } from '../../mapping.ts';
import { sealColumns } from '../../seal-mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const unsealed = new Table({ name: 'unsealed', columns: { attempts: 'text' }, key: ['seq'], hasSeq: true });

/** Seals and leases are made in a transaction of the operation's own, where whoever comes second finds the first one's row. */
export function sealRows(image: Image): Pick<Rows, 'insertUnsealed' | 'addSeal' | 'takeLease'> {
  return {
    insertUnsealed(attempts) {
      image.add(unsealed, { attempts: toJson(attempts) });
    },
    addSeal(seal, leaves, covered) {
      const added = image.alone(`seal ${seal.number}`, async (session) => {
        await session.all("select pg_advisory_xact_lock(hashtextextended('seal', 0))::text as got");
        const { previous, root, count, at, key, signature } = seal;
        // seals_pkey (number)
        const rows = await session.all(
          `insert into paidonce.seals (${sealColumns})
           select $1::bigint, $2::text, $3::text, $4::integer, $5::bigint, $6::text, $7::text
           where $1::bigint = (select coalesce(max(number), 0) + 1 from paidonce.seals) returning number`,
          ...[seal.number, previous, root, count, at, key, signature],
        );
        if (rows.length === 0) return [];
        await session.run('insert into paidonce.seal_leaves (number, leaves) values ($1, $2)', seal.number, leaves);
        await session.run(
          '/* unsealed_pkey (seq) */ delete from paidonce.unsealed where seq = any($1::bigint[])',
          covered,
        );
        return rows;
      });
      return (added ?? []).some((row) => number(row, 'number') === seal.number);
    },
    takeLease(name, { node, now, until }) {
      const taken = image.alone(`lease ${name}`, (session) =>
        session.all(
          `insert into paidonce.leases (name, node, until) values ($1, $2, $3)
           on conflict (name) do update set node = excluded.node, until = excluded.until
           where leases.node = excluded.node or leases.until < $4 returning name`,
          ...[name, node, until, now],
        ),
      );
      return taken !== null && taken.length > 0;
    },
  };
}
