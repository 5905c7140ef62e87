import { type Instant, toIso } from '../../domain/clock.ts';
import type { FactKind } from '../../domain/fact.ts';
import { paypalUnits } from '../../providers/events/paypal.ts';
import { utf8 } from '../../providers/primitives/bytes.ts';
import { wireFromMinor } from '../../providers/primitives/money.ts';
import { type BillRow, cannotSay, inPieces } from './text.ts';

const titles = [
  ...['Transaction ID', 'Invoice ID', 'PayPal Reference ID', 'PayPal Reference ID Type', 'Transaction Event Code'],
  ...['Transaction Initiation Date', 'Transaction Completion Date', 'Transaction Debit or Credit'],
  ...['Gross Transaction Amount', 'Gross Transaction Currency', 'Fee Debit or Credit', 'Fee Amount', 'Fee Currency'],
  ...[
    'Custom Field',
    'Consumer ID',
    'Payment Tracking ID',
    'Store ID',
    'Bank Reference ID',
    'Credit Transactional Fee',
  ],
  ...['Credit Promotional Fee', 'Credit Term'],
];

const events: Partial<Record<FactKind, readonly [event: string, direction: 'CR' | 'DR']>> = {
  captured: ['T0006', 'CR'],
  refunded: ['T1107', 'DR'],
};

/**
 * A settlement report of PayPal.
 *
 * @throws RangeError for facts that it cannot say, as it comes to them.
 */
export function paypalBill(rows: Iterable<BillRow>, about: { merchant: string; from: Instant }): Generator<Uint8Array> {
  return inPieces(linesOf(rows, about), utf8);
}

function* linesOf(rows: Iterable<BillRow>, { merchant, from }: { merchant: string; from: Instant }): Generator<string> {
  yield `"RH",${timeText(from + day)},"A",${text(merchant)},009,`;
  yield '"FH",01';
  yield `"SH",${timeText(from)},${timeText(from + day - 1000)},${text(merchant)},""`;
  yield `"CH",${titles.map(text).join(',')}`;
  const sums = new Map<string, { CR: bigint; DR: bigint; feeCR: bigint; feeDR: bigint; count: number }>();
  let count = 0;
  for (const row of rows) {
    const { fact, feeMinor } = row;
    const { kind, amountMinor, currency } = fact;
    const [event, direction] = events[kind] ?? [];
    if (event === undefined || direction === undefined || amountMinor === null || currency === null)
      return cannotSay('paypal', fact);
    const amount = wireFromMinor(amountMinor, currency, paypalUnits);
    const fee = feeMinor ?? 0n;
    const feeDirection = fee < 0n ? 'CR' : 'DR';
    const feeAmount = wireFromMinor(fee < 0n ? -fee : fee, currency, paypalUnits);
    const sum = sums.get(currency) ?? { CR: 0n, DR: 0n, feeCR: 0n, feeDR: 0n, count: 0 };
    sum[direction] += amount;
    sum[`fee${feeDirection}`] += feeAmount;
    sum.count += 1;
    sums.set(currency, sum);
    count += 1;
    const at = timeText(fact.providerTime);
    const [own, original] = kind === 'captured' ? [fact.paymentId, ''] : [fact.operationId, fact.paymentId];
    yield [
      ...[
        '"SB"',
        text(own),
        text(fact.reference ?? ''),
        text(original),
        text(original === '' ? '' : 'TXN'),
        text(event),
      ],
      ...[at, at, text(direction), amount, text(currency), text(feeDirection), feeAmount, text(currency)],
      ...['""', '"CONSUMER"', '""', '""', '""', '', '', ''],
    ].join(',');
  }
  for (const kind of ['SF', 'RF']) {
    for (const [currency, { CR, DR, feeCR, feeDR, count: own }] of sums)
      yield `"${kind}",${text(currency)},${CR},${DR},${feeDR},${feeCR},"CR",0,"CR",0,"CR",0,"CR",0,"CR",0,"CR",0,${own}`;
    yield `"${kind === 'SF' ? 'SC' : 'RC'}",${count}`;
  }
  yield `"FF",${count}`;
}

const day = 86_400_000;

function text(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

function timeText(at: Instant): string {
  return `${toIso(at).slice(0, 19).replaceAll('-', '/').replace('T', ' ')} +0000`;
}
