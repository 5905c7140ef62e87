import { DatabaseSync } from 'node:sqlite';
import type { Instant } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { number, text } from '../mapping.ts';
import { checksumOf, type Migration, pendingMigrations } from '../migrate.ts';
import { Connection } from './connection.ts';
import { resetAskQueues } from './statements/asks.ts';
import { endOldLeases } from './statements/deliveries.ts';
import { resetLanes } from './statements/lanes.ts';

/** Held by the one process that serves a data folder. The operating system frees it when that process ends, however it ends. */
export interface FolderLock {
  release(): void;
}

/** @throws AppError `store.locked` while another process, or another store of this process, holds it. */
export function lockFolder(lockFile: string): FolderLock {
  const database = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    database.exec('pragma journal_mode = memory; pragma locking_mode = exclusive; begin exclusive;');
  } catch (error) {
    database.close();
    throw new AppError('store.locked', `${lockFile} is held by another process`, { cause: error });
  }
  return { release: () => database.close() };
}

/** Opens the writing connection and brings the schema up to date. */
export function openDatabase(file: string, migrations: readonly Migration[], now: Instant): Connection {
  const db = Connection.writer(file);
  try {
    migrate(db, migrations, now);
    db.begin('immediate');
    endOldLeases(db, now);
    resetLanes(db, now);
    resetAskQueues(db, now);
    db.commit();
    return db;
  } catch (error) {
    db.rollback();
    db.close();
    throw error;
  }
}

/** All in one transaction: a migration that fails leaves the database as it was. */
function migrate(db: Connection, migrations: readonly Migration[], now: Instant): void {
  db.begin('immediate');
  db.run(
    `create table if not exists paidonce_migrations (
       number integer primary key, name text not null, checksum text not null, applied_at integer not null
     ) strict`,
  );
  const applied = db.all('select number, checksum from paidonce_migrations order by number').map((row) => ({
    number: number(row, 'number'),
    checksum: text(row, 'checksum'),
  }));
  for (const migration of pendingMigrations(migrations, applied)) {
    db.database.exec(migration.sql);
    db.run(
      'insert into paidonce_migrations (number, name, checksum, applied_at) values (?, ?, ?, ?)',
      migration.number,
      migration.name,
      checksumOf(migration),
      now,
    );
  }
  db.commit();
}
