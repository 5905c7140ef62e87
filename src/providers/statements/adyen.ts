/**
 * The settlement details report of Adyen (docs.adyen.com/reporting/settlement-reconciliation, "Settlement details report"): CSV with
 * amounts in major units, debit and credit apart, gross in the currency of the order and net in that of the payout. A report is of one
 * batch, may hold several merchant accounts, and has no totals.
 *
 * Facts are those of the webhooks: a capture under the payment's pspReference, or with manual capture under that of the CAPTURE
 * (Modification Reference); refunds and chargebacks under their own.
 */
import { fromIso, type Instant } from '../../domain/clock.ts';
import type { FactKind } from '../../domain/fact.ts';
import { recordsIn } from '../primitives/csv.ts';
import { malformed } from '../primitives/lines.ts';
import { currencyFrom } from '../primitives/money.ts';
import { shown } from '../primitives/refusal.ts';
import { factTold } from '../primitives/told-fact.ts';
import type { ReceiverAccount, StatementRow } from '../provider.ts';
import { Row, Titles } from './table.ts';

const kindOfType = new Map<string, FactKind>([
  ['Settled', 'captured'],
  ['Refunded', 'refunded'],
  ['RefundedReversed', 'refund_bounced'],
  ['Chargeback', 'dispute_opened'],
  ['ChargebackReversed', 'dispute_won'],
  ['SecondChargeback', 'dispute_lost'],
]);

/** Hours ahead of UTC of the zones that reports name by letters. Those that mean several (CST, IST) are left out. */
const zones: Readonly<Record<string, string>> = {
  UTC: 'Z',
  GMT: 'Z',
  BST: '+01:00',
  CET: '+01:00',
  CEST: '+02:00',
  EET: '+02:00',
  EEST: '+03:00',
  EST: '-05:00',
  EDT: '-04:00',
  PST: '-08:00',
  PDT: '-07:00',
  BRT: '-03:00',
  SGT: '+08:00',
  HKT: '+08:00',
  JST: '+09:00',
  AEST: '+10:00',
  AEDT: '+11:00',
};

interface Settings {
  account: ReceiverAccount;
  capture: 'automatic' | 'manual';
  merchantAccounts: readonly string[] | null;
}

/** See `Definition.readStatement`. */
export async function* readAdyenStatement(
  file: AsyncIterable<Uint8Array>,
  account: ReceiverAccount,
  credentials: { capture?: 'automatic' | 'manual'; merchant_accounts?: readonly string[] },
): AsyncGenerator<StatementRow> {
  const { capture = 'automatic', merchant_accounts: merchantAccounts = null } = credentials;
  const settings = { account, capture, merchantAccounts };
  let places: Places | null = null;
  for await (const records of recordsIn(file)) {
    for (const { line, cells } of records) {
      const row = new Row(line, cells);
      if (places === null) places = placesUnder(row);
      else yield rowOf(row, places, settings);
    }
  }
  if (places === null) throw malformed(1, 'the file is empty');
}

type Places = ReturnType<typeof placesUnder>;

function placesUnder(header: Row) {
  const titles = new Titles(header.cells, header.line);
  return {
    columns: header.cells.length,
    merchantAccount: titles.place('Merchant Account'),
    payment: titles.place('Psp Reference'),
    orderNo: titles.place('Merchant Reference'),
    createdAt: titles.place('Creation Date'),
    zone: titles.place('TimeZone'),
    type: titles.place('Type'),
    modification: titles.place('Modification Reference'),
    currency: titles.place('Gross Currency'),
    debit: titles.place('Gross Debit (GC)'),
    credit: titles.place('Gross Credit (GC)'),
    netCurrency: titles.place('Net Currency'),
    netDebit: titles.place('Net Debit (NC)'),
    netCredit: titles.place('Net Credit (NC)'),
  };
}

function rowOf(row: Row, places: Places, settings: Settings): StatementRow {
  if (row.cells.length !== places.columns)
    throw row.malformed(`${row.cells.length} values under ${places.columns} titles`);
  const type = row.text(places.type);
  const kind = kindOfType.get(type);
  const isOurs = settings.merchantAccounts?.includes(row.text(places.merchantAccount)) ?? true;
  if (kind === undefined || !isOurs) return { line: row.line, type, fact: null, feeMinor: null };
  const currency = currencyFrom(row.text(places.currency));
  if (currency === null) throw row.malformed(`${shown(row.text(places.currency))} is no currency of ISO 4217`);
  const gross = balanceOf(row, currency, [places.credit, places.debit]);
  const feeMinor =
    row.text(places.netCurrency) === currency
      ? gross - balanceOf(row, currency, [places.netCredit, places.netDebit])
      : null;
  const money = { amountMinor: gross < 0n ? -gross : gross, currency };
  return { line: row.line, type, fact: factOf(row, { kind, money, places, settings }), feeMinor };
}

/** One of the two stands in the row. */
function balanceOf(row: Row, currency: string, [credit, debit]: readonly [credit: number, debit: number]): bigint {
  if (row.text(credit) === '' && row.text(debit) === '') throw row.malformed('neither a debit nor a credit');
  return row.amountOrZero(credit, currency) - row.amountOrZero(debit, currency);
}

interface Told {
  kind: FactKind;
  money: { amountMinor: bigint; currency: string };
  places: Places;
  settings: Settings;
}

function factOf(row: Row, { kind, money, places, settings }: Told) {
  const paymentId = row.requiredId(places.payment, 'Psp Reference');
  const isOfPayment = kind === 'captured' && settings.capture === 'automatic';
  const operationId = isOfPayment ? paymentId : row.requiredId(places.modification, 'Modification Reference');
  const time = timeOf(row, places);
  const reference = row.orderNo(places.orderNo);
  const fact = factTold({ kind, paymentId, operationId, reference, money, time }, settings.account.id);
  if (typeof fact === 'string') throw row.malformed(fact);
  return fact;
}

function timeOf(row: Row, places: Places): Instant | null {
  const zone = row.text(places.zone);
  const offset = Object.hasOwn(zones, zone) ? zones[zone] : undefined;
  if (offset === undefined) throw row.malformed(`the time zone ${shown(zone)} is not known; ask for the report in UTC`);
  return fromIso(`${row.text(places.createdAt).replace(' ', 'T')}${offset}`);
}
