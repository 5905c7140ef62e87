import { createHash, createPublicKey, verify } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { wechatpay } from '../../../src/providers/index.ts';
import { aesKey, encrypt } from '../../../src/providers/primitives/aes-gcm.ts';
import { selfSigned } from '../../../src/providers/primitives/certificate.ts';
import { rsaPrivateKey } from '../../../src/providers/primitives/rsa.ts';
import { wechatpaySignature } from '../../../src/providers/primitives/wechatpay-signature.ts';
import type { Client, HttpRequest } from '../../../src/providers/provider.ts';
import { account, failureOf, now, seededRandom } from '../support.ts';

const random = seededRandom('wechatpay client');
const pair = wechatpay.pair?.(random);
if (pair === undefined) throw new Error('no pair');
const { account: credentials, endpoint } = pair;
const { signal } = new AbortController();
const order = { reference: 'O-1', paymentId: null };
const trade = {
  mchid: '1900000109',
  appid: 'wx8888888888888888',
  out_trade_no: 'O-1',
  transaction_id: '42',
  trade_state: 'SUCCESS',
  success_time: '2026-01-05T10:21:32+08:00',
  amount: { total: 8880, payer_total: 8000, currency: 'CNY' },
};
const refund = {
  refund_id: '50',
  out_refund_no: 'R-1',
  transaction_id: '42',
  out_trade_no: 'O-1',
  status: 'PROCESSING',
  create_time: '2026-01-05T10:21:32+08:00',
  amount: { total: 8880, refund: 3000, currency: 'CNY' },
};

interface Answer {
  status?: number;
  body: object | null;
  /** What is signed in place of the body. */
  signedBody?: string;
  signedAt?: number;
  serial?: string;
  signKey?: string;
}

/** A client at a platform that gives these answers, one after the other, and keeps what it was asked. */
function platformWith(
  answers: readonly Answer[],
  changes: object = {},
  file?: string,
): { client: Client; asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  const http = {
    async send(request: HttpRequest) {
      asked.push(request);
      const { status = 200, body, signedBody, signedAt = now, ...signer } = answers[asked.length - 1] ?? { body: null };
      const bytes = Buffer.from(body === null ? '' : JSON.stringify(body));
      const { serial = endpoint.serial, signKey = endpoint.sign_key } = signer;
      const over = signedBody === undefined ? bytes : Buffer.from(signedBody);
      const key = { serial, key: rsaPrivateKey(signKey) };
      return { status, headers: await wechatpaySignature(over, key, { now: signedAt, random }), body: bytes };
    },
    async *stream(request: HttpRequest) {
      if (file === undefined) throw new Error('nothing is streamed');
      asked.push(request);
      for (const byte of Buffer.from(file)) yield Buffer.of(byte);
    },
  };
  const world = { account, http, now: () => now, random };
  return { client: wechatpay.client?.({ ...credentials, ...changes }, world) ?? {}, asked };
}

const answering = (...answers: Answer[]) => platformWith(answers).client;

