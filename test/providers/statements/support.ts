import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { chineseOf } from '../../../console/texts/sentences/chinese.ts';
import { AppError } from '../../../src/domain/errors.ts';
import type { Fact } from '../../../src/domain/fact.ts';
import type { StatementRow } from '../../../src/providers/provider.ts';
import { account, sidesOf } from '../support.ts';

export type Reader = (file: AsyncIterable<Uint8Array>) => AsyncIterable<StatementRow>;

/** Reads the bills of an account with made-up credentials. */
export function readerOf(name: string, changes: object = {}): Reader {
  const { provider, credentials } = sidesOf(name, { account: changes });
  const { readStatement } = provider;
  if (readStatement === undefined) throw new Error(`${name} reads no bill`);
  return (file) => readStatement(file, account, credentials.account);
}

/** A file that comes in pieces of so many bytes. */
export async function* inBytes(pieces: Iterable<Uint8Array>, bytesEach = Number.POSITIVE_INFINITY) {
  for (const piece of pieces)
    for (let start = 0; start < piece.length; start += bytesEach) yield piece.subarray(start, start + bytesEach);
}

/** The lines of a text as a file. */
export function fileOf(...lines: readonly string[]) {
  return inBytes([Buffer.from(lines.map((line) => `${line}\n`).join(''))]);
}

/** A file of the folder of fixtures, in small pieces. */
export function fixture(name: string) {
  return inBytes([readFileSync(new URL(`fixtures/${name}`, import.meta.url))], 777);
}

/** The same, changed. */
export function changedFixture(name: string, change: (text: string) => string) {
  return inBytes([Buffer.from(change(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')))]);
}

export async function rowsOf(rows: AsyncIterable<StatementRow>): Promise<StatementRow[]> {
  const found: StatementRow[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

/** Expects the file to be refused, and gives what the refusal says. The console must be able to say it in Chinese. */
export async function refusalOf(rows: AsyncIterable<StatementRow>): Promise<string> {
  const error = await rowsOf(rows).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ code: 'statement.malformed' });
  const detail = error instanceof AppError ? error.detail : '';
  expect(chineseOf(detail), detail).not.toBeNull();
  return detail;
}

export function captured(changes: Partial<Fact> = {}): Fact {
  return {
    account: account.id,
    kind: 'captured',
    paymentId: 'PAY-1',
    operationId: 'PAY-1',
    reference: 'ORDER-1',
    amountMinor: 8880n,
    currency: 'CNY',
    fromOrder: false,
    measure: 'single',
    providerTime: Date.parse('2026-01-05T02:21:32Z'),
    ...changes,
  };
}
