import { z } from 'zod';
import { moneyText } from './money-text.ts';
import { plain, type Terminal, table } from './terminal.ts';

const amount = z.union([z.int(), z.string()]);

/** What a person needs of GET /v1/orders/{order_no}; the rest is kept for --json. */
export const orderAnswer = z.looseObject({
  order_no: z.string(),
  merchant: z.string(),
  status: z.string(),
  expectation: z.looseObject({ amount_minor: amount, currency: z.string() }).nullable(),
  captured_minor: amount,
  refunded_minor: amount,
  discrepancies: z.array(
    z.looseObject({ kind: z.string(), state: z.string(), why: z.string(), assigned_to: z.string().nullable() }),
  ),
});

export const timelineAnswer = z.object({
  data: z.array(
    z.object({ at: z.string(), what: z.string(), id: z.string().nullable(), text: z.string(), why: z.string() }),
  ),
});

/** The order in a few lines: its state, its money, what is open. */
export function orderLines(order: z.output<typeof orderAnswer>, terminal: Terminal): readonly string[] {
  const status = order.status === 'paid' ? terminal.style('green', order.status) : terminal.style('bold', order.status);
  const money = (minor: number | string) => moneyText(minor, order.expectation?.currency ?? null);
  const expected =
    order.expectation === null ? 'nothing expected' : `${money(order.expectation.amount_minor)} expected`;
  const open = order.discrepancies.filter(({ state }) => state === 'open');
  return [
    `${terminal.style('bold', plain(order.order_no))} of ${plain(order.merchant)}: ${status}`,
    `${expected}, ${money(order.captured_minor)} captured, ${money(order.refunded_minor)} refunded`,
    ...open.map(({ kind, why, assigned_to: to }) => {
      const whose = to === null ? '' : `, with ${plain(to)}`;
      return `${terminal.style('yellow', 'open')} ${plain(kind)}${whose}: ${plain(why)}`;
    }),
  ];
}

/** The story, a line each; the date stands only where there is more than one. */
export function timelineLines(entries: z.output<typeof timelineAnswer>['data'], terminal: Terminal): readonly string[] {
  const isOneDay = new Set(entries.map(({ at }) => at.slice(0, 10))).size <= 1;
  const timeOf = (at: string) => (isOneDay ? at.slice(11, 23) : at.slice(0, 23).replace('T', ' '));
  const rows = entries.map(({ at, what, text, why }) => [timeOf(at), what, text, why]);
  return table(['TIME (UTC)', 'WHAT', 'TEXT', 'WHY'], rows, terminal);
}
