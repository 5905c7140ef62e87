/**
 * The settlement report (STL) and the transaction detail report (TRR) of PayPal (developer.paypal.com/reports/settlement): CSV whose first
 * cell says what a record is: RH FH SH CH SB … SF SC RF RC FF (report, file and section headers, column titles, body; footers and counts).
 * Amounts are whole numbers in the smallest unit, with `CR` or `DR` beside them. Section footers of the settlement report give the gross
 * credits and debits of each currency, which must be what the rows add up to.
 *
 * paymentId: the id of the capture (Transaction ID of an event T00…). operationId: capture the same; refund (T1107) and reversal (T1106)
 * their own, their payment being PayPal Reference ID: to callbacks too a reversal is a refund of its own. Holds and chargebacks (T111…, T12…) name no
 * dispute, so they are no facts: disputes come by callback and query.
 */
import { fromIso, type Instant } from '../../domain/clock.ts';
import type { FactKind } from '../../domain/fact.ts';
import { isOrderNo } from '../../domain/ids.ts';
import { paypalUnits } from '../events/paypal.ts';
import { recordsIn } from '../primitives/csv.ts';
import { malformed } from '../primitives/lines.ts';
import { moneyFromWire } from '../primitives/money.ts';
import { shown } from '../primitives/refusal.ts';
import { factTold } from '../primitives/told-fact.ts';
import type { ReceiverAccount, StatementRow } from '../provider.ts';
import { Row, Titles } from './table.ts';

/** Where a section footer has its currency and gross sums. */
const footer = { currency: 1, credits: 2, debits: 3 } as const;

/** See `Definition.readStatement`. */
export async function* readPaypalStatement(
  file: AsyncIterable<Uint8Array>,
  account: ReceiverAccount,
): AsyncGenerator<StatementRow> {
  let section: Section | null = null;
  let line = 1;
  let isDone = false;
  for await (const records of recordsIn(file)) {
    for (const record of records) {
      const row = new Row(record.line, record.cells);
      line = row.line;
      if (isDone) throw row.malformed('something follows the end of the file');
      const kind = row.text(0);
      if (kind === 'CH') section = new Section(row, account);
      else if (kind === 'SB') {
        if (section === null) throw row.malformed('a row before its titles');
        yield section.read(row);
      } else if (kind === 'SF') section?.check(row);
      else if (kind === 'SC') {
        section?.checkEnd(row);
        section = null;
      } else if (kind === 'FF') {
        if (section !== null) throw row.malformed('a section without its footers');
        isDone = true;
      } else if (!['RH', 'FH', 'SH', 'RF', 'RC'].includes(kind))
        throw row.malformed(`a record of the unknown kind ${shown(kind)}`);
    }
  }
  if (!isDone) throw malformed(line, 'the file ends without its footer');
}

interface Sum {
  CR: bigint;
  DR: bigint;
}

/** The rows between column titles and section footer. */
class Section {
  readonly #account: ReceiverAccount;
  readonly #places: Places;
  /** What the rows add up to, by currency, until a footer has said the same. */
  readonly #sums = new Map<string, Sum>();

  constructor(titles: Row, account: ReceiverAccount) {
    this.#account = account;
    this.#places = placesUnder(titles);
  }

