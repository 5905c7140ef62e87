import type { Instant } from '../../../domain/clock.ts';
import { type MadeKey, madeToText } from '../../commit-mapping.ts';
import type { Connection } from '../connection.ts';

export function insertMade(db: Connection, made: readonly MadeKey[], now: Instant): void {
  db.run('insert into paidonce_commits (at, made) values (?, ?)', now, madeToText(made));
}
