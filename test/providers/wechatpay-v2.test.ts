import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Aes, Hash } from 'wechatpay-axios-plugin';
import type { NotificationType } from '../../src/domain/notification.ts';
import { wechatpayV2 } from '../../src/providers/index.ts';
import { readFlatXml, writeFlatXml, xmlSigner } from '../../src/providers/primitives/signed-xml.ts';
import type { HttpRequest, RawRequest } from '../../src/providers/provider.ts';
import { account, context, factOf, failureOf, notificationOf, now, refusalOf, sidesOf, textOf } from './support.ts';

const apiKey = '192006250b4c09247ec02edce69f6a2d';
const credentials = {
  mch_id: '1900000109',
  appids: ['wx8888888888888888'],
  api_keys: [apiKey],
  sign_type: 'HMAC-SHA256',
} as const;
const receiver = wechatpayV2.receiver(credentials, account);
const md5Hex = (text: string) => createHash('md5').update(text).digest('hex');

const request = (body: string | Uint8Array): RawRequest => ({
  method: 'POST',
  target: '/',
  headers: [['content-type', 'text/xml']],
  body: Buffer.from(body),
});
const xml = (fields: Readonly<Record<string, string>>, root = 'xml') => textOf(writeFlatXml(fields, root));

const payment = {
  appid: 'wx8888888888888888',
  mch_id: '1900000109',
  nonce_str: 'n',
  out_trade_no: 'ORDER-1',
  result_code: 'SUCCESS',
  return_code: 'SUCCESS',
  sign_type: 'HMAC-SHA256',
  time_end: '20260105102133',
  total_fee: '8880',
  transaction_id: '42000020260105',
};
/** Signed by another implementation. */
const signed = (changes: Readonly<Record<string, string>> = {}, key = apiKey) => {
  const fields = { ...payment, ...changes };
  return request(xml({ ...fields, sign: Hash.sign('HMAC-SHA256', fields, key) }));
};

const refund = {
  out_refund_no: 'R-1',
  out_trade_no: 'ORDER-1',
  refund_fee: '3000',
  refund_id: '50300020260105',
  refund_status: 'SUCCESS',
  success_time: '2026-01-05 10:21:33',
  transaction_id: '42000020260105',
};
/** Encrypted by another implementation. */
const encrypted = (plain: string, changes: Readonly<Record<string, string>> = {}, key = apiKey) => {
  const { appid, mch_id } = payment;
  const req_info = Aes.AesEcb.encrypt(plain, md5Hex(key));
  return request(xml({ return_code: 'SUCCESS', appid, mch_id, nonce_str: 'n', req_info, ...changes }));
};

describe('a signature of WeChat Pay v2', () => {
  it('is that of the worked example in the documents, by either type', () => {
    const example = {
      appid: 'wxd930ea5d5a258f4f',
      mch_id: '10000100',
      device_info: '1000',
      body: 'test',
      nonce_str: 'ibuaiVcKdpRxkhJA',
    };
    const refusal = (type: 'MD5' | 'HMAC-SHA256', sign: string) =>
      xmlSigner(type, [apiKey]).refusal(new Map(Object.entries({ ...example, sign, empty: '' })), []);
    expect(refusal('MD5', '9A0A8659F005D6984697E2CA0A9CF3B7')).toBeNull();
    const long = '6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6';
    expect(refusal('HMAC-SHA256', long)).toBeNull();
    expect(refusal('HMAC-SHA256', long.toLowerCase())).toMatchObject({ code: 'signature.malformed' });
  });

  it.each(['MD5', 'HMAC-SHA256'] as const)('of type %s is taken by another implementation', async (sign_type) => {
    const { sender, credentials: both } = sidesOf('wechatpay-v2', { endpoint: { sign_type } });
    const sealed = readFlatXml((await sender.seal(notificationOf('payment.succeeded'), context)).body);
    const fields = Object.fromEntries('fields' in sealed ? sealed.fields : []);
    const { sign, ...rest } = fields;
    expect(sign).toBe(Hash.sign(sign_type, rest, String(Object(both.endpoint).api_keys[0])));
  });
});

