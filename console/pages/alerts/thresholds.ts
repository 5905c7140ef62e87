import type { AlertRules } from '../../../src/api/alerts.ts';
import { useDuration } from '../../parts/duration.tsx';
import { useLanguage, useTexts } from '../../texts/texts.ts';
import { alertsTexts } from './texts.ts';

export type RuleName = keyof typeof measures;
type Rule = AlertRules['rules'][number];

/** What the number of a rule counts. */
const measures = {
  confirmation_rate: 'share',
  oldest_due: 'longer',
  oldest_unhandled: 'longer',
  dead_deliveries: 'least',
  discrepancy_age: 'longer',
  silent_provider: 'least',
  refused_signatures: 'least',
  failure_budget: 'percent',
  endpoint_disabled: 'on',
  money_at_risk: 'unitHours',
} as const;

export function isRule(rule: string): rule is RuleName {
  return Object.hasOwn(measures, rule);
}

/** A threshold in words: `over 5 min`. */
export function useThreshold(): (rule: Rule['rule'], threshold: number) => string {
  const say = useTexts(alertsTexts);
  const duration = useDuration();
  const { tag } = useLanguage();
  return (rule, threshold) => {
    if (threshold === 0) return say('off');
    const measure = isRule(rule) ? measures[rule] : 'count';
    const share = measure === 'share' ? threshold : threshold / 100;
    const number = new Intl.NumberFormat(tag).format(threshold);
    const percent = new Intl.NumberFormat(tag, { style: 'percent' }).format(share);
    const value =
      measure === 'longer' ? duration(threshold) : ['share', 'percent'].includes(measure) ? percent : number;
    return say(`unit.${measure}`, { value });
  };
}
