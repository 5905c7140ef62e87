import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { wechatpay } from '../../src/providers/index.ts';
import { signed, signedResource } from './signing.ts';
import { context, factOf, notificationOf, now, refusalOf, sidesOf, textOf, withHeader } from './support.ts';

const payment = {
  mchid: '1900000109',
  appid: 'wx8888888888888888',
  out_trade_no: 'O-1',
  transaction_id: '42',
  trade_state: 'SUCCESS',
  success_time: '2026-01-05T10:21:32+08:00',
  amount: { total: 8880, payer_total: 8000, currency: 'CNY', payer_currency: 'CNY' },
};
const refund = {
  mchid: '1900000109',
  out_trade_no: 'O-1',
  transaction_id: '42',
  out_refund_no: 'R-1',
  refund_id: '50',
  refund_status: 'SUCCESS',
  success_time: '2026-01-05T10:21:32+08:00',
  amount: { total: 8880, refund: 3000, payer_total: 8880, payer_refund: 3000 },
};
const opening = (resource: object, envelope: Parameters<typeof signedResource>[1] = {}, credentials: object = {}) =>
  sidesOf('wechatpay', { account: credentials }).receiver.open(signedResource(resource, envelope), context);
const refunding = (changes: object, event_type = 'REFUND.SUCCESS', credentials: object = {}) =>
  opening({ ...refund, ...changes }, { event_type, original_type: 'refund' }, credentials);

describe('a payment of WeChat Pay', () => {
  it.each([
    ['SUCCESS', 'captured'],
    ['REFUND', 'captured'],
    ['PAYERROR', 'failed'],
    ['CLOSED', 'closed'],
    ['REVOKED', 'closed'],
  ])('in trade_state %s is %s, whatever event_type says', (trade_state, kind) => {
    const fact = factOf(opening({ ...payment, trade_state }));
    expect(fact).toMatchObject({
      kind,
      paymentId: '42',
      operationId: '42',
      reference: 'O-1',
      amountMinor: 8880n,
      currency: 'CNY',
      measure: 'single',
    });
    expect(fact.providerTime).toBe(Date.parse('2026-01-05T02:21:32Z'));
  });

  it.each(['NOTPAY', 'USERPAYING', 'ACCEPT', 'toString'])('in trade_state %s decides nothing', (trade_state) => {
    expect(opening({ ...payment, trade_state }).is).toBe('ignored');
  });

  it.each([
    [{ trade_state: undefined }, 'no trade_state'],
    [{ transaction_id: undefined }, 'no transaction_id'],
    [{ out_trade_no: '' }, 'no out_trade_no'],
    [{ success_time: '2026-01-05 10:21:32' }, 'success_time'],
    [{ amount: { total: 1, currency: 'ZZZ' } }, 'the currency'],
  ])('with %j is unreadable', (changes, why) => {
    expect(refusalOf(opening({ ...payment, ...changes }))).toContain(`unreadable: ${why}`);
  });

  it('without a time of its own has the time of its notification', () => {
    expect(factOf(opening({ ...payment, success_time: undefined })).providerTime).toBe(now);
  });

  it.each([
    ['profitsharing', 'TRANSACTION.SUCCESS'],
    ['complaint', 'COMPLAINT.CREATE'],
    ['', 'SECURITY_ECHO.SUCCESS'],
  ])('is not what a %s notification is about', (original_type, event_type) => {
    expect(opening(payment, { original_type, event_type })).toMatchObject({
      is: 'ignored',
      messageId: 'EV-1',
      type: expect.stringContaining(event_type),
    });
  });

  it.each([
    [{ mchid: '1900000110' }, {}, /mchid is 1900000110; this account has 1900000109/],
    [{ mchid: undefined, sp_mchid: '1900000109' }, {}, /mchid is absent/],
    [{ appid: 'wx9' }, {}, /appid is wx9; this account has wx8888888888888888/],
    [
      { mchid: undefined, sp_mchid: '1900000109', sp_appid: 'wx8888888888888888', sub_mchid: '3' },
      { role: 'partner', sub_mchids: ['1', '2'] },
      /sub_mchid is 3/,
    ],
    [{ mchid: undefined, sp_mchid: '8' }, { role: 'partner' }, /sp_mchid is 8/],
  ])('with %j is refused on the account of another: %j', (changes, credentials, why) => {
    const refusal = refusalOf(opening({ ...payment, ...changes }, {}, credentials));
    expect(refusal).toMatch(/^callback\.other_account: /);
    expect(refusal).toMatch(why);
  });

  it('of a partner names the sub-merchant as payee', () => {
    const { mchid: _, appid: __, ...rest } = payment;
    const ofPartner = { ...rest, sp_mchid: '1900000109', sp_appid: 'wx8888888888888888', sub_mchid: '2' };
    expect(factOf(opening(ofPartner, {}, { role: 'partner', sub_mchids: ['1', '2'] })).payee).toBe('2');
    expect(factOf(opening(ofPartner, {}, { role: 'partner' })).payee).toBe('2');
  });
});

