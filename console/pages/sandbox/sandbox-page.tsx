import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Delivery } from '../../../src/api/deliveries.ts';
import { sessionQuery } from '../../api/queries.ts';
import { InnerLink } from '../../parts/link.tsx';
import { List } from '../../parts/list.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { PlayForm } from './play-form.tsx';
import { mayPlay } from './sandbox-api.ts';
import { sandboxTexts } from './texts.ts';

/** The simulated payment platform: a payment in any provider's format, or a scripted run with faults. */
export function SandboxPage() {
  const say = useTexts(sandboxTexts);
  const [{ play }, change] = useSearchState();
  const { data: session } = useQuery(sessionQuery);
  const isScenario = play === 'scenario';
  if (session === undefined) return null;
  if (!mayPlay(session)) {
    return (
      <Page title={say('title')} lead={say('lead')}>
        <Section>
          <Empty title={say(session.sandbox ? 'notAllowed' : 'none')}>
            {say(session.sandbox ? 'notAllowed.text' : 'none.text')}
          </Empty>
        </Section>
      </Page>
    );
  }
  return (
    <Page title={say('title')} lead={say('lead')}>
      <Section
        title={say(isScenario ? 'scenario' : 'payment')}
        actions={
          <SegmentedControl
            aria-label={say('title')}
            data={[
              { value: 'payment', label: say('payment') },
              { value: 'scenario', label: say('scenario') },
            ]}
            value={isScenario ? 'scenario' : 'payment'}
            onChange={(value) => change({ play: value === 'scenario' ? value : '' })}
          />
        }
      >
        <PlayForm isScenario={isScenario} />
      </Section>
      <Sent />
    </Page>
  );
}

function Sent() {
  const say = useTexts(sandboxTexts);
  return (
    <List<Omit<Delivery, 'attempts'>>
      path="/v1/deliveries"
      fixed={{ merchant: 'sandbox' }}
      rowKey={({ id }) => id}
      rowHref={({ id }) => `/deliveries/${id}`}
      empty={<Empty title={say('sent.none')}>{say('sent.none.text')}</Empty>}
      columns={[
        {
          name: 'type',
          header: say('sent'),
          cell: ({ id, type }) => <InnerLink href={`/deliveries/${id}`}>{type}</InnerLink>,
        },
        { name: 'order', header: say('order'), cell: ({ order_no }) => order_no },
        { name: 'state', header: say('state'), cell: ({ state }) => <StatusBadge area="delivery" value={state} /> },
        { name: 'tries', header: say('attempts'), align: 'right', cell: ({ attempt_count }) => attempt_count },
        { name: 'at', header: say('when'), align: 'right', cell: ({ created_at }) => <Time at={created_at} /> },
      ]}
    />
  );
}
