import { createSign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { paypal } from '../../src/providers/index.ts';
import { selfSigned } from '../../src/providers/primitives/certificate.ts';
import { crc32 as crc32Of } from '../../src/providers/primitives/crc32.ts';
import type { RawRequest } from '../../src/providers/provider.ts';
import {
  account,
  context,
  factOf,
  notificationOf,
  now,
  refusalOf,
  seededRandom,
  sidesOf,
  withBody,
  withHeader,
  withoutHeader,
} from './support.ts';

const { receiver, credentials } = sidesOf('paypal');
const { webhook_id, certificate_url: url, sign_key } = credentials.endpoint;

/** Signed by node:crypto, without the code under test. */
function signed(body: string): RawRequest {
  const time = '2026-01-05T02:21:33Z';
  const text = `t-1|${time}|${webhook_id}|${crc32(body)}`;
  const headers = {
    'PayPal-Auth-Algo': 'SHA256withRSA',
    'PayPal-Cert-Url': String(url),
    'PayPal-Transmission-Id': 't-1',
    'PayPal-Transmission-Time': time,
    'PayPal-Transmission-Sig': createSign('RSA-SHA256').update(text).sign(String(sign_key), 'base64'),
  };
  return { method: 'POST', target: '/', headers: Object.entries(headers), body: Buffer.from(body) };
}

const event = (event_type: string, resource: unknown) => JSON.stringify({ id: 'WH-1', event_type, resource });
const opening = (event_type: string, resource: unknown) => receiver.open(signed(event(event_type, resource)), context);
const amount = { currency_code: 'USD', value: '88.80' };
const capture = {
  id: 'CAP1',
  status: 'COMPLETED',
  amount,
  invoice_id: 'O-1',
  create_time: '2026-01-05T02:21:33Z',
  update_time: '2026-01-06T02:21:33Z',
};
const refund = {
  ...capture,
  id: 'REF1',
  links: [
    { rel: 'self', href: 'https://api.paypal.com/v2/payments/refunds/REF1' },
    { rel: 'up', href: 'https://api.paypal.com/v2/payments/captures/CAP1' },
  ],
};
const dispute = {
  dispute_id: 'PP-D-1',
  status: 'OPEN',
  disputed_transactions: [{ seller_transaction_id: 'CAP1', invoice_number: 'O-1', custom: 'c-1' }],
  dispute_amount: amount,
  create_time: '2026-01-05T02:21:33Z',
  update_time: '2026-01-05T02:21:35Z',
};
const resolved = (outcome_code: string) => ({ ...dispute, status: 'RESOLVED', dispute_outcome: { outcome_code } });

describe('an event of PayPal', () => {
  it.each([
    ['PAYMENT.CAPTURE.COMPLETED', capture, { kind: 'captured', paymentId: 'CAP1', operationId: 'CAP1' }],
    ['PAYMENT.CAPTURE.COMPLETED', { ...capture, status: 'PARTIALLY_REFUNDED' }, { kind: 'captured' }],
    ['PAYMENT.CAPTURE.COMPLETED', { ...capture, invoice_id: undefined, custom_id: 'c-1' }, { reference: 'c-1' }],
    ['PAYMENT.CAPTURE.COMPLETED', { ...capture, amount: { currency_code: 'JPY', value: '500' } }, { currency: 'JPY' }],
    ['PAYMENT.CAPTURE.DECLINED', { ...capture, status: 'DECLINED' }, { kind: 'failed' }],
    ['PAYMENT.CAPTURE.DENIED', { ...capture, status: 'DECLINED' }, { kind: 'failed' }],
    ['PAYMENT.AUTHORIZATION.CREATED', { ...capture, status: 'CREATED' }, { kind: 'authorized' }],
    ['PAYMENT.AUTHORIZATION.VOIDED', { ...capture, status: 'VOIDED' }, { kind: 'voided' }],
    ['PAYMENT.CAPTURE.REFUNDED', refund, { kind: 'refunded', paymentId: 'CAP1', operationId: 'REF1' }],
    ['PAYMENT.CAPTURE.REVERSED', refund, { kind: 'refunded', paymentId: 'CAP1', operationId: 'REF1' }],
    ['PAYMENT.REFUND.PENDING', { ...refund, status: 'PENDING' }, { kind: 'refund_pending' }],
    ['PAYMENT.REFUND.FAILED', { ...refund, status: 'FAILED' }, { kind: 'refund_failed' }],
    ['CUSTOMER.DISPUTE.CREATED', dispute, { kind: 'dispute_opened', paymentId: 'CAP1', operationId: 'PP-D-1' }],
    ['CUSTOMER.DISPUTE.UPDATED', { ...dispute, status: 'UNDER_REVIEW' }, { kind: 'dispute_opened' }],
    ['CUSTOMER.DISPUTE.RESOLVED', resolved('RESOLVED_SELLER_FAVOUR'), { kind: 'dispute_won' }],
    ['CUSTOMER.DISPUTE.RESOLVED', resolved('RESOLVED_WITH_PAYOUT'), { kind: 'dispute_won' }],
    ['CUSTOMER.DISPUTE.RESOLVED', resolved('CANCELED_BY_BUYER'), { kind: 'dispute_won' }],
    [
      'CUSTOMER.DISPUTE.RESOLVED',
      resolved('RESOLVED_BUYER_FAVOUR'),
      { kind: 'dispute_lost', providerTime: now + 2000 },
    ],
    ['CUSTOMER.DISPUTE.RESOLVED', resolved('ACCEPTED'), { kind: 'dispute_lost' }],
  ])('%s is read, and read back: %#', (type, resource, expected) => {
    const opened = opening(type, resource);
    expect(factOf(opened)).toMatchObject({ account: account.id, measure: 'single', ...expected });
    expect(opened).toMatchObject({ messageId: 'WH-1', readBack: true });
  });

  it('tells its amount, its number and when it was made', () => {
    const fact = { reference: 'O-1', amountMinor: 8880n, currency: 'USD', providerTime: now };
    for (const [type, resource] of [
      ['PAYMENT.CAPTURE.COMPLETED', capture],
      ['PAYMENT.CAPTURE.REFUNDED', refund],
      ['CUSTOMER.DISPUTE.CREATED', dispute],
    ] as const)
      expect(factOf(opening(type, resource))).toMatchObject(fact);
  });

  it.each([
    ['PAYMENT.CAPTURE.PENDING', { ...capture, status: 'PENDING' }],
    ['CHECKOUT.ORDER.APPROVED', capture],
    ['PAYMENT.SALE.COMPLETED', capture],
    ['CUSTOMER.DISPUTE.RESOLVED', resolved('NONE')],
    ['PAYMENT.CAPTURE.COMPLETED', null],
    ['toString', capture],
  ])('%s decides nothing: %#', (type, resource) => {
    expect(opening(type, resource)).toEqual({ is: 'ignored', messageId: 'WH-1', type });
  });

  it.each([
    ['no id', { ...capture, id: undefined }],
    ['a fraction of a cent', { ...capture, amount: { currency_code: 'USD', value: '88.805' } }],
    ['a negative amount', { ...capture, amount: { currency_code: 'USD', value: '-88.80' } }],
    ['an unknown currency', { ...capture, amount: { currency_code: 'USX', value: '88.80' } }],
    ['an amount without a currency', { ...capture, amount: { value: '88.80' } }],
    ['no time', { ...capture, create_time: 'yesterday', update_time: undefined }],
  ])('with %s is unreadable', (_name, resource) => {
    expect(refusalOf(opening('PAYMENT.CAPTURE.COMPLETED', resource))).toMatch(/^unreadable: PAYMENT/);
  });

  it('of a refund is unreadable where no link names its capture', () => {
    for (const href of ['', 'https://api.paypal.com/v2/payments/captures/%E0%A4%A', '/captures/', 7])
      expect(refusalOf(opening('PAYMENT.CAPTURE.REFUNDED', { ...refund, links: [{ rel: 'up', href }] }))).toMatch(
        /^unreadable: /,
      );
  });

  it.each(['', '[]', 'null', '{"id":"WH-1"}', '{"event_type":"X"}', '{'])('%j is kept as unreadable', (body) => {
    expect(receiver.open(signed(body), context).is).toBe('unreadable');
  });

  it('is asked about by another field where the account says so', () => {
    const byCustom = paypal.receiver({ ...credentials.account, order_no_field: 'custom_id' }, account);
    const open = (resource: object) =>
      factOf(byCustom.open(signed(event('CUSTOMER.DISPUTE.CREATED', resource)), context)).reference;
    expect(open(dispute)).toBe('c-1');
  });
});

describe('the sum in the signature', () => {
  it('is that of zlib', () => {
    expect(crc32Of(Buffer.from('123456789'))).toBe(0xcbf43926);
    for (const length of [0, 1, 7, 300]) {
      const bytes = seededRandom('sum')(length);
      expect(crc32Of(bytes)).toBe(crc32(bytes));
    }
  });
});

describe('the signature of PayPal', () => {
  /** Sixty-four letters whose case may change, so that some change of it gives back the sum. */
  const room = 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl';

  it('covers so little of a body that another amount passes: only the answer to a query is believed', () => {
    const genuine = signed(event('PAYMENT.CAPTURE.COMPLETED', { ...capture, note: room }));
    const forged = withSum(Buffer.from(genuine.body).toString().replace('88.80', '99999.99'), crc32(genuine.body));
    expect(receiver.open(withBody(genuine, forged), context)).toMatchObject({
      is: 'facts',
      readBack: true,
      facts: [{ amountMinor: 9_999_999n }],
    });
  });

  it('is believed alone where the owner of the account accepts that', () => {
    const accepting = paypal.receiver({ ...credentials.account, accept_risk: 'crc32_body' }, account);
    const opened = accepting.open(signed(event('PAYMENT.CAPTURE.COMPLETED', capture)), context);
    expect(opened).toMatchObject({ readBack: false });
  });

  it('fits the webhook_id of one subscription alone', () => {
    const other = paypal.receiver({ ...credentials.account, webhook_id: 'OTHER' }, account);
    const opened = other.open(signed(event('PAYMENT.CAPTURE.COMPLETED', capture)), context);
    expect(refusalOf(opened)).toMatch(/^signature\.mismatch: /);
  });

  /** All but the last bits of a text over GF(2): a sum of CRCs is a CRC, so that equations for single letters add up. */
  function withSum(text: string, wanted: number): string {
    const bytes = Buffer.from(text);
    const start = text.indexOf(room);
    const sum = crc32(bytes);
    const flipped = (index: number) => {
      const other = Buffer.from(bytes);
      other[start + index] = (other[start + index] ?? 0) ^ 0x20;
      return other;
    };
    let rows = [...room].map((_, index) => ({
      delta: (crc32(flipped(index)) ^ sum) >>> 0,
      letters: 1n << BigInt(index),
    }));
    let [missing, letters] = [(sum ^ wanted) >>> 0, 0n];
    for (let bit = 31; bit >= 0; bit -= 1) {
      const has = (value: number) => ((value >>> bit) & 1) === 1;
      const pivot = rows.find(({ delta }) => has(delta));
      if (pivot === undefined) continue;
      rows = rows
        .filter((row) => row !== pivot)
        .map((row) =>
          has(row.delta) ? { delta: (row.delta ^ pivot.delta) >>> 0, letters: row.letters ^ pivot.letters } : row,
        );
      if (has(missing)) [missing, letters] = [(missing ^ pivot.delta) >>> 0, letters ^ pivot.letters];
    }
    for (const index of room.split('').keys()) {
      if ((letters >> BigInt(index)) & 1n) bytes[start + index] = (bytes[start + index] ?? 0) ^ 0x20;
    }
    return bytes.toString();
  }
});

describe('a certificate of PayPal', () => {
  const request = signed(event('PAYMENT.CAPTURE.COMPLETED', capture));
  const at = (address: string) => withHeader(request, 'PayPal-Cert-Url', () => address);
  const certs = 'v1/notifications/certs/CERT-1';

  it.each([
    `http://api.paypal.com/${certs}`,
    `https://api.paypal.com.evil.example/${certs}`,
    `https://evil.example/${certs}`,
    `https://api.paypal.com@evil.example/${certs}`,
    `https://api.paypal.com:8443/${certs}`,
    `https://API.paypal.com/${certs}`,
    `https://www.paypal.com/${certs}`,
    'https://api.paypal.com/v1/notifications/certs/',
    'https://api.paypal.com/v1/notifications/certs/../webhooks',
    `https://api.paypal.com/${certs}?x=1`,
    `https://api.paypal.com/${certs}#x`,
    `https://api.sandbox.paypal.com/${certs}`,
  ])('at %s is never asked for', (address) => {
    expect(refusalOf(receiver.open(at(address), context))).toMatch(/^signature\.malformed: header paypal-cert-url/);
  });

  it('at another address of PayPal is one to fetch', () => {
    const address = `https://api-m.paypal.com/${certs}`;
    expect(receiver.open(at(address), context)).toMatchObject({ is: 'unknown_key', keyId: address });
  });

  it('of the sandbox counts for a test account alone', () => {
    const sandbox = `https://api-m.sandbox.paypal.com/${certs}`;
    const test = paypal.receiver(credentials.account, { ...account, mode: 'test' });
    expect(test.open(at(sandbox), context)).toMatchObject({ is: 'unknown_key', keyId: sandbox });
  });

  it('that has ended is fetched again', () => {
    const later = { ...context, now: now + 200 * 365 * 86_400_000 };
    expect(receiver.open(request, later)).toMatchObject({ is: 'unknown_key', keyId: url });
  });

  it('in another name is no credential', () => {
    const made = (name: string) => selfSigned(name, { from: 0, until: 2 * now, serial: Buffer.of(1) }).certificate;
    const withName = (name: string, mode: 'live' | 'test') => () =>
      paypal.receiver({ webhook_id: 'W', certificates: { [String(url)]: made(name) } }, { ...account, mode });
    expect(withName('paypal.com', 'live')).toThrow(/account\.credentials/);
    expect(withName('messageverificationcerts.sandbox.paypal.com', 'live')).toThrow(/account\.credentials/);
    expect(withName('messageverificationcerts.sandbox.paypal.com', 'test')).not.toThrow();
  });

  it.each([
    [{ certificates: { 'https://evil.example/cert': 'x' } }],
    [{ certificates: { [String(url)]: 'no certificate' } }],
    [{ client_id: 'id', client_secret: undefined }],
    [{ accept_risk: 'yes' }],
  ])('is refused with %j', (changes) => {
    const { certificates: _, ...rest } = credentials.account;
    expect(paypal.accountCredentials.safeParse({ ...rest, ...changes }).success).toBe(false);
  });

  it('needs the name of the algorithm beside it', () => {
    expect(refusalOf(receiver.open(withoutHeader(request, 'PayPal-Auth-Algo'), context))).toMatch(
      /^signature\.missing: header paypal-auth-algo/,
    );
  });
});

it('writes forint and Taiwan dollars without decimals, and reads them', async () => {
  const { sender } = sidesOf('paypal');
  const sealed = await sender.seal(
    notificationOf('payment.succeeded', { currency: 'TWD', amountMinor: 8800n }),
    context,
  );
  expect(JSON.parse(Buffer.from(sealed.body).toString()).resource.amount).toEqual({
    currency_code: 'TWD',
    value: '88',
  });
  expect(factOf(receiver.open(sealed, context))).toMatchObject({ amountMinor: 8800n, currency: 'TWD' });
});
