import { describe, expect, it } from 'vitest';
import { pageAt } from '../support/markdown.ts';
import { crashSuite } from './crash.ts';
import { connectTo } from './databases.ts';
import { lostCommitSuite, receiptsSuite } from './suite.ts';

describe('receipts in PostgreSQL', () => {
  receiptsSuite('postgres');
  lostCommitSuite('postgres');
  crashSuite('postgres');

  it('are in the table that the guide shows', async () => {
    const { receipts, end } = connectTo({ kind: 'postgres', at: 'postgres://127.0.0.1:1/nobody-connects' });
    expect(pageAt('docs/guides/receive-in-your-app.md').text).toContain(receipts.tableSql);
    await end();
  });
});
