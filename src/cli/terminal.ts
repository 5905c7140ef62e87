import { stripVTControlCharacters, styleText } from 'node:util';

/** Where a command writes and reads. Tests pass their own. */
export interface Terminal {
  out(line: string): void;
  error(line: string): void;
  /** Rewrites one line while something takes long; nothing where nobody watches. '' clears it. */
  progress(line: string): void;
  /** Text in a style where the stream is a terminal and colours are wanted (`NO_COLOR`), else as it is. */
  style(style: Style, text: string): string;
  /** Everything that is piped in. */
  stdin(): Promise<Uint8Array>;
  /** Aborted by Ctrl-C and by SIGTERM. */
  interrupted: AbortSignal;
}

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

/** The terminal this process runs in. */
export function processTerminal(): Terminal {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupt.abort());
  }
  // `paidonce explain … | head` closes the pipe early; what was wanted has been read.
  process.stdout.on('error', () => {});
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    error: (line) => void process.stderr.write(`${line}\n`),
    progress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${line}`);
    },
    style: (style, text) => styleText(style, text, { stream: process.stdout, validateStream: true }),
    async stdin() {
      if (process.stdin.isTTY)
        process.stderr.write('Reading from the terminal; paste, then end with Ctrl-D on an empty line.\n');
      const chunks: Uint8Array[] = [];
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks);
    },
    interrupted: interrupt.signal,
  };
}

const barWidth = 30;

/** How far long work is, as a bar with its share. */
export function progressBar(done: number, all: number): string {
  const share = all <= 0 ? 1 : Math.min(1, done / all);
  const full = Math.round(share * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${Math.floor(share * 100)} %`;
}

/** Text of somebody else's, without the control characters that could rewrite the terminal. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

/** Rows in columns as wide as their widest cell; the last column is not padded. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: Terminal,
): readonly string[] {
  const all = [heads, ...rows.map((row) => row.map(plain))];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))));
  const lines = all.map((row) =>
    row
      .map((cell, column) =>
        column === heads.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)),
      )
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line, index) => (index === 0 ? terminal.style('dim', line) : line));
}

/** Columns that a text takes: East Asian wide characters and pictures take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    width +=
      /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
