import { Alert, Box, Stack, Text, VisuallyHidden } from '@mantine/core';
import type { EndpointAnswer } from '../../../src/api/endpoint-view.ts';
import { Section } from '../../parts/page.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import classes from './failure-budget.module.css';
import { endpointTexts } from './texts.ts';

const marks = [50, 80, 100] as const;

/** How near its failures have brought an endpoint to being disabled. */
export function FailureBudget({ endpoint }: { endpoint: EndpointAnswer }) {
  const say = useTexts(endpointTexts);
  const { used, since, failures, warnings } = endpoint.failure_budget;
  const percent = endpoint.state === 'disabled' ? 100 : Math.round(used * 1000) / 10;
  const level = percent >= 80 ? 'bad' : percent >= 50 ? 'warn' : 'good';
  return (
    <Section title={say('budget.title')}>
      <Stack gap="sm">
        {endpoint.state === 'disabled' ? (
          <Alert color="red" variant="light">
            {say('disabled')}
          </Alert>
        ) : null}
        <Text size="sm">
          {failures === 0 ? say('budget.none') : say('budget.some', { percent, count: failures })}
          {since === null ? null : (
            <>
              {' '}
              {say('budget.since')}: <Time at={since} />
            </>
          )}
        </Text>
        <div>
          <VisuallyHidden>
            <meter aria-label={say('budget.title')} min={0} max={100} value={percent} />
          </VisuallyHidden>
          <div className={classes.track} aria-hidden>
            <Box className={classes.fill ?? ''} data-level={level} __vars={{ '--used': `${percent}%` }} />
            {marks.slice(0, -1).map((mark) => (
              <Box key={mark} className={classes.mark ?? ''} __vars={{ '--at': `${mark}%` }} />
            ))}
          </div>
          <div className={classes.scale} aria-hidden>
            {marks.map((mark) => (
              <Box component="span" key={mark} __vars={{ '--at': `${mark}%` }}>
                {mark} %
              </Box>
            ))}
          </div>
        </div>
        {warnings.map(({ percent, at }) => (
          <Text size="sm" c="var(--warn)" key={percent}>
            {say('budget.warned', { percent })}: <Time at={at} />
          </Text>
        ))}
        {endpoint.draining === null ? null : (
          <Text size="sm">
            {say('draining', { left: endpoint.draining.left, rate: endpoint.draining.rate_per_second })}
          </Text>
        )}
        <Text size="xs" c="var(--soft)">
          {say('budget.text')}
        </Text>
      </Stack>
    </Section>
  );
}
