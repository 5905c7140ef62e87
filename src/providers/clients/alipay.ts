import { AppError } from '../../domain/errors.ts';
import type { Fact } from '../../domain/fact.ts';
import { decimalFromMinor } from '../../domain/money.ts';
import { type AlipayMove, type AlipaySaid, alipayFact } from '../events/alipay.ts';
import { toBeijing } from '../primitives/beijing-time.ts';
import { parseForm, sortedText, writeForm } from '../primitives/form.ts';
import { type Json, parseJson, textAt } from '../primitives/json.ts';
import { rawMember } from '../primitives/raw-member.ts';
import { shown } from '../primitives/refusal.ts';
import { rsaMatches, rsaPrivateKey, rsaPublicKey, rsaSignature } from '../primitives/rsa.ts';
import type { Client, ClientWorld, QueryAnswer, RawReply, Reference } from '../provider.ts';
import { assertAnswered, numberOf, readable } from './answers.ts';
import { absentBill, asAbsent, billFile, billUrl } from './bill-file.ts';

export interface AlipayAccess {
  app_id: string;
  alipay_public_keys: readonly string[];
  app_private_key: string;
  api_base_url?: string;
}

/**
 * Alipay's gateway (opendocs.alipay.com, "alipay.trade.query", "alipay.trade.fastpay.refund.query", "alipay.trade.refund",
 * "alipay.trade.close", "alipay.data.dataservice.bill.downloadurl.query", "sign a request", "verify an answer"; read 2026-11-25). A trade is
 * there only once its buyer has come. Refunds are found by their out_request_no alone; a trade that was paid and is closed is refunded in full.
 */
export function alipayClient(access: AlipayAccess, world: ClientWorld): Client {
  const call = createCall(access, world);
  const refundOf = async (reference: Reference, requestNo: string, signal: AbortSignal) => {
    const content = { ...tradeOf(reference), out_request_no: requestNo, query_options: ['gmt_refund_pay'] };
    return call('alipay.trade.fastpay.refund.query', content, signal);
  };
  return {
    async query(reference, signal) {
      const { operationId } = reference;
      const trade = await call('alipay.trade.query', tradeOf(reference), signal);
      if (trade === null) return { state: 'not_found', facts: [] };
      assertSameTrade(trade, reference);
      const answer = answerOf(trade, world);
      const refund =
        operationId === undefined ? null : await refundOf(reference, numberOf(operationId, requestNoForm), signal);
      const refunded = refund === null ? null : refundFact(refund, world);
      return refunded === null ? answer : { ...answer, facts: [...answer.facts, refunded] };
    },
    async refund(reference, { amountMinor, currency }, idempotencyKey, signal) {
      const requestNo = numberOf(idempotencyKey, requestNoForm);
      const amount = decimalFromMinor(amountMinor, currency);
      const content = { ...tradeOf(reference), refund_amount: amount, out_request_no: requestNo };
      const made = await call('alipay.trade.refund', content, signal);
      if (made === null) throw new AppError('provider.refused', 'alipay knows no such trade');
      // The answer names the total so far; only the query says what became of this one.
      const refund = await refundOf(reference, requestNo, signal);
      const fact = refund === null ? null : refundFact(refund, world);
      return fact ?? { ...singleRefund(made, requestNo, amount, world), kind: 'refund_pending' };
    },
    async close(reference, signal) {
      if ((await call('alipay.trade.close', tradeOf(reference), signal)) === null) return null;
      const trade = await call('alipay.trade.query', tradeOf(reference), signal);
      const closed = trade === null ? undefined : answerOf(trade, world).facts.find(({ kind }) => kind === 'closed');
      if (closed === undefined) throw unusable('a trade that it has closed is not closed');
      return closed;
    },
    async *statement(day, signal) {
      const content = { bill_type: 'trade', bill_date: day };
      const bill = await call('alipay.data.dataservice.bill.downloadurl.query', content, signal).catch(
        (error: unknown) => {
          throw asAbsent(error, { platform: 'alipay', day, now: world.now() });
        },
      );
      if (bill === null) throw absentBill('alipay', day, 'there is none');
      // It is good for 30 s, and whoever has it needs no key.
      const { href: url } = billUrl(
        { platform: 'alipay', baseUrl: baseUrlOf(access, world), hosts: ['alipay.com', 'alipaydev.com'] },
        textAt(bill, 'bill_download_url'),
      );
      const request = { method: 'GET', url, headers: [], body: new Uint8Array(0) } as const;
      yield* billFile(world, { platform: 'alipay', request }, signal);
    },
  };
}

const requestNoForm = /^[0-9A-Za-z_-]{1,64}$/;

type Call = (method: string, content: object, signal: AbortSignal) => Promise<Json>;

