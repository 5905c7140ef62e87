import { describe, expect, it } from 'vitest';
import { checksumOf, type Migration, pendingMigrations } from '../../src/stores/migrate.ts';
import { migrations as sqliteMigrations } from '../../src/stores/sqlite/schema.ts';

const migrations: readonly Migration[] = [1, 2, 3].map((number) => ({
  number,
  name: `step ${number}`,
  sql: `select ${number}`,
}));
const applied = (numbers: readonly number[]) =>
  migrations
    .filter(({ number }) => numbers.includes(number))
    .map((migration) => ({ number: migration.number, checksum: checksumOf(migration) }));

describe('migrations', () => {
  it('are pending in order until they have been applied', () => {
    expect(pendingMigrations(migrations, []).map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(pendingMigrations(migrations, applied([1])).map(({ number }) => number)).toEqual([2, 3]);
    expect(pendingMigrations(migrations, applied([1, 2, 3]))).toEqual([]);
  });

  it('are refused when one that was applied has been edited', () => {
    const edited = migrations.map((migration) =>
      migration.number === 2 ? { ...migration, sql: 'select 22' } : migration,
    );
    expect(() => pendingMigrations(edited, applied([1, 2]))).toThrowError(
      expect.objectContaining({ code: 'store.migration_changed' }),
    );
  });

  it('are refused when one is missing before others that were applied', () => {
    expect(() => pendingMigrations(migrations, applied([1, 3]))).toThrowError(
      expect.objectContaining({ code: 'store.migration_changed' }),
    );
  });

  it('are refused for a database that a newer program made', () => {
    const newer = [...applied([1, 2, 3]), { number: 4, checksum: 'x' }];
    expect(() => pendingMigrations(migrations, newer)).toThrowError(expect.objectContaining({ code: 'store.newer' }));
  });

  it('of SQLite are numbered from 1 without a gap', () => {
    expect(sqliteMigrations.map(({ number }) => number)).toEqual(sqliteMigrations.map((_, index) => index + 1));
  });
});
