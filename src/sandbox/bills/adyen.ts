import { toIso } from '../../domain/clock.ts';
import type { FactKind } from '../../domain/fact.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import { utf8 } from '../../providers/primitives/bytes.ts';
import { type BillRow, cannotSay, csvLine, inPieces } from './text.ts';

const titles = [
  ...['Company Account', 'Merchant Account', 'Psp Reference', 'Merchant Reference', 'Payment Method', 'Creation Date'],
  ...['TimeZone', 'Type', 'Modification Reference', 'Gross Currency', 'Gross Debit (GC)', 'Gross Credit (GC)'],
  ...['Exchange Rate', 'Net Currency', 'Net Debit (NC)', 'Net Credit (NC)', 'Commission (NC)', 'Markup (NC)'],
  ...[
    'Scheme Fees (NC)',
    'Interchange (NC)',
    'Payment Method Variant',
    'Modification Merchant Reference',
    'Batch Number',
  ],
];

/** The type, and whether the merchant gets the money. */
const types: Partial<Record<FactKind, readonly [type: string, isCredit: boolean]>> = {
  captured: ['Settled', true],
  refunded: ['Refunded', false],
  refund_bounced: ['RefundedReversed', true],
  dispute_opened: ['Chargeback', false],
  dispute_won: ['ChargebackReversed', true],
  dispute_lost: ['SecondChargeback', false],
};

/**
 * A settlement details report of Adyen, in UTC, settled in the currency of the orders.
 *
 * @throws RangeError for facts that it cannot say, as it comes to them.
 */
export function adyenBill(
  rows: Iterable<BillRow>,
  { merchantAccount }: { merchantAccount: string },
): Generator<Uint8Array> {
  return inPieces(linesOf(rows, merchantAccount), utf8);
}

function* linesOf(rows: Iterable<BillRow>, merchantAccount: string): Generator<string> {
  yield csvLine(titles);
  for (const { fact, feeMinor } of rows) {
    const { kind, amountMinor, currency } = fact;
    const [type, isCredit] = types[kind] ?? [];
    if (type === undefined || isCredit === undefined || amountMinor === null || currency === null)
      return cannotSay('adyen', fact);
    const net = (isCredit ? amountMinor : -amountMinor) - (feeMinor ?? 0n);
    const decimal = (amount: bigint) => (amount < 0n ? '' : decimalFromMinor(amount, currency));
    yield csvLine([
      ...['Company', merchantAccount, fact.paymentId, fact.reference ?? '', 'visa'],
      ...[toIso(fact.providerTime).slice(0, 19).replace('T', ' '), 'UTC', type, fact.operationId, currency],
      ...[isCredit ? '' : decimal(amountMinor), isCredit ? decimal(amountMinor) : '', '1'],
      ...[currency, net < 0n ? decimal(-net) : '', decimal(net), decimal(feeMinor ?? 0n), '', '', '', 'visa', '', '1'],
    ]);
  }
}
