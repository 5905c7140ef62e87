import type { Clock } from '../domain/clock.ts';
import { limits } from '../domain/limits.ts';
import type { Observe } from '../domain/observe.ts';
import type { Store } from '../stores/store.ts';

const dayMs = 86_400_000;
/** Between two pieces, so that whoever commits beside it hardly notices. */
const pauseMs = 100;

/**
 * Deletes one piece of old history; true = there is more. Bytes, payloads and attempts go after `retentionDays`; what makes an
 * effect happen once outlives them.
 */
export async function deleteHistory({
  store,
  clock,
  observe,
  retentionDays = limits.retentionDays,
}: {
  store: Store;
  clock: Clock;
  observe: Observe;
  retentionDays?: number;
}): Promise<boolean> {
  const now = clock.now();
  const { removed, kept, more } = await store.write('retain', {
    bytesBefore: now - retentionDays * dayMs,
    noncesBefore: now - limits.nonceDays * dayMs,
    reconciliationsBefore: now - limits.reconciliationDays * dayMs,
    idempotencyBefore: now - limits.idempotencyDays * dayMs,
    commitsBefore: now - limits.commitsKeptMs,
    ordersBefore: now - limits.historyDays * dayMs,
  });
  const rows = Object.values(removed).reduce((sum, count) => sum + count, 0);
  if (rows > 0) observe('retention.deleted', 'info', removed);
  if (kept.length > 0) observe('retention.kept', 'info', { parts: kept.join(', ') });
  if (more) await clock.sleep(pauseMs);
  return more;
}
