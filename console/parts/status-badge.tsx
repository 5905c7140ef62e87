import { Badge } from '@mantine/core';
import { useWord } from '../texts/words.ts';

type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'idle';

const tones: Readonly<Record<string, Tone>> = {
  'order.paid': 'good',
  'order.authorized': 'busy',
  'order.pending': 'idle',
  'order.underpaid': 'warn',
  'order.reversed': 'warn',
  'order.failed': 'bad',
  'delivery.confirmed': 'good',
  'delivery.sending': 'busy',
  'delivery.pending': 'busy',
  'delivery.dead': 'bad',
  'delivery.held': 'warn',
  'step.confirmed': 'good',
  'step.handled': 'warn',
  'step.received': 'warn',
  'step.sent': 'warn',
  'step.total': 'bad',
  'verdict.verified': 'good',
  'verdict.parked': 'warn',
  'verdict.conflict': 'bad',
  'verdict.quarantined': 'bad',
  'verdict.refused': 'bad',
  'verdict.unreadable': 'bad',
  'discrepancy.open': 'bad',
  'discrepancy.resolved': 'good',
  'endpoint.enabled': 'good',
  'endpoint.paused': 'warn',
  'endpoint.disabled': 'bad',
  'played.paid': 'good',
  'played.failed': 'bad',
  'played.reversed': 'warn',
  'played.running': 'busy',
  'played.finished': 'good',
  'replay.running': 'busy',
  'replay.previewed': 'warn',
  'replay.paused': 'warn',
  'replay.done': 'good',
  'alert.open': 'bad',
  'alert.recovered': 'good',
  'reconciliation.receiving': 'busy',
  'reconciliation.running': 'busy',
  'reconciliation.done': 'good',
  'reconciliation.failed': 'bad',
};
const colors = { good: 'green', warn: 'orange', bad: 'red', busy: 'blue', idle: 'gray' } as const;

/** A state as a coloured word; the word alone says it as well. `area` names what it is a state of. */
export function StatusBadge({ area, value }: { area: string; value: string }) {
  const word = useWord();
  return (
    // A column that gets narrow must not cut the word.
    <Badge color={colors[tones[`${area}.${value}`] ?? 'idle']} miw="max-content">
      {word(area, value)}
    </Badge>
  );
}
