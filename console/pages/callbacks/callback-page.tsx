import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { AccountRow } from '../../../src/api/accounts.ts';
import type { CallbackDetail } from '../../../src/api/callbacks.ts';
import type { DiagnosisAnswer } from '../../../src/api/verify.ts';
import { type CallError, call, segment } from '../../api/call.ts';
import { readQuery } from '../../api/queries.ts';
import { DiagnosisView } from '../../parts/diagnosis.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { Rows } from '../../parts/list.tsx';
import { Money } from '../../parts/money.tsx';
import { Details, Page, Section } from '../../parts/page.tsx';
import { bytesText, Headers, Raw } from '../../parts/raw.tsx';
import { Empty, FailureText, Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { ReadAgain } from './read-again.tsx';
import { callbacksTexts } from './texts.ts';

/** One request of a provider: what it was taken for and why, what it told, and its bytes. */
export function CallbackPage() {
  const say = useTexts(callbacksTexts);
  const { id = '' } = useParams({ strict: false });
  const query = useQuery(readQuery<CallbackDetail>(`/v1/callbacks/${segment(id)}`));
  const { data } = query;
  return (
    <Page
      title={data === undefined ? say('one') : say('one.of', { provider: data.provider })}
      lead={
        <Group gap="xs">
          <InnerLink href="/callbacks">{say('back')}</InnerLink>
          {data === undefined ? null : (
            <>
              <StatusBadge area="verdict" value={data.verdict} />
              <Time at={data.received_at} form="full" />
            </>
          )}
        </Group>
      }
      actions={data === undefined ? null : <ReadAgain callback={data} look="page" />}
    >
      <Loaded query={query} lines={12}>
        {(callback) => (
          <>
            <Verdict callback={callback} />
            <Told facts={callback.facts} merchant={callback.merchant} />
            <Bytes callback={callback} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Verdict({ callback }: { callback: CallbackDetail }) {
  const say = useTexts(callbacksTexts);
  const sentence = useSentence();
  const { id, account, merchant, message_id: message, verdict, reason, code } = callback;
  const named = useQuery(readQuery<AccountRow>(`/v1/accounts/${segment(account)}`)).data?.name;
  return (
    <Section title={say('came')}>
      <Stack gap="md">
        <div>
          <Text>{say(`meaning.${verdict}`)}</Text>
          {reason === null ? null : (
            <Text c="var(--soft)">
              {sentence(reason)}
              {code === null ? '' : ` (${code})`}
            </Text>
          )}
        </div>
        <Details
          items={[
            [say('account'), named === undefined || named === '' ? account : named],
            [say('merchant'), merchant],
            [say('step'), <StatusBadge key="step" area="step" value={callback.step} />],
            [say('message'), message === null ? null : <Identifier key="message" text={message} short />],
            [say('id'), <Identifier key="id" text={id} short />],
          ]}
        />
        <Why callback={callback} />
      </Stack>
    </Section>
  );
}

const doubtful: readonly string[] = ['quarantined', 'refused', 'unreadable', 'conflict'];

/** The same diagnosis as for a pasted request. */
function Why({ callback }: { callback: CallbackDetail }) {
  const say = useTexts(callbacksTexts);
  const asking = useMutation<DiagnosisAnswer, CallError>({
    mutationFn: () => {
      const { account, method, target, headers, body } = callback;
      return call('POST', '/v1/verify', { body: { account, method, target, headers, body_base64: body } });
    },
    gcTime: 0,
  });
  if (!doubtful.includes(callback.verdict) || callback.method === '') return null;
  if (asking.data !== undefined) return <DiagnosisView diagnosis={asking.data} />;
  return (
    <Group>
      <Button variant="default" loading={asking.isPending} onClick={() => asking.mutate()}>
        {say('why')}
      </Button>
      {asking.error === null ? (
        <Text size="sm" c="var(--soft)">
          {say('why.hint')}
        </Text>
      ) : (
        <div role="alert">
          <FailureText error={asking.error} />
        </div>
      )}
    </Group>
  );
}

function Told({ facts, merchant }: Pick<CallbackDetail, 'facts' | 'merchant'>) {
  const say = useTexts(callbacksTexts);
  return (
    <Section title={say('told')} flush>
      {facts.length === 0 ? (
        <Empty title={say('told.nothing')} />
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
              name: 'order',
              header: say('order'),
              cell: ({ order_no: order, reference }) =>
                order === null ? (
                  say('parked', { reference: reference ?? '—' })
                ) : (
                  <InnerLink href={`/orders/${segment(merchant)}/${segment(order)}`}>{order}</InnerLink>
                ),
            },
            {
              name: 'payment',
              header: say('payment'),
              cell: ({ payment_id }) => <Identifier text={payment_id} short />,
              wide: true,
            },
            { name: 'when', header: say('when'), cell: (one) => <Time at={one.provider_time} />, wide: true },
          ]}
        />
      )}
    </Section>
  );
}

function Bytes({ callback }: { callback: CallbackDetail }) {
  const say = useTexts(callbacksTexts);
  const { method, target, headers, body } = callback;
  return (
    <Section title={say('bytes')}>
      {method === '' ? (
        <Text c="var(--soft)">{say('gone')}</Text>
      ) : (
        <Stack gap="sm">
          <Raw title={say('request')} text={`${method} ${target}`} />
          <Headers title={say('headers')} pairs={headers} />
          <Raw title={say('body')} text={bytesText(body)} />
        </Stack>
      )}
    </Section>
  );
}
