import { toIso } from '../../domain/clock.ts';
import type { FactKind } from '../../domain/fact.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import { utf8 } from '../../providers/primitives/bytes.ts';
import { type BillRow, cannotSay, csvLine, inPieces, signed } from './text.ts';

const titles = [
  ...['balance_transaction_id', 'created_utc', 'currency', 'gross', 'fee', 'net', 'reporting_category', 'source_id'],
  ...['description', 'customer_facing_amount', 'customer_facing_currency', 'charge_id', 'payment_intent_id'],
  'payment_metadata[order_no]',
];

/** The category, and the sign that the balance gives it. */
const categories: Partial<Record<FactKind, readonly [category: string, sign: 1n | -1n]>> = {
  captured: ['charge', 1n],
  refunded: ['refund', -1n],
  refund_bounced: ['refund_failure', 1n],
  dispute_opened: ['dispute', -1n],
  dispute_won: ['dispute_reversal', 1n],
};

/**
 * An itemised report of Stripe, of a balance in the currency of the customers.
 *
 * @throws RangeError for facts that it cannot say, as it comes to them.
 */
export function stripeBill(rows: Iterable<BillRow>): Generator<Uint8Array> {
  return inPieces(linesOf(rows), utf8);
}

function* linesOf(rows: Iterable<BillRow>): Generator<string> {
  yield csvLine(titles);
  let number = 0;
  for (const { fact, feeMinor } of rows) {
    const { kind, amountMinor, currency } = fact;
    const [category, sign] = categories[kind] ?? [];
    if (category === undefined || sign === undefined || amountMinor === null || currency === null)
      return cannotSay('stripe', fact);
    number += 1;
    const decimal = (amount: bigint) => signed(amount, (positive) => decimalFromMinor(positive, currency));
    const fee = feeMinor ?? 0n;
    const charge = `ch_${fact.paymentId.replace(/^pi_/, '')}`;
    yield csvLine([
      ...[`txn_${number}`, toIso(fact.providerTime).slice(0, 19).replace('T', ' '), currency.toLowerCase()],
      ...[decimal(sign * amountMinor), decimal(fee), decimal(sign * amountMinor - fee), category],
      ...[kind === 'captured' ? charge : fact.operationId, `Order ${fact.reference ?? 'unknown'}`],
      ...[decimal(sign * amountMinor), currency.toLowerCase(), charge, fact.paymentId, fact.reference ?? ''],
    ]);
  }
}
