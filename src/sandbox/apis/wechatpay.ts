import { createHash, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { minorToJson } from '../../domain/money.ts';
import { aesKey, encrypt } from '../../providers/primitives/aes-gcm.ts';
import { toBeijingIso } from '../../providers/primitives/beijing-time.ts';
import { concat, utf8 } from '../../providers/primitives/bytes.ts';
import { rsaMatches, rsaPrivateKey } from '../../providers/primitives/rsa.ts';
import { wechatpayScheme, wechatpaySignature } from '../../providers/primitives/wechatpay-signature.ts';
import type { RawReply } from '../../providers/provider.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import {
  type ApiCall,
  fileReply,
  headerOf,
  jsonOf,
  jsonReply,
  type Platform,
  type PlatformApi,
  playedApi,
} from './played.ts';

const accountSchema = z.object({
  mchid: z.string(),
  merchant_serial: z.string(),
  merchant_private_key: z.string(),
  platform_keys: z.record(z.string(), z.string()),
});
const endpointSchema = z.object({
  appid: z.string(),
  api_v3_keys: z.tuple([z.string()]),
  serial: z.string(),
  sign_key: z.string(),
});
const refundBody = z.object({
  transaction_id: z.string(),
  out_refund_no: z.string(),
  amount: z.object({ refund: z.int().positive() }),
});

const tradeStateOf = {
  open: 'NOTPAY',
  authorized: 'USERPAYING',
  paid: 'SUCCESS',
  failed: 'PAYERROR',
  closed: 'CLOSED',
  reversed: 'REVOKED',
} as const satisfies Record<BookedPayment['state'], string>;

const statusOfOperation: Readonly<Record<string, string>> = {
  'refund.pending': 'PROCESSING',
  'refund.succeeded': 'SUCCESS',
  'refund.failed': 'CLOSED',
};

const played = playedApi({
  refusal: (call) =>
    isMerchant(call) ? null : failure(401, { code: 'SIGN_ERROR', message: 'the signature is not the merchant’s' }),
  routes: [
    [
      'GET',
      /^\/v3\/pay\/transactions\/id\/([^/]+)$/,
      async (call, id = '') => tradeReply(call, await call.books.withId(id)),
    ],
    [
      'GET',
      /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/,
      async (call, no = '') => tradeReply(call, await ofOrder(call, no)),
    ],
    ['POST', /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/, close],
    ['POST', /^\/v3\/refund\/domestic\/refunds$/, refund],
    [
      'GET',
      /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/,
      async ({ books }, no = '') => refundReply(await books.withId(no), no),
    ],
    ['GET', /^\/v3\/certificates$/, certificates],
    ['GET', /^\/v3\/bill\/tradebill$/, tradeBill],
    [
      'GET',
      /^\/v3\/billdownload\/file$/,
      async ({ query, statement }) => billReply(await statement(query.get('token') ?? ''), fileReply),
    ],
  ],
  failure: (status, message) => failure(status, { code: 'INVALID_REQUEST', message }),
});

/** WeChat Pay's APIv3 as far as a client asks it, for a merchant of its own (not a partner). Every answer is signed. */
export const wechatpayApi: PlatformApi = async (request, platform) => {
  const reply = await played(request, platform);
  return reply === null ? null : signed(reply, platform);
};

async function signed(reply: RawReply, { pair, context }: Platform): Promise<RawReply> {
  const { serial, sign_key } = endpointSchema.parse(pair.endpoint);
  const signer = { serial, key: rsaPrivateKey(sign_key) };
  return { ...reply, headers: [...reply.headers, ...(await wechatpaySignature(reply.body, signer, context))] };
}

