import { toIso } from '../domain/clock.ts';
import type { ReconciliationId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Difference, DifferenceKind } from '../domain/reconciliation.ts';
import type { Service } from '../service.ts';
import type { Page } from '../stores/reads.ts';
import type { File } from './route.ts';

const titles = [
  'kind',
  'date',
  'order_no',
  'payment_id',
  'operation_id',
  'fact_kind',
  'ours_kind',
  'ours_amount_minor',
  'ours_currency',
  'ours_at',
  'theirs_kind',
  'theirs_amount_minor',
  'theirs_currency',
  'theirs_at',
  'line',
  'type',
  'fee_minor',
  'expected_fee_minor',
];

/** All differences as CSV (RFC 4180), a page of the list at a time. */
export function differencesAsCsv(
  { store }: Service,
  of: { id: ReconciliationId; run: number; kind: DifferenceKind | null },
): File {
  async function* lines(): AsyncGenerator<string> {
    yield `${titles.join(',')}\r\n`;
    let cursor: string | null = null;
    do {
      const page: Page<Difference> = await store.read('differences', { ...of, limit: limits.pageMax, cursor });
      yield page.data.map((one) => `${valuesOf(one).map(cell).join(',')}\r\n`).join('');
      cursor = page.nextCursor;
    } while (cursor !== null);
  }
  return { type: 'text/csv; charset=utf-8', name: `differences-${of.id}.csv`, text: lines() };
}

function valuesOf({ ours, theirs, ...one }: Difference): readonly unknown[] {
  const sides = [ours, theirs].flatMap((side) => [
    side?.kind,
    side?.amountMinor,
    side?.currency,
    side === null ? null : toIso(side.at),
  ]);
  const about = [one.kind, one.day, one.orderNo, one.paymentId, one.operationId, one.factKind];
  return [...about, ...sides, theirs?.line, theirs?.type, theirs?.feeMinor, one.expectedFeeMinor];
}

/** What begins like a formula would be worked out by a spreadsheet. */
function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  const plain = /^[=+\-@\t\r]/.test(text) && !/^-\d+$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
