import { idFloor, type Prefix } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';

/** A condition that both stores read alike: `?` stands for a parameter; null where the caller did not ask for it. */
type TimeCondition = readonly [sql: string, ...parameters: (string | number)[]] | null;

/** Half-open. */
export function between(
  column: string,
  { from, to }: { from: number | null; to: number | null },
): readonly TimeCondition[] {
  return [from === null ? null : [`${column} >= ?`, from], to === null ? null : [`${column} < ?`, to]];
}

/**
 * The same for what has an id, without reading what was made long before or after. Ids sort by time, and so do commits but for
 * `limits.clockBackMs`: nothing of the time is at or below the last that was made so long before it, nor above the first so long after.
 */
export function madeBetween(
  { table, prefix, alias = '' }: { table: string; prefix: Prefix; alias?: string },
  column: string,
  { from, to }: { from: number | null; to: number | null },
): readonly TimeCondition[] {
  const before = `select seq from ${table} where id < ? order by id desc limit 1`;
  const after = `select seq from ${table} where id >= ? order by id limit 1`;
  const floor = (at: number) => idFloor(prefix, Math.max(0, at));
  return [
    ...between(`${alias}${column}`, { from, to }),
    from === null ? null : [`${alias}seq > coalesce((${before}), 0)`, floor(from - limits.clockBackMs)],
    to === null
      ? null
      : [`${alias}seq < coalesce((${after}), ${Number.MAX_SAFE_INTEGER})`, floor(to + limits.clockBackMs)],
  ];
}
