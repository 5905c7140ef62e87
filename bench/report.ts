import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { arch, cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { sharedMs } from './role.ts';

/** One line of the table. Empty cells were not measured. */
export interface Line {
  what: string;
  perSecond?: number;
  p50Ms?: number;
  p99Ms?: number;
  /** Processor time of the server per request, in microseconds. */
  cpuUs?: number;
  ofA?: number;
  ofB?: number;
  loss?: number;
  duplicates?: number;
  note?: string;
}

const columns: readonly { title: string; of(line: Line): string }[] = [
  { title: 'what', of: ({ what }) => what },
  { title: 'per second', of: ({ perSecond }) => number(perSecond, 0) },
  { title: 'p50 ms', of: ({ p50Ms }) => number(p50Ms, 1) },
  { title: 'p99 ms', of: ({ p99Ms }) => number(p99Ms, 1) },
  { title: 'cpu µs', of: ({ cpuUs }) => number(cpuUs, 0) },
  { title: 'of A', of: ({ ofA }) => percent(ofA) },
  { title: 'of B', of: ({ ofB }) => percent(ofB) },
  { title: 'loss', of: ({ loss }) => number(loss, 0) },
  { title: 'twice', of: ({ duplicates }) => number(duplicates, 0) },
  { title: 'note', of: ({ note = '' }) => note },
];

/** A table that reads as text and as Markdown. */
export function tableOf(lines: readonly Line[]): string {
  const cells = [columns.map(({ title }) => title), ...lines.map((line) => columns.map(({ of }) => of(line)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number) => column === 0 || column === columns.length - 1;
  const text = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (isText(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const [head = [], ...rest] = cells;
  return [text(head), rule, ...rest.map(text)].join('\n');
}

/** What the figures were measured on: without it they mean nothing. */
export function machine(): string {
  const [cpu] = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const [load = 0] = loadavg();
  return [
    `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'} (${arch()})`,
    `${gibibytes} GiB`,
    `Linux ${release()}`,
    `Node ${process.version}`,
    `data on ${fileSystem()}, a synced 4 KiB append takes ${syncMs().toFixed(2)} ms`,
    `load average before ${load.toFixed(2)}`,
  ].join(' · ');
}

/** Median of what makes a commit durable. */
function syncMs(): number {
  const path = join(tmpdir(), `paidonce-bench-sync-${process.pid}`);
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096, 1);
  const times = Array.from({ length: 100 }, () => {
    const beganMs = sharedMs();
    writeSync(file, page);
    fdatasyncSync(file);
    return sharedMs() - beganMs;
  });
  closeSync(file);
  rmSync(path);
  return times.sort((one, other) => one - other)[50] ?? Number.NaN;
}

/** By its magic number (statfs(2)); a file system in memory would make every figure a lie. */
function fileSystem(): string {
  const names: Readonly<Record<number, string>> = {
    61267: 'ext4',
    1481003842: 'xfs',
    2435016766: 'btrfs',
    2035054128: 'overlayfs',
    16914836: 'tmpfs (!)',
  };
  const { type } = statfsSync(tmpdir());
  return names[type] ?? `file system ${type.toString(16)}`;
}

export function commit(): string {
  try {
    const head = readFileSync(new URL('../.git/HEAD', import.meta.url), 'utf8').trim();
    const reference = head.startsWith('ref: ') ? head.slice('ref: '.length) : null;
    const hash = reference === null ? head : readFileSync(new URL(`../.git/${reference}`, import.meta.url), 'utf8');
    return hash.slice(0, 7);
  } catch {
    // Not a checkout, or its branch is packed.
    return 'unknown';
  }
}

function number(value: number | undefined, digits: number): string {
  if (value === undefined) return '';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function percent(value: number | undefined): string {
  return value === undefined ? '' : `${Math.round(value * 100)} %`;
}
