import type { Writes } from '../writes.ts';
import type { Unit } from './unit.ts';

export function seal({ rows }: Unit, { seal, leaves, covered }: Writes['seal']['input']): boolean {
  return rows.addSeal(seal, leaves, covered);
}

export function lease({ rows, node, now }: Unit, { name, ms }: Writes['lease']['input']): boolean {
  return rows.takeLease(name, { node, now, until: now + ms });
}
