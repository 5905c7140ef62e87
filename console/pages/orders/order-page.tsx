import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { Fact, Order } from '../../../src/api/orders.ts';
import { segment } from '../../api/call.ts';
import { orderQuery } from '../../api/queries.ts';
import { Act } from '../../parts/act.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { Rows } from '../../parts/list.tsx';
import { Money } from '../../parts/money.tsx';
import { Columns, Details, Page, Section } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord } from '../../texts/words.ts';
import { ConfirmPayment } from './confirm-payment.tsx';
import { OrderDiscrepancies } from './order-discrepancies.tsx';
import { orderTexts } from './texts.ts';
import { Timeline } from './timeline.tsx';

export function OrderPage() {
  const say = useTexts(orderTexts);
  const { merchant = '', orderNo = '' } = useParams({ strict: false });
  const query = useQuery(orderQuery(merchant, orderNo));
  return (
    <Page
      title={orderNo}
      lead={
        <Group gap="xs">
          <InnerLink href="/orders">{say('back')}</InnerLink>
          <span>·</span>
          <span>{merchant}</span>
          {query.data === undefined ? null : <StatusBadge area="order" value={query.data.status} />}
        </Group>
      }
      actions={
        <Group gap="xs">
          {query.data === undefined ? null : <ConfirmPayment order={query.data} />}
          <Act
            label={say('ask')}
            text={say('ask.text')}
            path={`/v1/orders/${segment(orderNo)}/query`}
            body={{ merchant }}
            look="page"
          />
        </Group>
      }
    >
      <Loaded query={query} lines={12}>
        {(order) => (
          <>
            <Columns least={360}>
              <Expectation order={order} />
              <MoneyOf order={order} />
            </Columns>
            <OrderDiscrepancies order={order} />
            <Timeline merchant={merchant} orderNo={orderNo} />
            <Facts facts={order.facts} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Expectation({ order }: { order: Order }) {
  const say = useTexts(orderTexts);
  const { expectation } = order;
  return (
    <Section title={say('order')}>
      <Details
        items={[
          [
            say('expected'),
            <Money key="e" minor={expectation?.amount_minor ?? null} currency={expectation?.currency ?? null} />,
          ],
          [say('expires'), expectation?.expires_at ? <Time key="x" at={expectation.expires_at} form="full" /> : null],
          [say('accounts'), expectation?.accounts?.join(', ') ?? say('anyAccount')],
          [say('references'), expectation?.references.map(({ reference }) => reference).join(', ') || null],
          [say('description'), order.description],
          [say('sequence'), `#${order.sequence}`],
          [say('created'), <Time key="c" at={order.created_at} form="full" />],
          [say('changed'), <Time key="u" at={order.updated_at} form="full" />],
        ]}
      />
      {expectation?.unverified ? (
        <Text size="sm" c="var(--warn)" mt="sm">
          {say('unverified')}
        </Text>
      ) : null}
    </Section>
  );
}

/** Only sums that say something: zeros beside what was captured are left out. */
function MoneyOf({ order }: { order: Order }) {
  const say = useTexts(orderTexts);
  const currency = order.expectation?.currency ?? null;
  const sums = [
    ['authorized', order.authorized_minor],
    ['refunded', order.refunded_minor],
    ['reversed', order.reversed_minor],
    ['disputed', order.disputed_minor],
    ['chargedBack', order.charged_back_minor],
    ['overpaid', order.overpaid_minor],
  ] as const;
  return (
    <Section title={say('money')}>
      <Details
        items={[
          [say('captured'), <Money key="captured" minor={order.captured_minor} currency={currency} />],
          ...sums.map(
            ([name, minor]) =>
              [
                say(name),
                String(minor) === '0' ? null : <Money key={name} minor={minor} currency={currency} />,
              ] as const,
          ),
        ]}
      />
    </Section>
  );
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  const say = useTexts(orderTexts);
  const word = useWord();
  return (
    <Section title={say('facts')} flush>
      {facts.length === 0 ? (
        <Empty title={say('noFacts')} />
      ) : (
        <Rows
          rows={facts}
          rowKey={({ id }) => id}
          columns={[
            { name: 'fact', header: say('fact'), cell: ({ kind }) => <StatusBadge area="fact" value={kind} /> },
            {
              name: 'amount',
              header: say('amount'),
              align: 'right',
              cell: ({ amount_minor, currency }) => <Money minor={amount_minor} currency={currency} />,
            },
            {
              name: 'payment',
              header: say('payment'),
              cell: ({ payment_id }) => <Identifier text={payment_id} short />,
            },
            {
              name: 'operation',
              header: say('operation'),
              wide: true,
              cell: ({ operation_id }) => <Identifier text={operation_id} short />,
            },
            { name: 'when', header: say('when'), cell: ({ provider_time }) => <Time at={provider_time} /> },
            {
              name: 'told',
              header: say('toldBy'),
              wide: true,
              cell: ({ sightings }) => [...new Set(sightings.map(({ source }) => word('source', source)))].join(', '),
            },
          ]}
        />
      )}
    </Section>
  );
}
