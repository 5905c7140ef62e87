import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { unionpay } from '../../src/providers/index.ts';
import { selfSigned } from '../../src/providers/primitives/certificate.ts';
import { signedAcp } from './signing.ts';
import { account, context, factOf, now, refusalOf, seededRandom, sidesOf, textOf } from './support.ts';

const purchase = {
  version: '5.1.0',
  encoding: 'UTF-8',
  signMethod: '01',
  txnType: '01',
  merId: '777290058110048',
  orderId: 'O1',
  txnTime: '20260105102133',
  txnAmt: '8880',
  currencyCode: '156',
  queryId: 'Q1',
  respCode: '00',
  respMsg: '成功[0000000]',
};
const opening = (changes: Readonly<Record<string, string>>) =>
  sidesOf('unionpay').receiver.open(signedAcp({ ...purchase, ...changes }), context);
const after = { orderId: 'R1', queryId: 'Q2', origQryId: 'Q1' };

describe('a notification of UnionPay', () => {
  it.each([
    [{}, { kind: 'captured', operationId: 'Q1', reference: 'O1', providerTime: Date.parse('2026-01-05T02:21:33Z') }],
    [{ respCode: 'A6' }, { kind: 'captured' }],
    [{ txnType: '02' }, { kind: 'authorized', operationId: 'Q1', reference: 'O1' }],
    [
      { ...after, txnType: '03' },
      { kind: 'captured', operationId: 'Q2', reference: null },
    ],
    [
      { ...after, txnType: '04' },
      { kind: 'refunded', operationId: 'Q2', reference: null },
    ],
    [
      { ...after, txnType: '04', reqReserved: 'order_no:O1' },
      { kind: 'refunded', reference: 'O1' },
    ],
    [
      { ...after, txnType: '04', reqReserved: 'O1' },
      { kind: 'refunded', reference: null },
    ],
    [
      { ...after, txnType: '31' },
      { kind: 'reversed', operationId: 'Q1' },
    ],
    [
      { ...after, txnType: '32' },
      { kind: 'voided', operationId: 'Q1' },
    ],
    [
      { ...after, txnType: '33' },
      { kind: 'reversed', operationId: 'Q1' },
    ],
  ])('with %j is read', (changes, expected) => {
    const opened = opening(changes);
    expect(opened).toMatchObject({ is: 'facts', readBack: false });
    expect(factOf(opened)).toMatchObject({
      paymentId: 'Q1',
      amountMinor: 8880n,
      currency: 'CNY',
      measure: 'single',
      ...expected,
    });
  });

  it.each([[{ respCode: '05' }], [{ respCode: '' }], [{ txnType: '76' }], [{ txnType: 'toString' }]])(
    'with %j is ignored',
    (changes) => {
      expect(opening(changes)).toMatchObject({ is: 'ignored' });
    },
  );

  it.each([
    [{ txnAmt: '88.80' }],
    [{ txnAmt: '-1' }],
    [{ txnAmt: '' }],
    [{ currencyCode: '840' }],
    [{ txnTime: '20260230102133' }],
    [{ txnTime: '2026-01-05 10:21:33' }],
    [{ queryId: '' }],
    [{ txnType: '04' }],
  ])('with %j is unreadable', (changes) => {
    expect(refusalOf(opening(changes))).toMatch(/^unreadable: /);
  });

  it.each([
    [{ merId: '898' }, /^callback\.other_account: merId is 898; this account has 777290058110048$/],
    [{ merId: '' }, /^callback\.other_account: merId is absent/],
    [{ version: '5.0.0' }, /^signature\.scheme: 5\.0\.0, signMethod 01; only 5\.1\.0/],
    [{ signMethod: '11' }, /^signature\.scheme: /],
    [{ reqReserved: 'a&txnAmt=1' }, /^callback\.malformed: .*two different values of txnAmt/],
    [{ encoding: 'utf-7' }, /^callback\.malformed: the charset/],
  ])('with %j is refused', (changes, why) => {
    expect(refusalOf(opening(changes))).toMatch(why);
  });

  it('shows the text that should have been signed', () => {
    const refused = opening({ merId: '898' });
    expect(refused.is === 'refused' && refused.signedText ? textOf(refused.signedText) : '').toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('the certificate in a notification', () => {
  const day = 86_400_000;
  const made = (name: string, days: readonly [from: number, until: number] = [-1, 1], serial = 'serial') =>
    selfSigned(name, { from: now + days[0] * day, until: now + days[1] * day, serial: seededRandom(serial)(8) });
  const unionpayName = '041@Z12@中国银联股份有限公司@00016495';
  const openedWith = (
    { certificate, privateKey }: ReturnType<typeof made>,
    { pinned = [certificate], mode = 'live' as 'live' | 'test' } = {},
  ) =>
    unionpay
      .receiver({ mer_id: purchase.merId, ca_certificates: pinned }, { ...account, mode })
      .open(signedAcp(purchase, { certificate, sign_key: privateKey }), context);

  it('counts no longer than it is valid, whatever it signed before', () => {
    const { certificate, privateKey } = made(unionpayName, [-1, 1]);
    const receiver = unionpay.receiver({ mer_id: purchase.merId, ca_certificates: [certificate] }, account);
    const opened = (days: number) =>
      receiver.open(signedAcp(purchase, { certificate, sign_key: privateKey }), { ...context, now: now + days * day });
    expect([0, 0, 2, 0, -2].map((days) => opened(days).is)).toEqual([
      'facts',
      'facts',
      'unknown_key',
      'facts',
      'unknown_key',
    ]);
  });

  it('counts when a pinned one issued it, now, to UnionPay', () => {
    expect(openedWith(made(unionpayName)).is).toBe('facts');
  });

  it.each([
    ['of another name', made('041@Z12@某某商户@00016495'), /whose name is not UnionPay's: 某某商户; the account has/],
    ['with the name in another place', made('中国银联股份有限公司@a@b'), /whose name is not UnionPay's: b;/],
    ['without a name of parts', made('中国银联股份有限公司'), /whose name is not UnionPay's: ;/],
    ['that is over', made(unionpayName, [-2, -1]), /is not valid at this time; the account has/],
    ['that has not begun', made(unionpayName, [1, 2]), /is not valid at this time/],
    ['of the test system on a live account', made('041@Z12@00040000:SIGN@1'), /whose name is not UnionPay's: 00040000/],
  ])('%s does not', (_name, certificate, why) => {
    const refusal = refusalOf(openedWith(certificate));
    expect(refusal).toMatch(/^signature\.unknown_key: no key for /);
    expect(refusal).toMatch(why);
  });

  it('of the test system counts on a test account', () => {
    expect(openedWith(made('041@Z12@00040000:SIGN@1'), { mode: 'test' }).is).toBe('facts');
  });

  it('that nobody pinned does not count, even under the same name', () => {
    const pinned = [made(unionpayName, [-1, 1], 'pinned').certificate];
    expect(openedWith(made(unionpayName), { pinned })).toMatchObject({
      is: 'unknown_key',
      why: expect.stringMatching(/is issued by none of the pinned ones/),
    });
  });

  it('that is none, or a huge one, does not count', () => {
    for (const certificate of ['', 'no certificate', `-----BEGIN CERTIFICATE-----${'A'.repeat(20_000)}`]) {
      expect(
        refusalOf(openedWith({ ...made(unionpayName), certificate }, { pinned: [made('x').certificate] })),
      ).toMatch(/^signature\.unknown_key: no key for signPubKeyCert, which is no certificate; the account has/);
    }
  });

  it('is of X.509 as others read it', () => {
    const { certificate } = made(unionpayName);
    const read = new X509Certificate(certificate);
    expect(read).toMatchObject({ ca: true, subject: `CN=${unionpayName}` });
    expect(read.verify(read.publicKey)).toBe(true);
  });

  it('must be one where credentials need it', () => {
    const { account: ours, endpoint } = sidesOf('unionpay').credentials;
    const accepts = (certificate: string) => [
      unionpay.accountCredentials.safeParse({ ...ours, ca_certificates: [certificate] }).success,
      unionpay.endpointCredentials.safeParse({ ...endpoint, certificate }).success,
    ];
    expect(accepts(made('x').certificate)).toEqual([true, true]);
    for (const text of ['', 'MIID', made('x').privateKey]) expect(accepts(text)).toEqual([false, false]);
  });
});
