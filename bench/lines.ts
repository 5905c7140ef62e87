import type { Line } from './report.ts';
import type { CallbackFigures, PublishFigures, Rate, Sizes } from './scenarios.ts';

const toTheAnswer = 'open loop, from the intended send to the answer';
const toTheSink = 'open loop, from the intended send to its arrival';

/** A rate, with its processor time by thread as the note. */
export function rateIn({ perSecond, cpuUs, threads }: Rate): Rate & { note?: string } {
  return { perSecond, cpuUs, ...(threads === undefined ? {} : { note: `cpu: ${threads}` }) };
}

export function callbackLines(
  format: string,
  figures: CallbackFigures,
  { b, sizes }: { b: number | null; sizes: Sizes },
): Line[] {
  const { ceiling, rate, saturated, paced, announced, loss } = figures;
  const { ratePerSecond } = sizes;
  return [
    { what: `ceiling A: the rows of a callback (${format}), raw`, ...rateIn(ceiling), note: ceiling.rows.join(', ') },
    { what: `orders announced before (${format})`, ...rateIn(announced) },
    {
      what: `callbacks (${format})`,
      ...rateIn(rate),
      ...saturated,
      ofA: rate.perSecond / ceiling.perSecond,
      ...(b === null ? {} : { ofB: rate.perSecond / b }),
      loss,
    },
    { what: `callbacks (${format}) at ${ratePerSecond}/s`, ...paced, note: toTheAnswer },
  ];
}

export function publishLines(figures: PublishFigures, { ratePerSecond, connections }: Sizes): Line[] {
  const { ceiling, acceptedPerSecond, rate, accepting, arriving, loss, duplicates } = figures;
  return [
    { what: 'ceiling A: the rows of a publish to its record, raw', ...rateIn(ceiling), note: ceiling.rows.join(', ') },
    {
      what: 'publishes accepted',
      perSecond: acceptedPerSecond,
      note: `closed loop, ${connections} connections, deliveries beside them`,
    },
    {
      what: 'publish → confirmed → recorded',
      ...rateIn(rate),
      ofA: rate.perSecond / ceiling.perSecond,
      loss,
      duplicates,
    },
    { what: `publish at ${ratePerSecond}/s: accepted`, ...accepting, note: toTheAnswer },
    { what: `publish at ${ratePerSecond}/s: at the sink`, ...arriving, note: toTheSink },
  ];
}
