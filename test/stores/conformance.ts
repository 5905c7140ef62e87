import { describe } from 'vitest';
import { asking } from './suite/asking.ts';
import { batching } from './suite/batching.ts';
import { deciding } from './suite/deciding.ts';
import { delivering } from './suite/delivering.ts';
import { endpoints } from './suite/endpoints.ts';
import { figures } from './suite/figures.ts';
import { following } from './suite/following.ts';
import { handling } from './suite/handling.ts';
import { lanes } from './suite/lanes.ts';
import { listing } from './suite/listing.ts';
import { mistakes } from './suite/mistakes.ts';
import { replaying } from './suite/replaying.ts';
import { rereading } from './suite/rereading.ts';
import { retention } from './suite/retention.ts';
import { trouble } from './suite/trouble.ts';
import type { StoreFolder } from './support.ts';

/** What every store has to do, with the real program: a new store passes this suite, called from ten lines of its own. */
export function storeConformance(name: string, makeFolder: () => Promise<StoreFolder>): void {
  describe(`${name} as a store`, () => {
    deciding(makeFolder);
    batching(makeFolder);
    delivering(makeFolder);
    lanes(makeFolder);
    endpoints(makeFolder);
    handling(makeFolder);
    figures(makeFolder);
    trouble(makeFolder);
    listing(makeFolder);
    following(makeFolder);
    asking(makeFolder);
    mistakes(makeFolder);
    replaying(makeFolder);
    rereading(makeFolder);
    retention(makeFolder);
  });
}
