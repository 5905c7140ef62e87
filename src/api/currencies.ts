import { z } from '@hono/zod-openapi';
import { exponents } from '../domain/currencies.ts';
import { listOf } from './fields.ts';
import type { Routes } from './route.ts';

const currency = z
  .object({ currency: z.string(), exponent: z.int().openapi({ description: 'Decimal places of its minor unit.' }) })
  .openapi('Currency');
export type Currency = z.output<typeof currency>;

export function addCurrencies(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/currencies',
    tag: 'Figures',
    summary: 'List currencies with their decimal places',
    need: ['read'],
    statuses: [200],
    answer: listOf(currency),
    refusals: [],
    async run() {
      const data = [...exponents].map(([currency, exponent]) => ({ currency, exponent }));
      return { status: 200, body: { data, next_cursor: null } };
    },
  });
}
