import { Paper } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Backlog } from '../../../src/api/figures.ts';
import { readQuery } from '../../api/queries.ts';
import { useCount } from '../../parts/numbers.ts';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import classes from './backlog-strip.module.css';
import { useSeesAll } from './figures.ts';
import { overviewTexts } from './texts.ts';

/** What waits at this moment, in one line. A key that is limited to merchants does not see it: it is the whole system's. */
export function BacklogStrip() {
  const say = useTexts(overviewTexts);
  const count = useCount();
  const { data } = useQuery({ ...readQuery<Backlog>('/v1/backlog'), enabled: useSeesAll() });
  if (data === undefined) return null;
  const items = [
    [say('pending'), data.pending, false],
    [say('sendingNow'), data.sending, false],
    [say('dead'), data.dead, true],
    [say('discrepancies'), data.discrepancies_open, true],
    [say('parked'), data.parked_facts, true],
    [say('quarantined'), data.quarantined, true],
    [say('asks'), data.asks, false],
  ] as const;
  return (
    <Paper component="dl" className={classes.strip ?? ''} aria-label={say('backlog')}>
      {items.map(([name, value, isBad]) => (
        <div key={name} data-bad={isBad && value > 0 ? true : undefined}>
          <dt>{name}</dt>
          <dd>{count(value)}</dd>
        </div>
      ))}
      <div>
        <dt>{say('oldestDue')}</dt>
        <dd>{data.oldest_due_at === null ? <small>{say('nothingDue')}</small> : <Time at={data.oldest_due_at} />}</dd>
      </div>
    </Paper>
  );
}