describe('the client of WeChat Pay', () => {
  it('is there only with the merchant’s own key', () => {
    const { merchant_private_key: _, ...without } = credentials;
    const http = { send: () => Promise.reject(new Error('not asked')), stream: () => [] as never };
    expect(wechatpay.client?.(without, { account, http, now: () => now, random })).toEqual({});
  });

  it('signs method, path with its query, time, nonce and body with the merchant’s key', async () => {
    const { client, asked } = platformWith([{ body: trade }, { body: refund }]);
    await client.refund?.({ reference: null, paymentId: '42' }, { amountMinor: 3000n, currency: 'CNY' }, 'R-1', signal);
    const paths = ['/v3/pay/transactions/id/42?mchid=1900000109', '/v3/refund/domestic/refunds'];
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET https://api.mch.weixin.qq.com${paths[0]}`,
      `POST https://api.mch.weixin.qq.com${paths[1]}`,
    ]);
    for (const [index, { method, headers, body }] of asked.entries()) {
      const text = headers.find(([name]) => name === 'authorization')?.[1] ?? '';
      expect(text).toMatch(/^WECHATPAY2-SHA256-RSA2048 mchid="1900000109",/);
      const said = Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
      expect(said.serial_no).toBe(credentials.merchant_serial);
      const signed = `${method}\n${paths[index]}\n${now / 1000}\n${said.nonce_str}\n${Buffer.from(body)}\n`;
      const key = createPublicKey(credentials.merchant_private_key ?? '');
      expect(verify('RSA-SHA256', Buffer.from(signed), key, Buffer.from(said.signature ?? '', 'base64'))).toBe(true);
    }
    expect(JSON.parse(Buffer.from(asked[1]?.body ?? '').toString())).toEqual({
      transaction_id: '42',
      out_refund_no: 'R-1',
      amount: { refund: 3000, total: 8880, currency: 'CNY' },
    });
  });

  it('reads a refund that waits as pending, under the platform’s id, and names one by a key that is no number the same each time', async () => {
    const asking = async () => {
      const { client, asked } = platformWith([{ body: trade }, { body: refund }]);
      const money = { amountMinor: 3000n, currency: 'CNY' };
      const fact = await client.refund?.({ ...order, paymentId: '42' }, money, 'a key: ü', signal);
      expect(fact).toMatchObject({ kind: 'refund_pending', operationId: '50', amountMinor: 3000n, measure: 'single' });
      return JSON.parse(Buffer.from(asked[1]?.body ?? '').toString()).out_refund_no;
    };
    const first = await asking();
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await asking()).toBe(first);
  });

  it.each([
    ['SUCCESS', 'final', ['captured']],
    ['REFUND', 'final', ['captured']],
    ['REVOKED', 'final', ['closed']],
    ['PAYERROR', 'open', ['failed']],
    ['USERPAYING', 'open', []],
  ])('reads trade_state %s as %s', async (trade_state, state, kinds) => {
    const answer = await answering({ body: { ...trade, trade_state } }).query?.(order, signal);
    expect([answer?.state, answer?.facts.map(({ kind }) => kind)]).toEqual([state, kinds]);
  });

  it('reads an order that was closed unpaid as closed, and one that waits as open', async () => {
    const { transaction_id: _, success_time: __, ...unpaid } = trade;
    const closed = await answering({ body: { ...unpaid, trade_state: 'CLOSED' } }).query?.(order, signal);
    expect(closed).toMatchObject({
      state: 'final',
      facts: [
        { kind: 'closed', paymentId: 'order:O-1', operationId: 'order:O-1', reference: 'O-1', amountMinor: null },
      ],
    });
    const open = await answering({ body: { ...unpaid, trade_state: 'NOTPAY' } }).query?.(order, signal);
    expect(open).toEqual({ state: 'open', facts: [] });
  });

  it('closes an order, signed over an empty answer', async () => {
    const { client, asked } = platformWith([{ status: 204, body: null }]);
    expect(await client.close?.(order, signal)).toMatchObject({ kind: 'closed', paymentId: 'order:O-1' });
    expect(asked[0]?.url).toBe('https://api.mch.weixin.qq.com/v3/pay/transactions/out-trade-no/O-1/close');
    const forged = answering({ status: 204, body: null, signedBody: '{}' });
    await expect(forged.close?.(order, signal)).rejects.toMatchObject(failureOf('provider.answer'));
  });

  it('does not close what is paid, and says that there was nothing to close', async () => {
    const paid = answering({ status: 400, body: { code: 'ORDERPAID', message: 'paid' } });
    await expect(paid.close?.(order, signal)).rejects.toMatchObject(failureOf('provider.refused'));
    expect(await answering({ status: 404, body: { code: 'ORDER_NOT_EXIST' } }).close?.(order, signal)).toBeNull();
  });

  it.each<[string, Answer]>([
    ['another body than was signed', { body: trade, signedBody: '{}' }],
    ['a key that the account does not have', { body: trade, serial: 'ABCDEF' }],
    ['the right serial under another key', { body: trade, signKey: credentials.merchant_private_key ?? '' }],
    ['a signature of ten minutes ago', { body: trade, signedAt: now - 600_000 }],
    ['another order', { body: { ...trade, out_trade_no: 'O-2' } }],
    ['another merchant', { body: { ...trade, mchid: '1900000110' } }],
    ['an amount that cannot be read', { body: { ...trade, amount: { total: 1.5 } } }],
  ])('believes nothing of an answer with %s', async (_what, answer) => {
    await expect(answering(answer).query?.(order, signal)).rejects.toMatchObject(failureOf('provider.answer'));
  });

  it('believes nothing of an answer without a signature', async () => {
    const http = {
      send: async () => ({ status: 200, headers: [], body: Buffer.from(JSON.stringify(trade)) }),
      stream: () => [] as never,
    };
    const client = wechatpay.client?.(credentials, { account, http, now: () => now, random });
    await expect(client?.query?.(order, signal)).rejects.toMatchObject(failureOf('provider.answer'));
  });

  it('asks for a partner by both merchants, and for one sub-merchant only', async () => {
    const changes = { role: 'partner', sub_mchids: ['190'] };
    const { mchid, ...rest } = trade;
    const partnered = { ...rest, sp_mchid: mchid, sub_mchid: '190' };
    const { client, asked } = platformWith([{ body: partnered }, { body: refund }], changes);
    const answer = await client.query?.({ ...order, operationId: 'R-1' }, signal);
    expect(asked.map(({ url }) => new URL(url).pathname + new URL(url).search)).toEqual([
      '/v3/pay/partner/transactions/out-trade-no/O-1?sp_mchid=1900000109&sub_mchid=190',
      '/v3/refund/domestic/refunds/R-1?sub_mchid=190',
    ]);
    expect(answer?.facts).toMatchObject([
      { kind: 'captured', payee: '190' },
      { kind: 'refund_pending', payee: '190' },
    ]);
    const several = platformWith([], { role: 'partner', sub_mchids: ['190', '191'] }).client;
    await expect(several.query?.(order, signal)).rejects.toMatchObject(failureOf('provider.cannot_ask'));
  });
});

