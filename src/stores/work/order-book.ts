import type { MerchantId, OrderId, OrderNo } from '../../domain/ids.ts';
import type { StoredOrder } from '../kept.ts';
import type { Rows } from './rows.ts';

/**
 * The orders that one transaction touches: each is read once and written once before the commit, however often the decisions of
 * the transaction change it.
 */
export class OrderBook {
  readonly #rows: Rows;
  readonly #orders = new Map<OrderId, StoredOrder>();
  /** As they were read, until they are written. */
  readonly #read = new Map<OrderId, StoredOrder>();
  readonly #numbers = new Map<string, OrderId>();
  readonly #added = new Set<OrderId>();
  readonly #changed = new Set<OrderId>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  find(id: OrderId): StoredOrder | null {
    return this.#orders.get(id) ?? this.#readNow(this.#rows.orderById(id));
  }

  findByNo(merchant: MerchantId, orderNo: OrderNo): StoredOrder | null {
    const id = this.#numbers.get(numberOf({ merchant, orderNo }));
    return id === undefined ? this.#readNow(this.#rows.orderByNo(merchant, orderNo)) : this.find(id);
  }

  add(order: StoredOrder): void {
    this.#met(order);
    this.#rows.orderIsNew(order.id);
    this.#added.add(order.id);
  }

  save(order: StoredOrder): void {
    this.#met(order);
    if (!this.#added.has(order.id)) this.#changed.add(order.id);
  }

  /** Writes what changed, before the commit or before orders are looked up by what changed in them. */
  flush(): void {
    for (const id of this.#added) this.#write(id, (order) => this.#rows.insertOrder(order));
    for (const id of this.#changed)
      this.#write(id, (order) => this.#rows.updateOrder(order, this.#read.get(id) ?? null));
    this.#read.clear();
    this.#added.clear();
    this.#changed.clear();
  }

  #write(id: OrderId, write: (order: StoredOrder) => void): void {
    const order = this.#orders.get(id);
    if (order !== undefined) write(order);
  }

  #readNow(order: StoredOrder | null): StoredOrder | null {
    if (order === null) return null;
    this.#read.set(order.id, order);
    this.#met(order);
    return order;
  }

  #met(order: StoredOrder): void {
    this.#orders.set(order.id, order);
    this.#numbers.set(numberOf(order), order.id);
  }
}

/** A merchant's id has no space in it. */
function numberOf({ merchant, orderNo }: Pick<StoredOrder, 'merchant' | 'orderNo'>): string {
  return `${merchant} ${orderNo}`;
}
