import type { Demonstration } from './demonstration.ts';
import { funnelLines } from './funnel-text.ts';
import { orderLines, timelineLines } from './order-text.ts';
import { type Terminal, table } from './terminal.ts';

/** The demonstration for a person: what was bought, the story of the first order, the funnel. */
export function demonstrationLines(
  { purchases, order, timeline, funnel }: Demonstration,
  terminal: Terminal,
): readonly string[] {
  const heading = (text: string) => ['', terminal.style('bold', text)];
  const rows = purchases.map(({ orderNo, method, sendings, marked, coupons }) => [
    orderNo,
    method,
    times(sendings),
    times(marked),
    String(coupons),
  ]);
  return [
    ...heading('Bought in the shop, paid at the cashier'),
    ...table(['ORDER', 'FORMAT', 'NOTIFICATION SENT', 'MARKED PAID', 'COUPONS'], rows, terminal),
    ...heading('The story of the first order'),
    ...orderLines(order, terminal),
    ...timelineLines(timeline, terminal),
    ...heading('The funnel: how many reached each step'),
    ...funnelLines(funnel, terminal),
    ...lostLines(purchases, terminal),
  ];
}

/** Why not everything that was sent was confirmed: a first look at the table would take it for a fault. */
function lostLines(purchases: Demonstration['purchases'], terminal: Terminal): readonly string[] {
  const lost = purchases.reduce((sum, { sendings }) => sum + sendings - 1, 0);
  if (lost === 0) return [];
  return [
    terminal.style(
      'dim',
      `P_c of sending: the platform was told to take ${lost} good acknowledgements for lost, so it sent again.`,
    ),
  ];
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
