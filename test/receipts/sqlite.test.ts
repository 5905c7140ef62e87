import { describe } from 'vitest';
import { crashSuite } from './crash.ts';
import { receiptsSuite } from './suite.ts';

describe('receipts in SQLite', () => {
  receiptsSuite('sqlite');
  crashSuite('sqlite');
});