describe('a notification of WeChat Pay whose resource names no type', () => {
  it('is read by its event_type', () => {
    expect(factOf(opening(payment, { original_type: '' })).kind).toBe('captured');
    const abnormal = { ...refund, refund_status: 'ABNORMAL' };
    expect(factOf(opening(abnormal, { original_type: '', event_type: 'REFUND.ABNORMAL' })).kind).toBe('refund_pending');
  });
});

describe('a combined payment of WeChat Pay', () => {
  const sub = (number: number, total: number, changes: object = {}) => ({
    mchid: `19000000${number}`,
    out_trade_no: `O-${number}`,
    transaction_id: `42-${number}`,
    trade_state: 'SUCCESS',
    success_time: '2026-01-05T10:21:32+08:00',
    amount: { total_amount: total, payer_amount: total, currency: 'CNY' },
    ...changes,
  });
  const combined = {
    combine_appid: 'wx8888888888888888',
    combine_mchid: '1900000109',
    combine_out_trade_no: 'ALL-1',
    sub_orders: [sub(1, 100), sub(2, 200, { sub_mchid: '77' })],
  };

  it('is one fact for each sub-order, in one group', () => {
    expect(opening(combined)).toMatchObject({
      is: 'facts',
      messageId: 'EV-1',
      facts: [
        {
          kind: 'captured',
          paymentId: '42-1',
          operationId: '42-1',
          reference: 'O-1',
          amountMinor: 100n,
          groupId: 'ALL-1',
        },
        {
          kind: 'captured',
          paymentId: '42-2',
          operationId: '42-2',
          reference: 'O-2',
          amountMinor: 200n,
          groupId: 'ALL-1',
          payee: '77',
        },
      ],
    });
  });

  it('is refused whole where a part cannot be read', () => {
    const broken = { ...combined, sub_orders: [sub(1, 100), sub(2, 200, { transaction_id: null })] };
    expect(refusalOf(opening(broken))).toBe('unreadable: no transaction_id or no refund_id');
    expect(refusalOf(opening({ ...combined, combine_out_trade_no: undefined }))).toBe(
      'unreadable: no combine_out_trade_no',
    );
  });

  it('is refused where it is of another merchant, app, or sub-merchant', () => {
    expect(refusalOf(opening({ ...combined, combine_mchid: '5' }))).toMatch(
      /^callback\.other_account: combine_mchid is 5/,
    );
    expect(refusalOf(opening({ ...combined, combine_appid: 'wx5' }))).toMatch(
      /^callback\.other_account: combine_appid is wx5/,
    );
    const partner = { role: 'partner', sub_mchids: ['77'] };
    expect(refusalOf(opening(combined, {}, partner))).toMatch(/^callback\.other_account: sub_mchid is absent/);
  });
});

describe('a refund of WeChat Pay', () => {
  it.each([
    ['SUCCESS', 'REFUND.SUCCESS', { kind: 'refunded' }],
    ['CLOSED', 'REFUND.CLOSED', { kind: 'refund_failed' }],
    ['ABNORMAL', 'REFUND.ABNORMAL', { kind: 'refund_pending', needsPerson: true }],
    ['PROCESSING', 'REFUND.PROCESSING', { kind: 'refund_pending' }],
  ])('with refund_status %s is read', (refund_status, event_type, expected) => {
    const fact = factOf(refunding({ refund_status }, event_type));
    expect(fact).toMatchObject({
      ...expected,
      paymentId: '42',
      operationId: '50',
      reference: 'O-1',
      amountMinor: 3000n,
      currency: 'CNY',
      measure: 'single',
    });
    expect(fact.needsPerson).toBe(refund_status === 'ABNORMAL' ? true : undefined);
  });

  it('of another merchant is refused, also on a partner’s account', () => {
    expect(refusalOf(refunding({ mchid: '5' }))).toMatch(/^callback\.other_account: mchid is 5/);
    const ofPartner = { mchid: undefined, sp_mchid: '1900000109', sub_mchid: '2' };
    expect(factOf(refunding(ofPartner, 'REFUND.SUCCESS', { role: 'partner', sub_mchids: ['2'] })).payee).toBe('2');
  });
});