function isMerchant(call: ApiCall): boolean {
  const account = accountSchema.parse(call.pair.account);
  const [scheme, rest = ''] = headerOf(call, 'authorization')?.split(' ') ?? [];
  const said = new Map([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
  const { method, target, body } = call.request;
  const text = concat(`${method}\n${target}\n${said.get('timestamp')}\n${said.get('nonce_str')}\n`, body, '\n');
  const key = createPublicKey(rsaPrivateKey(account.merchant_private_key));
  return (
    scheme === wechatpayScheme &&
    said.get('mchid') === account.mchid &&
    said.get('serial_no') === account.merchant_serial &&
    rsaMatches(key, text, said.get('signature') ?? '')
  );
}

/** WeChat Pay has one payment for an order number: that which was paid, of the sandbox's several tries. */
async function ofOrder({ books }: ApiCall, orderNo: string): Promise<BookedPayment | null> {
  const tries = await books.ofOrder(orderNo);
  return tries.find(({ state }) => state === 'paid' || state === 'reversed') ?? tries[0] ?? null;
}

function tradeReply({ pair }: ApiCall, payment: BookedPayment | null): RawReply {
  if (payment === null) return failure(404, { code: 'ORDER_NOT_EXIST', message: 'there is no such order' });
  const { mchid } = accountSchema.parse(pair.account);
  const { appid } = endpointSchema.parse(pair.endpoint);
  const { state, orderNo, paymentId, operations, currency, at } = payment;
  const total = minorToJson(payment.amountMinor);
  const isPaid = state === 'paid' || state === 'reversed';
  const hasRefunds = operations.some(({ type }) => type.startsWith('refund.'));
  return jsonReply(200, {
    mchid,
    appid,
    out_trade_no: orderNo,
    trade_state: state === 'paid' && hasRefunds ? 'REFUND' : tradeStateOf[state],
    amount: { total, currency },
    ...(isPaid || state === 'failed' ? { transaction_id: paymentId, success_time: toBeijingIso(at) } : {}),
  });
}

async function close(call: ApiCall, orderNo = ''): Promise<RawReply> {
  const payment = await ofOrder(call, orderNo);
  if (payment === null) return failure(404, { code: 'ORDER_NOT_EXIST', message: 'there is no such order' });
  if (payment.state !== 'closed') await call.books.move(payment, { is: 'close' });
  return { status: 204, headers: [], body: new Uint8Array(0) };
}

async function refund(call: ApiCall): Promise<RawReply> {
  const { transaction_id, out_refund_no: key, amount } = jsonOf(call, refundBody);
  const before = await call.books.withId(transaction_id);
  if (before === null) return failure(404, { code: 'RESOURCE_NOT_EXISTS', message: 'there is no such order' });
  const after = await call.books.move(before, { is: 'refund', amountMinor: BigInt(amount.refund), key });
  return refundReply(after, key);
}

function refundReply(payment: BookedPayment | null, refundNo: string): RawReply {
  const operation = payment?.operations.findLast((one) => one.key === refundNo || one.operationId === refundNo);
  if (payment === null || operation === undefined)
    return failure(404, { code: 'RESOURCE_NOT_EXISTS', message: 'there is no such refund' });
  return jsonReply(200, refundOf(payment, operation));
}

function refundOf(payment: BookedPayment, { type, operationId, key, amountMinor, at }: BookedOperation) {
  const status = statusOfOperation[type];
  if (status === undefined) throw new AppError('sandbox.state', `wechatpay has no word for ${type}`);
  return {
    refund_id: operationId,
    out_refund_no: key ?? operationId,
    transaction_id: payment.paymentId,
    out_trade_no: payment.orderNo,
    create_time: toBeijingIso(at),
    ...(status === 'SUCCESS' ? { success_time: toBeijingIso(at) } : {}),
    status,
    amount: {
      total: minorToJson(payment.amountMinor),
      refund: minorToJson(amountMinor),
      currency: payment.currency,
    },
  };
}

function certificates({ pair, context }: ApiCall): RawReply {
  const { platform_keys } = accountSchema.parse(pair.account);
  const [key] = endpointSchema.parse(pair.endpoint).api_v3_keys;
  const data = Object.entries(platform_keys).map(([serial, pem]) => ({
    serial_no: serial,
    effective_time: '1970-01-01T08:00:00+08:00',
    expire_time: '2089-12-02T08:00:00+08:00',
    encrypt_certificate: encrypt(aesKey(utf8(key)), utf8(pem), 'certificate', context.random),
  }));
  return jsonReply(200, { data });
}

/** The token of the file is its day: who asks for it has to sign that. */
async function tradeBill({ query, statement, url }: ApiCall): Promise<RawReply> {
  const day = query.get('bill_date') ?? '';
  return billReply(await statement(day), (file) =>
    jsonReply(200, {
      hash_type: 'SHA1',
      hash_value: createHash('sha1').update(file).digest('hex'),
      download_url: `${url}/v3/billdownload/file?token=${day}`,
    }),
  );
}

function billReply(file: Uint8Array | null, reply: (file: Uint8Array) => RawReply): RawReply {
  return file === null ? failure(400, { code: 'NO_STATEMENT_EXIST', message: '账单文件不存在' }) : reply(file);
}

function failure(status: number, error: { code: string; message: string }): RawReply {
  return jsonReply(status, error);
}
