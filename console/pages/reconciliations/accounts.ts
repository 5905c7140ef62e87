import type { AccountRow } from '../../../src/api/accounts.ts';

/** An account as a person knows it. Many are named after their provider. */
export function accountLabel({ name, provider, merchant }: AccountRow): string {
  return [...new Set([name, provider, merchant])].join(' · ');
}

/** The label of an account by its id; the id where it is gone, or not known yet. */
export function labelOf(accounts: readonly AccountRow[] | undefined, id: string): string {
  const account = accounts?.find((one) => one.id === id);
  return account === undefined ? id : accountLabel(account);
}
