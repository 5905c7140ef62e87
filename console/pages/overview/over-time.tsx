import { SegmentedControl } from '@mantine/core';
import { Suspense } from 'react';
import { useCount, useMilliseconds } from '../../parts/numbers.ts';
import { Columns, Section } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty, Loaded, Loading } from '../../parts/states.tsx';
import { useTimeRange } from '../../parts/time-range.tsx';
import { useTexts } from '../../texts/texts.ts';
import { Captioned, TimeChart } from './captioned.tsx';
import { bucketsOver, type Side, useFunnel, useLatency, useRate } from './figures.ts';
import { overviewTexts } from './texts.ts';

/** How many, and how well, over the range: of one side at a time. */
export function OverTime() {
  const say = useTexts(overviewTexts);
  const [search, change] = useSearchState();
  const side: Side = search.side === 'receiving' ? 'receiving' : 'sending';
  const title = say(side === 'sending' ? 'perBucket' : 'perBucket.receiving');
  return (
    <Section
      title={title}
      actions={
        <SegmentedControl
          aria-label={`${say('sending')} / ${say('receiving')}`}
          data={[
            { value: 'sending', label: say('sending') },
            { value: 'receiving', label: say('receiving') },
          ]}
          value={side}
          onChange={(value) => change({ side: value === 'sending' ? '' : value })}
        />
      }
    >
      <Charts side={side} title={title} />
    </Section>
  );
}

function Charts({ side, title }: { side: Side; title: string }) {
  const say = useTexts(overviewTexts);
  const rate = useRate();
  const count = useCount();
  const range = useTimeRange();
  const query = useFunnel(side);
  return (
    <Loaded query={query}>
      {({ buckets, totals }) => {
        if (totals.total === 0) return <Empty title={say('none')} />;
        const { at, of } = bucketsOver(range, buckets);
        const counts = (step: 'total' | 'confirmed') => of.map((one) => one?.[step] ?? 0);
        const rates = (name: 'p_r' | 'p_h' | 'p_c') => of.map((one) => one?.[name] ?? null);
        return (
          <Suspense fallback={<Loading />}>
            <Columns>
              <Captioned caption={say('caption.counts')}>
                <TimeChart
                  label={title}
                  at={at}
                  series={[
                    { label: say('total'), color: '--idle', values: counts('total'), filled: true },
                    { label: say('confirmed'), color: '--accent', values: counts('confirmed'), filled: true },
                  ]}
                  format={count}
                />
              </Captioned>
              <Captioned caption={say('caption.rates')}>
                <TimeChart
                  label={say('success')}
                  at={at}
                  series={[
                    { label: 'P_r', color: '--lane-callback', values: rates('p_r') },
                    { label: 'P_h', color: '--lane-notification', values: rates('p_h') },
                    { label: 'P_c', color: '--lane-attempt', values: rates('p_c') },
                  ]}
                  format={rate}
                  bounds={[0, 1]}
                />
              </Captioned>
              <Captioned caption={say('caption.took')}>
                <LatencyChart side={side} />
              </Captioned>
            </Columns>
          </Suspense>
        );
      }}
    </Loaded>
  );
}

function LatencyChart({ side }: { side: Side }) {
  const say = useTexts(overviewTexts);
  const milliseconds = useMilliseconds();
  const range = useTimeRange();
  return (
    <Loaded query={useLatency(side)}>
      {({ buckets }) => {
        const { at, of } = bucketsOver(range, buckets);
        const took = (name: 'p50_ms' | 'p99_ms') => of.map((one) => one?.[name] ?? null);
        return (
          <TimeChart
            label={say(`took.${side}`)}
            at={at}
            series={[
              { label: 'p50', color: '--accent', values: took('p50_ms') },
              { label: 'p99', color: '--lane-attempt', values: took('p99_ms') },
            ]}
            format={milliseconds}
          />
        );
      }}
    </Loaded>
  );
}
