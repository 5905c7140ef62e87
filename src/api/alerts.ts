import { z } from '@hono/zod-openapi';
import { type Alert, defaultThresholds, isAlertRule } from '../domain/alert.ts';
import { toIso } from '../domain/clock.ts';
import { requireUnlimited } from './auth.ts';
import { answered, filter, listOf, pageView, paging, timeOrNull } from './fields.ts';
import type { Routes } from './route.ts';

const states = ['open', 'recovered'] as const;

const alert = z
  .object({
    id: z.string(),
    rule: z.enum(Object.keys(defaultThresholds)),
    subject: z.string().openapi({ description: 'An account, an endpoint or a currency; empty for the whole system.' }),
    detail: z.string(),
    state: z.enum(states),
    opened_at: answered.time,
    recovered_at: answered.time.nullable(),
    told: z.array(z.string()).openapi({ description: 'Robots that were told that it opened.' }),
    untold: z.array(z.string()).openapi({ description: 'Robots that are still to be told how it stands.' }),
    next_try_at: answered.time.nullable(),
    failures: z.int(),
    error: z.string().nullable().openapi({ description: 'Why the last message could not be sent.' }),
  })
  .openapi('Alert');
export type AlertRow = z.output<typeof alert>;

const alertRules = z
  .object({
    rules: z.array(
      z.object({
        rule: z.enum(Object.keys(defaultThresholds)),
        threshold: z.number().openapi({ description: '0: the rule is off.' }),
        default_threshold: z.number(),
      }),
    ),
    robots: z.array(z.string()).openapi({ description: 'Names of the robots that are told; none shows its key.' }),
  })
  .openapi('AlertRules');
export type AlertRules = z.output<typeof alertRules>;

export function addAlerts(routes: Routes): void {
  routes.add({
    method: 'get',
    path: '/v1/alerts',
    tag: 'Figures',
    summary: 'List alerts, open and recovered',
    description: 'Needs a key that is not limited to merchants.',
    need: ['read'],
    query: z.strictObject({ ...paging, state: filter(z.enum(states)) }),
    statuses: [200],
    answer: listOf(alert),
    refusals: [],
    async run({ service, caller, query }) {
      requireUnlimited(caller);
      return { status: 200, body: pageView(await service.store.read('alerts', query), alertView) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/alert-rules',
    tag: 'Figures',
    summary: 'Read what alerts are opened by, and who is told',
    description:
      'Needs a key that is not limited to merchants. Thresholds are settings: `alert_rules`, `alert_robots`.',
    need: ['read'],
    statuses: [200],
    answer: alertRules,
    refusals: [],
    async run({ service, caller }) {
      requireUnlimited(caller);
      const { thresholds, robots } = service.alerting;
      const rules = Object.entries(defaultThresholds).map(([rule, absent]) => {
        const threshold = isAlertRule(rule) ? thresholds[rule] : absent;
        return { rule, threshold, default_threshold: absent };
      });
      return { status: 200, body: { rules, robots: [...robots] } };
    },
  });
}

function alertView(one: Alert): z.input<typeof alert> {
  const { id, rule, subject, detail, told, untold, failures, error } = one;
  return {
    id,
    rule,
    subject,
    detail,
    state: one.recoveredAt === null ? 'open' : 'recovered',
    opened_at: toIso(one.openedAt),
    recovered_at: timeOrNull(one.recoveredAt),
    told: [...told],
    untold: [...untold],
    next_try_at: timeOrNull(one.dueAt),
    failures,
    error,
  };
}