describe('a payment notification of WeChat Pay v2', () => {
  it('is a capture, believed as it is signed', () => {
    expect(receiver.open(signed({ coupon_id_0: '7', attach: ' spaces kept ' }), context)).toMatchObject({
      is: 'facts',
      readBack: false,
      messageId: '42000020260105:SUCCESS',
      facts: [{ kind: 'captured', reference: 'ORDER-1', amountMinor: 8880n, currency: 'CNY', providerTime: now }],
    });
  });

  it('that failed is a failure, of the order as a whole where it has no transaction yet', () => {
    const opened = receiver.open(signed({ result_code: 'FAIL', transaction_id: '', time_end: '' }), context);
    expect(factOf(opened)).toMatchObject({ kind: 'failed', paymentId: 'order:ORDER-1', providerTime: now });
  });

  it('is refused under MD5 where the account says HMAC-SHA256', () => {
    const fields = { ...payment, sign_type: 'MD5' };
    const opened = receiver.open(request(xml({ ...fields, sign: Hash.sign('MD5', fields, apiKey) })), context);
    expect(refusalOf(opened)).toMatch(/^signature\.scheme: /);
  });

  it.each([
    [{ mch_id: '1900000110' }, /^callback\.other_account: mch_id is 1900000110; this account has 1900000109$/],
    [{ appid: 'wx1' }, /^callback\.other_account: appid is wx1/],
    [{ attach: 'a&total_fee=1' }, /^callback\.malformed: .*two different values of total_fee/],
    [{ total_fee: '88.80' }, /^unreadable: /],
    [{ total_fee: '8880', fee_type: 'QQQ' }, /^unreadable: /],
    [{ time_end: '2026-01-05' }, /^unreadable: /],
    [{ time_end: '' }, /^unreadable: /],
    [{ out_trade_no: '' }, /^unreadable: /],
    [{ transaction_id: '' }, /^unreadable: /],
    [{ result_code: 'LATER' }, /^ignored$/],
  ])('with %j is not taken', (changes, expected) => {
    expect(refusalOf(receiver.open(signed(changes), context))).toMatch(expected);
  });

  it.each([
    ['a document type', '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><a>&x;</a></xml>'],
    ['an entity of nobody', '<xml><a>&x;</a></xml>'],
    ['a field twice', '<xml><sign>A</sign><sign>B</sign></xml>'],
    ['a field in a field', '<xml><sign><a>1</a></sign></xml>'],
    ['no field', '<xml></xml>'],
    ['no XML', '{"a":1}'],
    ['bytes that are not UTF-8', Uint8Array.of(0x3c, 0xff)],
  ])('with %s is refused', (_name, body) => {
    expect(refusalOf(receiver.open(request(body), context))).toMatch(/^callback\.malformed: /);
  });
});

describe('a refund notification of WeChat Pay v2', () => {
  it('is read back, because nothing signs it', () => {
    const opened = receiver.open(encrypted(xml(refund, 'root')), context);
    expect(opened).toMatchObject({ is: 'facts', readBack: true, messageId: '50300020260105:SUCCESS' });
    expect(factOf(opened)).toMatchObject({
      kind: 'refunded',
      paymentId: '42000020260105',
      operationId: '50300020260105',
      amountMinor: 3000n,
      providerTime: now,
    });
  });

  it('is believed where the account accepts the risk by its name', () => {
    const accepting = wechatpayV2.receiver({ ...credentials, accept_risk: 'refunds' }, account);
    expect(accepting.open(encrypted(xml(refund, 'root')), context)).toMatchObject({ is: 'facts', readBack: false });
  });

  it('opens under a previous key', () => {
    const both = { ...credentials, api_keys: ['0123456789abcdef0123456789abcdee', apiKey] };
    const opened = wechatpayV2.receiver(both, account).open(encrypted(xml(refund, 'root')), context);
    expect(opened.is).toBe('facts');
  });

  it.each([
    ['CHANGE', { kind: 'refund_pending', needsPerson: true }],
    ['REFUNDCLOSE', { kind: 'refund_failed' }],
  ])('of the status %s is %j', (refund_status, fact) => {
    const opened = receiver.open(encrypted(xml({ ...refund, refund_status, success_time: '' }, 'root')), context);
    expect(factOf(opened)).toMatchObject({ ...fact, providerTime: now });
  });

  it.each([
    ['under another key', encrypted(xml(refund, 'root'), {}, '0123456789abcdef0123456789abcdee')],
    ['that is no base64', encrypted('', { req_info: '!' })],
    ['that is empty', encrypted('', { req_info: '' })],
    ['that holds no XML', encrypted('plain text')],
  ])('%s is refused', (_name, sent) => {
    expect(refusalOf(receiver.open(sent, context))).toMatch(/^callback\.decrypt: /);
  });

  it('of another merchant is refused', () => {
    const opened = receiver.open(encrypted(xml(refund, 'root'), { mch_id: '2' }), context);
    expect(refusalOf(opened)).toMatch(/^callback\.other_account: /);
  });
});

