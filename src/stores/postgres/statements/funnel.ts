import { latencyColumns, latencyValues } from '../../figures-mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

const counts = ['total', 'sent', 'received', 'handled', 'confirmed'] as const;
const summed = [...counts, ...latencyColumns];

/** Each writer adds to rows of its own: no batch waits for another's. Reads sum. */
export const funnelMinutes = new Table({
  name: 'funnel_minutes',
  columns: {
    minute: 'bigint',
    side: 'text',
    per: 'text',
    merchant: 'text',
    provider: 'text',
    target: 'text',
    type: 'text',
    writer: 'text',
    total: 'integer',
    sent: 'integer',
    received: 'integer',
    handled: 'integer',
    confirmed: 'integer',
    ...Object.fromEntries(latencyColumns.map((column) => [column, 'integer' as const])),
  },
  key: ['minute', 'side', 'per', 'merchant', 'provider', 'target', 'type', 'writer'],
  onConflict: `(minute, side, per, merchant, provider, target, type, writer) do update set ${[
    ...counts.map((count) => `${count} = funnel_minutes.${count} + excluded.${count}`),
    ...latencyColumns.map((column) => `${column} = ${sumOfNullable(column)}`),
  ].join(', ')}`,
});

export function funnelRows(image: Image, writer: string): Pick<Rows, 'addToFunnel'> {
  return {
    addToFunnel: (key, added, tookMs) =>
      image.sum(funnelMinutes, { ...key, writer, ...added, ...latencyValues(tookMs) }, summed),
  };
}

function sumOfNullable(column: string): string {
  const [kept, added] = [`funnel_minutes.${column}`, `excluded.${column}`];
  return `coalesce(${kept} + ${added}, ${kept}, ${added})`;
}
