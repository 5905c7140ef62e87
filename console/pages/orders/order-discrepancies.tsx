import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import type { DiscrepancyRow } from '../../../src/api/discrepancies.ts';
import type { Order } from '../../../src/api/orders.ts';
import { call } from '../../api/call.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Money } from '../../parts/money.tsx';
import { Section } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { useWord } from '../../texts/words.ts';
import classes from './order-discrepancies.module.css';
import { orderTexts } from './texts.ts';

const actions = ['accept', 'refund', 'ignore', 'reopen'] as const;
type Action = (typeof actions)[number];

/** What does not fit, with what a person may do about it. */
export function OrderDiscrepancies({ order }: { order: Order }) {
  const say = useTexts(orderTexts);
  if (order.discrepancies.length === 0) return null;
  return (
    <Section title={say('discrepancies')} flush>
      {order.discrepancies.map((one) => (
        <Discrepancy key={one.id} one={one} />
      ))}
    </Section>
  );
}

function Discrepancy({ one }: { one: DiscrepancyRow }) {
  const say = useTexts(orderTexts);
  const word = useWord();
  const sentence = useSentence();
  const mayAct = useMayAct();
  const [chosen, setChosen] = useState<Action | null>(null);
  const offered = mayAct ? actions.filter((action) => one.actions.includes(action)) : [];
  const kind = word('kind_of_discrepancy', one.kind);
  return (
    <div className={classes.row}>
      <div>
        <Group gap="xs">
          <Text fw={600}>{kind}</Text>
          <StatusBadge area="discrepancy" value={one.state} />
          <Money minor={one.amount_minor} currency={one.currency} />
        </Group>
        <Text size="sm" c="var(--soft)">
          {sentence(one.why)}
        </Text>
      </div>
      <Group gap="xs">
        {offered.map((action) => (
          <Button key={action} size="xs" variant="default" onClick={() => setChosen(action)}>
            {say(`resolve.${action}`)}
          </Button>
        ))}
      </Group>
      <ConfirmDialog
        opened={chosen !== null}
        onClose={() => setChosen(null)}
        title={chosen === null ? '' : say(`resolve.${chosen}`)}
        confirm={chosen === null ? '' : say(`resolve.${chosen}`)}
        danger={chosen === 'refund'}
        withNote
        run={(note) =>
          call<DiscrepancyRow>('POST', `/v1/discrepancies/${one.id}/resolve`, { body: { action: chosen, note } })
        }
      >
        <Text>{say('resolve.text', { kind, order: one.order_no ?? one.id })}</Text>
        <Text size="sm" c="var(--soft)">
          {sentence(one.why)}
        </Text>
      </ConfirmDialog>
    </div>
  );
}
