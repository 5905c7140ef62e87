import { Accordion, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { Attempt, Delivery } from '../../../src/api/deliveries.ts';
import { segment } from '../../api/call.ts';
import { readQuery } from '../../api/queries.ts';
import { AttemptView } from '../../parts/attempt-view.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { Details, Page, Section } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { useWord } from '../../texts/words.ts';
import { CompareAttempts } from './compare-attempts.tsx';
import { DeliveryActs, targetOf } from './delivery-acts.tsx';
import { deliveriesTexts } from './texts.ts';

/** One notification to one target: every try, with what was sent and answered, and what differs between two. */
export function DeliveryPage() {
  const say = useTexts(deliveriesTexts);
  const { id = '' } = useParams({ strict: false });
  const query = useQuery(readQuery<Delivery>(`/v1/deliveries/${segment(id)}`));
  const { data } = query;
  return (
    <Page
      title={data === undefined ? say('one') : say('one.of', { type: data.type, order: data.order_no })}
      lead={
        <Group gap="xs">
          <InnerLink href="/deliveries">{say('back')}</InnerLink>
          {data === undefined ? null : <StatusBadge area="delivery" value={data.state} />}
        </Group>
      }
      actions={data === undefined ? null : <DeliveryActs delivery={data} look="page" />}
    >
      <Loaded query={query} lines={10}>
        {(delivery) => (
          <>
            <About delivery={delivery} />
            <Attempts attempts={delivery.attempts} />
            {delivery.attempts.length < 2 ? null : <CompareAttempts attempts={delivery.attempts} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function About({ delivery }: { delivery: Delivery }) {
  const say = useTexts(deliveriesTexts);
  const word = useWord();
  const { id, merchant, order_no: order, target, due_at: dueAt, created_at: createdAt } = delivery;
  return (
    <Section>
      <Details
        items={[
          [say('target'), targetOf(delivery)],
          [say('kind'), word('kind', target.kind)],
          [
            say('order'),
            <InnerLink key="order" href={`/orders/${segment(merchant)}/${segment(order)}`}>
              {order}
            </InnerLink>,
          ],
          [say('merchant'), merchant],
          [say('due'), dueAt === null ? null : <Time key="due" at={dueAt} form="full" />],
          [say('made'), <Time key="made" at={createdAt} form="full" />],
          [say('id'), <Identifier key="id" text={id} short />],
        ]}
      />
    </Section>
  );
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  const say = useTexts(deliveriesTexts);
  const newest = attempts.at(-1);
  return (
    <Section title={say('tries')} flush>
      {newest === undefined ? (
        <Empty title={say('noAttempts')}>{say('noAttempts.text')}</Empty>
      ) : (
        <Accordion multiple defaultValue={[newest.id]} variant="default" order={3} keepMounted={false}>
          {attempts.toReversed().map((attempt) => (
            <Accordion.Item key={attempt.id} value={attempt.id}>
              <Accordion.Control>
                <Summary attempt={attempt} />
              </Accordion.Control>
              <Accordion.Panel>
                <AttemptView attempt={attempt} />
              </Accordion.Panel>
            </Accordion.Item>
          ))}
        </Accordion>
      )}
    </Section>
  );
}

function Summary({ attempt }: { attempt: Attempt }) {
  const say = useTexts(deliveriesTexts);
  const sentence = useSentence();
  const { number, step, status, duration_ms, started_at, error } = attempt;
  return (
    <Group gap="sm">
      <Text fw={600}>{say('attempt', { number })}</Text>
      <StatusBadge area="step" value={step} />
      {status === null ? null : <Text className="mono">{status}</Text>}
      <Text size="sm" c="var(--soft)" component="span">
        <Time at={started_at} /> · {Math.round(duration_ms)} ms{error === null ? '' : ` · ${sentence(error)}`}
      </Text>
    </Group>
  );
}
