import { number } from '../mapping.ts';
import type { Connection } from './connection.ts';

/** Pages of write-ahead log at which they are moved into the database although commits are waiting: 32 MiB. */
const pagesMax = 8192;
const idleMs = 200;

/**
 * Moves the write-ahead log into the database off the path of commits: when the writer has been idle for a moment, or between two
 * transactions when the log has grown long. SQLite's own automatic checkpoint would make some commit wait for it.
 */
export class Checkpointer {
  readonly #db: Connection;
  #idle: NodeJS.Timeout | undefined;
  #operations = 0;
  #operationsMax = 1000;
  #short = false;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** Called after each commit has been answered. */
  committed(operations: number): void {
    this.#operations += operations;
    if (this.#short || this.#operations >= this.#operationsMax) this.#checkpoint();
    else if (this.#idle === undefined) this.#idle = setTimeout(() => this.#whenIdle(), idleMs);
    else this.#idle.refresh();
  }

  /**
   * Called where a commit could not be written. On a full disk it may be the log that takes the room; so the first that is there
   * again goes to the database, after which commits write over the log from its beginning and need no more.
   */
  refused(): void {
    this.#short = true;
  }

  close(): void {
    clearTimeout(this.#idle);
  }

  #whenIdle(): void {
    this.#idle = undefined;
    if (!this.#db.inTransaction && this.#operations > 0) this.#checkpoint();
  }

  /** What a checkpoint finds tells how many operations fill the log. */
  #checkpoint(): void {
    const operations = this.#operations;
    this.#operations = 0;
    try {
      const row = this.#db.database.prepare('pragma wal_checkpoint(passive)').get();
      const pages = row === undefined ? 0 : number(row, 'log');
      this.#short &&= row === undefined || number(row, 'checkpointed') < pages;
      if (pages > 0) this.#operationsMax = Math.max(64, Math.round((operations * pagesMax) / pages));
    } catch {
      // The disk is full or failing. Nothing is lost: the log still has every commit, and the next commit says what is wrong.
    }
  }
}
