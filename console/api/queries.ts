import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Currency } from '../../src/api/currencies.ts';
import type { Funnel } from '../../src/api/figures.ts';
import type { Order, TimelineEntry } from '../../src/api/orders.ts';
import type { ProviderRow } from '../../src/api/providers.ts';
import type { Session } from '../../src/api/sessions.ts';
import { type CallError, call, type Query, segment } from './call.ts';

/** One page of a list. */
export interface Page<T> {
  data: readonly T[];
  next_cursor: string | null;
}

export const sessionQuery = queryOptions<Session, CallError>({
  queryKey: ['session'],
  queryFn: ({ signal }) => call<Session>('GET', '/v1/session', { signal }),
  staleTime: 60_000,
  refetchInterval: false,
  retry: false,
});

/** Decimal places by currency; they do not change. */
export const currenciesQuery = queryOptions({
  queryKey: ['currencies'],
  queryFn: async ({ signal }) => {
    const { data } = await call<Page<Currency>>('GET', '/v1/currencies', { signal });
    return new Map(data.map(({ currency, exponent }) => [currency, exponent]));
  },
  staleTime: Number.POSITIVE_INFINITY,
  refetchInterval: false,
});

/** Providers with the credentials they need; they change with the program alone. */
export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: async ({ signal }) => (await call<Page<ProviderRow>>('GET', '/v1/providers', { signal })).data,
  staleTime: Number.POSITIVE_INFINITY,
});

/** Any list, or thing, by its path: what is shown is kept while the next is on its way. */
export function readQuery<T>(path: string, query: Query = {}) {
  return queryOptions<T, CallError>({
    queryKey: [path, query],
    queryFn: ({ signal }) => call<T>('GET', path, { query, signal }),
    placeholderData: keepPreviousData,
  });
}

export const funnelQuery = (query: Query) => readQuery<Funnel>('/v1/funnel', query);

export const orderQuery = (merchant: string, orderNo: string) =>
  readQuery<Order>(`/v1/orders/${segment(orderNo)}`, { merchant });

export const timelineQuery = (merchant: string, orderNo: string) =>
  readQuery<Page<TimelineEntry>>(`/v1/orders/${segment(orderNo)}/timeline`, { merchant });
