import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chineseOf } from '../../console/texts/sentences/chinese.ts';
import { findingsOf, type Seen } from '../../src/alerts/rules.ts';
import { type AlertRule, type AlertThresholds, defaultThresholds } from '../../src/domain/alert.ts';
import { asId } from '../../src/domain/ids.ts';

const now = Date.UTC(2026, 0, 5, 12);
const quiet: Seen = {
  signals: { oldestUnhandledAt: null, oldestDiscrepancyAt: null, accounts: [], disabled: [], failing: [], backlog: [] },
  gauges: {
    pending: 0,
    sending: 0,
    dead: 0,
    oldestDueAt: null,
    parkedFacts: 0,
    quarantined: 0,
    discrepanciesOpen: 0,
    rescuedLeases: 0,
    outbox: 0,
    oldestXminAge: null,
    asks: 0,
    oldestAskDueAt: null,
  },
  sending: { total: 0, sent: 0, received: 0, handled: 0, confirmed: 0 },
};
const found = (
  signals: Partial<Seen['signals']>,
  gauges: Partial<Seen['gauges']> = {},
  rest: Partial<Seen> & { thresholds?: AlertThresholds } = {},
) =>
  findingsOf(
    { ...quiet, signals: { ...quiet.signals, ...signals }, gauges: { ...quiet.gauges, ...gauges }, ...rest },
    rest.thresholds ?? defaultThresholds,
    now,
  );
const failing = (id: string, percent: number) => ({
  endpoint: asId.endpoint(id),
  merchant: asId.merchant('shop'),
  url: 'https://a.example/',
  percent,
});
const names = (findings: { rule: AlertRule; subject: string }[]) =>
  findings.map(({ rule, subject }) => `${rule} ${subject}`.trim());
const answered = (handled: number, confirmed: number) => ({
  total: handled,
  sent: handled,
  received: handled,
  handled,
  confirmed,
});
const account = {
  account: asId.account('acc_1'),
  merchant: asId.merchant('shop'),
  provider: 'stripe',
  refused: 0,
  refusedBefore: 0,
  authentic: 0,
  found: 0,
};

describe('the rules of alerts', () => {
  it('find nothing where nothing happens', () => {
    expect(found({})).toEqual([]);
  });

  it.each<[string, () => ReturnType<typeof found>, string[]]>([
    ['too few acknowledgements', () => found({}, {}, { sending: answered(20, 17) }), ['confirmation_rate']],
    ['few answers say nothing', () => found({}, {}, { sending: answered(19, 0) }), []],
    ['enough acknowledgements', () => found({}, {}, { sending: answered(20, 18) }), []],
    ['what is due waits', () => found({}, { oldestDueAt: now - 300_001 }), ['oldest_due']],
    ['what is due is fresh', () => found({}, { oldestDueAt: now - 300_000 }), []],
    ['a handler is behind', () => found({ oldestUnhandledAt: now - 300_001 }), ['oldest_unhandled']],
    ['a dead delivery', () => found({}, { dead: 1 }), ['dead_deliveries']],
    ['an old discrepancy', () => found({ oldestDiscrepancyAt: now - 86_400_001 }), ['discrepancy_age']],
    ['found, never told', () => found({ accounts: [{ ...account, found: 1 }] }), ['silent_provider acc_1']],
    ['found, and others told', () => found({ accounts: [{ ...account, found: 1, authentic: 1 }] }), []],
    ['refused more and more', () => found({ accounts: [{ ...account, refused: 20 }] }), ['refused_signatures acc_1']],
    ['refused as always', () => found({ accounts: [{ ...account, refused: 20, refusedBefore: 80 }] }), []],
    ['refused now and then', () => found({ accounts: [{ ...account, refused: 19 }] }), []],
    [
      'a disabled endpoint',
      () =>
        found({
          disabled: [{ endpoint: asId.endpoint('end_1'), merchant: asId.merchant('shop'), url: 'https://a.example/' }],
        }),
      ['endpoint_disabled end_1'],
    ],
    [
      'failure budgets that are used by half and more',
      () => found({ failing: [failing('end_1', 50), failing('end_2', 80)] }),
      ['failure_budget end_1', 'failure_budget end_2'],
    ],
    [
      'money at risk, in the units of its currency',
      () =>
        found({
          backlog: [
            { currency: 'CNY', deliveries: 2, minorHours: 100_000_001 },
            { currency: 'USD', deliveries: 2, minorHours: 100_000_000 },
            { currency: 'JPY', deliveries: 2, minorHours: 1_000_001 },
          ],
        }),
      ['money_at_risk CNY', 'money_at_risk JPY'],
    ],
  ])('find: %s', (_, find, expected) => {
    const findings = find();
    expect(names(findings)).toEqual(expected);
    expect(findings.filter(({ detail }) => chineseOf(detail) === null)).toEqual([]);
  });

  it('are in the guide, with their defaults', () => {
    const guide = readFileSync(new URL('../../docs/guides/alerts.md', import.meta.url), 'utf8');
    const rows = [...guide.matchAll(/^\| `(\w+)` \| ([\d.]+)(?: s)? \|/gm)].map(([, rule, value]) => [
      rule,
      Number(value),
    ]);
    expect(Object.fromEntries(rows)).toEqual(defaultThresholds);
  });

  it('say how much of a failure budget is used, and leave its end to the rule of disabled endpoints', () => {
    const degrees = [50, 80, 100].map((percent) => {
      const [one] = found({ failing: [failing('end_1', percent)] });
      return [one?.degree, one?.detail.includes(`${percent} %`)];
    });
    expect(degrees).toEqual([
      [50, true],
      [80, true],
      [80, true],
    ]);
    const late = { thresholds: { ...defaultThresholds, failure_budget: 80 } };
    expect(found({ failing: [failing('end_1', 50)] }, {}, late)).toEqual([]);
  });

  it('are off at 0', () => {
    const off = { ...defaultThresholds, dead_deliveries: 0, endpoint_disabled: 0 };
    expect(findingsOf({ ...quiet, gauges: { ...quiet.gauges, dead: 9 } }, off, now)).toEqual([]);
  });
});
