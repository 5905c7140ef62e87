import { asId } from '../domain/ids.ts';
import { breakerOf } from './delivery-mapping.ts';
import { endpointStateOf, number, type Row, text } from './mapping.ts';
import type { MoneyAtRisk, Trouble } from './signals.ts';

// What `mapping.ts` is for the rest: what fares badly.

/** A sum in billions and what is left of them: sums of amounts may be larger than an integer of SQL. */
export function atRiskOf(row: Row): MoneyAtRisk {
  return {
    currency: text(row, 'currency'),
    amountMinor: BigInt(text(row, 'billions')) * 1_000_000_000n + BigInt(text(row, 'rest')),
    notifications: number(row, 'notifications'),
    deliveries: number(row, 'deliveries'),
    oldestAt: number(row, 'oldest_at'),
  };
}

export function troubledOf(row: Row): Trouble['endpoints'][number] {
  return {
    endpoint: asId.endpoint(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    url: text(row, 'url'),
    state: endpointStateOf(row),
    breaker: breakerOf(row),
  };
}
