import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** What needs a MySQL or MariaDB server, which no package brings. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/receipts/mysql.ts'], globalSetup: [], reporters: ['default'] },
});
