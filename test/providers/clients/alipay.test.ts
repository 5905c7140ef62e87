import { sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { alipay } from '../../../src/providers/index.ts';
import { rawMember } from '../../../src/providers/primitives/raw-member.ts';
import { rsaPair } from '../../../src/providers/primitives/rsa.ts';
import type { Client, HttpRequest } from '../../../src/providers/provider.ts';
import { account, failureOf, now, seededRandom } from '../support.ts';

const random = seededRandom('alipay client');
const pair = alipay.pair?.(random);
if (pair === undefined) throw new Error('no pair');
const { account: credentials, endpoint } = pair;
const { signal } = new AbortController();
const order = { reference: 'O-1', paymentId: null };
const trade = {
  code: '10000',
  msg: 'Success',
  out_trade_no: 'O-1',
  trade_no: '2026010522001',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '88.80',
  send_pay_date: '2026-01-05 10:21:32',
};
const refund = {
  code: '10000',
  out_trade_no: 'O-1',
  trade_no: '2026010522001',
  out_request_no: 'R-1',
  refund_amount: '30.00',
  refund_status: 'REFUND_SUCCESS',
  gmt_refund_pay: '2026-01-05 10:30:00',
};

interface Answer {
  content: object | string;
  name?: string;
  signature?: string;
  after?: string;
  status?: number;
}

const signed = (text: string, key = endpoint.sign_key) => sign('RSA-SHA256', Buffer.from(text), key).toString('base64');

/** A client at a gateway that gives these answers, one after the other, and keeps what it was asked. */
function gatewayWith(...answers: readonly Answer[]): { client: Client; asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  const http = {
    async send(request: HttpRequest) {
      asked.push(request);
      const method = new URL(request.url).searchParams.get('method') ?? '';
      const answer: Answer = answers[asked.length - 1] ?? { content: {} };
      const { content, name = `${method.replaceAll('.', '_')}_response`, after = '', status = 200 } = answer;
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      const body = `{"${name}":${text},"sign":"${answer.signature ?? signed(text)}"${after}}`;
      return { status, headers: [], body: Buffer.from(body) };
    },
    async *stream(request: HttpRequest) {
      asked.push(request);
      yield Buffer.from('zip');
    },
  };
  return { client: alipay.client?.(credentials, { account, http, now: () => now, random }) ?? {}, asked };
}

const queried = (answer: Answer) => gatewayWith(answer).client.query?.(order, signal);

describe('the client of Alipay', () => {
  it('signs all fields, sorted, with the application’s key', async () => {
    const { client, asked } = gatewayWith({ content: trade });
    await client.query?.(order, signal);
    const { url = '', body = '' } = asked[0] ?? {};
    expect(url).toMatch(/^https:\/\/openapi\.alipay\.com\/gateway\.do\?/);
    const fields = new Map([...new URL(url).searchParams, ...new URLSearchParams(Buffer.from(body).toString())]);
    const signature = Buffer.from(fields.get('sign') ?? '', 'base64');
    fields.delete('sign');
    const text = [...fields]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`);
    const key = { key: credentials.app_private_key ?? '', format: 'pem' } as const;
    expect(verify('RSA-SHA256', Buffer.from(text.join('&')), key, signature)).toBe(true);
    expect(Object.fromEntries(fields)).toMatchObject({
      method: 'alipay.trade.query',
      app_id: credentials.app_id,
      sign_type: 'RSA2',
      timestamp: '2026-01-05 10:21:33',
      biz_content: '{"out_trade_no":"O-1"}',
    });
  });

  it.each([
    ['TRADE_SUCCESS', {}, 'final', ['captured']],
    ['TRADE_FINISHED', {}, 'final', ['captured']],
    ['TRADE_CLOSED', { send_pay_date: undefined }, 'final', ['closed']],
    ['TRADE_CLOSED', {}, 'final', ['captured', 'refunded']],
    ['WAIT_BUYER_PAY', { send_pay_date: undefined }, 'open', []],
    ['SOMETHING_NEW', {}, 'open', []],
  ])('reads %s %o as %s', async (trade_status, changes, state, kinds) => {
    const answer = await queried({ content: { ...trade, ...changes, trade_status } });
    expect([answer?.state, answer?.facts.map(({ kind }) => kind)]).toEqual([state, kinds]);
  });

  it('reads a capture and a single refund as what they are', async () => {
    const { client } = gatewayWith({ content: trade }, { content: refund });
    const answer = await client.query?.({ ...order, operationId: 'R-1' }, signal);
    const [paymentId, reference, currency] = ['2026010522001', 'O-1', 'CNY'];
    const paidAt = Date.parse('2026-01-05T02:21:32Z');
    expect(answer?.facts).toMatchObject([
      { kind: 'captured', paymentId, operationId: paymentId, amountMinor: 8880n, providerTime: paidAt },
      { kind: 'refunded', paymentId, operationId: 'R-1', reference, amountMinor: 3000n, currency, measure: 'single' },
    ]);
  });

  it('takes a refund for pending until the query says that it succeeded', async () => {
    const made = {
      code: '10000',
      trade_no: '2026010522001',
      out_trade_no: 'O-1',
      fund_change: 'N',
      refund_fee: '88.80',
    };
    const unknown = { code: '10000', trade_no: '2026010522001', out_trade_no: 'O-1' };
    const money = { amountMinor: 3000n, currency: 'CNY' };
    const { client, asked } = gatewayWith(
      { content: made },
      { content: unknown },
      { content: made },
      { content: refund },
    );
    const pending = await client.refund?.(order, money, 'R-1', signal);
    expect(pending).toMatchObject({ kind: 'refund_pending', operationId: 'R-1', amountMinor: 3000n });
    expect(Buffer.from(asked[0]?.body ?? '').toString()).toContain(encodeURIComponent('"refund_amount":"30.00"'));
    const done = await client.refund?.(order, money, 'R-1', signal);
    expect(done).toMatchObject({ kind: 'refunded', operationId: 'R-1', amountMinor: 3000n });
  });

  it('closes a trade, and says that there was none', async () => {
    const closed = { ...trade, trade_status: 'TRADE_CLOSED', send_pay_date: undefined };
    const { client } = gatewayWith({ content: { code: '10000' } }, { content: closed });
    expect(await client.close?.(order, signal)).toMatchObject({ kind: 'closed', paymentId: '2026010522001' });
    const none = { content: { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' } };
    expect(await gatewayWith(none).client.close?.(order, signal)).toBeNull();
    expect(await queried(none)).toEqual({ state: 'not_found', facts: [] });
  });

  it.each<[string, Answer]>([
    ['with another signature', { content: trade, signature: signed('{}') }],
    ['without a signature', { content: trade, signature: '' }],
    ['signed by somebody else', { content: trade, signature: signed(JSON.stringify(trade), rsaPair().privateKey) }],
    ['about another trade', { content: { ...trade, out_trade_no: 'O-2' } }],
    ['under the name of another call', { content: trade, name: 'alipay_trade_close_response' }],
    ['that says it twice', { content: trade, after: `,"alipay_trade_query_response":${JSON.stringify(trade)}` }],
    ['that no trade exists, unsigned', { content: { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' }, signature: '' }],
    ['with an amount that is none', { content: { ...trade, total_amount: '1.001' } }],
    ['that is not JSON', { content: '{"code":' }],
  ])('believes nothing of an answer %s', async (_what, answer) => {
    await expect(queried(answer)).rejects.toMatchObject(failureOf('provider.answer'));
  });

  it.each<[string, string, Answer]>([
    ['refused', 'is not allowed', { content: { code: '40006', sub_code: 'isv.insufficient' }, signature: '' }],
    ['refused', 'cannot be read', { content: { code: '40002', sub_code: 'isv.x' }, name: 'error_response' }],
    ['unreachable', 'finds the gateway ill', { content: { code: '20000', sub_code: 'isp.unknow-error' } }],
    ['unreachable', 'finds the trades ill', { content: { code: '40004', sub_code: 'ACQ.SYSTEM_ERROR' } }],
    ['unreachable', 'meets a gateway that answers 502', { content: trade, status: 502 }],
  ])('says provider.%s where a request %s', async (code, _what, answer) => {
    await expect(queried(answer)).rejects.toMatchObject(failureOf(`provider.${code}`));
  });
});

describe('the bill of Alipay', () => {
  const said = {
    code: '10000',
    bill_download_url: 'http://dwbillcenter.alipay.com/downloadBillFile.resource?fileId=1',
  };
  const read = async ({ client, asked }: ReturnType<typeof gatewayWith>, day = '2026-01-04') => {
    for await (const chunk of client.statement?.(day, signal) ?? []) expect(Buffer.from(chunk).toString()).toBe('zip');
    return asked;
  };

  it('is fetched from where the gateway says, by https and without who we are', async () => {
    const asked = await read(gatewayWith({ content: said }));
    const content = new URLSearchParams(Buffer.from(asked[0]?.body ?? '').toString()).get('biz_content');
    expect(JSON.parse(content ?? '')).toEqual({ bill_type: 'trade', bill_date: '2026-01-04' });
    const url = 'https://dwbillcenter.alipay.com/downloadBillFile.resource?fileId=1';
    expect(asked[1]).toMatchObject({ method: 'GET', url, headers: [] });
  });

  it.each([
    ['provider.answer', { ...said, bill_download_url: 'https://alipay.com.evil.example/' }, '2026-01-04'],
    ['statement.absent', { code: '40004', sub_code: 'isp.bill_not_exist' }, '2026-01-04'],
    ['statement.absent', { code: '40004', sub_code: 'isv.invalid-arguments' }, '2026-01-05'],
    ['provider.refused', { code: '40004', sub_code: 'isv.invalid-arguments' }, '2026-01-04'],
  ])('is %s for %o', async (code, content, day) => {
    await expect(read(gatewayWith({ content }), day)).rejects.toMatchObject(failureOf(code));
  });
});

describe('a member as it stands in JSON', () => {
  const raw = (json: string, name = 'a') => {
    const bytes = rawMember(Buffer.from(json), name);
    return bytes === null ? null : Buffer.from(bytes).toString();
  };

  it.each([
    ['{"a":{"b":1},"sign":"x"}', '{"b":1}'],
    ['{ "sign" : "x", "a" : { "b" : "}\\"," } }', '{ "b" : "}\\"," }'],
    ['{"x":{"a":1},"y":["a",{"a":2}],"a":"ä\\\\"}', '"ä\\\\"'],
    ['{"a":12}', '12'],
    ['{"a":[1,2],"z":"\\"a\\":3"}', '[1,2]'],
  ])('of %s is %s', (json, value) => {
    expect(raw(json)).toBe(value);
  });

  it.each(['{"b":1}', '{"x":{"a":1}}', '["a"]', '{"a":1,"a":2}', '"a"'])('is not in %s, or not once', (json) => {
    expect(raw(json)).toBeNull();
  });
});
