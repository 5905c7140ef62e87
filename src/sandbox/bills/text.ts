import type { Fact } from '../../domain/fact.ts';

/** One thing that happened, as a bill tells it, and what the platform kept of it: negative where it gave back, null where it does not say. */
export interface BillRow {
  fact: Omit<Fact, 'account'>;
  feeMinor: bigint | null;
}

const pieceCharacters = 65_536;

/** Lines, each ended by CR LF, as pieces of a file. */
export function* inPieces(lines: Iterable<string>, encode: (text: string) => Uint8Array): Generator<Uint8Array> {
  let text = '';
  for (const line of lines) {
    text += `${line}\r\n`;
    if (text.length < pieceCharacters) continue;
    yield encode(text);
    text = '';
  }
  if (text !== '') yield encode(text);
}

/** A line of CSV (RFC 4180): quoted is what must be. */
export function csvLine(cells: readonly string[]): string {
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}

/** Bills show that money which moves one way and the other apart by its sign. */
export function signed(amountMinor: bigint, decimal: (amount: bigint) => string): string {
  return amountMinor < 0n ? `-${decimal(-amountMinor)}` : decimal(amountMinor);
}

/** @throws RangeError always: the bill has no word for the fact. */
export function cannotSay(platform: string, { kind, currency }: BillRow['fact']): never {
  throw new RangeError(`the bill of ${platform} cannot say ${kind} in ${currency}`);
}
