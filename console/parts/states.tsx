import { Alert, Button, Center, Code, Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconInbox } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { CallError } from '../api/call.ts';
import { commonTexts } from '../texts/common.ts';
import { useTexts } from '../texts/texts.ts';
import { useProblem, useSentence } from '../texts/use-sentence.ts';

/** Lines where the content will be, so that nothing jumps when it comes. */
export function Loading({ lines = 6 }: { lines?: number }) {
  const say = useTexts(commonTexts);
  return (
    <Stack gap="sm" p="md" role="status" aria-label={say('loading')}>
      {Array.from({ length: lines }, (_, index) => `line-${index}`).map((name, index) => (
        <Skeleton key={name} height={14} width={`${92 - ((index * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}

interface EmptyProps {
  title?: string;
  /** What would bring something here. */
  children?: ReactNode;
  action?: ReactNode;
}

export function Empty({ title, children, action }: EmptyProps) {
  const say = useTexts(commonTexts);
  return (
    <Center p="xl" mih={140}>
      <Stack align="center" gap="xs" maw={420}>
        <IconInbox size={28} stroke={1.4} color="var(--idle)" aria-hidden />
        <Text fw={600}>{title ?? say('empty')}</Text>
        {children === undefined ? null : (
          <Text c="var(--soft)" size="sm" ta="center">
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}

interface FailureProps {
  error: unknown;
  retry?: () => void;
}

/** What went wrong, and the next step, in the words of the API. */
export function Failure({ error, retry }: FailureProps) {
  const say = useTexts(commonTexts);
  const words = useProblem();
  const problem = error instanceof CallError ? error.problem : null;
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title={problem === null ? say('failedTitle') : words(problem).title}
    >
      <Stack gap="xs" align="flex-start">
        <FailureText error={error} />
        {retry === undefined ? null : (
          <Button size="xs" variant="default" onClick={retry}>
            {say('retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** The same in a line or two, for dialogs and forms. */
export function FailureText({ error }: { error: unknown }) {
  const say = useTexts(commonTexts);
  const words = useProblem();
  const sentence = useSentence();
  if (!(error instanceof CallError)) return <Text size="sm">{String(error)}</Text>;
  const { problem, status } = error;
  if (problem === null) {
    return <Text size="sm">{status === 0 ? say('unreachable') : say('unexpected', { status })}</Text>;
  }
  const { errors = [] } = problem;
  return (
    <Stack gap={4}>
      {/* The detail says the same as all fields together. */}
      <Text size="sm">{errors.length > 0 ? say('wrongFields') : words(problem).text}</Text>
      {errors.map(({ pointer, detail }) => (
        <Text size="sm" key={pointer}>
          {pointer === '' ? null : <Code>{pointer}</Code>} {sentence(detail)}
        </Text>
      ))}
      <Group gap="xs">
        <Text size="xs" c="var(--soft)" className="mono">
          {problem.code}
        </Text>
      </Group>
    </Stack>
  );
}

/** What a change was refused with, told at once to those who listen; nothing where it was not. */
export function Refused({ error }: { error: Error | null }) {
  if (error === null) return null;
  return (
    <div role="alert">
      <FailureText error={error} />
    </div>
  );
}

/** Whichever of loading, failure and content is true of a query. */
export function Loaded<T>(props: {
  query: { data: T | undefined; error: unknown; refetch: () => unknown };
  lines?: number;
  children: (data: T) => ReactNode;
}) {
  const { query, lines, children } = props;
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null && query.error !== undefined) {
    return <Failure error={query.error} retry={() => void query.refetch()} />;
  }
  return <Loading {...(lines === undefined ? {} : { lines })} />;
}
