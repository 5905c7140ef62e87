import { asId, bucketOf, type OrderId } from '../../../domain/ids.ts';
import type { StoredOrder } from '../../kept.ts';
import { orderOf, text, totalsToJson, withAmountsToJson } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const orders = new Table({
  name: 'orders',
  columns: {
    bucket: 'smallint',
    id: 'text',
    merchant: 'text',
    order_no: 'text',
    status: 'text',
    totals: 'text',
    expectations: 'text',
    order_references: 'text',
    actions: 'text',
    link_conflicts: 'text',
    description: 'text',
    metadata: 'text',
    sequence: 'integer',
    fell_short: 'boolean',
    refold_at: 'bigint',
    created_at: 'bigint',
    updated_at: 'bigint',
  },
  key: ['id'],
  mutable: [
    'status',
    'totals',
    'expectations',
    'order_references',
    'actions',
    'link_conflicts',
    'description',
    'metadata',
    'sequence',
    'fell_short',
    'refold_at',
    'updated_at',
  ],
  hasSeq: true,
});

export const ordersById = orders.lookup({ name: 'id', columns: ['id'], index: 'orders_pkey', locks: 'wait' });

export const ordersByNo = orders.lookup({
  name: 'number',
  columns: ['merchant', 'order_no'],
  index: 'orders_number',
  locks: 'wait',
  lockName: (parts) => `order ${parts.join(' ')}`,
});

export const orderReferences = new Table({
  name: 'order_references',
  columns: { bucket: 'smallint', merchant: 'text', reference: 'text', account: 'text', order_id: 'text' },
  key: ['merchant', 'reference', 'account'],
  onConflict: 'do nothing',
});

export const referencesByName = orderReferences.lookup({
  name: 'name',
  columns: ['merchant', 'reference'],
  index: 'order_references_pkey',
  lockName: (parts) => `reference ${parts.join(' ')}`,
});

/** Stands for "any account of the merchant" in the key of a reference. */
const anyAccount = '';

type OrderRows = Pick<
  Rows,
  | 'orderById'
  | 'orderByNo'
  | 'orderIsNew'
  | 'insertOrder'
  | 'updateOrder'
  | 'ordersToRefold'
  | 'orderOfReference'
  | 'otherWithReference'
  | 'insertReference'
>;

export function orderRows(image: Image): OrderRows {
  return {
    orderById(id) {
      const found = image.one(ordersById, id);
      return found === null ? null : orderOf(found.values);
    },
    orderByNo(merchant, orderNo) {
      const found = image.one(ordersByNo, merchant, orderNo);
      return found === null ? null : orderOf(found.values);
    },
    orderIsNew: (id) => image.fresh(id),
    insertOrder(order) {
      const { id, merchant, orderNo, createdAt } = order;
      const about = { bucket: bucketOf(merchant), id, merchant, order_no: orderNo, created_at: createdAt };
      image.add(orders, { ...about, ...changing(order) });
    },
    updateOrder(order) {
      const kept = image.one(ordersById, order.id);
      if (kept !== null) image.change(kept, changing(order));
    },
    ordersToRefold: (now, most) => ordersToRefold(image, now, most),
    orderOfReference(merchant, reference, account) {
      const claims = image.find(referencesByName, merchant, reference);
      const claimOf = (one: string) => claims.find(({ values }) => values.account === one);
      const claim = claimOf(account) ?? claimOf(anyAccount);
      return claim === undefined ? null : asId.order(text(claim.values, 'order_id'));
    },
    otherWithReference({ merchant, reference, account }, than) {
      const other = image
        .find(referencesByName, merchant, reference)
        .find(
          ({ values }) =>
            values.order_id !== than &&
            (account === null || values.account === anyAccount || values.account === account),
        );
      return other === undefined ? null : asId.order(text(other.values, 'order_id'));
    },
    insertReference(order, { merchant, reference, account }) {
      const values = {
        bucket: bucketOf(merchant),
        merchant,
        reference,
        account: account ?? anyAccount,
        order_id: order,
      };
      const claims = image.find(referencesByName, merchant, reference);
      if (claims.every((claim) => claim.values.account !== values.account)) image.add(orderReferences, values);
    },
  };
}

function changing(order: StoredOrder) {
  return {
    status: order.status,
    totals: totalsToJson(order.totals),
    expectations: withAmountsToJson(order.expectations),
    order_references: JSON.stringify(order.references),
    actions: withAmountsToJson(order.actions),
    link_conflicts: JSON.stringify(order.linkConflicts),
    description: order.description,
    metadata: order.metadata,
    sequence: order.sequence,
    fell_short: order.fellShort ? 1 : 0,
    refold_at: order.refoldAt,
    updated_at: order.updatedAt,
  };
}

/** What another node folds, or changes, at this moment is left out. */
function ordersToRefold(image: Image, now: number, most: number): readonly OrderId[] {
  const found = image.answer(`refold ${now} ${most}`, (session) =>
    // In the order of the index.
    session.all(
      `/* orders_refold (refold_at) */ select ${orders.selected} from paidonce.orders t where t.refold_at <= $1 order by t.refold_at limit $2
       for no key update skip locked`,
      now,
      most,
    ),
  );
  return (found ?? []).map((values) => {
    const id = text(values, 'id');
    image.loaded(ordersById, [id], [values]);
    return asId.order(id);
  });
}
