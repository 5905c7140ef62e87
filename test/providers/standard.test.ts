import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { standard } from '../../src/providers/index.ts';
import { publicKeyOf } from '../../src/providers/standard.ts';
import { signed } from './signing.ts';
import {
  context,
  factOf,
  headerOf,
  notificationOf,
  now,
  refusalOf,
  seededRandom,
  sidesOf,
  withHeader,
} from './support.ts';

const opening = (body: object, credentials: object = {}) =>
  sidesOf('standard', { account: credentials }).receiver.open(signed('standard', JSON.stringify(body)), context);
const privateKey = () => {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return `whsk_${Buffer.concat([d, x].map((half) => Buffer.from(half, 'base64url'))).toString('base64')}`;
};
const succeeded = notificationOf('payment.succeeded');

describe('a body of standard', () => {
  it.each([
    [
      { order_no: 'O-1', order_id: 'O-2', amount_minor: 5, amount: 6, currency: 'CNY' },
      { reference: 'O-1', amountMinor: 5n },
    ],
    [
      { order_id: 'O-2', amount: '6', currency: 'cny' },
      { reference: 'O-2', amountMinor: 6n, currency: 'CNY' },
    ],
    [
      { order_no: 'O-1', payment_id: 'p' },
      { paymentId: 'p', operationId: 'p', amountMinor: null, fromOrder: false },
    ],
    [{ order_no: 'O-1' }, { paymentId: 'O-1:payment', operationId: 'O-1:payment', scopedByReference: true }],
    [{ payment_id: 'p' }, { reference: null, paymentId: 'p', operationId: 'p' }],
  ])('with the data %j is read', (data, expected) => {
    const opened = opening({ type: 'payment.succeeded', timestamp: '2026-01-05T02:00:00Z', data });
    expect(factOf(opened)).toMatchObject({ ...expected, providerTime: Date.parse('2026-01-05T02:00:00Z') });
  });

  it.each([
    [{ type: 'payment.succeeded' }, 'the body has no data'],
    [{ type: 'payment.succeeded', data: {} }, 'no order number'],
    [{ type: 'refund.succeeded', data: { payment_id: 'p' } }, 'no order number'],
    [{ type: 'payment.succeeded', data: { order_no: 'O-1' }, timestamp: 1 }, 'a time is not ISO 8601'],
  ])('%j is unreadable', (body, why) => {
    expect(refusalOf(opening(body))).toContain(`unreadable: ${why}`);
  });

  it('of an unknown type, or about a discrepancy, is ignored with its message id', () => {
    expect(opening({ type: 'invoice.created', data: {} })).toEqual({
      is: 'ignored',
      messageId: 'msg_1',
      type: 'invoice.created',
    });
    expect(opening({ type: 'discrepancy.opened', data: {} }).is).toBe('ignored');
  });

  it('has its order number wherever the account says', () => {
    const body = { type: 'payment.succeeded', data: { order_no: 'not this', payment_id: 'p', shop: { order: 42 } } };
    expect(factOf(opening(body, { order_no_path: 'data.shop.order' })).reference).toBe('42');
    expect(factOf(opening(body, { order_no_path: 'data.absent' })).reference).toBeNull();
    expect(factOf(opening(body, { order_no_path: 'data.constructor.name' })).reference).toBeNull();
  });
});