describe('the envelope of WeChat Pay', () => {
  const sealing = async () => sidesOf('wechatpay').sender.seal(notificationOf('payment.succeeded'), context);
  const envelope = (resource: object) =>
    signed(
      'wechatpay',
      JSON.stringify({
        id: 'EV-1',
        event_type: 'TRANSACTION.SUCCESS',
        resource: { original_type: 'transaction', ...resource },
      }),
    );
  const { receiver } = sidesOf('wechatpay');

  it('refuses a probe with a deliberate wrong signature as such, with a status that makes WeChat Pay send again', async () => {
    const probe = withHeader(await sealing(), 'wechatpay-signature', (signature) => `WECHATPAY/SIGNTEST/${signature}`);
    const opened = receiver.open(probe, context);
    expect(refusalOf(opened)).toMatch(/^signature\.probe: /);
    expect(receiver.acknowledge('refused', probe, context, 'signature.probe').status).toBe(401);
  });

  it.each([
    [
      'a nonce of 11 bytes',
      { algorithm: 'AEAD_AES_256_GCM', nonce: 'aB3dE5fG7hJ', ciphertext: 'A'.repeat(64) },
      'the nonce has 11 bytes',
    ],
    [
      'a nonce of 13 bytes',
      { algorithm: 'AEAD_AES_256_GCM', nonce: 'aB3dE5fG7hJ99', ciphertext: 'A'.repeat(64) },
      'the nonce has 13 bytes',
    ],
    ['no nonce', { algorithm: 'AEAD_AES_256_GCM', ciphertext: 'A'.repeat(64) }, 'the nonce has 0 bytes'],
    [
      'a nonce of 12 characters in 36 bytes',
      { algorithm: 'AEAD_AES_256_GCM', nonce: '一二三四五六七八九十百千', ciphertext: 'A'.repeat(64) },
      'the nonce has 36 bytes',
    ],
    [
      'a ciphertext shorter than its tag',
      { algorithm: 'AEAD_AES_256_GCM', nonce: 'aB3dE5fG7hJ9', ciphertext: 'AAAA' },
      'the ciphertext is not base64',
    ],
    [
      'a ciphertext that is not base64',
      { algorithm: 'AEAD_AES_256_GCM', nonce: 'aB3dE5fG7hJ9', ciphertext: '!'.repeat(64) },
      'the ciphertext is not base64',
    ],
    [
      'a ciphertext under no key of ours',
      { algorithm: 'AEAD_AES_256_GCM', nonce: 'aB3dE5fG7hJ9', ciphertext: 'A'.repeat(64) },
      "none of the account's 1 encryption keys fits",
    ],
    [
      'another algorithm',
      { algorithm: 'AEAD_SM4_GCM', nonce: 'aB3dE5fG7hJ9', ciphertext: 'A'.repeat(64) },
      'the algorithm is not AEAD_AES_256_GCM',
    ],
  ])('with %s is refused, not thrown', (_name, resource, why) => {
    expect(refusalOf(receiver.open(envelope(resource), context))).toContain(`callback.decrypt: ${why}`);
  });

  it('with a resource that is no JSON is unreadable', () => {
    expect(refusalOf(receiver.open(signedResource('{"mchid":'), context))).toBe(
      'unreadable: resource: the body is not valid JSON',
    );
  });

  it('opens under any current APIv3 key, and seals under the first', async () => {
    const sealed = await sealing();
    const [current = ''] = z.array(z.string()).parse(sidesOf('wechatpay').credentials.account.api_v3_keys);
    const other = `${current.slice(1)}0`;
    const openedWith = (api_v3_keys: string[]) =>
      refusalOf(sidesOf('wechatpay', { account: { api_v3_keys } }).receiver.open(sealed, context));
    expect(openedWith([other, current])).toBe('facts');
    expect(openedWith([other])).toMatch(/^callback\.decrypt: /);
  });

  it('chooses the platform key by its serial, and says which serials it has', async () => {
    const sealed = await sealing();
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const keys = z.record(z.string(), z.string()).parse(sidesOf('wechatpay').credentials.account.platform_keys);
    const [serial = ''] = Object.keys(keys);
    const both = sidesOf('wechatpay', { account: { platform_keys: { '7AF3': publicKey, ...keys } } }).receiver;
    expect(both.open(sealed, context).is).toBe('facts');
    const swapped = sidesOf('wechatpay', { account: { platform_keys: { [serial]: publicKey } } }).receiver;
    expect(refusalOf(swapped.open(sealed, context))).toMatch(/^signature\.mismatch: the key of serial /);
    const without = sidesOf('wechatpay', { account: { platform_keys: { '7AF3': publicKey } } }).receiver;
    expect(without.open(sealed, context)).toMatchObject({
      is: 'unknown_key',
      keyId: serial,
      why: `no key for serial ${serial}; the account has 7AF3`,
    });
  });

  it('answers in its own words, and reads the status before the body', () => {
    const { sender } = sidesOf('wechatpay');
    expect(textOf(receiver.acknowledge('accepted', signed('wechatpay', ''), context).body)).toBe(
      '{"code":"SUCCESS","message":"成功"}',
    );
    expect(textOf(receiver.acknowledge('try_later', signed('wechatpay', ''), context).body)).toBe(
      '{"code":"FAIL","message":"Try again later"}',
    );
    const answer = (status: number) =>
      sender.judge({ status, headers: [], body: Buffer.from('{"code":"FAIL"}') }).confirmed;
    expect([200, 204, 201, 500].map(answer)).toEqual([true, true, false, false]);
  });

  it('follows the published schedule: 15 retries in 24 hours and 4 minutes', () => {
    const { schedule, deadlineMs } = wechatpay.profile;
    expect([schedule.length, schedule.reduce((sum, step) => sum + step) / 60_000, deadlineMs]).toEqual([
      15,
      24 * 60 + 4,
      5000,
    ]);
  });
});
