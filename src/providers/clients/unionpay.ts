import { AppError } from '../../domain/errors.ts';
import { readUnionpayForm, type UnionpaySaid, unionpaySuccesses } from '../events/unionpay.ts';
import { certificateOf } from '../primitives/certificate.ts';
import { type Field, parseForm, parseRawForm, writeForm } from '../primitives/form.ts';
import { isRefused, shown } from '../primitives/refusal.ts';
import { rsaMatches, rsaPrivateKey, rsaSignature } from '../primitives/rsa.ts';
import { unionpayDigest, unionpaySigner, unionpayTrust } from '../primitives/unionpay-signature.ts';
import type { Client, ClientWorld, QueryAnswer, RawReply } from '../provider.ts';
import { assertAnswered } from './answers.ts';

export interface UnionpayAccess {
  mer_id: string;
  ca_certificates: readonly string[];
  merchant_certificate: string;
  merchant_private_key: string;
  api_base_url?: string;
}

/**
 * UnionPay's query (open.unionpay.com, "Transaction status query" 5.1.0; read 2026-11-25). A transaction is found by its queryId; by the order
 * number only together with the second in which the merchant sent it, which nobody keeps here. There is no refund: UnionPay knows a repeated one
 * on the same day alone, so that a key could give money back twice.
 */
export function unionpayClient(access: UnionpayAccess, world: ClientWorld): Client {
  const ask = createAsk(access, world);
  return {
    async query({ paymentId, operationId }, signal) {
      if (paymentId === null || !/^\d+$/.test(paymentId))
        throw new AppError('provider.cannot_ask', 'unionpay needs the queryId of the payment, which is not known yet');
      const others = operationId !== undefined && /^\d+$/.test(operationId) ? [operationId] : [];
      const ids = [...new Set([paymentId, ...others])];
      const [payment, ...rest] = await Promise.all(ids.map((id) => ask(id, signal)));
      if (payment === undefined || payment.state === 'not_found') return { state: 'not_found', facts: [] };
      return { ...payment, facts: [payment, ...rest].flatMap(({ facts }) => facts) };
    },
  };
}

function createAsk(access: UnionpayAccess, world: ClientWorld) {
  const isLive = world.account.mode === 'live';
  const usual = isLive ? 'https://gateway.95516.com' : 'https://gateway.test.95516.com';
  const { api_base_url: base = usual, mer_id: merId } = access;
  const signKey = rsaPrivateKey(access.merchant_private_key);
  const certId = String(BigInt(`0x${certificateOf(access.merchant_certificate).serialNumber}`));
  const trust = unionpayTrust(access.ca_certificates, world.account);

  return async (queryId: string, signal: AbortSignal): Promise<QueryAnswer> => {
    const scheme = { version: '5.1.0', encoding: 'UTF-8', signMethod: '01', certId };
    const fields = { ...scheme, txnType: '00', txnSubType: '02', bizType: '000000', accessType: '0', merId, queryId };
    const form = parseForm(writeForm(fields), 'encoding');
    if ('why' in form) throw unusable(form.why);
    const signature = await rsaSignature(signKey, unionpayDigest(form.fields));
    const reply = await world.http.send(
      {
        method: 'POST',
        url: `${base}/gateway/api/queryTrans.do`,
        headers: [['content-type', 'application/x-www-form-urlencoded; charset=UTF-8']],
        body: writeForm({ ...fields, signature }),
      },
      signal,
    );
    const answer = fieldsIn(reply);
    const said: UnionpaySaid = (name) => answer.get(name)?.value || null;
    const respCode = said('respCode');
    if (respCode === null) throw unusable('it has no respCode');
    if (respCode !== '00' && respCode !== '34')
      throw new AppError('provider.refused', `unionpay answered: ${shown(`${respCode} ${said('respMsg') ?? ''}`)}`);
    assertSigned(answer, (text, cert, given) => {
      const signer = unionpaySigner(cert, trust, world.now());
      if ('why' in signer) throw unusable(signer.why);
      return rsaMatches(signer.key, text, given);
    });
    if (respCode === '34') return { state: 'not_found', facts: [] };
    if (said('queryId') !== queryId) throw unusable('it is about another transaction than was asked for');
    return answerOf(said, merId, world);
  };
}

function fieldsIn(reply: RawReply): ReadonlyMap<string, Field> {
  assertAnswered('unionpay', reply);
  const form = parseRawForm(reply.body);
  if ('why' in form) throw unusable(form.why);
  return form.fields;
}

/** A refusal may come without a signature; what is believed may not. */
function assertSigned(
  fields: ReadonlyMap<string, Field>,
  isSigned: (text: Uint8Array, certificate: string | null, signature: string) => boolean,
): void {
  const value = (name: string) => fields.get(name)?.value ?? '';
  if (value('version') !== '5.1.0' || value('signMethod') !== '01')
    throw unusable('only 5.1.0 with signMethod 01 is accepted');
  if (!isSigned(unionpayDigest(fields), value('signPubKeyCert'), value('signature')))
    throw unusable('its signature is missing or wrong');
}

/** What has not ended yet. */
const openCodes: readonly (string | null)[] = ['03', '04', '05'];

/** The answer is a notification's form in which origRespCode says how the transaction went. */
function answerOf(said: UnionpaySaid, merId: string, { account }: ClientWorld): QueryAnswer {
  const code = said('origRespCode');
  if (openCodes.includes(code)) return { state: 'open', facts: [] };
  const asSucceeded: UnionpaySaid = (name) => (name === 'respCode' ? '00' : said(name));
  const opened = readUnionpayForm(asSucceeded, { account, merId, text: new Uint8Array(0) });
  if (isRefused(opened) || opened.is === 'unreadable') throw unusable(opened.why);
  if (opened.is !== 'facts') return { state: 'open', facts: [] };
  if (code !== null && unionpaySuccesses.includes(code)) return { state: 'final', facts: opened.facts };
  // Only a purchase that failed is news; what should have followed it has simply not happened.
  const failed = opened.facts.filter(({ kind }) => kind === 'captured' || kind === 'authorized');
  return { state: 'final', facts: failed.map((fact) => ({ ...fact, kind: 'failed' })) };
}

function unusable(why: string): AppError {
  return new AppError('provider.answer', `unionpay answered what cannot be used: ${why}`);
}
