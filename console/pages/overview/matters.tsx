import { Group, Text } from '@mantine/core';
import { IconArrowRight, IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { DiscrepancyRow } from '../../../src/api/discrepancies.ts';
import type { Backlog } from '../../../src/api/figures.ts';
import { segment } from '../../api/call.ts';
import { type Page, readQuery } from '../../api/queries.ts';
import { InnerLink } from '../../parts/link.tsx';
import { Money } from '../../parts/money.tsx';
import { Section } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord } from '../../texts/words.ts';
import { useSeesAll, useTrouble } from './figures.ts';
import classes from './matters.module.css';
import { overviewTexts } from './texts.ts';

const most = 5;

/** Money that does not fit, the newest first. */
export function OpenDiscrepancies() {
  const say = useTexts(overviewTexts);
  const word = useWord();
  const query = useQuery(readQuery<Page<DiscrepancyRow>>('/v1/discrepancies', { state: 'open', limit: most }));
  return (
    <Section title={say('discrepancies')} flush>
      <Loaded query={query} lines={4}>
        {({ data }) => (
          <Lines none={say('noDiscrepancies')}>
            {data.map(({ id, kind, merchant, order_no, amount_minor, currency, opened_at }) => (
              <li key={id}>
                <div>
                  <Text fw={500}>{word('kind_of_discrepancy', kind)}</Text>
                  <Text size="xs" c="var(--soft)" component="div">
                    {order_no === null ? null : (
                      <InnerLink href={`/orders/${segment(merchant)}/${segment(order_no)}`}>{order_no}</InnerLink>
                    )}{' '}
                    · <Time at={opened_at} />
                  </Text>
                </div>
                <Text fw={600}>
                  <Money minor={amount_minor} currency={currency} />
                </Text>
              </li>
            ))}
          </Lines>
        )}
      </Loaded>
    </Section>
  );
}

/** The next steps of a person, the most pressing first. */
export function WhatNext() {
  const say = useTexts(overviewTexts);
  const seesAll = useSeesAll();
  const backlog = useQuery({ ...readQuery<Backlog>('/v1/backlog'), enabled: seesAll });
  const disabled = useTrouble().data?.endpoints.filter(({ state }) => state === 'disabled').length ?? 0;
  if (!seesAll) return null;
  return (
    <Section title={say('next')} flush>
      <Loaded query={backlog} lines={4}>
        {({ discrepancies_open, dead, quarantined }) => {
          const steps = [
            [say('next.disabled', { count: disabled }), disabled, null],
            [say('next.discrepancies', { count: discrepancies_open }), discrepancies_open, '/discrepancies?state=open'],
            [say('next.dead', { count: dead }), dead, '/deliveries?state=dead'],
            [say('next.quarantined', { count: quarantined }), quarantined, '/callbacks?verdict=quarantined'],
          ] as const;
          return (
            <Lines none={say('nothing')}>
              {steps.map(([text, count, href]) =>
                count === 0 ? null : (
                  <li key={text}>
                    <Group gap="xs" wrap="nowrap" align="flex-start">
                      <IconArrowRight size={16} className={classes.arrow} aria-hidden />
                      {href === null ? <Text>{text}</Text> : <InnerLink href={href}>{text}</InnerLink>}
                    </Group>
                  </li>
                ),
              )}
            </Lines>
          );
        }}
      </Loaded>
    </Section>
  );
}

/** Lines of a sheet, or that there is nothing to say. */
export function Lines({ children, none }: { children: readonly ReactNode[] | ReactNode; none: string }) {
  const lines = [children].flat(2).filter((line) => line !== null && line !== undefined);
  if (lines.length === 0) {
    return (
      <Group gap="xs" p="md" wrap="nowrap">
        <IconCircleCheck size={18} color="var(--good)" className={classes.arrow} aria-hidden />
        <Text c="var(--soft)">{none}</Text>
      </Group>
    );
  }
  return <ul className={classes.lines}>{lines}</ul>;
}
