/**
 * The itemised reports of Stripe's balance: "balance change from activity" and "payout reconciliation" (docs.stripe.com/reports/report-types,
 * "Reporting categories"), CSV with amounts in major units. They have no totals.
 *
 * Amounts stand in the currency of the balance (`gross`) and in that of the customer (`customer_facing_amount`). Orders are in the
 * customer's, so a report without those columns is refused rather than read as another currency.
 *
 * Facts are those of the events: a capture under the PaymentIntent, cumulative; a refund under `re_…`; a dispute under its own id, without
 * an amount where the report gives none in the customer's currency. A partial capture comes as the whole charge and, in the same second,
 * a row that takes the rest back (`partial_capture_reversal`): the fact is what remains. For the order number the report needs the column
 * `payment_metadata[order_no]` or `payment_metadata[order_id]`; without it a fact is known by its payment.
 */
import { fromIso, type Instant } from '../../domain/clock.ts';
import type { FactKind } from '../../domain/fact.ts';
import { limits } from '../../domain/limits.ts';
import { recordsIn } from '../primitives/csv.ts';
import { malformed } from '../primitives/lines.ts';
import { currencyFrom } from '../primitives/money.ts';
import { shown } from '../primitives/refusal.ts';
import { factTold } from '../primitives/told-fact.ts';
import type { ReceiverAccount, StatementRow } from '../provider.ts';
import { Row, Titles } from './table.ts';

const kindOfCategory = new Map<string, FactKind>([
  ['charge', 'captured'],
  ['refund', 'refunded'],
  ['refund_failure', 'refund_bounced'],
  ['dispute', 'dispute_opened'],
  ['dispute_reversal', 'dispute_won'],
]);

/** See `Definition.readStatement`. */
export async function* readStripeStatement(
  file: AsyncIterable<Uint8Array>,
  account: ReceiverAccount,
): AsyncGenerator<StatementRow> {
  let places: Places | null = null;
  let held: Row[] = [];
  for await (const records of recordsIn(file)) {
    for (const { line, cells } of records) {
      const row = new Row(line, cells);
      if (places === null) {
        places = placesUnder(row);
        continue;
      }
      if (cells.length !== places.columns) throw row.malformed(`${cells.length} values under ${places.columns} titles`);
      const first = held[0];
      if (
        first !== undefined &&
        (first.text(places.createdAt) !== row.text(places.createdAt) || held.length === limits.statementRowsHeld)
      ) {
        yield* rowsOf(held, places, account);
        held = [];
      }
      held.push(row);
    }
  }
  if (places === null) throw malformed(1, 'the file is empty');
  yield* rowsOf(held, places, account);
}

type Places = ReturnType<typeof placesUnder>;

function placesUnder(header: Row) {
  const titles = new Titles(header.cells, header.line);
  const utc = titles.find('created_utc');
  return {
    columns: header.cells.length,
    createdAt: utc === -1 ? titles.place('created') : utc,
    category: titles.place('reporting_category'),
    source: titles.place('source_id'),
    intent: titles.place('payment_intent_id'),
    charge: titles.place('charge_id'),
    amount: titles.place('customer_facing_amount'),
    currency: titles.place('customer_facing_currency'),
    fee: titles.place('fee'),
    balanceCurrency: titles.place('currency'),
    orderNo: titles.find('payment_metadata[order_no]', 'payment_metadata[order_id]'),
  };
}

/** The rows of one second, in which a charge and what was not captured of it come together. */
function* rowsOf(rows: readonly Row[], places: Places, account: ReceiverAccount): Generator<StatementRow> {
  const untaken = new Map<string, Row>();
  for (const row of rows) {
    if (row.text(places.category) !== 'partial_capture_reversal') continue;
    const charge = row.requiredId(places.charge, 'charge_id');
    if (untaken.has(charge)) throw row.malformed('a second partial_capture_reversal of one charge');
    untaken.set(charge, row);
  }
  for (const row of rows) {
    const type = row.text(places.category);
    const kind = kindOfCategory.get(type) ?? null;
    const rest = kind === 'captured' ? untaken.get(row.text(places.charge)) : undefined;
    if (rest !== undefined) untaken.delete(row.text(places.charge));
    const currency = row.text(places.balanceCurrency).toUpperCase();
    const fact = kind === null ? null : factOf(row, { kind, rest, places, account });
    const fee =
      currencyFrom(currency) === null || fact?.currency !== currency ? null : row.amount(places.fee, currency);
    yield { line: row.line, type, fact, feeMinor: fee };
  }
  for (const row of untaken.values()) throw row.malformed('a partial_capture_reversal apart from its charge');
}

interface Told {
  kind: FactKind;
  /** The row that takes back what was authorised and not captured. */
  rest: Row | undefined;
  places: Places;
  account: ReceiverAccount;
}

function factOf(row: Row, { kind, rest, places, account }: Told) {
  const paymentId = row.id(places.intent) ?? row.requiredId(places.charge, 'payment_intent_id and no charge_id');
  const whole = moneyOf(row, places);
  const back = rest === undefined ? null : moneyOf(rest, places);
  if (
    rest !== undefined &&
    (whole === null || back === null || back.currency !== whole.currency || back.amountMinor > whole.amountMinor)
  )
    throw rest.malformed('it takes back more than the charge, or another currency');
  const fact = factTold(
    {
      kind,
      paymentId,
      operationId: kind === 'captured' ? paymentId : row.requiredId(places.source, 'source_id'),
      reference: row.orderNo(places.orderNo),
      money: whole === null || back === null ? whole : { ...whole, amountMinor: whole.amountMinor - back.amountMinor },
      measure: kind === 'captured' ? 'cumulative' : 'single',
      time: timeOf(row.text(places.createdAt)),
    },
    account.id,
  );
  if (typeof fact === 'string') throw row.malformed(fact);
  return fact;
}

/** What the customer paid or got, without the sign that the balance gives it; null where the row does not say. */
function moneyOf(row: Row, places: Places) {
  const code = row.text(places.currency);
  if (code === '' || row.text(places.amount) === '') return null;
  const currency = currencyFrom(code);
  if (currency === null) throw row.malformed(`${shown(code)} is no currency of ISO 4217`);
  const amount = row.amount(places.amount, currency);
  return { amountMinor: amount < 0n ? -amount : amount, currency };
}

/** `2026-01-30 10:11:12`, in UTC. */
function timeOf(text: string): Instant | null {
  return fromIso(`${text.replace(' ', 'T')}Z`);
}
