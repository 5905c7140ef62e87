import { createHash } from 'node:crypto';
import { AppError } from '../domain/errors.ts';

/** One step of a store's schema. It goes forward and is never edited once it has been released. */
export interface Migration {
  /** Counts from 1 without gaps. */
  number: number;
  name: string;
  sql: string;
}

/** What a database remembers of a migration that ran. */
export interface AppliedMigration {
  number: number;
  checksum: string;
}

/**
 * The migrations that a database still lacks, in order.
 *
 * @throws AppError `store.newer` for a database that knows more than this program, `store.migration_changed` for one whose
 * applied migrations differ from this program's.
 */
export function pendingMigrations(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  const newest = Math.max(0, ...applied.map((migration) => migration.number));
  if (newest > migrations.length) {
    throw new AppError(
      'store.newer',
      `the database is at migration ${newest}, this program knows ${migrations.length}`,
    );
  }
  const checksums = new Map(applied.map((migration) => [migration.number, migration.checksum]));
  return migrations.filter((migration) => {
    const checksum = checksums.get(migration.number);
    if (checksum === undefined && migration.number <= newest)
      throw changed(migration, 'was not applied, but later ones were');
    if (checksum !== undefined && checksum !== checksumOf(migration))
      throw changed(migration, 'differs from what was applied');
    return checksum === undefined;
  });
}

/** What is kept of a migration's text, so that a later edit is noticed. */
export function checksumOf(migration: Migration): string {
  return createHash('sha256').update(`${migration.number}\n${migration.name}\n${migration.sql}`).digest('hex');
}

function changed(migration: Migration, how: string): AppError {
  return new AppError('store.migration_changed', `migration ${migration.number} (${migration.name}) ${how}`);
}
