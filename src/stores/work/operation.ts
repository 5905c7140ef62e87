import type { Decisions, Program } from '../decisions.ts';
import type { Ledger } from '../ledger.ts';
import type { Writes } from '../writes.ts';
import { RowLedger } from './row-ledger.ts';
import type { Unit } from './unit.ts';
import { writes } from './writes.ts';

/** One atomic change as it is asked for. */
export type Operation =
  | { is: 'decide'; name: keyof Decisions; input: Decisions[keyof Decisions]['input'] }
  | { is: 'write'; name: keyof Writes; input: Writes[keyof Writes]['input'] };

/** Runs it in the transaction of its unit; what the unit only changed in memory is not flushed. */
export function runOperation(unit: Unit, program: Program, operation: Operation): unknown {
  if (operation.is === 'decide') return decide(new RowLedger(unit), program, operation.name, operation.input);
  return write(unit, operation.name, operation.input);
}

function decide<K extends keyof Program>(
  ledger: Ledger,
  program: Program,
  name: K,
  input: Parameters<Program[K]>[1],
): unknown {
  const decision: (ledger: Ledger, input: Parameters<Program[K]>[1]) => unknown = program[name];
  return decision(ledger, input);
}

function write<K extends keyof Writes>(unit: Unit, name: K, input: Parameters<(typeof writes)[K]>[1]): unknown {
  const run: (unit: Unit, input: Parameters<(typeof writes)[K]>[1]) => unknown = writes[name];
  return run(unit, input);
}
