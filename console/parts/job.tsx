import { Progress, Text, TextInput } from '@mantine/core';
import { jobTexts } from '../texts/jobs.ts';
import { useTexts } from '../texts/texts.ts';
import { Act } from './act.tsx';

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
