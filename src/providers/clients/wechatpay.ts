import { toIso } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { Fact } from '../../domain/fact.ts';
import { readWechatpayResource } from '../events/wechatpay.ts';
import { at, exactInteger, idAt, isObject, type Json, type JsonObject, textAt } from '../primitives/json.ts';
import { isRefused } from '../primitives/refusal.ts';
import type { Client, ClientWorld, QueryAnswer, Reference } from '../provider.ts';
import { numberOf, readable } from './answers.ts';
import { absentBill, asAbsent } from './bill-file.ts';
import { type Calls, cannotAsk, createCalls, fetchKeys, unusable, type WechatpayAccess } from './wechatpay-calls.ts';

/**
 * WeChat Pay's APIv3 (pay.weixin.qq.com/doc/v3, "query an order", "close an order", "refund", "query a refund", "apply for a trade bill",
 * "download platform certificates", "signature"; read 2026-11-25, checked against wechatpay-go). Refunds are found by their out_refund_no alone:
 * there is no list of an order's refunds, so those that were made elsewhere come by callback and bill. As in WeChat Pay's own libraries, what is
 * no 2xx counts without a signature.
 */
export function wechatpayClient(access: WechatpayAccess, world: ClientWorld): Client {
  const calls = createCalls(access, world);
  const { call, certificates } = calls;
  const order = (reference: Reference, signal: AbortSignal) => call({ path: orderPath(access, reference), signal });
  return {
    async query(reference, signal) {
      const { operationId } = reference;
      const trade = await order(reference, signal);
      if (trade === null) return { state: 'not_found', facts: [] };
      const answer = answerOf(trade, reference, { access, world });
      if (operationId === undefined) return answer;
      const refund = await call({ path: refundPath(access, numberOf(operationId, refundNoForm)), signal });
      return refund === null ? answer : { ...answer, facts: [...answer.facts, refundIn(refund, access, world)] };
    },
    async refund(reference, { amountMinor, currency }, idempotencyKey, signal) {
      const trade = await order(reference, signal);
      if (trade === null) throw new AppError('provider.refused', 'wechatpay knows no such order');
      const body = {
        ...(access.role === 'partner' ? { sub_mchid: subMchidOf(access) } : {}),
        transaction_id: idAt(trade, 'transaction_id'),
        out_refund_no: numberOf(idempotencyKey, refundNoForm),
        amount: { refund: exactInteger(amountMinor), total: at(trade, 'amount.total'), currency },
      };
      return refundIn(await call({ path: refundsPath, body, signal }), access, world);
    },
    async close({ reference }, signal) {
      if (reference === null) throw cannotAsk('needs the order number to close an order');
      const path = `${transactionsPath(access)}/out-trade-no/${encodeURIComponent(reference)}/close`;
      const closed = await call({ path, body: identityFields(access), signal });
      return closed === null ? null : closedFact(reference, world);
    },
    async *statement(day, signal) {
      const named = await billOf(day, { call, access }, signal).catch((error: unknown) => {
        throw asAbsent(error, { platform: 'wechatpay', day, now: world.now() });
      });
      yield* calls.file(named, signal);
    },
    fetchKeys: (keyId, signal) => fetchKeys(keyId, access, () => certificates(signal)),
  };
}

/** Of a partner with one sub-merchant the bill of that one, else of all; without `tar_type`, whose digest is of what it unpacks to. */
async function billOf(
  day: string,
  { call, access }: Pick<Calls, 'call'> & { access: WechatpayAccess },
  signal: AbortSignal,
): Promise<{ url: string | null; sha1: string }> {
  const [only, ...others] = access.role === 'partner' ? (access.sub_mchids ?? []) : [];
  const narrowed = only === undefined || others.length > 0 ? {} : { sub_mchid: only };
  const query = new URLSearchParams({ bill_date: day, bill_type: 'ALL', ...narrowed });
  const bill = await call({ path: `/v3/bill/tradebill?${query}`, signal });
  if (bill === null) throw absentBill('wechatpay', day, 'there is none');
  const [type, sha1] = [textAt(bill, 'hash_type'), textAt(bill, 'hash_value')];
  if (type !== 'SHA1' || sha1 === null) throw unusable('its bill has no SHA1');
  return { url: textAt(bill, 'download_url'), sha1 };
}