describe('an endpoint in the format of WeChat Pay v2', () => {
  const { sender } = sidesOf('wechatpay-v2');
  const answer = (body: string, status = 200) => sender.judge({ status, headers: [], body: Buffer.from(body) });

  it.each([
    ['', false],
    ['success', false],
    ['{"return_code":"SUCCESS"}', false],
    ['<html></html>', false],
    ['<xml><return_code>FAIL</return_code></xml>', false],
    ['<xml>\n<return_code><![CDATA[SUCCESS]]></return_code>\n</xml>', true],
  ])('that answers %j has confirmed: %s', (body, confirmed) => {
    expect(answer(body).confirmed).toBe(confirmed);
  });
});

describe('the API of WeChat Pay v2', () => {
  const asked: HttpRequest[] = [];
  type Answers = Readonly<Record<string, Readonly<Record<string, string>>>>;
  const common = { return_code: 'SUCCESS', appid: payment.appid, mch_id: payment.mch_id, nonce_str: 'n' };
  /** Answers by the last part of the path, signed unless `key` is another. */
  const clientAnswering = (answers: Answers, key = apiKey) =>
    wechatpayV2.client?.(credentials, {
      account,
      now: () => now,
      random: context.random,
      http: {
        async send(sent) {
          asked.push(sent);
          const fields = { ...common, ...answers[sent.url.split('/').at(-1) ?? ''] };
          const isSigned = fields.return_code === 'SUCCESS';
          const body = xml(isSigned ? { ...fields, sign: Hash.sign('HMAC-SHA256', fields, key) } : fields);
          return { status: 200, headers: [], body: Buffer.from(body) };
        },
        async *stream() {},
      },
    });
  const { signal } = new AbortController();
  const order = { reference: 'ORDER-1', paymentId: null };
  const paid = { result_code: 'SUCCESS', trade_state: 'SUCCESS', out_trade_no: 'ORDER-1', total_fee: '8880' };
  const orderquery = { ...paid, transaction_id: payment.transaction_id, time_end: payment.time_end };

  it('says the same fact as the notification', async () => {
    const answer = await clientAnswering({ orderquery })?.query?.(order, signal);
    expect(answer).toEqual({ state: 'final', facts: [factOf(receiver.open(signed(), context))] });
  });

  it('is asked by what is signed, the order number or the transaction_id', async () => {
    await clientAnswering({ orderquery })?.query?.(order, signal);
    await clientAnswering({ orderquery })?.query?.({ reference: null, paymentId: payment.transaction_id }, signal);
    const [first, second] = asked.slice(-2).map(({ body }) => readFlatXml(body));
    const fields = Object.fromEntries(first !== undefined && 'fields' in first ? first.fields : []);
    const { sign, ...rest } = fields;
    expect(fields).toMatchObject({ out_trade_no: 'ORDER-1', mch_id: '1900000109', sign_type: 'HMAC-SHA256' });
    expect(sign).toBe(Hash.sign('HMAC-SHA256', rest, apiKey));
    expect(second).toMatchObject({ fields: expect.any(Map) });
    expect(textOf(asked.at(-1)?.body ?? new Uint8Array())).toContain('<transaction_id>');
  });

  it('says the same refund as the notification, and asks for all pages', async () => {
    const numbered = Object.fromEntries(
      Object.entries(refund).flatMap(([name, value]) => {
        if (name === 'transaction_id' || name === 'out_trade_no') return [[name, value]];
        return [[`${name === 'success_time' ? 'refund_success_time' : name}_0`, value]];
      }),
    );
    const refundquery = { ...numbered, result_code: 'SUCCESS', refund_fee: '9999', total_refund_count: '2' };
    const answers = { orderquery: { ...orderquery, trade_state: 'REFUND' }, refundquery };
    const answer = await clientAnswering(answers)?.query?.(order, signal);
    expect(answer?.facts[1]).toEqual(factOf(receiver.open(encrypted(xml(refund, 'root')), context)));
    expect(asked.slice(-2).map(({ body }) => /<offset>.*?(\d+)/.exec(textOf(body))?.[1])).toEqual([undefined, '1']);
  });

  it.each([
    ['NOTPAY', [], 'open'],
    ['USERPAYING', [], 'open'],
    ['CLOSED', ['closed order:ORDER-1'], 'final'],
    ['REVOKED', ['closed order:ORDER-1'], 'final'],
    ['PAYERROR', ['failed order:ORDER-1'], 'final'],
  ])('says %s as %j', async (trade_state, kinds, state) => {
    const answer = await clientAnswering({ orderquery: { ...paid, trade_state } })?.query?.(order, signal);
    expect(answer?.facts.map(({ kind, paymentId }) => `${kind} ${paymentId}`)).toEqual(kinds);
    expect(answer?.state).toBe(state);
  });

  it('that there is no such order closes nothing', async () => {
    const answers = { orderquery: { result_code: 'FAIL', err_code: 'ORDERNOTEXIST' } };
    expect(await clientAnswering(answers)?.query?.(order, signal)).toEqual({ state: 'not_found', facts: [] });
  });

  it.each([
    ['wrongly signed', { orderquery }, '0123456789abcdef0123456789abcdee', 'provider.answer'],
    ['of another order', { orderquery: { ...orderquery, out_trade_no: 'ORDER-2' } }, apiKey, 'provider.answer'],
    ['busy', { orderquery: { result_code: 'FAIL', err_code: 'SYSTEMERROR' } }, apiKey, 'provider.unreachable'],
    ['a refusal', { orderquery: { return_code: 'FAIL', return_msg: '签名错误' } }, apiKey, 'provider.refused'],
  ])('answers nothing that is %s', async (_name, answers: Answers, key, code) => {
    await expect(clientAnswering(answers, key)?.query?.(order, signal)).rejects.toMatchObject(failureOf(code));
  });

  it.each([
    [{ result_code: 'SUCCESS' }, { kind: 'closed', paymentId: 'order:ORDER-1' }],
    [
      { result_code: 'FAIL', err_code: 'ORDERCLOSED' },
      { kind: 'closed', paymentId: 'order:ORDER-1' },
    ],
  ])('closes an order where it answers %j', async (closeorder: Readonly<Record<string, string>>, fact) => {
    expect(await clientAnswering({ closeorder })?.close?.(order, signal)).toMatchObject(fact);
  });

  it('refuses to close what is paid, and gives no money back without a certificate', async () => {
    const client = clientAnswering({ closeorder: { result_code: 'FAIL', err_code: 'ORDERPAID' } });
    await expect(client?.close?.(order, signal)).rejects.toMatchObject(failureOf('provider.refused'));
    expect(client?.refund).toBeUndefined();
  });
});

it.each(['payment.succeeded', 'refund.succeeded'] satisfies NotificationType[])(
  'writes what would end a literal so that it is read as it was: %s',
  async (type) => {
    const { sender, receiver: own } = sidesOf('wechatpay-v2');
    const orderNo = notificationOf(type).orderNo.replace('ORDER', ']]>&<') as ReturnType<
      typeof notificationOf
    >['orderNo'];
    const sealed = await sender.seal(notificationOf(type, { orderNo }), context);
    expect(factOf(own.open(sealed, context)).reference).toBe(orderNo);
  },
);
