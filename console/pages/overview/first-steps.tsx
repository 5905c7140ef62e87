import { Group, Text } from '@mantine/core';
import { IconCircle, IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { intervalMs } from '../../api/live.ts';
import { type Page, readQuery } from '../../api/queries.ts';
import { LinkButton } from '../../parts/link.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Section } from '../../parts/page.tsx';
import { useTexts } from '../../texts/texts.ts';
import classes from './matters.module.css';
import { overviewTexts } from './texts.ts';

/** What to do first where nothing is set up: gone as soon as results can come in or go out. */
export function FirstSteps() {
  const say = useTexts(overviewTexts);
  const mayAct = useMayAct();
  const endpoints = useHasSome('/v1/endpoints', mayAct);
  const accounts = useHasSome('/v1/accounts', mayAct && !endpoints);
  const merchants = useHasSome('/v1/merchants', mayAct && !endpoints && !accounts);
  if (!mayAct || accounts || endpoints) return null;
  if (merchants === null || accounts === null || endpoints === null) return null;
  const steps = [
    ['merchant', '/merchants', merchants],
    ['account', '/accounts/new', accounts],
    ['endpoint', '/endpoints/new', endpoints],
  ] as const;
  const next = merchants ? 'account' : 'merchant';
  return (
    <Section title={say('first')} flush>
      <ol className={classes.lines}>
        {steps.map(([name, to, isDone]) => (
          <li key={name}>
            <Group justify="space-between" w="100%" gap="xs">
              <Group gap="sm" wrap="nowrap" align="flex-start" flex="1 1 15rem">
                {isDone ? (
                  <IconCircleCheck
                    size={20}
                    color="var(--good)"
                    className={classes.arrow}
                    aria-label={say('first.done')}
                  />
                ) : (
                  <IconCircle size={20} color="var(--idle)" className={classes.arrow} aria-hidden />
                )}
                <div>
                  <Text fw={500}>{say(`first.${name}`)}</Text>
                  <Text size="sm" c="var(--soft)">
                    {say(`first.${name}.text`)}
                  </Text>
                </div>
              </Group>
              {isDone || (name !== 'merchant' && !merchants) ? null : (
                <LinkButton to={to} variant={name === next ? 'filled' : 'default'}>
                  {say(`first.${name}.do`)}
                </LinkButton>
              )}
            </Group>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** Whether a list has anything, asked for until it has, or nobody wants to know; null: not known yet. */
function useHasSome(path: string, isWanted: boolean): boolean | null {
  const { data } = useQuery({
    ...readQuery<Page<unknown>>(path, { limit: 1 }),
    refetchInterval: intervalMs.polled,
    enabled: ({ state }) => isWanted && (state.data?.data.length ?? 0) === 0,
  });
  return data === undefined ? null : data.data.length > 0;
}
