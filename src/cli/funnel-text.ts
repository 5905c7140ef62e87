import { z } from 'zod';
import { type Terminal, table } from './terminal.ts';

const rate = z.number().nullable();
const counts = z.object({
  total: z.int(),
  sent: z.int(),
  received: z.int(),
  handled: z.int(),
  confirmed: z.int(),
  p_s: rate,
  p_r: rate,
  p_h: rate,
  p_c: rate,
});
export type Counts = z.output<typeof counts>;

/** What is used of GET /v1/funnel. */
export const funnelAnswer = z.object({ from: z.string(), to: z.string(), totals: counts });

export const sides = ['sending', 'handlers', 'receiving'] as const;
export type Side = (typeof sides)[number];

const heads = ['', 'total', 'sent', 'received', 'handled', 'confirmed', 'P_s', 'P_r', 'P_h', 'P_c'];

/** The funnel as one table: a line for each side. */
export function funnelLines(
  rows: readonly (readonly [side: string, totals: Counts])[],
  terminal: Terminal,
): readonly string[] {
  const cells = rows.map(
    ([side, { total, sent, received, handled, confirmed, p_s: pS, p_r: pR, p_h: pH, p_c: pC }]) => [
      side,
      ...[total, sent, received, handled, confirmed].map(String),
      ...[pS, pR, pH, pC].map(percent),
    ],
  );
  return table(heads, cells, terminal);
}

/** Rounded down, so that 100 % means every single one. */
function percent(share: number | null): string {
  return share === null ? 'no data' : `${Math.floor(share * 10_000) / 100}%`;
}
