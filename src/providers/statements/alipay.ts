/**
 * The trade bill of Alipay (opendocs.alipay.com, `alipay.data.dataservice.bill.downloadurl.query` with `bill_type` trade): a zip of CSV
 * files in GBK, one with the rows (业务明细) and one with sums by store (业务明细(汇总)), which is not read. Lines that begin with `#`
 * frame the rows; after them stand the totals of trades and of refunds. Ids end with a tab, so that spreadsheets keep their digits.
 *
 * Facts: a capture under the trade number, as notifications tell it; a refund under its own request number, single, as queries tell it
 * (notifications only tell the total refunded).
 */
import { fromBeijing } from '../primitives/beijing-time.ts';
import { LineSplitter, malformed } from '../primitives/lines.ts';
import { signedFromDecimal } from '../primitives/money.ts';
import { shown } from '../primitives/refusal.ts';
import { factTold } from '../primitives/told-fact.ts';
import { unzip } from '../primitives/unzip.ts';
import type { ReceiverAccount, StatementRow } from '../provider.ts';
import { Row, Titles } from './table.ts';

const firstLineOfRows = '#支付宝业务明细查询';

/** See `Definition.readStatement`. */
export async function* readAlipayStatement(
  file: AsyncIterable<Uint8Array>,
  account: ReceiverAccount,
): AsyncGenerator<StatementRow> {
  let [open, splitter] = [-1, new LineSplitter('gbk')];
  let bill = new Details(account);
  const found: Details[] = [];
  for await (const piece of unzip(file)) {
    if (piece.file !== open) {
      yield* bill.rows(splitter.end());
      [open, splitter, bill] = [piece.file, new LineSplitter('gbk'), new Details(account)];
      found.push(bill);
    }
    for (const lines of splitter.push(piece.bytes)) yield* bill.rows(lines);
  }
  yield* bill.rows(splitter.end());
  const details = found.filter((one) => one.isDetails);
  if (details.length === 0) throw malformed(1, `no file of the zip begins with ${firstLineOfRows}`);
  for (const one of details) one.checkEnd();
}

interface Sum {
  count: number;
  receivedMinor: bigint;
}

/** One file of the zip, line by line. */
class Details {
  isDetails = false;
  readonly #account: ReceiverAccount;
  #line = 0;
  #places: Places | null = null;
  #areRowsOver = false;
  readonly #sums = new Map<string, Sum>([
    ['交易', { count: 0, receivedMinor: 0n }],
    ['退款', { count: 0, receivedMinor: 0n }],
  ]);
  readonly #checked = new Set<string>();

  constructor(account: ReceiverAccount) {
    this.#account = account;
  }

  *rows(lines: readonly string[]): Generator<StatementRow> {
    for (const text of lines) {
      this.#line += 1;
      if (this.#line === 1) this.isDetails = text.startsWith(firstLineOfRows);
      if (!this.isDetails) return;
      if (text.startsWith('#')) this.#comment(text);
      else if (text !== '') {
        const row = new Row(
          this.#line,
          text.split(',').map((cell) => cell.trim()),
        );
        if (this.#areRowsOver) throw row.malformed('a row after the end of the list');
        if (this.#places === null) this.#places = placesUnder(row);
        else yield this.#read(row, this.#places);
      }
    }
  }

  checkEnd(): void {
    for (const type of this.#sums.keys())
      if (!this.#checked.has(type)) throw malformed(this.#line, `the file ends without #${type}合计`);
  }

  #comment(text: string): void {
    if (text.includes('业务明细列表结束')) this.#areRowsOver = true;
    const total = /^#(交易|退款)合计：(\d+)笔，商家实收(?:退款)?共(-?[\d.]+)元/.exec(text);
    if (total === null) return;
    const [, type = '', count, received = ''] = total;
    const sum = this.#sums.get(type);
    if (sum === undefined) return;
    if (Number(count) !== sum.count) throw malformed(this.#line, `${count} ${type}, and the file has ${sum.count}`);
    if (signedFromDecimal(received, 'CNY') !== sum.receivedMinor)
      throw malformed(this.#line, `${type} of ${shown(received)}, and the rows add up to ${sum.receivedMinor} fen`);
    this.#checked.add(type);
  }

  #read(given: Row, places: Places): StatementRow {
    const row = withoutCommas(given, places);
    const type = row.text(places.type);
    const sum = this.#sums.get(type);
    if (sum !== undefined) {
      sum.count += 1;
      sum.receivedMinor += row.amountOrZero(places.received, 'CNY');
    }
    // The bill counts what it took as negative.
    const feeMinor = -row.amountOrZero(places.fee, 'CNY');
    return { line: row.line, type, fact: sum === undefined ? null : this.#factOf(row, places), feeMinor };
  }

  #factOf(row: Row, places: Places) {
    const isRefund = row.text(places.type) === '退款';
    const total = row.amount(places.total, 'CNY');
    if (isRefund ? total > 0n : total < 0n) throw row.malformed('the sign of 订单金额 does not fit 业务类型');
    const paymentId = row.requiredId(places.trade, '支付宝交易号');
    const reference = row.orderNo(places.orderNo);
    if (reference === null) throw row.malformed('no 商户订单号');
    // A refund that was asked for without a number of its own goes under the order's.
    const operationId = isRefund ? (row.id(places.request) ?? reference) : paymentId;
    const money = { amountMinor: isRefund ? -total : total, currency: 'CNY' };
    const kind = isRefund ? 'refunded' : 'captured';
    const time = fromBeijing(row.text(places.finishedAt));
    const fact = factTold({ kind, paymentId, operationId, reference, money, time }, this.#account.id);
    if (typeof fact === 'string') throw row.malformed(fact);
    return fact;
  }
}

type Places = ReturnType<typeof placesUnder>;

function placesUnder(header: Row) {
  const titles = new Titles(header.cells, header.line);
  return {
    columns: header.cells.length,
    trade: titles.place('支付宝交易号'),
    orderNo: titles.place('商户订单号'),
    type: titles.place('业务类型'),
    goods: titles.place('商品名称'),
    finishedAt: titles.place('完成时间'),
    total: titles.place('订单金额（元）'),
    received: titles.place('商家实收（元）'),
    request: titles.place('退款批次号/请求号'),
    fee: titles.place('服务费（元）'),
  };
}

/** A comma in the name of the goods is not marked in any way: surplus cells belong to that name. */
function withoutCommas(row: Row, { columns, goods }: Places): Row {
  const surplus = row.cells.length - columns;
  if (surplus < 0) throw row.malformed(`${row.cells.length} values under ${columns} titles`);
  return surplus === 0 ? row : new Row(row.line, row.cells.toSpliced(goods + 1, surplus));
}
