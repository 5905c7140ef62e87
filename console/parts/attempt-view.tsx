import { Stack, Text } from '@mantine/core';
import type { Attempt } from '../../src/api/deliveries.ts';
import { orderTexts } from '../pages/orders/texts.ts';
import { useTexts } from '../texts/texts.ts';
import { useSentence } from '../texts/use-sentence.ts';
import { Details } from './page.tsx';
import { Headers, Raw } from './raw.tsx';
import { StatusBadge } from './status-badge.tsx';
import { Time } from './time.tsx';

/** One try of a delivery, with all that was sent and answered. */
export function AttemptView({ attempt }: { attempt: Attempt }) {
  const say = useTexts(orderTexts);
  const sentence = useSentence();
  const { number, started_at, duration_ms, step, status, error, peer, request, response } = attempt;
  return (
    <Stack gap="sm">
      <Details
        items={[
          [say('attempt', { number }), <StatusBadge key="step" area="step" value={step} />],
          [say('when'), <Time key="at" at={started_at} form="full" />],
          [say('took'), `${Math.round(duration_ms)} ms`],
          [say('status'), status],
          [say('peer'), peer],
          [say('error'), error === null ? null : sentence(error)],
        ]}
      />
      {request === null ? null : (
        <>
          <Headers title={say('request')} pairs={request.headers} />
          <Raw title={say('bodyHash')} text={request.body_sha256} />
        </>
      )}
      {response === null ? (
        <Text c="var(--soft)" size="sm">
          {say('noResponse')}
        </Text>
      ) : (
        <>
          <Headers title={say('response')} pairs={response.headers} />
          <Raw title={say('body')} text={response.body} {...(response.truncated ? { note: say('truncated') } : {})} />
        </>
      )}
    </Stack>
  );
}
