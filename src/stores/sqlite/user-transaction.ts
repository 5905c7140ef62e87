import { AppError } from '../../domain/errors.ts';
import type { OutboxItem } from '../kept.ts';
import type { SqlValue } from '../store.ts';
import { type Marked, markConfirmed, recordHandled } from '../work/handled.ts';
import { Unit } from '../work/unit.ts';
import type { Writer } from './batch.ts';
import type { WriterRequest } from './messages.ts';
import { insertOutboxItem } from './statements/outbox.ts';
import { runUserSql } from './user-sql.ts';

/** One transaction for code of the user's own: begun, served statement by statement, and ended, all on the writer's connection. */
export class UserTransaction {
  readonly id: number;
  readonly #writer: Writer;
  readonly #marked: Marked | null;
  #enqueued = 0;

  private constructor(writer: Writer, id: number, marked: Marked | null) {
    this.#writer = writer;
    this.id = id;
    this.#marked = marked;
  }

  /** Marks first: null where the fence no longer holds, and then nothing is open. */
  static begin(writer: Writer, { transaction, mark }: Extract<WriterRequest, { is: 'begin' }>): UserTransaction | null {
    const { db } = writer;
    db.begin('immediate');
    try {
      const marked = mark === null ? null : markConfirmed(new Unit(writer, 0), mark.claimed);
      if (marked !== null || mark === null) return new UserTransaction(writer, transaction, marked);
      db.rollback();
      return null;
    } catch (error) {
      db.rollback();
      throw error;
    }
  }

  query(sql: string, parameters: readonly SqlValue[]) {
    return runUserSql(this.#writer.db.database, sql, parameters);
  }

  enqueue(item: OutboxItem): null {
    insertOutboxItem(this.#writer.db, item);
    this.#enqueued += 1;
    return null;
  }

  /** Records the attempt that the mark stands for, and commits. */
  commit({ now, startedAt, durationMs }: Extract<WriterRequest, { is: 'commit' }>): { work: boolean } {
    const { db } = this.#writer;
    try {
      if (!db.inTransaction) throw new AppError('handler.tx_over', 'the database rolled the transaction back');
      const unit = new Unit(this.#writer, now);
      if (this.#marked !== null) recordHandled(unit, this.#marked, { startedAt, durationMs });
      unit.flush();
      db.commit();
      return { work: this.#enqueued > 0 || unit.lanes.work };
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  rollback(): void {
    this.#writer.directory.forgetAll();
    this.#writer.db.rollback();
  }
}
