import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Delivery } from '../../../src/api/deliveries.ts';
import type { EndpointAnswer } from '../../../src/api/endpoint-view.ts';
import type { ProviderRow } from '../../../src/api/providers.ts';
import { segment } from '../../api/call.ts';
import { providersQuery, readQuery } from '../../api/queries.ts';
import { Act } from '../../parts/act.tsx';
import { MadeOnce } from '../../parts/credentials/made-once.tsx';
import { SecretsSection } from '../../parts/credentials/secrets-section.tsx';
import { useProviderName } from '../../parts/credentials/words.ts';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import type { Column } from '../../parts/list.tsx';
import { MerchantLink } from '../../parts/merchant.tsx';
import { Columns, Details, Page, Section } from '../../parts/page.tsx';
import { Recent } from '../../parts/recent.tsx';
import { Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { durationText } from './durations.ts';
import { EditEndpoint } from './edit-endpoint.tsx';
import { FailureBudget } from './failure-budget.tsx';
import { endpointTexts } from './texts.ts';
import { Url } from './url-change.tsx';

export function EndpointPage() {
  const say = useTexts(endpointTexts);
  const nameOf = useProviderName();
  const { endpoint: id = '' } = useParams({ strict: false });
  const path = `/v1/endpoints/${segment(id)}`;
  const query = useQuery(readQuery<EndpointAnswer>(path));
  const endpoint = query.data;
  return (
    <Page
      title={endpoint === undefined ? say('title') : shortUrl(endpoint.url)}
      lead={
        endpoint === undefined ? (
          say('lead')
        ) : (
          <Group gap="xs">
            <InnerLink href="/endpoints">{say('back')}</InnerLink>
            <span>·</span>
            <MerchantLink id={endpoint.merchant} />
            <span>·</span>
            <span>{nameOf(endpoint.provider)}</span>
            <StatusBadge area="endpoint" value={endpoint.state} />
          </Group>
        )
      }
      actions={endpoint === undefined ? null : <Acts endpoint={endpoint} path={path} />}
    >
      <Loaded query={query} lines={12}>
        {(endpoint) => <Content endpoint={endpoint} path={path} />}
      </Loaded>
    </Page>
  );
}

interface OfEndpoint {
  endpoint: EndpointAnswer;
  path: string;
}

function Content({ endpoint, path }: OfEndpoint) {
  const provider = useQuery(providersQuery).data?.find(({ name }) => name === endpoint.provider);
  return (
    <>
      <Columns least={380}>
        <Url endpoint={endpoint} path={path} />
        <FailureBudget endpoint={endpoint} />
      </Columns>
      <RecentDeliveries endpoint={endpoint.id} />
      <Settings endpoint={endpoint} path={path} provider={provider} />
      <Keys endpoint={endpoint} path={path} />
    </>
  );
}

function Acts({ endpoint: { url, state }, path }: OfEndpoint) {
  const say = useTexts(endpointTexts);
  const navigate = useNavigate();
  return (
    <>
      <Act label={say('test')} text={say('test.text', { url })} path={`${path}/test`} look="page" />
      {state === 'enabled' ? (
        <Act label={say('pause')} text={say('pause.text', { url })} path={`${path}/pause`} look="page" />
      ) : (
        <Act label={say('resume')} text={say('resume.text', { url })} path={`${path}/resume`} look="page" />
      )}
      <Act
        label={say('remove')}
        text={say('remove.text', { url })}
        path={path}
        method="DELETE"
        danger
        look="page"
        onDone={() => navigate({ to: '/endpoints' })}
      />
    </>
  );
}

function Settings({ endpoint, path, provider }: OfEndpoint & { provider: ProviderRow | undefined }) {
  const say = useTexts(endpointTexts);
  const { schedule, ordering, rate_per_second: rate, concurrency } = endpoint;
  const waits = (schedule ?? provider?.schedule ?? []).map(durationText).join(', ');
  const under = (title: string, text: string) => (
    <>
      {title}
      <Text size="xs" c="var(--soft)">
        {text}
      </Text>
    </>
  );
  return (
    <Section
      title={say('settings')}
      actions={provider === undefined ? null : <EditEndpoint endpoint={endpoint} provider={provider} path={path} />}
    >
      <Details
        items={[
          [
            say('types'),
            <span key="t" className="mono">
              {endpoint.types.join(' ')}
            </span>,
          ],
          [say('schedule'), under(say(schedule === null ? 'schedule.own' : 'schedule.mine'), waits)],
          [say('ordering'), under(say(ordering), say(`${ordering}.text`))],
          [say('timeout'), say('seconds', { count: endpoint.timeout_ms / 1000 })],
          [say('rate'), rate ?? say('rate.none')],
          [say('concurrency'), concurrency],
          ['ID', <Identifier key="i" text={endpoint.id} short />],
          [say('made'), <Time key="m" at={endpoint.created_at} form="full" />],
        ]}
      />
    </Section>
  );
}

function Keys({ endpoint, path }: OfEndpoint) {
  const say = useTexts(endpointTexts);
  // Kept nowhere else: with this page it is gone.
  const [made, setMade] = useState<unknown>(null);
  return (
    <>
      {made === null ? null : <MadeOnce provider={endpoint.provider} credentials={made} onDone={() => setMade(null)} />}
      <SecretsSection
        title={say('secrets')}
        provider={endpoint.provider}
        side="endpoint"
        path={path}
        secrets={endpoint.secrets}
        onMade={setMade}
      >
        {endpoint.previous_until === null ? null : (
          <Text size="sm" p="md" pb={0}>
            {say('previous')}: <Time at={endpoint.previous_until} form="full" />
          </Text>
        )}
      </SecretsSection>
    </>
  );
}

function RecentDeliveries({ endpoint }: { endpoint: string }) {
  const say = useTexts(endpointTexts);
  const columns: Column<Omit<Delivery, 'attempts'>>[] = [
    {
      name: 'order',
      header: say('recent.order'),
      cell: (row) => (
        <InnerLink href={`/orders/${segment(row.merchant)}/${segment(row.order_no)}`}>{row.order_no}</InnerLink>
      ),
    },
    { name: 'type', header: say('recent.type'), cell: (row) => row.type },
    {
      name: 'state',
      header: say('state'),
      cell: (row) => <StatusBadge area="delivery" value={row.state} />,
    },
    {
      name: 'attempts',
      header: say('recent.attempts'),
      align: 'right',
      cell: (row) => row.attempt_count,
    },
    {
      name: 'made',
      header: say('recent.made'),
      align: 'right',
      wide: true,
      cell: (row) => <Time at={row.created_at} />,
    },
  ];
  return (
    <Recent
      title={say('recent')}
      all={say('all')}
      to="/deliveries"
      path="/v1/deliveries"
      filter={{ endpoint }}
      limit={8}
      columns={columns}
      none={{ title: say('recent.none'), text: say('recent.none.text') }}
    />
  );
}

/** Without what is the same for most. */
function shortUrl(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}
