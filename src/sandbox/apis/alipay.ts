import { createHmac, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { decimalFromMinor, minorFromDecimal } from '../../domain/money.ts';
import { toBeijing } from '../../providers/primitives/beijing-time.ts';
import { concat } from '../../providers/primitives/bytes.ts';
import { parseForm, sortedText } from '../../providers/primitives/form.ts';
import { rsaMatches, rsaPrivateKey, rsaSignature } from '../../providers/primitives/rsa.ts';
import type { RawReply, RawRequest } from '../../providers/provider.ts';
import type { BookedPayment } from '../books.ts';
import { type ApiCall, fileReply, formOf, jsonReply, type PlatformApi, playedApi } from './played.ts';

const accountSchema = z.object({ app_id: z.string(), app_private_key: z.string() });
const endpointSchema = z.object({ sign_key: z.string() });
const contentSchema = z.object({
  trade_no: z.string().optional(),
  out_trade_no: z.string().optional(),
  out_request_no: z.string().optional(),
  refund_amount: z.string().optional(),
  bill_date: z.string().optional(),
});
type Content = z.output<typeof contentSchema>;
const bodySchema = z.object({
  biz_content: z.string().transform((text) => contentSchema.parse(JSON.parse(text))),
});

const methods: Readonly<Record<string, (call: ApiCall, content: Content) => Promise<RawReply>>> = {
  'alipay.trade.query': async (call, content) => tradeReply(await tradeOf(call, content)),
  'alipay.trade.fastpay.refund.query': async (call, content) => refundReply(await tradeOf(call, content), content),
  'alipay.trade.refund': refund,
  'alipay.trade.close': close,
  'alipay.data.dataservice.bill.downloadurl.query': bill,
};

const filePath = /^\/downloadBillFile\.resource$/;

const played = playedApi({
  refusal: (call) => (isFile(call.request) || isMerchant(call) ? null : failure('40002', 'isv.invalid-signature')),
  routes: [
    [
      'POST',
      /^\/gateway\.do$/,
      async (call) => {
        const method = methods[call.query.get('method') ?? ''];
        if (method === undefined) return failure('40002', 'isv.invalid-method');
        return method(call, formOf(call, bodySchema).biz_content);
      },
    ],
    ['GET', filePath, file],
  ],
  failure: (_status, message) => failure('40004', 'ACQ.TRADE_STATUS_ERROR', message),
});

/** Alipay's gateway as far as a client asks it: what an answer holds is signed as it stands there. */
export const alipayApi: PlatformApi = async (request, platform) => {
  const reply = await played(request, platform);
  if (reply === null || isFile(request)) return reply;
  const { searchParams } = new URL(request.target, 'http://sandbox');
  const name = `${(searchParams.get('method') ?? '').replaceAll('.', '_')}_response`;
  const sign = await rsaSignature(rsaPrivateKey(endpointSchema.parse(platform.pair.endpoint).sign_key), reply.body);
  const body = concat(`{${JSON.stringify(name)}:`, reply.body, `,"sign":${JSON.stringify(sign)}}`);
  return { ...reply, status: 200, body };
};

function isFile({ method }: RawRequest): boolean {
  return method === 'GET';
}

function isMerchant({ request, query, pair }: ApiCall): boolean {
  const account = accountSchema.parse(pair.account);
  const sign = query.get('sign') ?? '';
  const common = new URLSearchParams(query);
  common.delete('sign');
  const form = parseForm(concat(common.toString(), '&', request.body));
  const key = createPublicKey(rsaPrivateKey(account.app_private_key));
  const isSigned = !('why' in form) && rsaMatches(key, sortedText(form.fields, []), sign);
  return isSigned && query.get('app_id') === account.app_id;
}

/** Of an order's tries that which was paid, else the newest. There is no trade before the buyer has come. */
async function tradeOf({ books }: ApiCall, { trade_no, out_trade_no = '' }: Content): Promise<BookedPayment | null> {
  if (trade_no !== undefined) return books.withId(trade_no);
  const tries = await books.ofOrder(out_trade_no);
  return tries.find(({ state }) => state === 'paid' || state === 'reversed') ?? tries[0] ?? null;
}

function tradeReply(payment: BookedPayment | null): RawReply {
  if (payment === null || payment.paymentId === null) return failure('40004', 'ACQ.TRADE_NOT_EXIST');
  const { state, at, amountMinor } = payment;
  const isPaid = state === 'paid' || state === 'reversed';
  const isOver = state === 'closed' || state === 'reversed' || refundedOf(payment) === amountMinor;
  const paidStatus = isOver ? 'TRADE_CLOSED' : isPaid ? 'TRADE_SUCCESS' : 'WAIT_BUYER_PAY';
  return success(payment, {
    trade_status: paidStatus,
    total_amount: yuan(payment, amountMinor),
    ...(isPaid ? { send_pay_date: toBeijing(at) } : {}),
  });
}

function refundReply(payment: BookedPayment | null, { out_request_no: requestNo }: Content): RawReply {
  if (payment === null) return failure('40004', 'ACQ.TRADE_NOT_EXIST');
  const made = payment.operations.find((one) => one.key === requestNo || one.operationId === requestNo);
  if (made === undefined) return success(payment, {});
  return success(payment, {
    out_request_no: requestNo,
    total_amount: yuan(payment, payment.amountMinor),
    refund_amount: yuan(payment, made.amountMinor),
    refund_status: 'REFUND_SUCCESS',
    gmt_refund_pay: toBeijing(made.at),
  });
}

async function refund(call: ApiCall, content: Content): Promise<RawReply> {
  const { out_request_no: key, refund_amount = '' } = content;
  const before = await tradeOf(call, content);
  if (before === null) return failure('40004', 'ACQ.TRADE_NOT_EXIST');
  const amountMinor = minorFromDecimal(refund_amount, before.currency);
  if (amountMinor === null) return failure('40004', 'ACQ.INVALID_PARAMETER');
  const move = { is: 'refund', amountMinor, ...(key === undefined ? {} : { key }) } as const;
  const after = await call.books.move(before, move);
  const isNew = after.operations.length > before.operations.length;
  return success(after, { fund_change: isNew ? 'Y' : 'N', refund_fee: yuan(after, refundedOf(after)) });
}

async function close(call: ApiCall, content: Content): Promise<RawReply> {
  const payment = await tradeOf(call, content);
  if (payment === null) return failure('40004', 'ACQ.TRADE_NOT_EXIST');
  return success(await call.books.move(payment, { is: 'close' }), {});
}

async function bill(call: ApiCall, { bill_date: day = '' }: Content): Promise<RawReply> {
  if ((await call.statement(day)) === null) return failure('40004', 'isp.bill_not_exist');
  const query = new URLSearchParams({ bizDates: day, token: tokenOf(call, day) });
  return jsonReply(200, {
    code: '10000',
    msg: 'Success',
    bill_download_url: `${call.url}/downloadBillFile.resource?${query}`,
  });
}

/** Whoever has the address that the gateway gave may have the file. */
async function file(call: ApiCall): Promise<RawReply> {
  const day = call.query.get('bizDates') ?? '';
  const found = call.query.get('token') === tokenOf(call, day) ? await call.statement(day) : null;
  return found === null ? { status: 403, headers: [], body: new Uint8Array(0) } : fileReply(found);
}

function tokenOf({ pair }: ApiCall, day: string): string {
  return createHmac('sha256', endpointSchema.parse(pair.endpoint).sign_key).update(day).digest('hex');
}

function refundedOf({ operations }: BookedPayment): bigint {
  const refunds = operations.filter(({ type }) => type === 'refund.succeeded');
  return refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}

function yuan({ currency }: BookedPayment, amountMinor: bigint): string {
  return decimalFromMinor(amountMinor, currency);
}

function success({ paymentId, orderNo }: BookedPayment, fields: object): RawReply {
  return jsonReply(200, { code: '10000', msg: 'Success', trade_no: paymentId, out_trade_no: orderNo, ...fields });
}

function failure(code: string, subCode: string, subMessage = subCode): RawReply {
  return jsonReply(200, { code, msg: 'Failed', sub_code: subCode, sub_msg: subMessage });
}
