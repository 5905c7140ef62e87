import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { testDatabase } from '../support/postgres.ts';
import { type Address, connectTo, type Kind, makeBook } from './databases.ts';

/** An empty database of one kind, for one test. */
export interface ForeignPlace extends Address {
  remove(): Promise<void>;
}

const makers: Readonly<Record<Kind, () => Promise<ForeignPlace>>> = {
  async sqlite() {
    const folder = await mkdtemp(join(tmpdir(), 'paidonce-receipts-'));
    const remove = () => rm(folder, { recursive: true, force: true });
    return { kind: 'sqlite', at: join(folder, 'shop.db'), remove };
  },
  async postgres() {
    const { url, end } = await testDatabase();
    return { kind: 'postgres', at: url, remove: end };
  },
  async mysql() {
    const server = process.env.PAIDONCE_TEST_MYSQL_URL ?? '';
    if (server === '')
      throw new Error('PAIDONCE_TEST_MYSQL_URL names no server, such as mysql://root:secret@127.0.0.1:3306');
    const name = `paidonce_test_${randomBytes(6).toString('hex')}`;
    const execute = async (sql: string) => {
      const connection = await createConnection(server);
      await connection.query(sql);
      await connection.end();
    };
    await execute(`create database ${name}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    return { kind: 'mysql', at: url.href, remove: () => execute(`drop database ${name}`) };
  },
};

/** A database with the receipts and the shop's table. */
export async function foreignPlace(kind: Kind): Promise<ForeignPlace> {
  const place = await makers[kind]();
  const { receipts, all, end } = connectTo(place);
  await receipts.createReceipts();
  await all(makeBook);
  await end();
  return place;
}
