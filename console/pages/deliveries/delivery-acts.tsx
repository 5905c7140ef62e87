import { Group } from '@mantine/core';
import type { Delivery } from '../../../src/api/deliveries.ts';
import { Act } from '../../parts/act.tsx';
import { useTexts } from '../../texts/texts.ts';
import { deliveriesTexts } from './texts.ts';

type Row = Omit<Delivery, 'attempts'>;

/** What its state allows a person to do. */
export function DeliveryActs({ delivery, look = 'row' }: { delivery: Row; look?: 'row' | 'page' }) {
  const say = useTexts(deliveriesTexts);
  const { id, state, type, order_no: order } = delivery;
  const isLive = state === 'pending' || state === 'held' || state === 'sending';
  const about = { type, order, target: targetOf(delivery) };
  return (
    <Group gap={4} justify="flex-end" wrap="nowrap">
      {state === 'dead' || state === 'pending' ? (
        <Act label={say('retry')} text={say('retry.text', about)} path={`/v1/deliveries/${id}/retry`} look={look} />
      ) : null}
      {isLive ? (
        <Act
          label={say('cancel')}
          text={say('cancel.text', about)}
          path={`/v1/deliveries/${id}/cancel`}
          danger
          look={look}
        />
      ) : null}
    </Group>
  );
}

/** Where it goes, in as few words as there are. */
export function targetOf({ url, target }: Row): string {
  return url ?? target.name ?? target.id ?? target.kind;
}