/** An answer that exists; null for a trade, or a bill, that does not. */
function createCall(access: AlipayAccess, world: ClientWorld): Call {
  const { http, now } = world;
  const { app_id } = access;
  const signKey = rsaPrivateKey(access.app_private_key);
  const keys = access.alipay_public_keys.map(rsaPublicKey);

  return async (method, content, signal) => {
    const common = { app_id, method, format: 'JSON', charset: 'utf-8', sign_type: 'RSA2', version: '1.0' };
    const fields = { ...common, timestamp: toBeijing(now()) };
    const biz_content = JSON.stringify(content);
    const form = parseForm(writeForm({ ...fields, biz_content }));
    if ('why' in form) throw new AppError('provider.cannot_ask', `alipay cannot be asked for this: ${form.why}`);
    const sign = await rsaSignature(signKey, sortedText(form.fields, []));
    const reply = await http.send(
      {
        method: 'POST',
        url: `${baseUrlOf(access, world)}/gateway.do?${new URLSearchParams({ ...fields, sign })}`,
        headers: [['content-type', 'application/x-www-form-urlencoded; charset=utf-8']],
        body: writeForm({ biz_content }),
      },
      signal,
    );
    return contentOf(reply, `${method.replaceAll('.', '_')}_response`, (text, signature) =>
      keys.some((key) => rsaMatches(key, text, signature)),
    );
  };
}

function baseUrlOf({ api_base_url: given }: AlipayAccess, { account }: ClientWorld): string {
  if (given !== undefined) return given;
  return account.mode === 'live' ? 'https://openapi.alipay.com' : 'https://openapi-sandbox.dl.alipaydev.com';
}

/** What is signed is the member as it stands in the answer, and that alone is read. */
function contentOf(reply: RawReply, name: string, isSigned: (text: Uint8Array, signature: string) => boolean): Json {
  assertAnswered('alipay', reply);
  const whole = parseJson(reply.body);
  if ('why' in whole) throw unusable(whole.why);
  const text = rawMember(reply.body, name) ?? rawMember(reply.body, 'error_response');
  const content = text === null ? { why: `no ${name}` } : parseJson(text);
  if (text === null || 'why' in content) throw unusable('why' in content ? content.why : `no ${name}`);
  const [code, subCode] = [textAt(content.value, 'code'), textAt(content.value, 'sub_code') ?? ''];
  const isUnknown = code === '40004' && /(TRADE|BILL)_NOT_EXIST$/i.test(subCode);
  if (code !== '10000' && !isUnknown) throw failed(code, subCode, content.value);
  if (!isSigned(text, textAt(whole.value, 'sign') ?? '')) throw unusable('its signature is missing or wrong');
  return isUnknown ? null : content.value;
}

/** A gateway that is not well does not know what became of a request. */
function failed(code: string | null, subCode: string, content: Json): AppError {
  const words = shown(`${code} ${subCode} ${textAt(content, 'sub_msg') ?? textAt(content, 'msg') ?? ''}`);
  const isIll = code === '20000' || /SYSTEM_ERROR$/.test(subCode);
  return new AppError(isIll ? 'provider.unreachable' : 'provider.refused', `alipay answered: ${words}`);
}

function tradeOf({ reference, paymentId }: Reference): { trade_no: string } | { out_trade_no: string } {
  if (paymentId !== null && /^\d+$/.test(paymentId)) return { trade_no: paymentId };
  if (reference !== null) return { out_trade_no: reference };
  throw new AppError('provider.cannot_ask', 'alipay needs the order number or the trade_no');
}

function assertSameTrade(trade: Json, { reference, paymentId }: Reference): void {
  const isSame =
    reference === null ? textAt(trade, 'trade_no') === paymentId : textAt(trade, 'out_trade_no') === reference;
  if (!isSame) throw unusable('it is about another trade than was asked for');
}

function answerOf(trade: Json, world: ClientWorld): QueryAnswer {
  const [status, total, paidAt] = ['trade_status', 'total_amount', 'send_pay_date'].map((name) => textAt(trade, name));
  const state = status === 'WAIT_BUYER_PAY' ? 'open' : 'final';
  const paid: AlipayMove = { kind: 'captured', amount: total ?? null, at: paidAt ?? null };
  const fact = (move: AlipayMove) => factIn(trade, move, world);
  if (status === 'TRADE_SUCCESS' || status === 'TRADE_FINISHED') return { state, facts: [fact(paid)] };
  if (status !== 'TRADE_CLOSED') return { state: 'open', facts: [] };
  const isRefunded = paidAt !== null && paidAt !== undefined;
  const refunded = { ...paid, kind: 'refunded', at: null } as const;
  return { state, facts: isRefunded ? [fact(paid), fact(refunded)] : [fact({ ...paid, kind: 'closed' })] };
}

/** null: it is not known, or has not succeeded. */
function refundFact(refund: Json, world: ClientWorld): Fact | null {
  const requestNo = textAt(refund, 'out_request_no');
  if (textAt(refund, 'refund_status') !== 'REFUND_SUCCESS' || requestNo === null) return null;
  return singleRefund(refund, requestNo, textAt(refund, 'refund_amount'), world);
}

function singleRefund(answer: Json, requestNo: string, amount: string | null, world: ClientWorld): Fact {
  const move = { kind: 'refunded', amount, at: textAt(answer, 'gmt_refund_pay') } as const;
  return { ...factIn(answer, move, world), operationId: requestNo, measure: 'single' };
}

/** Where an answer names no time, it is that of the answer. */
function factIn(answer: Json, move: AlipayMove, { account, now }: ClientWorld): Fact {
  const said: AlipaySaid = (name) => (name === 'notify_time' ? toBeijing(now()) : textAt(answer, name));
  return readable('alipay', alipayFact(move, said, account));
}

function unusable(why: string): AppError {
  return new AppError('provider.answer', `alipay answered what cannot be used: ${why}`);
}
