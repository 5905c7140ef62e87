import { postgres } from '../stores/postgres/postgres.ts';
import { sqlite } from '../stores/sqlite/sqlite.ts';
import type { Store } from '../stores/store.ts';
import type { Config } from './config.ts';

type StoreConfig = Pick<Config, 'data' | 'databaseUrl' | 'databaseDirectUrl'>;

/** The store that the configuration names: PostgreSQL where there is a URL, else the embedded one in the data folder. */
export function storeOf({ data, databaseUrl, databaseDirectUrl }: StoreConfig): Store {
  if (databaseUrl === null) return sqlite({ folder: data });
  return postgres(databaseUrl, databaseDirectUrl === null ? {} : { directUrl: databaseDirectUrl });
}

/** Where that is, as a person may read it: never with a password. */
export function placeOf({ data, databaseUrl }: Pick<Config, 'data' | 'databaseUrl'>): string {
  if (databaseUrl === null) return data;
  const { host, pathname } = new URL(databaseUrl);
  return `postgres://${host}${pathname}`;
}
