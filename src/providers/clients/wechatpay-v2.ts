import { AppError } from '../../domain/errors.ts';
import type { Fact } from '../../domain/fact.ts';
import { isOrderNo } from '../../domain/ids.ts';
import { decisiveFields, v2PaymentOf, v2RefundOf } from '../events/wechatpay-v2.ts';
import { toHex } from '../primitives/bytes.ts';
import { shown } from '../primitives/refusal.ts';
import { readFlatXml, type XmlFields, type XmlSignType, xmlSigner } from '../primitives/signed-xml.ts';
import { factTold } from '../primitives/told-fact.ts';
import type { Client, ClientWorld, HttpRequest, RawReply, Reference } from '../provider.ts';
import { assertAnswered, readable } from './answers.ts';

export interface WechatpayV2Access {
  mch_id: string;
  appids: readonly string[];
  api_keys: readonly string[];
  sign_type: XmlSignType;
  api_base_url?: string;
}

/** An order is refunded at most fifty times, and an answer tells of ten. */
const refundPagesMax = 5;
const undecided = ['NOTPAY', 'USERPAYING', 'ACCEPT'];
const notFound = ['ORDERNOTEXIST', 'ORDER_NOT_EXIST', 'REFUNDNOTEXIST'];
const later = ['SYSTEMERROR', 'BIZERR_NEED_RETRY', 'FREQUENCY_LIMITED'];

/**
 * WeChat Pay's API, version 2 (pay.weixin.qq.com, v2 documents: `pay/orderquery`, `pay/refundquery`, `pay/closeorder`). Both ways are
 * signed. A refund wants a client's certificate for its connection, so there is none here.
 */
export function wechatpayV2Client(access: WechatpayV2Access, world: ClientWorld): Client {
  const ask = (path: string, fields: Readonly<Record<string, string>>, signal: AbortSignal) =>
    call(access, world, { path, fields, signal });
  return {
    async query(order, signal) {
      const named = nameOf(order);
      const answer = await ask('pay/orderquery', named, signal);
      if (answer === null) return { state: 'not_found', facts: [] };
      const fact = v2PaymentOf(answer, world.account, world.now());
      const state = answer.get('trade_state') ?? '';
      const asksRefund = order.operationId !== undefined && order.operationId !== answer.get('transaction_id');
      const refunds =
        state === 'REFUND' || asksRefund
          ? await refundsOf(named, { world, ask: (f) => ask('pay/refundquery', f, signal) })
          : [];
      const facts = fact === null ? refunds : [readable('wechatpay-v2', fact), ...refunds];
      return { state: undecided.includes(state) ? 'open' : 'final', facts };
    },
    async close({ reference }, signal) {
      if (reference === null)
        throw new AppError('provider.cannot_ask', 'wechatpay-v2 closes by the order number, which is not known');
      const answer = await ask('pay/closeorder', { out_trade_no: reference }, signal);
      return answer === null ? null : closed(reference, world);
    },
  };
}

interface Call {
  path: string;
  fields: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** The fields of the answer, once its signature fits; null where there is no such order. */
async function call(access: WechatpayV2Access, world: ClientWorld, { path, fields, signal }: Call) {
  const { api_base_url: base = 'https://api.mch.weixin.qq.com', mch_id, appids, api_keys, sign_type } = access;
  const signer = xmlSigner(sign_type, api_keys);
  const request: HttpRequest = {
    method: 'POST',
    url: `${base}/${path}`,
    headers: [['content-type', 'text/xml']],
    body: signer.write({ appid: appids[0] ?? '', mch_id, nonce_str: toHex(world.random(16)), ...fields }),
  };
  const answer = fieldsOf(await world.http.send(request, signal));
  const refusal = signer.refusal(answer, decisiveFields);
  if (refusal !== null) throw new AppError('provider.answer', `wechatpay-v2 answered ${path}: ${refusal.why}`);
  if (answer.get('result_code') !== 'SUCCESS') return failed(answer);
  const other = Object.entries(fields).find(([name, value]) => (answer.get(name) ?? value) !== value);
  if (other === undefined) return answer;
  throw new AppError('provider.answer', `wechatpay-v2 answered ${path} about another ${other[0]}`);
}

/** @throws AppError as `Client` says; what says FAIL by its return_code is not signed. */
function fieldsOf(reply: RawReply): XmlFields {
  assertAnswered('wechatpay-v2', reply);
  const xml = readFlatXml(reply.body);
  if ('why' in xml) throw new AppError('provider.answer', `wechatpay-v2 answered what cannot be read: ${xml.why}`);
  if (reply.status === 200 && xml.fields.get('return_code') === 'SUCCESS') return xml.fields;
  const words = shown(xml.fields.get('return_msg') ?? `status ${reply.status}`);
  throw new AppError('provider.refused', `wechatpay-v2 refused: ${words}`);
}

/** An order that is closed already is closed as it was asked for. */
function failed(answer: XmlFields): XmlFields | null {
  const code = answer.get('err_code') ?? 'no err_code';
  if (notFound.includes(code)) return null;
  if (code === 'ORDERCLOSED') return answer;
  const words = shown(`${code} ${answer.get('err_code_des') ?? ''}`.trim());
  throw new AppError(later.includes(code) ? 'provider.unreachable' : 'provider.refused', `wechatpay-v2 said ${words}`);
}

async function refundsOf(
  named: Readonly<Record<string, string>>,
  { world, ask }: { world: ClientWorld; ask: (fields: Readonly<Record<string, string>>) => Promise<XmlFields | null> },
): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  let seen = 0;
  for (let page = 0; page < refundPagesMax; page += 1) {
    const answer = await ask(seen === 0 ? named : { ...named, offset: String(seen) });
    if (answer === null) break;
    const numbers = [...answer.keys()].flatMap((name) => /^refund_id_(\d{1,3})$/.exec(name)?.[1] ?? []);
    for (const number of numbers) {
      const fact = v2RefundOf((name) => numbered(answer, name, number), world.account, world.now());
      if (fact !== null) facts.push(readable('wechatpay-v2', fact));
    }
    seen += numbers.length;
    if (numbers.length === 0 || seen >= Number(answer.get('total_refund_count') ?? 0)) break;
  }
  return facts;
}

/** What an answer about several refunds says of one: `refund_fee` alone is their total. */
function numbered(answer: XmlFields, name: string, number: string): string | undefined {
  if (name === 'transaction_id' || name === 'out_trade_no') return answer.get(name);
  return answer.get(`${name === 'success_time' ? 'refund_success_time' : name}_${number}`);
}

/** WeChat Pay's own id is surest, and there is none before somebody has paid. */
function nameOf({ paymentId, reference }: Reference): Readonly<Record<string, string>> {
  if (paymentId !== null && !paymentId.startsWith('order:')) return { transaction_id: paymentId };
  const outTradeNo = reference ?? paymentId?.slice('order:'.length) ?? null;
  if (outTradeNo !== null) return { out_trade_no: outTradeNo };
  throw new AppError('provider.cannot_ask', 'wechatpay-v2 needs the order number or the transaction_id');
}

function closed(reference: string, world: ClientWorld): Fact {
  const id = `order:${reference}`;
  const order = isOrderNo(reference) ? reference : null;
  const told = { paymentId: id, operationId: id, reference: order, money: null, time: world.now() };
  return readable('wechatpay-v2', factTold({ kind: 'closed', ...told }, world.account.id));
}