describe('the bill of WeChat Pay', () => {
  const sha1 = createHash('sha1').update('bill').digest('hex');
  const said = {
    hash_type: 'SHA1',
    hash_value: sha1,
    download_url: 'https://api.mch.weixin.qq.com/v3/billdownload/file?token=T-1',
  };
  const read = async (client: Client, day = '2026-01-04') => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.statement?.(day, signal) ?? []) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it('is asked for and fetched under the merchant’s signature, a partner’s of its only sub-merchant', async () => {
    const changes = { role: 'partner', sub_mchids: ['190'] };
    const { client, asked } = platformWith([{ body: said }], changes, 'bill');
    expect(await read(client)).toBe('bill');
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET https://api.mch.weixin.qq.com/v3/bill/tradebill?bill_date=2026-01-04&bill_type=ALL&sub_mchid=190',
      `GET ${said.download_url}`,
    ]);
    const text = asked[1]?.headers.find(([name]) => name === 'authorization')?.[1] ?? '';
    const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(text)?.[1] ?? '';
    const signed = `GET\n/v3/billdownload/file?token=T-1\n${field('timestamp')}\n${field('nonce_str')}\n\n`;
    const key = createPublicKey(credentials.merchant_private_key ?? '');
    expect(verify('RSA-SHA256', Buffer.from(signed), key, Buffer.from(field('signature'), 'base64'))).toBe(true);
  });

  it.each([
    ['has another SHA-1', said, 'another bill', 2],
    ['lies on a stranger’s host', { ...said, download_url: 'https://weixin.qq.com.evil.example/x' }, 'bill', 1],
    ['lies behind another port', { ...said, download_url: 'https://api.mch.weixin.qq.com:8443/x' }, 'bill', 1],
    ['has no address', { ...said, download_url: null }, 'bill', 1],
    ['has no SHA-1', { ...said, hash_type: 'MD5' }, 'bill', 1],
  ])('is not believed where it %s', async (_what, body, file, requests) => {
    const { client, asked } = platformWith([{ body }], {}, file);
    await expect(read(client)).rejects.toMatchObject(failureOf('provider.answer'));
    expect(asked).toHaveLength(requests);
  });

  it.each([
    [
      'is being made',
      { status: 400, body: { code: 'STATEMENT_CREATING', message: 'no' } },
      '2026-01-04',
      'statement.absent',
    ],
    [
      'is not there',
      { status: 400, body: { code: 'NO_STATEMENT_EXIST', message: 'no' } },
      '2026-01-04',
      'statement.absent',
    ],
    [
      'is not found',
      { status: 404, body: { code: 'NO_STATEMENT_EXIST', message: 'no' } },
      '2026-01-04',
      'statement.absent',
    ],
    [
      'is of a day that is not over',
      { status: 400, body: { code: 'INVALID_REQUEST', message: 'no' } },
      '2026-01-05',
      'statement.absent',
    ],
    [
      'is older than three months',
      { status: 400, body: { code: 'INVALID_REQUEST', message: 'no' } },
      '2025-09-01',
      'provider.refused',
    ],
  ])('is absent where it %s', async (_what, answer, day, code) => {
    await expect(read(answering(answer), day)).rejects.toMatchObject(failureOf(code));
  });
});

