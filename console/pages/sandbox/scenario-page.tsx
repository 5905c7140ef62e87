import { Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { Money } from '../../parts/money.tsx';
import { Columns, Details, Page, Section } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { Arrivals, Sendings, Unsent, Where } from './arrivals.tsx';
import { type Scenario, scenarioNames, scenarioQuery } from './sandbox-api.ts';
import { sandboxTexts } from './texts.ts';

/** A scripted run as it goes, beside what arrives of it. */
export function ScenarioPage({ id }: { id: string }) {
  const say = useTexts(sandboxTexts);
  const query = useQuery(scenarioQuery(id));
  const { data } = query;
  const name = scenarioNames.find((one) => one === data?.scenario);
  return (
    <Page
      title={name === undefined ? say('scenario') : say(`scenario.${name}`)}
      lead={
        <Group gap="xs">
          <InnerLink href="/sandbox?play=scenario">{say('back')}</InnerLink>
          {data === undefined ? null : <StatusBadge area="played" value={data.state} />}
        </Group>
      }
    >
      <Loaded query={query} lines={10}>
        {(scenario) => (
          <Columns least={420}>
            <Stack gap="md">
              <Run scenario={scenario} />
              <Sendings orderNo={scenario.order_no} />
              <Unsent steps={scenario.sent} />
            </Stack>
            <Arrivals orderNo={scenario.order_no} notifyUrl={scenario.notify_url} since={scenario.created_at} />
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Run({ scenario }: { scenario: Scenario }) {
  const say = useTexts(sandboxTexts);
  return (
    <Section title={say('platform')}>
      <Details
        items={[
          [say('provider'), scenario.provider],
          [say('order'), scenario.order_no],
          [say('amount'), <Money key="amount" minor={scenario.amount_minor} currency={scenario.currency} />],
          [say('to'), <Where key="to" notifyUrl={scenario.notify_url} />],
          [say('seed'), <Identifier key="seed" text={scenario.seed} />],
          [say('made'), <Time key="made" at={scenario.created_at} form="full" />],
        ]}
      />
    </Section>
  );
}
