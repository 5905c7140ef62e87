import { systemClock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import type { Store } from '../stores/store.ts';
import { type Config, type ConfigSources, loadConfig } from './config.ts';
import { placeOf, storeOf } from './store.ts';

export interface OfflineOptions {
  sources?: ConfigSources;
  override?: Partial<Config>;
}

/**
 * Opens the configured store, which also migrates it, and closes it again. The embedded one is only free while no server runs.
 *
 * @throws AppError `config.invalid`, `store.locked`, `store.newer`, `store.migration_changed`.
 */
export async function withStore<T>(
  options: OfflineOptions,
  use: (store: Pick<Store, 'read'>, place: string) => Promise<T>,
): Promise<T> {
  const config = loadConfig({ ...options.sources, commandLine: options.override ?? {} });
  const store = storeOf(config);
  await store.open({ program: programUrl, node: newId('nod', systemClock.now(), 0) });
  try {
    return await use(store, placeOf(config));
  } finally {
    await store.close();
  }
}

const programUrl = new URL(`../program${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
