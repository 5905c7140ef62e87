import { queryOptions } from '@tanstack/react-query';
import type { AccountRow } from '../../src/api/accounts.ts';
import type { ApiKeyRow } from '../../src/api/keys.ts';
import type { MerchantRow } from '../../src/api/merchants.ts';
import { type CallError, call } from './call.ts';
import type { Page } from './queries.ts';

const pageRows = 200;
/** More than this nobody chooses from. */
const pagesMost = 10;

/** All accounts that the caller may see: to choose from, and to have names instead of ids. */
export const accountsQuery = allOf<AccountRow>('/v1/accounts');

/** The same of merchants. */
export const merchantsQuery = allOf<MerchantRow>('/v1/merchants');

/** The same of API keys; for administrators. */
export const keysQuery = allOf<ApiKeyRow>('/v1/keys');

/** A list read to its end. It changes seldom, so it is read again after what a person does, and where a page is opened later. */
function allOf<T>(path: string) {
  return queryOptions<readonly T[], CallError>({
    queryKey: [path, 'all'],
    async queryFn({ signal }) {
      const rows: T[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < pagesMost; page += 1) {
        const read: Page<T> = await call<Page<T>>('GET', path, { query: { limit: pageRows, cursor }, signal });
        rows.push(...read.data);
        cursor = read.next_cursor;
        if (cursor === null) break;
      }
      return rows;
    },
    staleTime: 60_000,
    refetchInterval: false,
  });
}
