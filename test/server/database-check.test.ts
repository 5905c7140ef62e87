import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDatabase } from '../../src/server/database-check.ts';
import { placeOf } from '../../src/server/store.ts';
import { migrated } from '../stores/support.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { withClient } from '../support/with-client.ts';

describe('the check of a database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(async () => database?.end());

  const found = async (url = database.url) =>
    Object.fromEntries((await checkDatabase(url)).map(({ what, is, found: text }) => [what, `${is}: ${text}`]));

  it('says what nodes depend on, and changes nothing', async () => {
    expect(await found()).toMatchObject({
      database: expect.stringMatching(/^fine: postgres:\/\/.*, PostgreSQL \d+, empty/),
      durability: expect.stringMatching(/^fine/),
      standbys: expect.stringMatching(/^note: no commit waits/),
      connections: expect.stringMatching(/^fine: \d+ of \d+ are free/),
      locks: expect.stringMatching(/^fine/),
    });
    const { rows } = await withClient(database.url, (client) =>
      client.query("select to_regnamespace('paidonce')::text as made"),
    );
    expect(rows).toEqual([{ made: null }]);
    await migrated(database.url);
    expect((await found()).database).toMatch(/at migration \d+$/);
  });

  it('names a server that cannot be asked, without its password', async () => {
    const [only, ...others] = await checkDatabase('postgres://somebody:s3cret@127.0.0.1:1/nowhere');
    expect(only).toMatchObject({
      is: 'wrong',
      what: 'database',
      found: expect.stringContaining('127.0.0.1:1/nowhere'),
    });
    expect(others).toEqual([]);
    expect(only?.found).not.toContain('s3cret');
    expect(placeOf({ data: 'd', databaseUrl: 'postgres://u:s3cret@h/x' })).toBe('postgres://h/x');
  });
});
