import type { Instant } from '../../domain/clock.ts';
import type { NodeId, Random } from '../../domain/ids.ts';
import type { MadeKey } from '../commit-mapping.ts';
import type { Directory } from './directory.ts';
import { FunnelBook } from './funnel-book.ts';
import { LaneBook } from './lane-book.ts';
import { OrderBook } from './order-book.ts';
import type { AttemptKey, Rows } from './rows.ts';

/** What a unit is made from. */
export interface UnitOptions {
  rows: Rows;
  directory: Directory;
  node: NodeId;
  random: Random;
}

/** What the operations of one transaction share; it is thrown away when the transaction is rolled back. */
export class Unit {
  readonly rows: Rows;
  readonly directory: Directory;
  readonly node: NodeId;
  readonly random: Random;
  readonly now: Instant;
  readonly orders: OrderBook;
  readonly lanes: LaneBook;
  readonly funnel: FunnelBook;
  /** Attempts recorded here, which the sealer is to find. */
  readonly unsealed: AttemptKey[] = [];
  /** What came to be here, in order, for those who follow the commits. */
  readonly made: MadeKey[] = [];
  /** What the operation answered is wanted, and nothing of what it did. */
  isUndone = false;

  constructor({ rows, directory, node, random }: UnitOptions, now: Instant) {
    this.rows = rows;
    this.directory = directory;
    this.node = node;
    this.random = random;
    this.now = now;
    this.orders = new OrderBook(rows);
    this.lanes = new LaneBook(rows, now);
    this.funnel = new FunnelBook(rows);
  }

  /** Writes what was only changed in memory. */
  flush(): void {
    this.orders.flush();
    this.lanes.flush();
    this.funnel.flush();
    if (this.unsealed.length > 0) this.rows.insertUnsealed(this.unsealed.splice(0));
    if (this.made.length > 0) this.rows.insertMade(this.made.splice(0), this.now);
  }
}
