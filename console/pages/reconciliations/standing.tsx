import { Alert, Progress, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import type { ReconciliationRow } from '../../../src/api/reconciliations.ts';
import { useBytes, useCount } from '../../parts/numbers.ts';
import { Section } from '../../parts/page.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { differencesOf } from './reconciliations-page.tsx';
import { reconciliationsTexts } from './texts.ts';

/** How far it is, or how it ended, and what that means. */
export function Standing({ one }: { one: ReconciliationRow }) {
  const say = useTexts(reconciliationsTexts);
  switch (one.state) {
    case 'receiving':
    case 'running':
      return <Running one={one} />;
    case 'failed':
      return <Failed one={one} />;
    case 'done': {
      const { matched = 0 } = one.counts;
      if (differencesOf(one) > 0) return null;
      return (
        <Alert color="green" variant="light" icon={<IconCircleCheck size={18} />} title={say('fits')}>
          {matched === 0 ? say('fits.none') : say('fits.text', { count: matched })}
        </Alert>
      );
    }
  }
}

/** Nobody knows how long a bill that is fetched will be: then the bar says that it moves, and the words how far. */
function Running({ one: { state, progress } }: { one: ReconciliationRow }) {
  const say = useTexts(reconciliationsTexts);
  const bytes = useBytes();
  const count = useCount();
  const isReceiving = state === 'receiving';
  const read = { rows: count(progress.rows), bytes: bytes(progress.bytes) };
  return (
    <Section>
      <Stack gap="xs" role="status">
        <Text fw={600}>{say(isReceiving ? 'receiving' : 'running')}</Text>
        <Progress value={shareOf(progress)} animated aria-label={say(isReceiving ? 'receiving' : 'running')} />
        <Text size="sm" c="var(--soft)">
          {isReceiving ? say('receiving.text') : say('running.text', read)}
        </Text>
      </Stack>
    </Section>
  );
}

/** In percent; the whole bar where the size is not known. */
function shareOf({ bytes, file_bytes: all }: ReconciliationRow['progress']): number {
  return all === null || all === 0 ? 100 : Math.min(100, (bytes / all) * 100);
}

const explained = [
  'statement.absent',
  'statement.malformed',
  'provider.unreachable',
  'provider.refused',
  'account.credentials',
  'request.incomplete',
] as const;

function Failed({ one: { failure, progress } }: { one: ReconciliationRow }) {
  const say = useTexts(reconciliationsTexts);
  const sentence = useSentence();
  const known = explained.find((code) => code === failure?.code);
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} title={say('failed')}>
      <Stack gap={4}>
        {known === undefined ? null : <Text size="sm">{say(`failed.${known}`)}</Text>}
        {progress.rows === 0 ? null : <Text size="sm">{say('failed.partly')}</Text>}
        {failure === null ? null : (
          <Text size="xs" c="var(--soft)" className="mono">
            {failure.code}: {sentence(failure.detail)}
          </Text>
        )}
      </Stack>
    </Alert>
  );
}
