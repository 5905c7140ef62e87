import { NumberInput, Progress, Text, TextInput } from '@mantine/core';
import { segment } from '../api/call.ts';
import { readQuery } from '../api/queries.ts';
import { jobTexts } from '../texts/jobs.ts';
import { useTexts } from '../texts/texts.ts';
import { Act } from './act.tsx';
import { type JobFilter, useFilterWords } from './filter-words.ts';
import { Details, Section } from './page.tsx';
import { Time } from './time.tsx';

/** A job that goes through many things, with what may be done to it. */
export interface JobState {
  id: string;
  state: 'running' | 'previewed' | 'paused' | 'done' | 'canceled';
}

/** How far a job is; without a total known it only moves. */
export function JobProgress({ job, looked, total }: { job: JobState; looked: number; total: number | null }) {
  const say = useTexts(jobTexts);
  const isOver = job.state === 'done' || job.state === 'previewed';
  const share = isOver ? 100 : total === null || total === 0 ? 100 : Math.min(99, (100 * looked) / total);
  const isMoving = job.state === 'running';
  const text = total === null || isOver ? say('looked', { count: looked }) : say('lookedOf', { count: looked, total });
  return (
    <>
      <Progress
        value={share}
        animated={isMoving && total === null}
        striped={isMoving && total === null}
        color={job.state === 'canceled' || job.state === 'paused' ? 'gray' : 'pine'}
        aria-label={say('progress')}
        size="lg"
      />
      <Text size="sm" mt={6} className="numbers">
        {text}
      </Text>
    </>
  );
}

/** Pause, resume and end, where its state allows it; viewers see none. */
export function JobActs({ job, path }: { job: JobState; path: string }) {
  const say = useTexts(jobTexts);
  const offered = {
    running: ['pause', 'cancel'],
    paused: ['resume', 'cancel'],
    previewed: ['cancel'],
    done: [],
    canceled: [],
  } as const;
  return (
    <>
      {offered[job.state].map((name) => (
        <Act
          key={name}
          label={say(name)}
          text={say(`${name}.text`)}
          path={`${path}/${job.id}/${name}`}
          danger={name === 'cancel'}
          look="page"
        />
      ))}
    </>
  );
}

/** The job behind an id, read each second while it moves. */
export function jobQuery<T extends JobState>(path: string, id: string) {
  return {
    ...readQuery<T>(`${path}/${segment(id)}`),
    refetchInterval: ({ state }: { state: { data?: T | undefined } }) =>
      state.data?.state === 'running' ? 1000 : 5000,
  };
}

interface JobAboutProps {
  job: {
    filter: JobFilter;
    by: string;
    created_at: string;
    updated_at: string;
    rate_per_second: number | null;
  };
  /** Default: yes; a job that only counts has none. */
  hasRate?: boolean;
}

/** What it was begun with. */
export function JobAbout({ job, hasRate = true }: JobAboutProps) {
  const say = useTexts(jobTexts);
  const words = useFilterWords();
  const { filter, by, created_at: createdAt, updated_at: updatedAt, rate_per_second: rate } = job;
  const pace = rate === null ? say('asFast') : say('rateOf', { rate });
  return (
    <Section title={say('filter')}>
      <Details
        items={[
          [say('filter'), words(filter)],
          [say('rate'), hasRate ? pace : null],
          [say('by'), by],
          [say('begun'), <Time key="begun" at={createdAt} form="full" />],
          [say('changed'), <Time key="changed" at={updatedAt} form="full" />],
        ]}
      />
    </Section>
  );
}

interface RateInputProps {
  description: string;
  /** '' for as fast as it goes. */
  value: string | number;
  onChange: (value: string | number) => void;
}

/** How many a second a job may take. */
export function RateInput(props: RateInputProps) {
  const say = useTexts(jobTexts);
  return <NumberInput {...props} label={say('rate')} min={0.01} max={10_000} />;
}

interface MomentInputProps {
  label: string;
  /** As the browser's field has it: local, without a zone; '' for none. */
  value: string;
  onChange: (value: string) => void;
}

/** A moment in the viewer's zone; `isoOf` makes of it what the API takes. */
export function MomentInput({ label, value, onChange }: MomentInputProps) {
  const say = useTexts(jobTexts);
  return (
    <TextInput
      type="datetime-local"
      label={label}
      description={say('localTime')}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

export function isoOf(local: string): string | undefined {
  return local === '' ? undefined : new Date(local).toISOString();
}