const refundsPath = '/v3/refund/domestic/refunds';
const refundNoForm = /^[0-9A-Za-z_|*@-]{1,64}$/;

function orderPath(access: WechatpayAccess, { reference, paymentId }: Reference): string {
  const query = new URLSearchParams(identityFields(access));
  // The id is the surer one, but one that we made up (`order:…`) is unknown to WeChat Pay.
  const isKnown = paymentId !== null && /^\d+$/.test(paymentId);
  if (!isKnown && reference === null) throw cannotAsk('needs the order number or the transaction_id');
  const place = isKnown ? `id/${paymentId}` : `out-trade-no/${encodeURIComponent(reference ?? '')}`;
  return `${transactionsPath(access)}/${place}?${query}`;
}

function refundPath(access: WechatpayAccess, refundNo: string): string {
  const query = access.role === 'partner' ? `?${new URLSearchParams({ sub_mchid: subMchidOf(access) })}` : '';
  return `${refundsPath}/${encodeURIComponent(refundNo)}${query}`;
}

function transactionsPath({ role }: WechatpayAccess): string {
  return role === 'partner' ? '/v3/pay/partner/transactions' : '/v3/pay/transactions';
}

function identityFields(access: WechatpayAccess): Record<string, string> {
  const { mchid, role } = access;
  return role === 'partner' ? { sp_mchid: mchid, sub_mchid: subMchidOf(access) } : { mchid };
}

function subMchidOf({ sub_mchids: subMchids = [] }: WechatpayAccess): string {
  const [only] = subMchids;
  if (only === undefined || subMchids.length > 1)
    throw cannotAsk('must be asked for one sub-merchant: sub_mchids must name exactly one');
  return only;
}

/** An order that waits, or whose payer may still try again, is open. */
const finalStates: readonly (string | null)[] = ['SUCCESS', 'REFUND', 'CLOSED', 'REVOKED'];

function answerOf(
  trade: Json,
  asked: Reference,
  { access, world }: { access: WechatpayAccess; world: ClientWorld },
): QueryAnswer {
  const [transactionId, outTradeNo] = [idAt(trade, 'transaction_id'), idAt(trade, 'out_trade_no')];
  if (asked.reference === null ? transactionId !== asked.paymentId : outTradeNo !== asked.reference)
    throw unusable('it is about another order than was asked for');
  const tradeState = textAt(trade, 'trade_state');
  const state = finalStates.includes(tradeState) ? 'final' : 'open';
  // An order that nobody paid has no payment.
  if (transactionId === null && outTradeNo !== null)
    return { state, facts: tradeState === 'CLOSED' ? [closedFact(outTradeNo, world)] : [] };
  return { state, facts: factsIn(trade, 'transaction', { access, world }) };
}

/** A refund's answers are a notification's resource under other names, without the merchant, who is in the request. */
function refundIn(answer: Json, access: WechatpayAccess, world: ClientWorld): Fact {
  const refund: JsonObject = isObject(answer) ? answer : {};
  const partner = access.role === 'partner' ? { sp_mchid: access.mchid, sub_mchid: subMchidOf(access) } : {};
  const resource = { mchid: access.mchid, ...partner, ...refund, refund_status: refund.status ?? null };
  const [fact] = factsIn(resource, 'refund', { access, world });
  if (fact === undefined) throw unusable('the refund is in a state that is not known');
  return fact;
}

function factsIn(
  resource: Json,
  originalType: 'transaction' | 'refund',
  { access, world }: { access: WechatpayAccess; world: ClientWorld },
): readonly Fact[] {
  const createTime = textAt(resource, 'create_time') ?? toIso(world.now());
  const facts = readWechatpayResource(resource, {
    originalType,
    account: world.account,
    credentials: access,
    createTime,
  });
  if (isRefused(facts)) throw unusable(facts.why);
  return readable('wechatpay', facts);
}

/** WeChat Pay does not say when an order was closed. */
function closedFact(orderNo: string, { account, now }: ClientWorld): Fact {
  const paymentId = `order:${orderNo}`;
  return {
    account: account.id,
    kind: 'closed',
    paymentId,
    operationId: paymentId,
    reference: orderNo,
    amountMinor: null,
    currency: null,
    fromOrder: false,
    measure: 'single',
    providerTime: now(),
  };
}
