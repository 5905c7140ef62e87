import { type Paidonce, paidonce } from '../../src/paidonce.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { postgres } from '../../src/stores/postgres/postgres.ts';
import { sqlite } from '../../src/stores/sqlite/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';

/** Where everything is kept, for one process after another. */
export interface Kept {
  kind: 'SQLite' | 'PostgreSQL';
  /** The folder, or the database's URL. */
  at: string;
  /** Of the one account, at `hmac`. */
  credentials: unknown;
}

export interface Gateway {
  pay: Paidonce;
  store: Store;
  call(method: string, path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }>;
}

export const adminKey = 'admin-key-of-the-tests';

/** A library with one account, whose provider is this; its API is called as a server's. */
export function gateway({ kind, at, credentials }: Kept, provider: Provider): Gateway {
  const store = kind === 'SQLite' ? sqlite({ folder: at }) : postgres(at);
  const masterKey = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64');
  const accounts = { shop: { provider: provider.name, credentials } };
  const pay = paidonce({ store, merchant: 'shop', accounts, masterKey, adminKey, providers: [provider] });
  return {
    pay,
    store,
    async call(method, path, body) {
      const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await pay.fetch(new Request(`http://localhost${path}`, { method, headers, ...sent }));
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}