describe('the platform certificates of WeChat Pay', () => {
  const [apiKey = ''] = credentials.api_v3_keys;
  const serial = '017F00FF';
  let made: ReturnType<typeof selfSigned>;
  beforeAll(() => {
    made = selfSigned('Tenpay.com sign', { from: now - 1000, until: now + 1000, serial: Buffer.from('7f00ff', 'hex') });
  });
  const listed = (key = apiKey, serial_no = serial, pem = made.certificate) => ({
    data: [
      { serial_no, encrypt_certificate: encrypt(aesKey(Buffer.from(key)), Buffer.from(pem), 'certificate', random) },
    ],
  });
  const first = { platform_keys: {} };
  const fetched = (answer: Answer, changes: object = first, keyId = serial) =>
    platformWith([answer], changes).client.fetchKeys?.(keyId, signal);

  it('are taken when they are encrypted with the APIv3 key and one of them has signed the answer', async () => {
    const change = await fetched({ body: listed(), serial, signKey: made.privateKey });
    expect(change).toEqual({ platform_keys: { [serial]: made.certificate } });
  });

  it('are taken when a key has signed the answer that the account has', async () => {
    expect(await fetched({ body: listed() }, {})).toEqual({ platform_keys: { [serial]: made.certificate } });
  });

  it('are fetched for an answer that is signed with one that the account lacks, at most once a minute', async () => {
    const [known, unknown] = [{ serial, signKey: made.privateKey }, { serial: 'ABCDEF0123' }];
    const answers = [
      { body: trade, ...known },
      { body: listed(), ...known },
      { body: trade, ...unknown },
    ];
    const { client, asked } = platformWith(answers, first);
    expect((await client.query?.(order, signal))?.facts).toHaveLength(1);
    await expect(client.query?.(order, signal)).rejects.toMatchObject(failureOf('provider.answer'));
    expect(asked.map(({ url }) => url.includes('/v3/certificates'))).toEqual([false, true, false]);
  });

  it.each<[string, () => Answer]>([
    ['encrypted with another key', () => ({ body: listed('x1'.repeat(16)), serial, signKey: made.privateKey })],
    ['signed by nobody known', () => ({ body: listed() })],
    ['signed wrongly', () => ({ body: listed(), serial })],
    [
      'under another serial',
      () => ({ body: listed(apiKey, 'AAAAAAAA'), serial: 'AAAAAAAA', signKey: made.privateKey }),
    ],
    ['no certificates', () => ({ body: listed(apiKey, serial, 'x'), serial, signKey: made.privateKey })],
  ])('are refused when they are %s', async (_what, answer) => {
    await expect(fetched(answer())).rejects.toMatchObject(failureOf('provider.answer'));
  });

  it('are refused when their time is over', async () => {
    const old = selfSigned('Tenpay.com sign', { from: 0, until: now - 1000, serial: Buffer.from('7f00ff', 'hex') });
    const answer = { body: listed(apiKey, serial, old.certificate), serial, signKey: old.privateKey };
    await expect(fetched(answer)).rejects.toMatchObject(failureOf('provider.answer'));
  });

  it('are not asked for a public key, nor for what is no serial, and must bring something new', async () => {
    for (const keyId of ['PUB_KEY_ID_01', 'x'.repeat(20), '../v3']) {
      const { client, asked } = platformWith([{ body: listed() }]);
      await expect(client.fetchKeys?.(keyId, signal)).rejects.toMatchObject(failureOf('provider.cannot_ask'));
      expect(asked).toEqual([]);
    }
    const known = { platform_keys: { ...credentials.platform_keys, [serial]: made.certificate } };
    await expect(fetched({ body: listed() }, known, 'BBBBBBBB')).rejects.toMatchObject(failureOf('provider.refused'));
  });
});
