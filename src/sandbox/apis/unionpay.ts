import { z } from 'zod';
import { toBeijingDigits } from '../../providers/primitives/beijing-time.ts';
import { parseForm, parseRawForm } from '../../providers/primitives/form.ts';
import { rsaMatches, rsaPrivateKey, rsaPublicKey, rsaSignature } from '../../providers/primitives/rsa.ts';
import { unionpayDigest } from '../../providers/primitives/unionpay-signature.ts';
import type { RawReply } from '../../providers/provider.ts';
import type { BookedPayment } from '../books.ts';
import { type ApiCall, formOf, playedApi } from './played.ts';

const accountSchema = z.object({ mer_id: z.string(), merchant_certificate: z.string() });
const endpointSchema = z.object({ certificate: z.string(), sign_key: z.string() });
const queryForm = z.object({ queryId: z.string() });

/** UnionPay's query by queryId. Its answers are forms whose values stand as they are, not percent-encoded. */
export const unionpayApi = playedApi({
  refusal: (call) => (isMerchant(call) ? null : rawForm({ respCode: '11', respMsg: '验证签名失败[9100004]' })),
  routes: [['POST', /^\/gateway\/api\/queryTrans\.do$/, query]],
  failure: (_status, message) => rawForm({ respCode: '10', respMsg: message }),
});

function isMerchant({ request, pair }: ApiCall): boolean {
  const account = accountSchema.parse(pair.account);
  const form = parseForm(request.body, 'encoding');
  if ('why' in form || form.fields.get('merId')?.value !== account.mer_id) return false;
  const signature = form.fields.get('signature')?.value ?? '';
  return rsaMatches(rsaPublicKey(account.merchant_certificate), unionpayDigest(form.fields), signature);
}

async function query(call: ApiCall): Promise<RawReply> {
  const { queryId } = formOf(call, queryForm);
  const payment = await call.books.withId(queryId);
  const about = payment === null ? null : transactionOf(payment, queryId);
  const { mer_id: merId } = accountSchema.parse(call.pair.account);
  const { certificate, sign_key } = endpointSchema.parse(call.pair.endpoint);
  const fields = {
    ...{ accessType: '0', bizType: '000000', encoding: 'UTF-8', merId, signMethod: '01', version: '5.1.0' },
    ...(about === null ? { respCode: '34', respMsg: '查无此交易[2600000]' } : { respCode: '00', ...about, queryId }),
    signPubKeyCert: certificate.trim().replaceAll(/\r?\n/g, '\r\n'),
  };
  const unsigned = rawForm(fields);
  const form = parseRawForm(unsigned.body);
  if ('why' in form) throw new TypeError(form.why);
  return rawForm({ ...fields, signature: await rsaSignature(rsaPrivateKey(sign_key), unionpayDigest(form.fields)) });
}

/** The purchase, or what followed it; null: nobody has paid, or there is nothing of this id. */
function transactionOf(payment: BookedPayment, queryId: string): Record<string, string> | null {
  const { paymentId, orderNo, state, at } = payment;
  const common = { currencyCode: '156', settleCurrencyCode: '156' };
  if (paymentId === queryId) {
    if (state === 'open' || state === 'closed') return null;
    const [txnType, origRespCode] = [state === 'authorized' ? '02' : '01', state === 'failed' ? '01' : '00'];
    const about = { txnType, txnSubType: '01', orderId: orderNo, txnTime: toBeijingDigits(at), origRespCode };
    return { ...common, ...about, txnAmt: String(payment.amountMinor) };
  }
  const refund = payment.operations.find((one) => one.operationId === queryId && one.type === 'refund.succeeded');
  if (refund === undefined) return null;
  return {
    ...common,
    txnType: '04',
    txnSubType: '00',
    orderId: `refund${queryId}`.slice(0, 40),
    origQryId: paymentId ?? '',
    reqReserved: `order_no:${orderNo}`,
    txnTime: toBeijingDigits(refund.at),
    txnAmt: String(refund.amountMinor),
    origRespCode: '00',
  };
}

function rawForm(fields: Readonly<Record<string, string>>): RawReply {
  const text = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return { status: 200, headers: [['content-type', 'text/html; charset=UTF-8']], body: Buffer.from(text.join('&')) };
}
