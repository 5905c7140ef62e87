import type { Lookup, Sqls } from '../table.ts';
import { factsOfOrder } from './facts.ts';
import { endpointsOfMerchant, handlersOfMerchant, merchantsById } from './merchants.ts';
import { ordersById, referencesByName } from './orders.ts';

/** What is loaded beside rows because it will be asked for next. */
export type Follow =
  /** Its key is one of the parts by which the rows are looked up. */
  | { lookup: Lookup; part: number }
  /** Its key is in a column of the rows: it is joined to them, and takes the lists of their lookup. */
  | { lookup: Lookup; by: string; sqls: Sqls };

/**
 * Without these a callback would find its order by its reference, then load the order and its merchant, then the merchant's targets:
 * a round for each. In the order in which they run: facts are read under the lock of their order.
 */
export const followed: ReadonlyMap<Lookup, readonly Follow[]> = new Map([
  [
    referencesByName,
    [
      joined(referencesByName, ordersById, 'order_id'),
      joined(referencesByName, factsOfOrder, 'order_id'),
      { lookup: merchantsById, part: 0 },
      { lookup: endpointsOfMerchant, part: 0 },
      { lookup: handlersOfMerchant, part: 0 },
    ],
  ],
  [
    merchantsById,
    [
      { lookup: endpointsOfMerchant, part: 0 },
      { lookup: handlersOfMerchant, part: 0 },
    ],
  ],
]);

function joined(parent: Lookup, lookup: Lookup, by: string): Follow {
  return { lookup, by, sqls: parent.following(lookup, by) };
}
