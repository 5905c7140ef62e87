import type { FairnessFigures, OverloadFigures } from './pressure.ts';
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
  const { ceiling, rate, saturated, paced, busy, announced, loss } = figures;
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
    { what: `callbacks (${format}) at 60 % of their maximum`, ...busy, note: toTheAnswer },
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

export function pressureLines({
  overload,
  fairness,
}: {
  overload?: OverloadFigures;
  fairness?: FairnessFigures;
}): Line[] {
  const lines: Line[] = [];
  if (overload !== undefined) {
    const { maxPerSecond, offeredPerSecond, goodPerSecond, accepted, smallAccepted } = overload;
    const { memoryBeforeMib, memoryMostMib, memoryAfterMib, refused } = overload;
    const notes = [
      `goodput ${share(goodPerSecond / maxPerSecond)} of the maximum ${Math.round(maxPerSecond)}/s`,
      `${refused} refused`,
      `a merchant with a tenth of it: ${share(smallAccepted)} accepted`,
      `memory before, most, after: ${[memoryBeforeMib, memoryMostMib, memoryAfterMib].map(Math.round).join(', ')} MiB`,
    ];
    lines.push({
      what: `overload: callbacks (hmac) at ${Math.round(offeredPerSecond)}/s, those accepted`,
      perSecond: goodPerSecond,
      ...accepted,
      note: notes.join('; '),
    });
  }
  if (fairness !== undefined) {
    const { alonePerSecond, besidePerSecond } = fairness;
    lines.push(
      { what: 'fairness: publishes to 190 endpoints alone, confirmed', perSecond: alonePerSecond },
      {
        what: 'fairness: the same beside 10 that hang, with ten times as much for each',
        perSecond: besidePerSecond,
        note: `${share(besidePerSecond / alonePerSecond)} of alone`,
      },
    );
  }
  return lines;
}

function share(part: number): string {
  return `${Math.round(part * 100)} %`;
}
