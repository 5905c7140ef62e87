import type { NodeId } from '../../../domain/ids.ts';
import type { Seal } from '../../../domain/seal.ts';
import { toJson } from '../../mapping.ts';
import { sealColumns, sealOf } from '../../seal-mapping.ts';
import type { AttemptKey } from '../../work/rows.ts';
import type { Connection } from '../connection.ts';

export function insertUnsealed(db: Connection, attempts: readonly AttemptKey[]): void {
  db.run('insert into paidonce_unsealed (attempts) values (?)', toJson(attempts));
}

export function newestSeal(db: Connection): Seal | null {
  const row = db.get(`select ${sealColumns} from paidonce_seals order by number desc limit 1`);
  return row === undefined ? null : sealOf(row);
}

export function addSeal(db: Connection, seal: Seal, leaves: Uint8Array, covered: readonly number[]): boolean {
  if (seal.number !== (newestSeal(db)?.number ?? 0) + 1) return false;
  db.run(
    `insert into paidonce_seals (${sealColumns}) values (?, ?, ?, ?, ?, ?, ?)`,
    seal.number,
    seal.previous,
    seal.root,
    seal.count,
    seal.at,
    seal.key,
    seal.signature,
  );
  db.run('insert into paidonce_seal_leaves (number, leaves) values (?, ?)', seal.number, leaves);
  for (const entry of covered) {
    db.run(
      `-- SEARCH paidonce_unsealed USING INTEGER PRIMARY KEY (rowid=?)
       delete from paidonce_unsealed where seq = ?`,
      entry,
    );
  }
  return true;
}

export function takeLease(
  db: Connection,
  name: string,
  { node, now, until }: { node: NodeId; now: number; until: number },
): boolean {
  const changed = db.run(
    `insert into paidonce_leases (name, node, until) values (?, ?, ?)
     on conflict do update set node = excluded.node, until = excluded.until where node = excluded.node or until < ?`,
    name,
    node,
    until,
    now,
  );
  return changed === 1;
}
