/**
 * The bills of WeChat Pay: the trade bill (pay.weixin.qq.com, "apply for a trade bill": `bill_type` ALL, SUCCESS or REFUND) and the bill of
 * the fund flow ("apply for a fund flow bill"). Both are CSV in UTF-8 with a back-tick before each value and two lines of totals at the
 * end. Values are neither quoted nor escaped, so a comma parts two values only before a back-tick.
 *
 * Facts are those of the notifications: a capture of what was ordered (订单金额) under the transaction id, a refund of what was asked for
 * (申请退款金额) under the refund id. The fund flow tells how the merchant's own account moved, after coupons and without order numbers:
 * its totals are checked, and no row of it is a fact.
 */
import type { Fact, FactKind } from '../../domain/fact.ts';
import { fromBeijing } from '../primitives/beijing-time.ts';
import { linesIn, malformed } from '../primitives/lines.ts';
import { signedFromDecimal } from '../primitives/money.ts';
import { shown } from '../primitives/refusal.ts';
import { factTold } from '../primitives/told-fact.ts';
import type { ReceiverAccount, StatementRow } from '../provider.ts';
import { Row, Titles } from './table.ts';

/** Fees have five decimals, and so has their total. */
const feeDecimals = 5;

/** What a kind of bill reads of its rows and adds up for its totals. */
interface Bill {
  row(row: Row): StatementRow;
  /** The sums by the title of the total that must equal them, with their decimals. */
  totals(): readonly (readonly [title: string, sum: bigint, decimals: number])[];
  /** The title of the total that counts the rows. */
  counted: string;
}

/** See `Definition.readStatement`. */
export async function* readWechatpayStatement(
  file: AsyncIterable<Uint8Array>,
  account: ReceiverAccount,
  { mchid }: { mchid: string },
): AsyncGenerator<StatementRow> {
  let line = 0;
  let rows = 0;
  let bill: Bill | null = null;
  let totals: Titles | null = null;
  let isDone = false;
  for await (const lines of linesIn(file, 'utf-8')) {
    for (const text of lines) {
      line += 1;
      if (text === '') continue;
      if (isDone) throw malformed(line, 'something follows the totals');
      const row = new Row(line, valuesOf(text));
      if (bill === null) bill = billUnder(row, account, mchid);
      else if (totals !== null) {
        checkTotals(row, { titles: totals, bill, rows });
        isDone = true;
      } else if (row.text(0) === bill.counted) totals = new Titles(row.cells, line);
      else {
        rows += 1;
        yield bill.row(row);
      }
    }
  }
  if (!isDone) throw malformed(line, 'the file ends without its totals');
}

/** Titles come with or without a back-tick, values always with one. */
function valuesOf(text: string): string[] {
  return text.startsWith('`') ? text.slice(1).split(',`') : text.split(',');
}

function billUnder(header: Row, account: ReceiverAccount, mchid: string): Bill {
  const titles = new Titles(header.cells, header.line);
  if (titles.find('记账时间') !== -1) return fundFlow(titles);
  if (titles.find('交易时间') !== -1) return trades(titles, account, mchid);
  throw header.malformed(
    'neither the titles of a trade bill (交易时间, …) nor those of a fund flow bill (记账时间, …)',
  );
}

function checkTotals(row: Row, { titles, bill, rows }: { titles: Titles; bill: Bill; rows: number }): void {
  const said = row.text(titles.place(bill.counted));
  if (!/^\d+(\.0+)?$/.test(said) || Number(said) !== rows)
    throw row.malformed(`${bill.counted} is ${shown(said)}, and the file has ${rows} rows`);
  for (const [title, sum, exponent] of bill.totals()) {
    const text = row.text(titles.place(title));
    if (signedFromDecimal(text, 'CNY', { exponent }) !== sum)
      throw row.malformed(`${title} is ${shown(text)}, and the rows add up to ${sum} (${exponent} decimals)`);
  }
}

/** What 退款状态 means for money; CHANGE: the payer's card refused the money, and a person must say where it goes instead. */
const kindOfRefund = new Map<string, FactKind>([
  ['SUCCESS', 'refunded'],
  ['PROCESSING', 'refund_pending'],
  ['CHANGE', 'refund_pending'],
  ['FAIL', 'refund_failed'],
]);

