import { systemClock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import { sqlite } from '../stores/sqlite/sqlite.ts';
import type { Store } from '../stores/store.ts';
import { type Config, type ConfigSources, loadConfig } from './config.ts';

export interface OfflineOptions {
  sources?: ConfigSources;
  override?: Partial<Config>;
}

/**
 * Opens the embedded store of the data folder while no server runs, which also migrates it, and closes it again.
 *
 * @throws AppError `config.invalid`, `store.locked`, `store.newer`, `store.migration_changed`.
 */
export async function withStore<T>(
  options: OfflineOptions,
  use: (store: Pick<Store, 'read'>, folder: string) => Promise<T>,
): Promise<T> {
  const { data } = { ...loadConfig(options.sources), ...options.override };
  const store = sqlite({ folder: data });
  await store.open({ program: programUrl, node: newId('nod', systemClock.now(), 0) });
  try {
    return await use(store, data);
  } finally {
    await store.close();
  }
}

const programUrl = new URL(`../program${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
