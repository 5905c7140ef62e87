import type { EndpointId, MerchantId } from '../../domain/ids.ts';
import type { Endpoint, Merchant } from '../../domain/merchant.ts';
import type { Rows } from './rows.ts';

const entriesMax = 10_000;

export interface Targets {
  endpoints: readonly Endpoint[];
  handlers: readonly { type: string; name: string }[];
}

/**
 * What the writer remembers between transactions of merchants, their endpoints and their handlers, because every publish and
 * every settled order asks for it. Whoever changes one of them forgets it here; a rollback forgets everything.
 */
export class Directory {
  readonly #merchants = new Map<MerchantId, Merchant>();
  readonly #targets = new Map<MerchantId, Targets>();
  readonly #endpoints = new Map<EndpointId, Endpoint>();

  merchant(rows: Rows, id: MerchantId): Merchant | null {
    return remembered(this.#merchants, id, () => rows.merchantById(id));
  }

  targets(rows: Rows, merchant: MerchantId): Targets {
    const load = () => ({ endpoints: rows.endpointsOfMerchant(merchant), handlers: rows.handlersOfMerchant(merchant) });
    return remembered(this.#targets, merchant, load) ?? { endpoints: [], handlers: [] };
  }

  endpoint(rows: Rows, id: EndpointId): Endpoint | null {
    return remembered(this.#endpoints, id, () => rows.endpointById(id));
  }

  forgetMerchant(id: MerchantId): void {
    this.#merchants.delete(id);
    this.#targets.delete(id);
  }

  forgetEndpoint({ id, merchant }: Pick<Endpoint, 'id' | 'merchant'>): void {
    this.#endpoints.delete(id);
    this.#targets.delete(merchant);
  }

  forgetAll(): void {
    this.#merchants.clear();
    this.#targets.clear();
    this.#endpoints.clear();
  }
}

/** What is not there is not remembered: it may be added by the next operation. */
function remembered<K, V>(known: Map<K, V>, key: K, load: () => V | null): V | null {
  const value = known.get(key);
  if (value !== undefined) return value;
  const loaded = load();
  if (loaded !== null) {
    if (known.size >= entriesMax) known.clear();
    known.set(key, loaded);
  }
  return loaded;
}
