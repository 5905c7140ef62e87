import { Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { AccountRow } from '../../../src/api/accounts.ts';
import type { CallbackDetail } from '../../../src/api/callbacks.ts';
import type { Delivery } from '../../../src/api/deliveries.ts';
import { CallError, segment } from '../../api/call.ts';
import { type Page as ListPage, orderQuery, readQuery } from '../../api/queries.ts';
import { InnerLink } from '../../parts/link.tsx';
import { Rows } from '../../parts/list.tsx';
import { Money } from '../../parts/money.tsx';
import { Section } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { Timeline } from '../orders/timeline.tsx';
import { accountIn, type Payment } from './sandbox-api.ts';
import { sandboxTexts } from './texts.ts';

/** What the platform sends for an order, with how far each got. */
export function Sendings({ orderNo }: { orderNo: string }) {
  const say = useTexts(sandboxTexts);
  const query = { merchant: 'sandbox', order_no: orderNo, limit: 50 };
  const deliveries = useQuery(readQuery<ListPage<Omit<Delivery, 'attempts'>>>('/v1/deliveries', query));
  return (
    <Section title={say('sent')} flush>
      <Loaded query={deliveries} lines={3}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={say('sent.notYet')}>{say('sent.notYet.text')}</Empty>
          ) : (
            <Rows
              rows={data}
              rowKey={({ id }) => id}
              rowHref={({ id }) => `/deliveries/${id}`}
              columns={[
                {
                  name: 'type',
                  header: say('type'),
                  cell: ({ id, type }) => <InnerLink href={`/deliveries/${id}`}>{type}</InnerLink>,
                },
                {
                  name: 'state',
                  header: say('state'),
                  cell: ({ state }) => <StatusBadge area="delivery" value={state} />,
                },
                { name: 'tries', header: say('attempts'), align: 'right', cell: (row) => row.attempt_count },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

/** What happened and was never told, on purpose. */
export function Unsent({ steps }: { steps: Payment['notifications'] }) {
  const say = useTexts(sandboxTexts);
  const unsent = steps.filter((step) => step.unsent !== null);
  if (unsent.length === 0) return null;
  return (
    <Section title={say('unsent')}>
      <Stack gap="xs">
        {unsent.map(({ index, type, unsent: why }) => (
          <div key={index}>
            <Text fw={500}>{type}</Text>
            <Text size="sm" c="var(--soft)">
              {why}
            </Text>
          </div>
        ))}
      </Stack>
    </Section>
  );
}

/** Where it goes: an account of ours by its name, anything else by its address. */
export function Where({ notifyUrl }: { notifyUrl: string }) {
  const { data: account } = useAccountAt(notifyUrl);
  if (account === undefined) return <span className="mono">{notifyUrl}</span>;
  return <span>{`${account.merchant} · ${account.name || account.provider}`}</span>;
}

function useAccountAt(notifyUrl: string) {
  const id = accountIn(notifyUrl);
  return useQuery({ ...readQuery<AccountRow>(`/v1/accounts/${segment(id ?? '')}`), enabled: id !== null });
}

interface ArrivalsProps {
  orderNo: string;
  notifyUrl: string;
  since: string;
}

/** The other side: what came in, and what became of the order. */
export function Arrivals({ orderNo, notifyUrl, since }: ArrivalsProps) {
  const say = useTexts(sandboxTexts);
  const id = accountIn(notifyUrl);
  const account = useAccountAt(notifyUrl);
  if (id === null) {
    return (
      <Section title={say('arrived')}>
        <Empty title={say('elsewhere.title')}>{say('elsewhere.text', { url: notifyUrl })}</Empty>
      </Section>
    );
  }
  return (
    <Stack gap="md" miw={0}>
      <OrderNow orderNo={orderNo} merchant={account.data?.merchant ?? null} />
      <Callbacks account={id} since={since} />
      <TimelineOf orderNo={orderNo} merchant={account.data?.merchant ?? null} />
    </Stack>
  );
}

interface OrderOf {
  orderNo: string;
  merchant: string | null;
}

function OrderNow({ orderNo, merchant }: OrderOf) {
  const say = useTexts(sandboxTexts);
  const order = useQuery({ ...orderQuery(merchant ?? '', orderNo), enabled: merchant !== null, retry: false });
  const isUnknown = order.error instanceof CallError && order.error.status === 404;
  return (
    <Section title={say('orderNow')}>
      {merchant === null || isUnknown ? (
        <Text c="var(--soft)">{say('orderNow.none')}</Text>
      ) : (
        <Loaded query={order} lines={1}>
          {({ status, expectation, captured_minor: captured }) => (
            <Group gap="sm">
              <InnerLink href={`/orders/${segment(merchant)}/${segment(orderNo)}`}>{orderNo}</InnerLink>
              <StatusBadge area="order" value={status} />
              <Text c="var(--soft)">
                {say('captured')} <Money minor={captured} currency={expectation?.currency ?? null} />
              </Text>
            </Group>
          )}
        </Loaded>
      )}
    </Section>
  );
}

function Callbacks({ account, since }: { account: string; since: string }) {
  const say = useTexts(sandboxTexts);
  const query = { account, from: since, limit: 20 };
  const callbacks = useQuery(
    readQuery<ListPage<Omit<CallbackDetail, 'headers' | 'body' | 'facts'>>>('/v1/callbacks', query),
  );
  return (
    <Section title={say('arrived')} flush>
      <Loaded query={callbacks} lines={3}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={say('arrived.none')}>{say('arrived.none.text')}</Empty>
          ) : (
            <Rows
              rows={data}
              rowKey={({ id }) => id}
              rowHref={({ id }) => `/callbacks/${id}`}
              columns={[
                {
                  name: 'at',
                  header: say('when'),
                  cell: ({ id, received_at: at }) => (
                    <InnerLink href={`/callbacks/${id}`}>
                      <Time at={at} form="clock" />
                    </InnerLink>
                  ),
                },
                {
                  name: 'verdict',
                  header: say('verdict'),
                  cell: ({ verdict }) => <StatusBadge area="verdict" value={verdict} />,
                },
                {
                  name: 'why',
                  header: say('why'),
                  wide: true,
                  cell: ({ reason, code }) => (
                    <Text size="sm" truncate maw={220} title={reason ?? ''}>
                      {reason ?? code}
                    </Text>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

/** Only where there is an order: what nobody expects waits, and has no timeline. */
function TimelineOf({ orderNo, merchant }: OrderOf) {
  const order = useQuery({ ...orderQuery(merchant ?? '', orderNo), enabled: merchant !== null, retry: false });
  if (merchant === null || order.data === undefined) return null;
  return <Timeline merchant={merchant} orderNo={orderNo} />;
}
