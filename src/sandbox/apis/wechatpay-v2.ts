import { z } from 'zod';
import { toBeijing, toBeijingDigits } from '../../providers/primitives/beijing-time.ts';
import { toHex } from '../../providers/primitives/bytes.ts';
import {
  readFlatXml,
  writeFlatXml,
  type XmlFields,
  xmlSigner,
  xmlSignTypes,
} from '../../providers/primitives/signed-xml.ts';
import type { RawReply } from '../../providers/provider.ts';
import type { BookedPayment } from '../books.ts';
import { type ApiCall, playedApi } from './played.ts';

const accountSchema = z.looseObject({
  mch_id: z.string(),
  appids: z.array(z.string()),
  api_keys: z.array(z.string()),
  sign_type: z.enum(xmlSignTypes),
});
const refundsPerPage = 10;

const stateOf = {
  open: 'NOTPAY',
  authorized: 'ACCEPT',
  paid: 'SUCCESS',
  failed: 'PAYERROR',
  closed: 'CLOSED',
  reversed: 'REVOKED',
} as const satisfies Record<BookedPayment['state'], string>;

const statusOfRefund: Readonly<Record<string, string>> = {
  'refund.pending': 'PROCESSING',
  'refund.succeeded': 'SUCCESS',
  'refund.failed': 'REFUNDCLOSE',
  'refund.bounced': 'CHANGE',
};

/** WeChat Pay's API, version 2, as far as a client asks it: orderquery, refundquery, closeorder; signed both ways. */
export const wechatpayV2Api = playedApi({
  refusal(call) {
    const { signer, access } = signerOf(call);
    const fields = fieldsOf(call);
    if (fields.get('mch_id') !== access.mch_id) return failure(200, 'mch_id参数格式错误');
    return signer.refusal(fields, []) === null ? null : failure(200, '签名错误');
  },
  routes: [
    ['POST', /^\/pay\/orderquery$/, orderQuery],
    ['POST', /^\/pay\/refundquery$/, refundQuery],
    ['POST', /^\/pay\/closeorder$/, closeOrder],
  ],
  failure,
});

async function orderQuery(call: ApiCall) {
  const payment = await paymentOf(call);
  if (payment === null) return signed(call, { result_code: 'FAIL', err_code: 'ORDERNOTEXIST' });
  const state = refundsOf(payment).length > 0 ? 'REFUND' : stateOf[payment.state];
  const isPaid = state === 'SUCCESS' || state === 'REFUND';
  return signed(call, {
    result_code: 'SUCCESS',
    trade_state: state,
    out_trade_no: payment.orderNo,
    total_fee: String(payment.amountMinor),
    fee_type: payment.currency,
    ...(payment.paymentId === null || payment.state === 'closed' ? {} : { transaction_id: payment.paymentId }),
    ...(isPaid ? { time_end: toBeijingDigits(payment.at) } : {}),
  });
}

async function refundQuery(call: ApiCall) {
  const payment = await paymentOf(call);
  const all = payment === null ? [] : refundsOf(payment);
  if (payment === null || all.length === 0) return signed(call, { result_code: 'FAIL', err_code: 'REFUNDNOTEXIST' });
  const from = Number(fieldsOf(call).get('offset') ?? 0);
  const page = all.slice(from, from + refundsPerPage);
  const each = page.flatMap(({ type, operationId, amountMinor, at }, index): [string, string][] => [
    [`out_refund_no_${index}`, operationId],
    [`refund_id_${index}`, operationId],
    [`refund_fee_${index}`, String(amountMinor)],
    [`refund_status_${index}`, statusOfRefund[type] ?? ''],
    [`refund_success_time_${index}`, type === 'refund.succeeded' ? toBeijing(at) : ''],
  ]);
  return signed(call, {
    result_code: 'SUCCESS',
    out_trade_no: payment.orderNo,
    transaction_id: payment.paymentId ?? '',
    total_fee: String(payment.amountMinor),
    refund_count: String(page.length),
    total_refund_count: String(all.length),
    ...Object.fromEntries(each),
  });
}

async function closeOrder(call: ApiCall) {
  const payment = await paymentOf(call);
  if (payment === null) return signed(call, { result_code: 'FAIL', err_code: 'ORDERNOTEXIST' });
  if (payment.state === 'closed') return signed(call, { result_code: 'FAIL', err_code: 'ORDERCLOSED' });
  if (payment.state !== 'open' && payment.state !== 'failed')
    return signed(call, { result_code: 'FAIL', err_code: 'ORDERPAID' });
  await call.books.move(payment, { is: 'close' });
  return signed(call, { result_code: 'SUCCESS' });
}

/** By WeChat Pay's own id, else the order's try that was paid, else its newest. */
async function paymentOf(call: ApiCall): Promise<BookedPayment | null> {
  const fields = fieldsOf(call);
  const transactionId = fields.get('transaction_id');
  if (transactionId !== undefined) {
    const found = await call.books.withId(transactionId);
    return found?.paymentId === transactionId ? found : null;
  }
  const tries = await call.books.ofOrder(fields.get('out_trade_no') ?? '');
  return tries.find(({ state }) => state === 'paid') ?? tries[0] ?? null;
}

function refundsOf({ operations }: BookedPayment) {
  const latest = [...new Map(operations.map((one) => [one.operationId, one])).values()];
  return latest.filter(({ type }) => type.startsWith('refund.'));
}

function signerOf({ pair }: ApiCall) {
  const access = accountSchema.parse(pair.account);
  return { access, signer: xmlSigner(access.sign_type, access.api_keys) };
}

function fieldsOf({ request }: ApiCall): XmlFields {
  const xml = readFlatXml(request.body);
  return 'fields' in xml ? xml.fields : new Map();
}

function signed(call: ApiCall, fields: Readonly<Record<string, string>>): RawReply {
  const { access, signer } = signerOf(call);
  const { mch_id, appids } = access;
  const common = { return_code: 'SUCCESS', appid: appids[0] ?? '', mch_id, nonce_str: toHex(call.context.random(16)) };
  return xmlReply(200, signer.write({ ...common, ...fields }));
}

function failure(status: number, message: string): RawReply {
  return xmlReply(status, writeFlatXml({ return_code: 'FAIL', return_msg: message }));
}

function xmlReply(status: number, body: Uint8Array): RawReply {
  return { status, headers: [['content-type', 'text/xml']], body };
}