describe('the signatures of standard', () => {
  it('are made with every current secret and key, and any current one opens', async () => {
    const secrets = ['1', '2'].map((seed) => standard.generate?.(seededRandom(seed)).secrets?.[0] ?? '');
    const keys = [privateKey(), privateKey()];
    const sealed = await sidesOf('standard', { endpoint: { secrets, private_keys: keys } }).sender.seal(
      succeeded,
      context,
    );
    expect(headerOf(sealed, 'webhook-signature')).toMatch(/^v1,\S+ v1,\S+ v1a,\S+ v1a,\S+$/);
    for (const secret of secrets) {
      expect(sidesOf('standard', { account: { secrets: [secret] } }).receiver.open(sealed, context).is).toBe('facts');
    }
    for (const key of keys) {
      const account = { public_keys: [publicKeyOf(key)] };
      expect(sidesOf('standard', { account }).receiver.open(sealed, context).is).toBe('facts');
    }
    expect(sidesOf('standard').receiver.open(sealed, context).is).toBe('refused');
  });

  it('count wherever the good one stands, beside unknown versions and broken ones', async () => {
    const { sender, receiver } = sidesOf('standard');
    const sealed = await sender.seal(succeeded, context);
    const other = `v1,${Buffer.alloc(32, 1).toString('base64')}`;
    for (const change of [
      (good: string) => `${good} ${other}`,
      (good: string) => `${other} ${good}`,
      (good: string) => `v9,abcd v1,short v1,!!! v1 ${good} v1,a,b`,
    ]) {
      expect(receiver.open(withHeader(sealed, 'webhook-signature', change), context).is).toBe('facts');
    }
    const tooMany = withHeader(sealed, 'webhook-signature', (good) => `${`${other} `.repeat(16)}${good}`);
    expect(refusalOf(receiver.open(tooMany, context))).toBe('signature.malformed: more than 16 signatures');
  });

  it('of v1 do not count where the account has a public key, even beside the right secret', async () => {
    const { sender, receiver } = sidesOf('standard', { account: { public_keys: [publicKeyOf(privateKey())] } });
    const sealed = await sender.seal(succeeded, context);
    expect(refusalOf(receiver.open(sealed, context))).toBe(
      'signature.scheme: no v1a signature, the only scheme this account accepts',
    );
    const forged = withHeader(
      sealed,
      'webhook-signature',
      (v1) => `${v1} v1a,${Buffer.alloc(64, 1).toString('base64')}`,
    );
    expect(refusalOf(receiver.open(forged, context))).toMatch(
      /^signature\.mismatch: no public key of the account fits any of the 1 v1a/,
    );
  });

  it('do not cover an id with a point', async () => {
    const { sender, receiver } = sidesOf('standard');
    const sealed = await sender.seal(succeeded, context);
    const split = withHeader(sealed, 'webhook-id', (id) => `${id}.1`);
    expect(refusalOf(receiver.open(split, context))).toMatch(
      /^signature\.malformed: header webhook-id is not .* without a point/,
    );
  });

  it('are read from the svix headers too, but never mixed with the others', async () => {
    const { sender, receiver } = sidesOf('standard');
    const sealed = await sender.seal(succeeded, context);
    const headers = sealed.headers.map(([name, value]) => [name.replace('webhook-', 'Svix-'), value] as const);
    expect(receiver.open({ ...sealed, headers }, context)).toMatchObject({ is: 'facts', messageId: succeeded.id });
    const mixed = [...headers, ['webhook-id', 'other'] as const];
    expect(refusalOf(receiver.open({ ...sealed, headers: mixed }, context))).toMatch(
      /^signature\.missing: header webhook-timestamp/,
    );
  });

  it('keep the message id over attempts, and date each attempt', async () => {
    const { sender } = sidesOf('standard');
    const [first, second] = [
      await sender.seal(succeeded, context),
      await sender.seal(succeeded, { ...context, now: now + 60_000 }),
    ];
    expect([headerOf(first, 'webhook-id'), headerOf(second, 'webhook-id')]).toEqual([succeeded.id, succeeded.id]);
    expect(Number(headerOf(second, 'webhook-timestamp')) - Number(headerOf(first, 'webhook-timestamp'))).toBe(60);
  });

  it('are opened to the edge of the window and not past it, in both directions', async () => {
    const { sender, receiver } = sidesOf('standard');
    const sealed = await sender.seal(succeeded, context);
    const openedAfter = (ms: number) => receiver.open(sealed, { ...context, now: now + ms }).is;
    expect([-300_001, -300_000, 300_000, 300_001].map(openedAfter)).toEqual(['refused', 'facts', 'facts', 'refused']);
  });

  it('stop at an endpoint that is gone', () => {
    const gone = { status: 410, headers: [], body: new Uint8Array() };
    expect(sidesOf('standard').sender.judge(gone)).toMatchObject({ confirmed: false, retry: 'stop' });
    expect(sidesOf('alipay').sender.judge(gone)).toMatchObject({ confirmed: false, retry: 'by_schedule' });
  });
});
