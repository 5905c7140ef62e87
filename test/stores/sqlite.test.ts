import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import { storeConformance } from './conformance.ts';
import { temporaryFolder } from './support.ts';

storeConformance('sqlite', async () => {
  const folder = await temporaryFolder();
  return { make: () => sqlite({ folder: folder.path }), end: () => folder.remove() };
});
