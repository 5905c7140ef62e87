import { limits } from '../../domain/limits.ts';
import type { AccountLease, ClaimAsksOutput, Writes } from '../writes.ts';
import type { Unit } from './unit.ts';

/**
 * An account is a queue, and is leased whole: so its limits hold over all nodes, and one with a thousand asks goes to the end of
 * the line after each few of them.
 */
export function claimAsks({ rows, now }: Unit, { most }: Writes['claimAsks']['input']): ClaimAsksOutput {
  const leaseMs = limits.askMs + limits.leaseMarginMs;
  const leases = most > 0 ? rows.leaseAskQueues(now, most, now + leaseMs) : [];
  const accounts = leases.map(({ account }) => account);
  const due = accounts.length === 0 ? [] : rows.dueAsks(accounts, now, limits.asksUnderWayPerAccount);
  const claimed = leases.map(({ account, lease }) => {
    const own = due.filter((ask) => ask.account === account);
    return { account, lease, leaseMs, asks: own.slice(0, limits.asksUnderWayPerAccount) };
  });
  return { claimed, at: now, nextDueAt: rows.nextAskDue() };
}

export function claimAccount(
  { rows, now }: Unit,
  { merchant, account, leaseMs }: Writes['claimAccount']['input'],
): AccountLease | null {
  const lease = rows.leaseAskQueue({ merchant, account }, now, now + leaseMs);
  return lease === null ? null : { lease, at: now };
}

export function releaseAsks({ rows }: Unit, { account, lease, freeAt }: Writes['releaseAsks']['input']): null {
  rows.freeAskQueue(account, lease, freeAt);
  return null;
}