  read(row: Row): StatementRow {
    const places = this.#places;
    if (row.cells.length !== places.columns)
      throw row.malformed(`${row.cells.length} values under ${places.columns} titles`);
    const money = moneyAt(row, places.amount, places.currency);
    const direction = directionAt(row, places.direction);
    if (money !== null) {
      const sum = this.#sums.get(money.currency) ?? { CR: 0n, DR: 0n };
      sum[direction] += money.amountMinor;
      this.#sums.set(money.currency, sum);
    }
    const type = row.text(places.event);
    const status = row.text(places.status);
    const kind = status === '' || status === 'S' ? kindOf(type, direction) : null;
    if (kind === null || money === null) return { line: row.line, type, fact: null, feeMinor: null };
    return { line: row.line, type, fact: this.#factOf(row, kind, money), feeMinor: feeOf(row, places, money.currency) };
  }

  /** A settlement report says its sums; what the sums of a detail report count is not published. */
  check(row: Row): void {
    const currency = row.text(footer.currency);
    if (this.#places.status !== -1) {
      this.#sums.clear();
      return;
    }
    const sum = this.#sums.get(currency) ?? { CR: 0n, DR: 0n };
    for (const [title, place, ours] of [
      ['credits', footer.credits, sum.CR],
      ['debits', footer.debits, sum.DR],
    ] as const) {
      const said = moneyAt(row, place, footer.currency);
      if (said?.amountMinor !== ours)
        throw row.malformed(
          `${title} in ${shown(currency)} are ${shown(row.text(place))}, and the rows add up to ${ours}`,
        );
    }
    this.#sums.delete(currency);
  }

  checkEnd(row: Row): void {
    const [currency] = this.#sums.keys();
    if (currency !== undefined) throw row.malformed(`a section without a footer for ${currency}`);
  }

  #factOf(row: Row, kind: FactKind, money: { amountMinor: bigint; currency: string }) {
    const places = this.#places;
    const own = row.requiredId(places.transaction, 'Transaction ID');
    const paymentId = kind === 'captured' ? own : row.requiredId(places.referenceId, 'PayPal Reference ID');
    const reference = [places.invoice, places.custom].map((place) => row.text(place)).find((text) => text !== '') ?? '';
    const fact = factTold(
      {
        kind,
        paymentId,
        operationId: own,
        reference: isOrderNo(reference) ? reference : null,
        money,
        time: timeOf(row.text(places.completedAt)),
      },
      this.#account.id,
    );
    if (typeof fact === 'string') throw row.malformed(fact);
    return fact;
  }
}

type Places = ReturnType<typeof placesUnder>;

function placesUnder(header: Row) {
  const titles = new Titles(
    header.cells.map((title) => title.replaceAll(/ +/g, ' ')),
    header.line,
  );
  return {
    columns: header.cells.length,
    transaction: titles.place('Transaction ID'),
    invoice: titles.place('Invoice ID'),
    custom: titles.find('Custom Field'),
    referenceId: titles.place('PayPal Reference ID'),
    event: titles.place('Transaction Event Code'),
    completedAt: titles.place('Transaction Completion Date'),
    direction: titles.place('Transaction Debit or Credit'),
    amount: titles.place('Gross Transaction Amount'),
    currency: titles.place('Gross Transaction Currency'),
    feeDirection: titles.place('Fee Debit or Credit'),
    fee: titles.place('Fee Amount'),
    feeCurrency: titles.place('Fee Currency'),
    status: titles.find('Transactional Status', 'Transaction Status'),
  };
}

function kindOf(event: string, direction: 'CR' | 'DR'): FactKind | null {
  if (direction === 'CR') return event.startsWith('T00') ? 'captured' : null;
  return event === 'T1107' || event === 'T1106' ? 'refunded' : null;
}

function moneyAt(row: Row, amount: number, currency: number) {
  const text = row.text(amount);
  const money = moneyFromWire(text === '' ? undefined : text, row.text(currency), paypalUnits);
  if (typeof money === 'string') throw row.malformed(money);
  return money;
}

function directionAt(row: Row, place: number): 'CR' | 'DR' {
  const text = row.text(place);
  if (text !== 'CR' && text !== 'DR') throw row.malformed(`${shown(text)} is neither CR nor DR`);
  return text;
}

/** A debit is what PayPal took. */
function feeOf(row: Row, places: Places, currency: string): bigint | null {
  const fee = moneyAt(row, places.fee, places.feeCurrency);
  if (fee === null) return 0n;
  if (fee.currency !== currency) return null;
  return directionAt(row, places.feeDirection) === 'DR' ? fee.amountMinor : -fee.amountMinor;
}

/** `2026/01/06 00:00:30 -0800` */
function timeOf(text: string): Instant | null {
  const match = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/.exec(text);
  if (match === null) return null;
  const [, year, month, day, time, hours, minutes] = match;
  return fromIso(`${year}-${month}-${day}T${time}${hours}:${minutes}`);
}