function trades(titles: Titles, account: ReceiverAccount, mchid: string): Bill {
  const places = tradePlaces(titles);
  let [totalSum, refundedSum, feeSum] = [0n, 0n, 0n];
  return {
    counted: '总交易单数',
    totals: () => [
      ['订单总金额', totalSum, 2],
      ['申请退款总金额', refundedSum, 2],
      ['手续费总金额', feeSum, feeDecimals],
    ],
    row(row) {
      const ours = row.text(places.mchid);
      if (ours !== mchid) throw row.malformed(`商户号 is ${shown(ours)}; the account has ${mchid}`);
      const feeText = row.text(places.fee);
      const fee = signedFromDecimal(feeText, 'CNY', { exponent: feeDecimals });
      if (fee === null) throw row.malformed(`手续费 ${shown(feeText)} is no amount`);
      totalSum += row.amountOrZero(places.total, 'CNY');
      refundedSum += row.amountOrZero(places.refunded, 'CNY');
      feeSum += fee;
      return {
        line: row.line,
        type: row.text(places.state),
        fact: factOf(row, places, account),
        // Less than a fen is not money yet: it is kept back until it adds up.
        feeMinor: fee % 1000n === 0n ? fee / 1000n : null,
      };
    },
  };
}

type TradePlaces = ReturnType<typeof tradePlaces>;

function tradePlaces(titles: Titles) {
  return {
    time: titles.place('交易时间'),
    mchid: titles.place('商户号'),
    subMchid: titles.find('特约商户号', '子商户号'),
    transaction: titles.place('微信订单号'),
    orderNo: titles.place('商户订单号'),
    state: titles.place('交易状态'),
    currency: titles.place('货币种类'),
    total: titles.place('订单金额'),
    fee: titles.place('手续费'),
    refund: titles.find('微信退款单号'),
    refunded: titles.find('申请退款金额'),
    refundState: titles.find('退款状态'),
    refundedAt: titles.find('退款成功时间'),
  };
}

function factOf(row: Row, places: TradePlaces, account: ReceiverAccount): Fact | null {
  const { kind, refundId, amountMinor, needsPerson } = told(row, places);
  if (kind === null) return null;
  const currency = row.text(places.currency);
  if (currency !== 'CNY') throw row.malformed(`a trade in ${shown(currency)}; only CNY is read`);
  if (amountMinor < 0n) throw row.malformed('a negative amount');
  const paymentId = row.requiredId(places.transaction, '微信订单号');
  const operationId = refundId ?? paymentId;
  const reference = row.orderNo(places.orderNo);
  if (reference === null) throw row.malformed('no 商户订单号');
  const refundedAt = refundId === null ? '' : row.text(places.refundedAt);
  const time = fromBeijing(refundedAt === '' ? row.text(places.time) : refundedAt);
  const money = { amountMinor, currency };
  const fact = factTold({ kind, paymentId, operationId, reference, money, needsPerson, time }, account.id);
  if (typeof fact === 'string') throw row.malformed(fact);
  const payee = row.id(places.subMchid);
  return payee === null || payee === '0' ? fact : { ...fact, payee };
}

/** A row tells of one thing: of a refund where it names one, also where the whole trade was revoked. */
function told(row: Row, places: TradePlaces) {
  const state = row.text(places.state);
  const refund = row.id(places.refund);
  const refundId = refund === '0' || state === 'SUCCESS' ? null : refund;
  if (refundId === null) {
    if (state === 'REFUND') throw row.malformed('a refund without 微信退款单号');
    const kind: FactKind | null = state === 'SUCCESS' ? 'captured' : state === 'REVOKED' ? 'closed' : null;
    return { kind, refundId, amountMinor: row.amount(places.total, 'CNY'), needsPerson: false };
  }
  const status = row.text(places.refundState);
  const kind = state === 'REFUND' || state === 'REVOKED' ? (kindOfRefund.get(status) ?? null) : null;
  return { kind, refundId, amountMinor: row.amount(places.refunded, 'CNY'), needsPerson: status === 'CHANGE' };
}

function fundFlow(titles: Titles): Bill {
  const place = {
    type: titles.place('业务类型'),
    direction: titles.place('收支类型'),
    amount: titles.find('收支金额（元）', '收支金额(元)'),
  };
  if (place.amount === -1) titles.place('收支金额(元)');
  const sums = { 收入: { count: 0n, amount: 0n }, 支出: { count: 0n, amount: 0n } };
  return {
    counted: '资金流水总笔数',
    totals: () =>
      (['收入', '支出'] as const).flatMap((direction) => [
        [`${direction}笔数`, sums[direction].count, 0] as const,
        [`${direction}金额`, sums[direction].amount, 2] as const,
      ]),
    row(row) {
      const direction = row.text(place.direction);
      if (direction !== '收入' && direction !== '支出') throw row.malformed(`收支类型 is ${shown(direction)}`);
      sums[direction].count += 1n;
      sums[direction].amount += row.amount(place.amount, 'CNY');
      return { line: row.line, type: row.text(place.type), fact: null, feeMinor: null };
    },
  };
}
