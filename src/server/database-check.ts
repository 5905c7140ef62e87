import { connectionsOfNode, type Inspection, inspect } from '../stores/postgres/inspect.ts';
import { placeOf } from './store.ts';

/** One thing that was looked at. `wrong`: the server would not start, or not be safe; `note`: worth knowing. */
export interface Finding {
  is: 'fine' | 'note' | 'wrong';
  what: string;
  found: string;
}

/** Looks at the PostgreSQL server that nodes would use, without changing it. */
export async function checkDatabase(databaseUrl: string): Promise<readonly Finding[]> {
  const place = placeOf({ data: '', databaseUrl });
  try {
    return findings(place, await inspect(databaseUrl));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ is: 'wrong', what: 'database', found: `${place} cannot be asked: ${reason}` }];
  }
}

function findings(place: string, found: Inspection): readonly Finding[] {
  const { version, migration, fsync, fullPageWrites, synchronousStandbyNames: standbys } = found;
  const release = Math.floor(version / 10_000);
  const state = migration === null ? 'empty, the first node makes the tables' : `at migration ${migration}`;
  return [
    version < 140_000
      ? { is: 'wrong', what: 'database', found: `${place} is PostgreSQL ${release}; 14 or newer is needed` }
      : { is: 'fine', what: 'database', found: `${place}, PostgreSQL ${release}, ${state}` },
    fsync && fullPageWrites
      ? { is: 'fine', what: 'durability', found: 'what is committed is on the disk' }
      : {
          is: 'wrong',
          what: 'durability',
          found: 'fsync or full_page_writes is off: a crash loses what was acknowledged',
        },
    standbys === ''
      ? {
          is: 'note',
          what: 'standbys',
          found: 'no commit waits for one: losing the primary loses what it had not passed on',
        }
      : { is: 'fine', what: 'standbys', found: `every commit waits for ${standbys}` },
    connectionsFinding(found),
    locksFinding(found),
  ];
}

function connectionsFinding({ connectionsMax, connectionsUsed }: Inspection): Finding {
  const what = 'connections';
  const free = connectionsMax - connectionsUsed;
  if (free < connectionsOfNode)
    return {
      is: 'wrong',
      what,
      found: `${free} of ${connectionsMax} are free, and a node opens up to ${connectionsOfNode}`,
    };
  return {
    is: 'fine',
    what,
    found: `${free} of ${connectionsMax} are free: enough for ${Math.floor(free / connectionsOfNode)} nodes`,
  };
}

/** Room for locks, of all transactions together; a busy node holds about a thousand. */
const locksOfNode = 1000;

function locksFinding({ connectionsMax, locksPerTransactionMax }: Inspection): Finding {
  const nodes = Math.floor((connectionsMax * locksPerTransactionMax) / locksOfNode);
  return {
    is: nodes < 2 ? 'wrong' : 'fine',
    what: 'locks',
    found: `max_locks_per_transaction ${locksPerTransactionMax} leaves room for ${nodes} busy nodes`,
  };
}
