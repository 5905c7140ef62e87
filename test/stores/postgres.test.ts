import { postgres } from '../../src/stores/postgres/postgres.ts';
import { template, testDatabase } from '../support/postgres.ts';
import { storeConformance } from './conformance.ts';
import { migrated } from './support.ts';

storeConformance('postgres', async () => {
  const database = await testDatabase(await template('migrated', migrated));
  return { make: () => postgres(database.url), end: () => database.end() };
});
