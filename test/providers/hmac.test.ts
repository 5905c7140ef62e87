import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hmac } from '../../src/providers/index.ts';
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
  textOf,
  withHeader,
} from './support.ts';

const opening = (fields: object, credentials: object = {}) =>
  sidesOf('hmac', { account: credentials }).receiver.open(
    signed('hmac', JSON.stringify({ order_id: 'O-1', ...fields })),
    context,
  );
const fact = (fields: object, credentials: object = {}) => factOf(opening(fields, credentials));

describe('a body of hmac', () => {
  it('may name its order by an integer of any size', () => {
    const body = '{"order_id":123456789012345678901234567890,"status":"success"}';
    const opened = sidesOf('hmac').receiver.open(signed('hmac', body), context);
    expect(factOf(opened).reference).toBe('123456789012345678901234567890');
  });

  it('without ids derives them, the same for authorisation, success and reversal', () => {
    const derived = { paymentId: 'O-1:payment', operationId: 'O-1:payment', reference: 'O-1', scopedByReference: true };
    expect(fact({ status: 'success' })).toMatchObject(derived);
    expect(fact({ status: 'authorized' })).toMatchObject(derived);
    expect(fact({ status: 'reversed' })).toMatchObject({ paymentId: 'order:O-1', operationId: 'O-1:payment' });
    expect(fact({ status: 'closed' })).toMatchObject({ paymentId: 'order:O-1', operationId: 'O-1:payment.closed' });
  });

  it('takes payment_id as the operation of a payment, and the operation as the payment of a success', () => {
    expect(fact({ status: 'failed', payment_id: 'p' })).toMatchObject({ paymentId: 'p', operationId: 'p' });
    expect(fact({ status: 'success', operation_id: 'o' })).toMatchObject({ paymentId: 'o', operationId: 'o' });
    expect(fact({ status: 'failed', operation_id: 'o' })).toMatchObject({ paymentId: 'order:O-1', operationId: 'o' });
    expect(fact({ status: 'success', payment_id: 12, operation_id: 'o' })).toMatchObject({
      paymentId: '12',
      operationId: 'o',
    });
  });

  it('derives the operation of a refund from its time, and says when that is impossible', () => {
    const time = '2026-01-05T10:00:00+08:00';
    expect(fact({ status: 'refund', occurred_at: time })).toMatchObject({
      paymentId: 'order:O-1',
      operationId: 'O-1:refund.succeeded:2026-01-05T02:00:00.000Z',
    });
    expect(fact({ status: 'refund', occurred_at: time }).operationIdMissing).toBeUndefined();
    expect(fact({ status: 'refund', payment_id: 'p' })).toMatchObject({ paymentId: 'p', operationIdMissing: true });
  });

  it('gives the stages of an unnamed dispute one operation', () => {
    const operations = ['dispute_opened', 'dispute_won', 'dispute_lost'].map((status) => fact({ status }).operationId);
    expect(new Set(operations).size).toBe(1);
  });

  it('takes its time from occurred_at, else from timestamp, else from now', () => {
    const timestamp = '2026-01-05T01:00:00Z';
    expect(fact({ status: 'success', occurred_at: '2026-01-05T02:00:00Z', timestamp }).providerTime).toBe(
      Date.parse('2026-01-05T02:00:00Z'),
    );
    expect(fact({ status: 'success', timestamp }).providerTime).toBe(Date.parse(timestamp));
    expect(fact({ status: 'success' }).providerTime).toBe(now);
  });

  it('without an amount has one only where the account takes it from the order', () => {
    const none = { amountMinor: null, currency: null };
    expect(fact({ status: 'success' })).toMatchObject({ ...none, fromOrder: false });
    expect(fact({ status: 'success' }, { amount: 'from_order' })).toMatchObject({ ...none, fromOrder: true });
    expect(fact({ status: 'refund' }, { amount: 'from_order' })).toMatchObject({ ...none, fromOrder: true });
    expect(fact({ status: 'reversed' }, { amount: 'from_order' })).toMatchObject({ ...none, fromOrder: false });
    expect(fact({ status: 'success', amount_minor: 5, currency: 'CNY' }, { amount: 'from_order' })).toMatchObject({
      amountMinor: 5n,
      fromOrder: false,
    });
  });

  it.each([
    [{ status: 'success', amount_minor: 5 }, 'an amount without a currency'],
    [{ status: 'success', amount_minor: 5, currency: 'ZZZ' }, 'the currency is not one of ISO 4217'],
    [{ status: 'success', occurred_at: 'yesterday' }, 'a time is not ISO 8601'],
    [{ status: 'success', occurred_at: 1767579693 }, 'a time is not ISO 8601'],
    [{ status: 'success', payment_id: {} }, 'an id is neither'],
    [{ status: 'success', payment_id: 'x'.repeat(256) }, 'an id is neither'],
    [{ status: 'success', operation_id: 'a\nb' }, 'an id is neither'],
    [{ status: 'success', operation_id: '\ud800' }, 'an id is neither'],
    [{ status: 'success', order_id: '' }, 'no order number'],
    [{ status: 'success', order_id: '', payment_id: 'p' }, 'the body has no order_id'],
    [{ status: 'success', order_id: 'x'.repeat(129) }, 'the order number is longer'],
    [{ status: 7 }, 'the body has no status'],
    [{}, 'the body has no status'],
  ])('%j is unreadable', (fields, why) => {
    expect(refusalOf(opening(fields))).toContain(`unreadable: ${why}`);
  });

  it('with a status of its own, or about a discrepancy, is ignored', () => {
    expect(opening({ status: 'shipped' })).toEqual({ is: 'ignored', messageId: null, type: 'shipped' });
    expect(opening({ status: 'discrepancy_opened' }).is).toBe('ignored');
    expect(opening({ status: 'constructor' }).is).toBe('ignored');
  });

  it('with encryption keys must come encrypted, and without them must not', async () => {
    const encryption = { encryption_keys: [Buffer.from(seededRandom('one')(32)).toString('base64')] };
    const other = { encryption_keys: [Buffer.from(seededRandom('two')(32)).toString('base64')] };
    const both = { encryption_keys: [...other.encryption_keys, ...encryption.encryption_keys] };
    const sealed = await sidesOf('hmac', { endpoint: encryption }).sender.seal(
      notificationOf('payment.succeeded'),
      context,
    );
    expect(textOf(sealed.body)).toMatch(
      /^\{"encrypted":\{"algorithm":"AEAD_AES_256_GCM","nonce":"[\w-]{12}","associated_data":"notification","ciphertext":/,
    );
    expect(textOf(sealed.body)).not.toContain('ORDER');
    expect(sidesOf('hmac', { account: both }).receiver.open(sealed, context).is).toBe('facts');
    expect(refusalOf(sidesOf('hmac', { account: other }).receiver.open(sealed, context))).toMatch(
      /^callback\.decrypt: none of the account's 1 encryption keys fits/,
    );
    expect(refusalOf(sidesOf('hmac').receiver.open(sealed, context))).toMatch(/^callback\.decrypt: an encrypted body/);
    expect(refusalOf(opening({ status: 'success' }, encryption))).toMatch(/^callback\.not_encrypted: /);
  });
});

describe('the signature of hmac', () => {
  const windowed = { replay_window_s: 60 };

  it('covers timestamp and nonce where a window is set, and gives the nonce back', async () => {
    const { sender, receiver } = sidesOf('hmac', { endpoint: windowed, account: windowed });
    const sealed = await sender.seal(notificationOf('payment.succeeded'), context);
    expect(receiver.open(sealed, context)).toMatchObject({ is: 'facts', nonce: headerOf(sealed, 'x-nonce') });
    expect(refusalOf(receiver.open(sealed, { ...context, now: now + 61_000 }))).toBe(
      'callback.stale: timestamp 61 s old, window 60 s',
    );
    const otherNonce = withHeader(sealed, 'x-nonce', () => 'another');
    expect(refusalOf(receiver.open(otherNonce, context))).toMatch(/^signature\.mismatch: /);
  });

  it('says so where the two sides disagree on the window', async () => {
    const notification = notificationOf('payment.succeeded');
    const withWindow = await sidesOf('hmac', { endpoint: windowed }).sender.seal(notification, context);
    expect(refusalOf(sidesOf('hmac').receiver.open(withWindow, context))).toMatch(
      /set replay_window_s on the account$/,
    );
    const without = await sidesOf('hmac').sender.seal(notification, context);
    const { receiver } = sidesOf('hmac', { account: windowed });
    expect(refusalOf(receiver.open(without, context))).toBe('signature.missing: header x-timestamp is missing');
    const stamped = {
      ...without,
      headers: [...without.headers, ['x-timestamp', String(now / 1000)], ['x-nonce', 'n']] as const,
    };
    expect(refusalOf(receiver.open(stamped, context))).toMatch(/is over the body alone; with replay_window_s/);
  });

  it('opens under any current secret, and seals under the first', async () => {
    const [previous, current] = [
      hmac.generate?.(seededRandom('1')).api_secrets[0],
      hmac.generate?.(seededRandom('2')).api_secrets[0],
    ];
    const sealed = await sidesOf('hmac', { endpoint: { api_secrets: [current, previous] } }).sender.seal(
      notificationOf('payment.succeeded'),
      context,
    );
    for (const [api_secrets, is] of [
      [[previous, current], 'facts'],
      [[current], 'facts'],
      [[previous], 'refused'],
    ] as const) {
      expect(sidesOf('hmac', { account: { api_secrets } }).receiver.open(sealed, context).is).toBe(is);
    }
  });

  it('shows the text that should have been signed', async () => {
    const sealed = await sidesOf('hmac', { endpoint: windowed }).sender.seal(
      notificationOf('payment.succeeded'),
      context,
    );
    const { receiver } = sidesOf('hmac', {
      account: { ...windowed, api_secrets: ['another secret-0'.replace(' ', '-')] },
    });
    const opened = receiver.open(sealed, context);
    const text = opened.is === 'refused' && opened.signedText ? textOf(opened.signedText) : '';
    expect(text).toBe(`${now / 1000}\n${headerOf(sealed, 'x-nonce')}\n${textOf(sealed.body)}`);
  });
});

describe('a sender that asks by GET', () => {
  const { receiver, credentials } = sidesOf('hmac');
  const secrets = credentials.endpoint.api_secrets as string[];
  const sign = (text: string) =>
    `HMAC ${String(credentials.endpoint.api_key)}:${createHmac('sha256', secrets[0] ?? '')
      .update(text)
      .digest('hex')}`;
  const ask = (authorization: string, target: string, more: readonly (readonly [string, string])[] = []) =>
    receiver.confirmation?.({
      method: 'GET',
      target,
      headers: [['Authorization', authorization], ...more],
      body: new Uint8Array(),
    });

  it('is confirmed where its header signs the text of `body`', () => {
    const body = '{"order_id":"T恤 1+1"}';
    const target = `/callbacks/acc?body=${encodeURIComponent(body)}`;
    expect(ask(sign(body), target)).toEqual({ authorization: sign(body), signsBody: true });
    expect(
      ask(sign(`1\nn\n${body}`), target, [
        ['x-timestamp', '1'],
        ['x-nonce', 'n'],
      ]),
    ).toMatchObject({ signsBody: true });
  });

  it('gets its header back to be looked up otherwise', () => {
    expect(ask(sign('a'), '/callbacks/acc')).toEqual({ authorization: sign('a'), signsBody: false });
    expect(ask(sign('a'), '/callbacks/acc?body=b')).toMatchObject({ signsBody: false });
    expect(ask(sign('a'), '/callbacks/acc?body=a&body=a')).toMatchObject({ signsBody: false });
  });

  it('is nobody without a header of this account', () => {
    expect(ask(sign('a').replace(/HMAC [^:]*/, 'HMAC other'), '/?body=a')).toBeNull();
    expect(ask('Bearer x', '/?body=a')).toBeNull();
    expect(receiver.confirmation?.({ method: 'GET', target: '/', headers: [], body: new Uint8Array() })).toBeNull();
  });
});
