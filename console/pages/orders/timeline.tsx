import { Text, UnstyledButton } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { TimelineEntry } from '../../../src/api/orders.ts';
import { timelineQuery } from '../../api/queries.ts';
import { Section } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { WithTimes } from '../../parts/with-times.tsx';
import { useTexts } from '../../texts/texts.ts';
import { orderTexts } from './texts.ts';
import classes from './timeline.module.css';
import { TimelineDrawer } from './timeline-drawer.tsx';
import { placesOf } from './timeline-places.ts';
import { laneOf, lanes, toneOf, useTimelineWords } from './timeline-words.ts';

/** Everything known about an order: drawn on lanes over time, and below in words, each with why. */
export function Timeline({ merchant, orderNo }: { merchant: string; orderNo: string }) {
  const say = useTexts(orderTexts);
  const query = useQuery(timelineQuery(merchant, orderNo));
  const [opened, setOpened] = useState<TimelineEntry | null>(null);
  return (
    <Section
      title={say('timeline')}
      flush
      actions={
        <Text size="xs" c="var(--soft)">
          {say('timeline.hint')}
        </Text>
      }
    >
      <Loaded query={query} lines={8}>
        {({ data }) => (
          <>
            <Drawing entries={data} open={setOpened} />
            <Story entries={data} open={setOpened} />
          </>
        )}
      </Loaded>
      <TimelineDrawer entry={opened} onClose={() => setOpened(null)} />
    </Section>
  );
}

interface EntriesProps {
  entries: readonly TimelineEntry[];
  open: (entry: TimelineEntry) => void;
}

function Drawing({ entries, open }: EntriesProps) {
  const say = useTexts(orderTexts);
  const words = useTimelineWords();
  const { ref, width } = useElementSize();
  const places = placesOf(entries, width);
  const used = lanes.filter((lane) => entries.some((entry) => laneOf(entry) === lane));
  return (
    <div className={classes.drawing}>
      <div className={classes.names} aria-hidden>
        {used.map((lane) => (
          <div key={lane}>{say(`lane.${lane}`)}</div>
        ))}
      </div>
      <div className={classes.lanes} ref={ref}>
        {used.map((lane) => (
          <div key={lane} className={classes.lane} data-lane={lane}>
            {entries.map((entry, index) => {
              if (laneOf(entry) !== lane) return null;
              const { text, why } = words(entry);
              const place = places[index];
              return (
                <button
                  // An entry has no id of its own: its place in the story is.
                  key={`${entry.at} ${entry.id} ${text}`}
                  type="button"
                  className={classes.point}
                  data-tone={toneOf(entry)}
                  style={{ left: place?.left ?? 0, ...(place === undefined ? {} : { width: place.width }) }}
                  title={`${text} — ${why}`}
                  aria-label={text}
                  onClick={() => open(entry)}
                />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

function Story({ entries, open }: EntriesProps) {
  const words = useTimelineWords();
  return (
    <ol className={classes.story}>
      {entries.map((entry) => {
        const { text, why } = words(entry);
        return (
          <li key={`${entry.at} ${entry.id} ${text}`}>
            <UnstyledButton className={classes.line ?? ''} onClick={() => open(entry)}>
              <span className={classes.at}>
                <Time at={entry.at} form="short" />
              </span>
              <span className={classes.dot} data-lane={laneOf(entry)} data-tone={toneOf(entry)} aria-hidden />
              <span className={classes.text}>
                <span>{text}</span>
                <span className={classes.why}>
                  <WithTimes text={why} />
                </span>
              </span>
            </UnstyledButton>
          </li>
        );
      })}
    </ol>
  );
}
