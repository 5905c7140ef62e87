import type { Instant } from '../../domain/clock.ts';
import type { NodeId, Random } from '../../domain/ids.ts';
import type { Connection } from './connection.ts';
import type { Directory } from './directory.ts';
import { FunnelBook } from './funnel-book.ts';
import { LaneBook } from './lane-book.ts';
import { OrderBook } from './order-book.ts';

/** What stays the same over all transactions of the writer. */
export interface Writer {
  db: Connection;
  directory: Directory;
  node: NodeId;
  random: Random;
}

/** What the operations of one transaction share; it is thrown away when the transaction is rolled back. */
export class Unit {
  readonly db: Connection;
  readonly directory: Directory;
  readonly node: NodeId;
  readonly random: Random;
  readonly now: Instant;
  readonly orders: OrderBook;
  readonly lanes: LaneBook;
  readonly funnel: FunnelBook;

  constructor({ db, directory, node, random }: Writer, now: Instant) {
    this.db = db;
    this.directory = directory;
    this.node = node;
    this.random = random;
    this.now = now;
    this.orders = new OrderBook(db);
    this.lanes = new LaneBook(db, now);
    this.funnel = new FunnelBook(db);
  }

  /** Writes what was only changed in memory. */
  flush(): void {
    this.orders.flush();
    this.lanes.flush();
    this.funnel.flush();
  }
}
