import { z } from '@hono/zod-openapi';
import { accountsLookedBackMs } from '../domain/alert.ts';
import { failureBudgetUsed } from '../domain/breaker.ts';
import { toIso } from '../domain/clock.ts';
import { inProportion, keptAnswers } from '../domain/kept-answers.ts';
import { limits } from '../domain/limits.ts';
import { minorToJson } from '../domain/money.ts';
import type { MoneyAtRisk } from '../stores/signals.ts';
import { answered, filter, merchant, timeOrNull } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import type { Routes } from './route.ts';

const trouble = z
  .object({
    at_risk: z
      .array(
        z.object({
          currency: z.string(),
          amount_minor: answered.amount,
          notifications: z.int(),
          oldest_at: answered.time,
        }),
      )
      .openapi({
        description:
          'Money of which endpoints have not confirmed to know, though it is due, was tried, or waits behind what was: each ' +
          'notification once, since the first of its deliveries. Dead deliveries are not in it.',
      }),
    at_risk_whole: z.boolean().openapi({
      description: `False: more than ${limits.backlogCounted - 1} deliveries wait, and the amounts are at least so much.`,
    }),
    endpoints: z
      .array(
        z.object({
          id: z.string(),
          merchant: z.string(),
          url: z.string(),
          state: z.enum(['disabled', 'failing', 'paused']),
          budget_used: z.number(),
          failing_since: answered.time.nullable(),
        }),
      )
      .openapi({
        description:
          'Those that are disabled; those that are not tried, or by one delivery at a time, for their failures, or have used ' +
          'half of their failure budget (`budget_used`: from 0 to 1); and last those that a person paused.',
      }),
    accounts: z
      .array(
        z.object({
          id: z.string(),
          merchant: z.string(),
          provider: z.string(),
          refused: z.int().openapi({ description: 'Callbacks that were not authentic.' }),
          authentic: z.int(),
          found: z.int().openapi({
            description: 'Payments and refunds that asking or a bill has found, and no callback has told.',
          }),
        }),
      )
      .openapi({
        description:
          'In the last 75 minutes: those that were sent what is not authentic, or silent while something was found.',
      }),
  })
  .openapi('Trouble');
export type Trouble = z.output<typeof trouble>;

export function addTrouble(routes: Routes): void {
  // It looks at all that waits, up to a hundred thousand deliveries, and every viewer's overview asks for it.
  const kept = keptAnswers<readonly MoneyAtRisk[]>(inProportion(60_000));
  routes.add({
    method: 'get',
    path: '/v1/trouble',
    tag: 'Figures',
    summary: 'Money at risk, and the endpoints and accounts in trouble',
    description:
      'Where so much waits that it takes long to add up, the money at risk is kept for three hundred times as long, a minute at most.',
    need: ['read'],
    query: z.strictObject({ merchant: filter(merchant) }),
    statuses: [200],
    answer: trouble,
    refusals: ['merchant.unknown', 'store.deadline'],
    async run({ service, caller, query }) {
      if (query.merchant !== null) requireMerchant(caller, query.merchant);
      const now = service.clock.now();
      const visible = query.merchant === null ? caller.visible : [query.merchant];
      const since = now - accountsLookedBackMs;
      const { endpoints, accounts } = await service.store.read('trouble', { since, visible });
      const atRisk = await kept.of(JSON.stringify(visible), service.clock, () => service.store.read('atRisk', visible));
      const counted = atRisk.reduce((sum, { deliveries }) => sum + deliveries, 0);
      return {
        status: 200,
        body: {
          at_risk: atRisk.map(({ currency, amountMinor, notifications, oldestAt }) => ({
            currency,
            amount_minor: minorToJson(amountMinor),
            notifications,
            oldest_at: toIso(oldestAt),
          })),
          at_risk_whole: counted < limits.backlogCounted,
          endpoints: endpoints.map(({ endpoint, state, breaker, ...one }) => ({
            ...one,
            id: endpoint,
            state: state === 'enabled' ? ('failing' as const) : state,
            budget_used: Math.floor(failureBudgetUsed(breaker, now) * 1000) / 1000,
            failing_since: timeOrNull(breaker.failingSince),
          })),
          accounts: accounts.map(({ account, merchant, provider, refused, authentic, found }) => ({
            id: account,
            merchant,
            provider,
            refused,
            authentic,
            found,
          })),
        },
      };
    },
  });
}
