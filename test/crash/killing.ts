import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { type Arm, killFile, type Point } from './points.ts';

/** Ends the process the hard way at the armed point. Nothing of the process runs after it. */
export function killer(folder: string, arm: Arm): (point: Point, passes?: number) => void {
  let left = arm.after;
  return (point, passes = 1) => {
    if (point !== arm.point) return;
    left -= passes;
    if (left > 0) return;
    appendFileSync(join(folder, killFile), `${point}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
}

/** On PostgreSQL this process itself commits: it dies with everything written and the commit not yet sent. */
export function killAtCommit(kill: (point: Point) => void): void {
  const query = Client.prototype.query;
  Object.assign(Client.prototype, {
    query(this: Client, ...given: unknown[]) {
      const [what] = given;
      if (what === 'commit' || Object(what).text === 'commit') kill('before commit');
      return Reflect.apply(query, this, given);
    },
  });
}
