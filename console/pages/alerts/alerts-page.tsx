import { Badge, Group, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { AlertRow, AlertRules } from '../../../src/api/alerts.ts';
import { segment } from '../../api/call.ts';
import { type Page as PageOf, readQuery, sessionQuery } from '../../api/queries.ts';
import { Lasting } from '../../parts/duration.tsx';
import { Line, Lines } from '../../parts/lines.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { WithTimes } from '../../parts/with-times.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord } from '../../texts/words.ts';
import { alertsTexts } from './texts.ts';
import { isRule, useThreshold } from './thresholds.ts';

const openMost = 200;

/** What is wrong now, what was, and what is watched. */
export function AlertsPage() {
  const say = useTexts(alertsTexts);
  const { data: session } = useQuery(sessionQuery);
  const isLimited = session !== undefined && session.merchants !== null;
  return (
    <Page title={say('title')} lead={say('lead')}>
      {isLimited ? (
        <Section flush>
          <Empty title={say('limited')}>{say('limited.text')}</Empty>
        </Section>
      ) : (
        <>
          <Open />
          <History />
          <Rules />
        </>
      )}
    </Page>
  );
}

function Open() {
  const say = useTexts(alertsTexts);
  const word = useWord();
  const query = useQuery(readQuery<PageOf<AlertRow>>('/v1/alerts', { state: 'open', limit: openMost }));
  return (
    <Section title={say('open')} flush>
      <Loaded query={query} lines={3}>
        {({ data }) =>
          data.length === 0 ? (
            <Group gap="xs" p="md" wrap="nowrap">
              <IconCircleCheck size={18} color="var(--good)" aria-hidden />
              <Text c="var(--soft)">{say('none')}</Text>
            </Group>
          ) : (
            <Lines>
              {data.map((alert) => (
                <Line
                  key={alert.id}
                  title={
                    <Group gap="xs">
                      <span>{word('alert_rule', alert.rule)}</span>
                      <Subject alert={alert} />
                    </Group>
                  }
                  note={
                    <>
                      <div>
                        <WithTimes text={alert.detail} />
                      </div>
                      <Told alert={alert} />
                    </>
                  }
                  side={
                    <Text size="sm" component="div">
                      {say('lasting')} <Lasting from={alert.opened_at} to={null} />
                      <Text size="xs" c="var(--soft)">
                        <Time at={alert.opened_at} />
                      </Text>
                    </Text>
                  }
                />
              ))}
            </Lines>
          )
        }
      </Loaded>
    </Section>
  );
}

/** Leads to what it is about, where that has a page; a currency has none. */
function Subject({ alert: { subject } }: { alert: AlertRow }) {
  const word = useWord();
  const places = { end: '/endpoints', acc: '/accounts' } as const;
  const place = subject.startsWith('end_') ? 'end' : subject.startsWith('acc_') ? 'acc' : null;
  if (subject === '') return null;
  if (place === null) return <Badge color="gray">{subject}</Badge>;
  return <InnerLink href={`${places[place]}/${segment(subject)}`}>{word('thing', place)}</InnerLink>;
}

function Told({ alert: { told, untold, error } }: { alert: AlertRow }) {
  const say = useTexts(alertsTexts);
  return (
    <Text size="xs" component="div" mt={2}>
      <div>{told.length === 0 ? say('toldNobody') : say('told', { robots: told.join(', ') })}</div>
      {untold.length === 0 ? null : <div>{say('untold', { robots: untold.join(', ') })}</div>}
      {error === null ? null : (
        <Text size="xs" c="var(--warn)" component="div">
          {say('failing', { error })}
        </Text>
      )}
    </Text>
  );
}

function History() {
  const say = useTexts(alertsTexts);
  const word = useWord();
  const columns: Column<AlertRow>[] = [
    { name: 'rule', header: say('rule'), cell: ({ rule }) => word('alert_rule', rule) },
    { name: 'state', header: say('state'), cell: ({ state }) => <StatusBadge area="alert" value={state} /> },
    { name: 'about', header: say('about'), cell: ({ detail }) => <WithTimes text={detail} />, wide: true },
    { name: 'opened', header: say('opened'), align: 'right', cell: ({ opened_at }) => <Time at={opened_at} /> },
    {
      name: 'lasted',
      header: say('lasted'),
      align: 'right',
      cell: ({ opened_at, recovered_at }) => <Lasting from={opened_at} to={recovered_at} />,
    },
    { name: 'told', header: say('toldTo'), align: 'right', wide: true, cell: ({ told }) => told.join(', ') },
  ];
  return (
    <>
      <Text component="h2" fw={600} size="lg" mt="xs">
        {say('history')}
      </Text>
      <List path="/v1/alerts" columns={columns} rowKey={({ id }) => id} empty={<Empty title={say('history.none')} />} />
    </>
  );
}

function Rules() {
  const say = useTexts(alertsTexts);
  const query = useQuery(readQuery<AlertRules>('/v1/alert-rules'));
  return (
    <Section title={say('rules')} flush>
      <Loaded query={query} lines={8}>
        {({ rules, robots }) => (
          <Lines>
            <Line
              title={say('robots')}
              note={say('robots.text')}
              side={
                robots.length === 0
                  ? say('robots.none')
                  : robots.map((robot) => (
                      <Badge key={robot} color="gray" className="mono">
                        {robot}
                      </Badge>
                    ))
              }
            />
            {rules.map((rule) => (
              <RuleLine key={rule.rule} rule={rule} />
            ))}
          </Lines>
        )}
      </Loaded>
    </Section>
  );
}

function RuleLine({ rule: { rule, threshold, default_threshold: usual } }: { rule: AlertRules['rules'][number] }) {
  const say = useTexts(alertsTexts);
  const word = useWord();
  const inWords = useThreshold();
  return (
    <Line
      title={word('alert_rule', rule)}
      note={isRule(rule) ? say(`means.${rule}`) : null}
      side={
        <div>
          <Text fw={500} c={threshold === 0 ? 'var(--soft)' : 'var(--ink)'}>
            {inWords(rule, threshold)}
          </Text>
          {threshold === usual ? null : (
            <Text size="xs" c="var(--soft)">
              {say('changed', { threshold: inWords(rule, usual) })}
            </Text>
          )}
        </div>
      }
    />
  );
}
