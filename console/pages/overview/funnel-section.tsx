import { Text, Tooltip } from '@mantine/core';
import type { Funnel } from '../../../src/api/figures.ts';
import { useCount } from '../../parts/numbers.ts';
import { Section } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { useTexts } from '../../texts/texts.ts';
import { type Side, useFunnel, useRate } from './figures.ts';
import classes from './funnel-section.module.css';
import { overviewTexts } from './texts.ts';

const steps = ['total', 'sent', 'received', 'handled', 'confirmed'] as const;
const rates = [
  ['P_s', 'p_s'],
  ['P_r', 'p_r'],
  ['P_h', 'p_h'],
  ['P_c', 'p_c'],
] as const;

/** total → sent → received → handled → confirmed as a picture: what is lost, and where. */
export function FunnelSection({ side }: { side: Side }) {
  const say = useTexts(overviewTexts);
  const query = useFunnel(side);
  return (
    <Section
      title={say(side)}
      actions={
        <Text size="xs" c="var(--soft)">
          {say(`${side}.lead`)}
        </Text>
      }
    >
      <Loaded query={query} lines={5}>
        {({ totals }) => <FunnelPicture totals={totals} />}
      </Loaded>
    </Section>
  );
}

function FunnelPicture({ totals }: { totals: Funnel['totals'] }) {
  const say = useTexts(overviewTexts);
  const rate = useRate();
  const count = useCount();
  return (
    <div className={classes.funnel}>
      <div className={classes.picture}>
        <Shape totals={totals} />
        <ul className={classes.rates}>
          {rates.map(([name, field], index) => {
            const [before, step] = [steps[index] ?? 'total', steps[index + 1] ?? 'confirmed'];
            const value = totals[field];
            return (
              <li key={name}>
                <Tooltip label={say('rate.help', { rate: name, of: say(before), step: say(step) })}>
                  <span className={classes.rate} data-tone={toneOf(value)}>
                    <small>{name}</small> {rate(value)}
                  </span>
                </Tooltip>
              </li>
            );
          })}
        </ul>
      </div>
      <ol className={classes.steps}>
        {steps.map((step) => (
          <li key={step}>
            <span className={classes.count}>{count(totals[step])}</span>
            <span className={classes.step}>{say(step)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function toneOf(rate: number | null): 'none' | 'good' | 'warn' | 'bad' {
  if (rate === null) return 'none';
  if (rate >= 0.99) return 'good';
  return rate >= 0.9 ? 'warn' : 'bad';
}

const barWidth = 9;
const width = 100;
const height = 40;

/** Bars as high as their share of the total, with the flow between them. */
function Shape({ totals }: { totals: Funnel['totals'] }) {
  const gap = (width - barWidth * steps.length) / (steps.length - 1);
  const bars = steps.map((step, index) => {
    const share = totals.total === 0 ? 0 : totals[step] / totals.total;
    return { step, left: index * (barWidth + gap), top: height - Math.max(share * height, 0.6) };
  });
  return (
    <svg className={classes.shape} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      {bars.slice(1).map((to, index) => {
        const from = bars[index] ?? to;
        const points = [
          [from.left + barWidth, from.top],
          [to.left, to.top],
          [to.left, height],
          [from.left + barWidth, height],
        ];
        return (
          <polygon key={to.step} points={points.map((point) => point.join(',')).join(' ')} className={classes.flow} />
        );
      })}
      {bars.map(({ step, left, top }) => (
        <rect key={step} x={left} y={top} width={barWidth} height={height - top} className={classes.bar} />
      ))}
    </svg>
  );
}
