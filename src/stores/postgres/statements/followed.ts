import type { Lookup } from '../table.ts';
import { factsOfOrder } from './facts.ts';
import { endpointsOfMerchant, handlersOfMerchant, merchantsById } from './merchants.ts';
import { ordersById, referencesByName } from './orders.ts';

/** What is loaded beside rows because it will be asked for next. */
export interface Follow {
  lookup: Lookup;
  /** The column of the rows whose value is its key. */
  by: string;
  sql: string;
}

/**
 * Without these a callback would find its order by its reference, then load the order and its merchant, then the merchant's targets:
 * a round for each. In the order in which they run: facts are read under the lock of their order.
 */
export const followed: ReadonlyMap<Lookup, readonly Follow[]> = new Map([
  [
    referencesByName,
    [
      follow(referencesByName, ordersById, 'order_id'),
      follow(referencesByName, factsOfOrder, 'order_id'),
      follow(referencesByName, merchantsById, 'merchant'),
      follow(referencesByName, endpointsOfMerchant, 'merchant'),
      follow(referencesByName, handlersOfMerchant, 'merchant'),
    ],
  ],
  [merchantsById, [follow(merchantsById, endpointsOfMerchant, 'id'), follow(merchantsById, handlersOfMerchant, 'id')]],
]);

function follow(parent: Lookup, lookup: Lookup, by: string): Follow {
  return { lookup, by, sql: parent.followSql(lookup, by) };
}
