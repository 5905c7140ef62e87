import { z } from 'zod';
import { type Clock, toIso } from '../domain/clock.ts';
import { addCounts, emptyCounts, type FunnelCounts } from '../domain/funnel.ts';
import type { ServerOptions, Tools } from './command.ts';
import { exitCodes, Failure } from './failure.ts';
import { type Side, sides } from './funnel-text.ts';

/** The kept figures of one side beside a recount of the rows they came from. */
export interface Comparison {
  side: Side;
  per: 'attempt' | 'delivery';
  kept: FunnelCounts;
  counted: FunnelCounts;
  agrees: boolean;
}

const minuteMs = 60_000;
/** Rows are written while we look, so figures that differ are looked at again before they count as different. */
const looks = 5;
const betweenLooksMs = 300;

const funnel = z.object({
  totals: z.object({ total: z.int(), sent: z.int(), received: z.int(), handled: z.int(), confirmed: z.int() }),
});

interface Look {
  side: Side;
  per: 'attempt' | 'delivery';
  from: number;
  to: number;
}
type Count = (source: 'kept' | 'rows', look: Look) => Promise<FunnelCounts>;

/** From the running server where there is one, else from the data folder. */
export async function checkFunnel(
  tools: Tools,
  server: ServerOptions,
  options: { hours: number; clock: Clock },
): Promise<readonly Comparison[]> {
  const client = tools.client(server);
  const overApi: Count = async (source, { side, per, from, to }) => {
    const query = new URLSearchParams({ side, per, source, from: toIso(from), to: toIso(to), bucket: '1d' });
    return (await client.get(`/v1/funnel?${query}`, funnel)).totals;
  };
  try {
    return await compareAll(overApi, options);
  } catch (error) {
    const noServer = error instanceof Failure && error.exitCode === exitCodes.unreachable && server.url === undefined;
    if (!noServer) throw error;
  }
  const { withStore } = await import('../server/offline.ts');
  return withStore({}, (store) => {
    const inStore: Count = async (source, look) => {
      const filter = {
        visible: null,
        merchant: null,
        provider: null,
        endpoint: null,
        type: null,
        bucketMs: 1440 * minuteMs,
      };
      const buckets = await store.read(source === 'kept' ? 'funnel' : 'recount', { ...filter, ...look });
      return buckets.reduce((sum, { counts }) => addCounts(sum, counts), emptyCounts);
    };
    return compareAll(inStore, options);
  });
}

async function compareAll(
  count: Count,
  { hours, clock }: { hours: number; clock: Clock },
): Promise<readonly Comparison[]> {
  const to = (Math.floor(clock.now() / minuteMs) + 1) * minuteMs;
  const from = to - Math.round(hours * 60) * minuteMs;
  const comparisons: Comparison[] = [];
  for (const side of sides) {
    // A callback is one thing that arrives; it has no attempts.
    for (const per of side === 'receiving' ? (['attempt'] as const) : (['attempt', 'delivery'] as const)) {
      comparisons.push(await compare(count, { side, per, from, to }, clock));
    }
  }
  return comparisons;
}

async function compare(count: Count, look: Look, clock: Clock): Promise<Comparison> {
  for (let left = looks - 1; ; left -= 1) {
    const kept = await count('kept', look);
    const counted = await count('rows', look);
    const agrees = JSON.stringify(inOrder(kept)) === JSON.stringify(inOrder(counted));
    if (agrees || left === 0) return { side: look.side, per: look.per, kept, counted, agrees };
    await clock.sleep(betweenLooksMs);
  }
}

function inOrder({ total, sent, received, handled, confirmed }: FunnelCounts): readonly number[] {
  return [total, sent, received, handled, confirmed];
}
