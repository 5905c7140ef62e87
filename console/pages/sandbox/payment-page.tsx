import { Button, Group, Stack, Text } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type CallError, call, segment } from '../../api/call.ts';
import { AmountInput, useMinor } from '../../parts/amount-input.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { Money } from '../../parts/money.tsx';
import { Columns, Details, Page, Section } from '../../parts/page.tsx';
import { Loaded, Refused } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { Arrivals, Sendings, Unsent, Where } from './arrivals.tsx';
import { type Payment, paymentQuery } from './sandbox-api.ts';
import { sandboxTexts } from './texts.ts';

/** A payment at the platform: a person moves it, and watches what arrives. */
export function PaymentPage({ id }: { id: string }) {
  const say = useTexts(sandboxTexts);
  const query = useQuery(paymentQuery(id));
  const { data } = query;
  return (
    <Page
      title={data === undefined ? say('payment') : say('payment.of', { provider: data.provider, order: data.order_no })}
      lead={
        <Group gap="xs">
          <InnerLink href="/sandbox">{say('back')}</InnerLink>
          {data === undefined ? null : <StatusBadge area="played" value={data.state} />}
        </Group>
      }
      actions={
        data === undefined ? null : (
          <Button
            component="a"
            href={data.cashier_url}
            target="_blank"
            rel="noreferrer"
            variant="default"
            rightSection={<IconExternalLink size={15} aria-hidden />}
          >
            {say('cashier')}
          </Button>
        )
      }
    >
      <Loaded query={query} lines={10}>
        {(payment) => (
          <Columns least={420}>
            <Stack gap="md">
              <Platform payment={payment} />
              <Sendings orderNo={payment.order_no} />
              <Unsent steps={payment.notifications} />
            </Stack>
            <Arrivals orderNo={payment.order_no} notifyUrl={payment.notify_url} since={payment.created_at} />
          </Columns>
        )}
      </Loaded>
    </Page>
  );
}

function Platform({ payment }: { payment: Payment }) {
  const say = useTexts(sandboxTexts);
  const { amount_minor: amount, refunded_minor: refunded, currency, payment_id: paymentId, dispute } = payment;
  return (
    <Section title={say('platform')}>
      <Stack gap="md">
        <Details
          items={[
            [say('amount'), <Money key="amount" minor={amount} currency={currency} />],
            [
              say('refunded'),
              String(refunded) === '0' ? null : <Money key="refunded" minor={refunded} currency={currency} />,
            ],
            [say('dispute'), dispute === null ? null : say(`dispute.${dispute}`)],
            [say('paymentId'), paymentId === null ? null : <Identifier key="payment" text={paymentId} short />],
            [say('made'), <Time key="made" at={payment.created_at} form="full" />],
            [say('to'), <Where key="to" notifyUrl={payment.notify_url} />],
          ]}
        />
        <Moves payment={payment} />
      </Stack>
    </Section>
  );
}

const moves = {
  open: ['pay', 'fail', 'close'],
  failed: ['pay', 'fail', 'close'],
  paid: ['reverse'],
  closed: [],
  reversed: [],
} as const;

/** What the platform, or the buyer, may do now. */
function Moves({ payment }: { payment: Payment }) {
  const say = useTexts(sandboxTexts);
  const client = useQueryClient();
  const { id, state, dispute } = payment;
  const moving = useMutation<Payment, CallError, { move: string; body?: object }>({
    mutationFn: ({ move, body }) => call('POST', `/sandbox/payments/${segment(id)}/${move}`, { body: body ?? {} }),
    onSuccess: () => client.invalidateQueries(),
  });
  const stages =
    state !== 'paid'
      ? []
      : dispute === null
        ? (['opened'] as const)
        : dispute === 'opened'
          ? (['won', 'lost'] as const)
          : [];
  const isOver = moves[state].length === 0;
  return (
    <Stack gap="sm">
      {isOver ? (
        <Text size="sm" c="var(--soft)">
          {say('over')}
        </Text>
      ) : null}
      <Group gap="xs">
        {moves[state].map((move) => (
          <Button
            key={move}
            variant={move === 'pay' ? 'filled' : 'default'}
            loading={moving.isPending && moving.variables.move === move}
            onClick={() => moving.mutate({ move })}
          >
            {say(`move.${move}`)}
          </Button>
        ))}
        {stages.map((stage) => (
          <Button key={stage} variant="default" onClick={() => moving.mutate({ move: 'dispute', body: { stage } })}>
            {say(`move.dispute.${stage}`)}
          </Button>
        ))}
      </Group>
      {state === 'paid' ? (
        <Refund payment={payment} refund={(body) => moving.mutate({ move: 'refund', body })} />
      ) : null}
      <Refused error={moving.error} />
    </Stack>
  );
}

/** All that is left, unless an amount is given. */
function Refund({ payment, refund }: { payment: Payment; refund: (body: object) => void }) {
  const say = useTexts(sandboxTexts);
  const minorOf = useMinor();
  const [text, setText] = useState('');
  const { currency, amount_minor: amount, refunded_minor: refunded } = payment;
  const minor = text.trim() === '' ? undefined : minorOf(text, currency);
  if (BigInt(amount) === BigInt(refunded)) return null;
  return (
    <Group gap="xs" align="flex-end">
      <AmountInput
        text={text}
        currency={currency}
        currencies={[currency]}
        onChange={(change) => setText(change.text)}
        error={minor === null ? say('amount.wrong') : null}
      />
      <Button
        variant="default"
        disabled={minor === null}
        onClick={() => {
          refund(minor === undefined ? {} : { amount_minor: minor });
          setText('');
        }}
      >
        {say(minor === undefined ? 'move.refundAll' : 'move.refund')}
      </Button>
    </Group>
  );
}
