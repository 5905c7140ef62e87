import 'uplot/dist/uPlot.min.css';
import './time-chart.css';
import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import Plot from 'uplot';
import { commonTexts } from '../texts/common.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';

/** One line, or one kind of bar. `color` is a variable of the styles: `--accent`. */
export interface Series {
  label: string;
  color: string;
  values: readonly (number | null)[];
  /** Filled below. */
  filled?: boolean;
}

interface TimeChartProps {
  /** What it shows, for those who do not see it. */
  label: string;
  /** Seconds since 1970, ascending. */
  at: readonly number[];
  series: readonly Series[];
  format: (value: number) => string;
  /** The values' least and most; default: as they come, from 0. */
  bounds?: readonly [number, number] | undefined;
  height?: number;
}

/** Figures over time: pointing shows the values of a moment. */
export function TimeChart({ label, at, series, format, bounds, height = 180 }: TimeChartProps) {
  const { ref, width } = useElementSize();
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  const { tag } = useLanguage();
  const time = useTexts(commonTexts)('time');
  const shape = JSON.stringify([
    series.map(({ label, color, filled }) => [label, color, filled]),
    bounds,
    height,
    tag,
    scheme,
  ]);
  const given = { at, series, format, bounds, height, tag, time };
  const latest = useRef(given);
  latest.current = given;
  const plot = useRef<Plot | null>(null);
  // A new shape needs a new plot; new values do not.
  useEffect(() => {
    if (place.current === null || width === 0 || shape === '') return;
    const made = new Plot({ ...optionsOf(latest.current), width }, dataOf(latest.current), place.current);
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [width, shape]);
  useEffect(() => plot.current?.setData(dataOf({ at, series })), [at, series]);
  return (
    <div ref={ref} role="img" aria-label={label}>
      <div ref={place} />
    </div>
  );
}

function dataOf({ at, series }: Pick<TimeChartProps, 'at' | 'series'>): Plot.AlignedData {
  return [[...at], ...series.map(({ values }) => [...values])];
}

function optionsOf(
  given: Omit<TimeChartProps, 'label' | 'height'> & { height: number; tag: string; time: string },
): Omit<Plot.Options, 'width'> {
  const { series, format, bounds, height, tag, time } = given;
  const ink = colorOf('--soft');
  const line = colorOf('--line');
  const font = '11px system-ui, sans-serif';
  const grid = { stroke: line, width: 1 };
  const times = new Intl.DateTimeFormat(tag, {
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return {
    height,
    padding: [8, 8, 0, 0],
    legend: { live: true },
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      y: {
        range: (_plot, _least, most) => (bounds === undefined ? [0, Math.max(1, most * 1.1)] : [bounds[0], bounds[1]]),
      },
    },
    axes: [
      {
        stroke: ink,
        font,
        grid: { show: false },
        ticks: grid,
        values: (_plot, ticks) => ticks.map((tick) => shortTime(tick, ticks, tag)),
      },
      {
        stroke: ink,
        font,
        grid,
        ticks: { show: false },
        size: 56,
        values: (_plot, ticks) => ticks.map((tick) => format(tick)),
      },
    ],
    series: [
      {
        label: time,
        value: (_plot, tick) => (tick === null || tick === undefined ? '—' : times.format(new Date(tick * 1000))),
      },
      ...series.map(({ label, color, filled }) => ({
        label,
        stroke: colorOf(color),
        width: 1.5,
        // What happened rarely is a line between the moments at which it did.
        spanGaps: true,
        points: {
          filter: (plot: Plot, index: number, areShown: boolean) => (areShown ? null : lonelyOf(plot.data[index])),
        },
        value: (_plot: Plot, value: number | null) => (value === null ? '—' : format(value)),
        ...(filled === true ? { fill: `color-mix(in srgb, ${colorOf(color)} 14%, transparent)` } : {}),
      })),
    ],
  };
}

/** Where nothing else has a value there is no line: it is drawn as a point. */
function lonelyOf(values: Plot.AlignedData[number] | undefined): number[] {
  const places = [...(values ?? [])].flatMap((value, place) => (typeof value === 'number' ? [place] : []));
  return places.length === 1 ? places : [];
}

/** Hours within a day, else the day. */
function shortTime(tick: number, ticks: readonly number[], tag: string): string {
  const step = (ticks[1] ?? 0) - (ticks[0] ?? 0);
  const form: Intl.DateTimeFormatOptions =
    step >= 86_400 ? { month: '2-digit', day: '2-digit' } : { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return new Intl.DateTimeFormat(tag, form).format(new Date(tick * 1000));
}

/** A canvas knows no variables: the colour as it is at this moment. */
function colorOf(variable: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${variable})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
