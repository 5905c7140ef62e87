import { describe, expect, it } from 'vitest';
import { unionpay } from '../../../src/providers/index.ts';
import { selfSigned } from '../../../src/providers/primitives/certificate.ts';
import { parseForm, parseRawForm } from '../../../src/providers/primitives/form.ts';
import { rsaMatches, rsaPrivateKey, rsaPublicKey, rsaSignature } from '../../../src/providers/primitives/rsa.ts';
import { unionpayDigest } from '../../../src/providers/primitives/unionpay-signature.ts';
import type { HttpRequest } from '../../../src/providers/provider.ts';
import { account, failureOf, now, seededRandom } from '../support.ts';

const pair = unionpay.pair?.(seededRandom('unionpay client'));
if (pair === undefined) throw new Error('no pair');
const { account: credentials, endpoint } = pair;
const { signal } = new AbortController();
const payment = { reference: 'ORDER202601050001', paymentId: '782601051021330674028' };
const purchase = {
  version: '5.1.0',
  encoding: 'UTF-8',
  signMethod: '01',
  merId: credentials.mer_id,
  txnType: '01',
  txnSubType: '01',
  orderId: 'ORDER202601050001',
  txnTime: '20260105102133',
  txnAmt: '8880',
  currencyCode: '156',
  queryId: '782601051021330674028',
  origRespCode: '00',
  respCode: '00',
  respMsg: '成功[0000000]',
  reqReserved: '{a=1&b=2}',
};

const raw = (fields: object) =>
  Buffer.from(
    Object.entries(fields)
      .map(([name, value]) => `${name}=${value}`)
      .join('&'),
  );

async function signed(fields: object, signer = endpoint): Promise<Buffer> {
  const all = { ...fields, signPubKeyCert: signer.certificate };
  const form = parseRawForm(raw(all));
  if ('why' in form) throw new Error(form.why);
  return raw({ ...all, signature: await rsaSignature(rsaPrivateKey(signer.sign_key), unionpayDigest(form.fields)) });
}

function clientAt(body: Buffer) {
  const asked: HttpRequest[] = [];
  const http = {
    async send(request: HttpRequest) {
      asked.push(request);
      return { status: 200, headers: [], body };
    },
    stream: () => {
      throw new Error('nothing is streamed');
    },
  };
  const world = { account, http, now: () => now, random: seededRandom('world') };
  return { client: unionpay.client?.(credentials, world) ?? {}, asked };
}

const queried = async (body: Buffer | Promise<Buffer>) => clientAt(await body).client.query?.(payment, signal);

describe('the client of UnionPay', () => {
  it('asks by the queryId, signed with the merchant’s key under its certificate’s decimal serial', async () => {
    const { client, asked } = clientAt(await signed(purchase));
    await client.query?.(payment, signal);
    expect(asked.map(({ url }) => url)).toEqual(['https://gateway.95516.com/gateway/api/queryTrans.do']);
    const form = parseForm(asked[0]?.body ?? new Uint8Array(0), 'encoding');
    if ('why' in form) throw new Error(form.why);
    const value = (name: string) => form.fields.get(name)?.value ?? '';
    expect([value('txnType'), value('txnSubType'), value('queryId')]).toEqual(['00', '02', payment.paymentId]);
    expect(value('certId')).toMatch(/^\d+$/);
    const key = rsaPublicKey(credentials.merchant_certificate ?? '');
    expect(rsaMatches(key, unionpayDigest(form.fields), value('signature'))).toBe(true);
  });

  it.each([
    ['00', 'final', ['captured']],
    ['A6', 'final', ['captured']],
    ['03', 'open', []],
    ['12', 'final', ['failed']],
  ])('reads an origRespCode of %s as %s', async (origRespCode, state, kinds) => {
    const answer = await queried(signed({ ...purchase, origRespCode }));
    expect([answer?.state, answer?.facts.map(({ kind }) => kind)]).toEqual([state, kinds]);
  });

  it('says that there is no such transaction only when that is signed', async () => {
    const { version, encoding, signMethod, merId } = purchase;
    const none = { version, encoding, signMethod, merId, respCode: '34' };
    expect(await queried(signed(none))).toEqual({ state: 'not_found', facts: [] });
    await expect(queried(raw(none))).rejects.toMatchObject(failureOf('provider.answer'));
  });

  it('cannot ask by the order number alone, and hands on a refusal', async () => {
    const { client } = clientAt(Buffer.from('respCode=11&respMsg=no'));
    const unknown = { ...payment, paymentId: null };
    await expect(client.query?.(unknown, signal)).rejects.toMatchObject(failureOf('provider.cannot_ask'));
    await expect(client.query?.(payment, signal)).rejects.toMatchObject(failureOf('provider.refused'));
  });

  it.each<[string, () => Buffer | Promise<Buffer>]>([
    ['without a signature', () => raw(purchase)],
    ['with more money than was signed', async () => changed(await signed(purchase), 'txnAmt=8880', 'txnAmt=8881')],
    ['about another transaction', () => signed({ ...purchase, queryId: '782601051021330674029' })],
    ['about another merchant', () => signed({ ...purchase, merId: '777290058110049' })],
    ['of another version', () => signed({ ...purchase, version: '5.0.0' })],
    ['that names a field twice', async () => Buffer.concat([await signed(purchase), Buffer.from('&txnAmt=1')])],
    ['signed under a certificate of somebody else', () => signed(purchase, stranger())],
  ])('believes nothing of an answer %s', async (_what, body) => {
    await expect(queried(body())).rejects.toMatchObject(failureOf('provider.answer'));
  });
});

it.each([
  ['a=1&b={x=1&y=2}&c=', ['a=1', 'b={x=1&y=2}', 'c=']],
  ['b={x=1&y=2}', ['b={x=1&y=2}']],
  ['b={x=1&y=2', ['b={x=1', 'y=2']],
  ['b={x}y&c=a=b==', ['b={x}y', 'c=a=b==']],
])('the raw form %s has the fields %o', (text, fields) => {
  const form = parseRawForm(Buffer.from(text));
  const found = 'why' in form ? form.why : [...form.fields.values()].map(({ decoded }) => String(decoded));
  expect(found).toEqual(fields);
});

function changed(body: Buffer, from: string, to: string): Buffer {
  return Buffer.from(body.toString().replace(from, to));
}

function stranger(): typeof endpoint {
  const name = '041@Z12@中国银联股份有限公司@00016495';
  const made = selfSigned(name, { from: 0, until: now + 1_000_000, serial: Buffer.from('0102', 'hex') });
  return { ...endpoint, certificate: made.certificate, sign_key: made.privateKey };
}
