import { useQuery } from '@tanstack/react-query';
import { Suspense } from 'react';
import type { BacklogOverTime as History } from '../../../src/api/figures.ts';
import { readQuery } from '../../api/queries.ts';
import { useDuration } from '../../parts/duration.tsx';
import { useCount } from '../../parts/numbers.ts';
import { Columns, Section } from '../../parts/page.tsx';
import { Empty, Loaded, Loading } from '../../parts/states.tsx';
import { useTimeRange } from '../../parts/time-range.tsx';
import { useTexts } from '../../texts/texts.ts';
import { Captioned, TimeChart } from './captioned.tsx';
import { bucketsOver, useSeesAll } from './figures.ts';
import { overviewTexts } from './texts.ts';

/** How much waited and for how long. A key that is limited to merchants does not see it: it is the whole system's. */
export function BacklogOverTime() {
  const say = useTexts(overviewTexts);
  const count = useCount();
  const duration = useDuration();
  const range = useTimeRange();
  const seesAll = useSeesAll();
  const { from, to, bucket } = range;
  const query = useQuery({
    ...readQuery<History>('/v1/backlog/history', { from, to, bucket }),
    enabled: seesAll,
    refetchInterval: 60_000 as const,
  });
  if (!seesAll) return null;
  return (
    <Section title={say('waits')}>
      <Loaded query={query}>
        {({ buckets }) => {
          if (buckets.length === 0) return <Empty title={say('none')} />;
          const { at, of } = bucketsOver(range, buckets);
          const figures = (name: 'waiting' | 'dead') => of.map((one) => one?.[name] ?? null);
          return (
            <Suspense fallback={<Loading />}>
              <Columns least={440}>
                <Captioned caption={say('caption.waiting')}>
                  <TimeChart
                    label={say('caption.waiting')}
                    at={at}
                    series={[
                      { label: say('pending'), color: '--accent', values: figures('waiting'), filled: true },
                      { label: say('dead'), color: '--bad', values: figures('dead') },
                    ]}
                    format={count}
                    bounds={boundsOf(
                      buckets.flatMap(({ waiting, dead }) => [waiting, dead]),
                      5,
                    )}
                  />
                </Captioned>
                <Captioned caption={say('caption.oldest')}>
                  <TimeChart
                    label={say('caption.oldest')}
                    at={at}
                    series={[
                      {
                        label: say('oldestDue'),
                        color: '--lane-attempt',
                        values: of.map((one) => (one === null ? null : one.oldest_due_ms / 1000)),
                        filled: true,
                      },
                    ]}
                    format={duration}
                    bounds={boundsOf(
                      buckets.map(({ oldest_due_ms }) => oldest_due_ms / 1000),
                      60,
                    )}
                  />
                </Captioned>
              </Columns>
            </Suspense>
          );
        }}
      </Loaded>
    </Section>
  );
}

/** Never so near that what counts whole things shows parts of them. */
function boundsOf(values: readonly number[], least: number): [number, number] {
  return [0, Math.max(least, ...values) * 1.1];
}
