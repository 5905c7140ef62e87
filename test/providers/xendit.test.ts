import { describe, expect, it } from 'vitest';
import { xenditClient } from '../../src/providers/clients/xendit.ts';
import { xendit } from '../../src/providers/index.ts';
import type { Headers, RawRequest } from '../../src/providers/provider.ts';
import { asPatient } from '../../src/sandbox/faulty-sender.ts';
import { account, context, factOf, failureOf, now, playedHttp, refusalOf, seededRandom, sidesOf } from './support.ts';

const token = 'BbpN1eS7kC3sW0p9xendittoken';
const receiver = xendit.receiver({ callback_tokens: ['another-token-0123456789', token] }, account);
const iso = '2026-01-05T02:21:33.000Z';
const invoice = {
  id: 'inv-1',
  external_id: 'O-1',
  status: 'PAID',
  amount: 88800,
  paid_amount: 88800,
  currency: 'IDR',
  paid_at: iso,
  updated: '2026-01-05T02:21:35.000Z',
};
const payment = {
  payment_id: 'py-1',
  payment_request_id: 'pr-1',
  reference_id: 'O-1',
  status: 'SUCCEEDED',
  request_amount: 88.8,
  currency: 'PHP',
  created: iso,
};
const refund = { id: 'rfd-1', invoice_id: 'inv-1', amount: 88.8, currency: 'PHP', status: 'SUCCEEDED', updated: iso };

function sent(body: unknown, headers: Headers = [['X-Callback-Token', token]]): RawRequest {
  return { method: 'POST', target: '/', headers, body: Buffer.from(JSON.stringify(body)) };
}
const opening = (body: unknown) => receiver.open(sent(body), context);
const event = (name: string, data: unknown) => ({ event: name, business_id: 'b', created: iso, data });

describe('a callback of Xendit', () => {
  it.each([
    [invoice, { kind: 'captured', paymentId: 'inv-1', operationId: 'inv-1', reference: 'O-1', providerTime: now }],
    [
      { ...invoice, status: 'SETTLED' },
      { kind: 'captured', amountMinor: 8_880_000n, measure: 'single' },
    ],
    [
      { ...invoice, paid_amount: 50_000 },
      { kind: 'captured', amountMinor: 5_000_000n },
    ],
    [
      { ...invoice, paid_amount: undefined },
      { kind: 'captured', amountMinor: 8_880_000n },
    ],
    [
      { ...invoice, status: 'EXPIRED' },
      { kind: 'closed', providerTime: now + 2000 },
    ],
    [
      event('payment.capture', payment),
      { kind: 'captured', paymentId: 'pr-1', operationId: 'py-1', measure: 'cumulative', amountMinor: 8880n },
    ],
    [
      event('payment.capture', { ...payment, captures: [{ capture_amount: 50.5 }, { capture_amount: 30 }] }),
      { kind: 'captured', amountMinor: 8050n },
    ],
    [event('payment.authorization', { ...payment, status: 'AUTHORIZED' }), { kind: 'authorized', measure: 'single' }],
    [event('payment.failure', { ...payment, status: 'FAILED' }), { kind: 'failed' }],
    [event('payment.expiry', { ...payment, status: 'EXPIRED' }), { kind: 'voided' }],
    [
      event('payment_request.expiry', { ...payment, status: 'EXPIRED', updated: iso }),
      { kind: 'closed', paymentId: 'pr-1', operationId: 'pr-1', reference: 'O-1' },
    ],
    [
      event('refund.succeeded', refund),
      { kind: 'refunded', paymentId: 'inv-1', operationId: 'rfd-1', reference: null, amountMinor: 8880n },
    ],
    [
      event('refund.succeeded', { ...refund, invoice_id: null, payment_request_id: 'pr-1', payment_id: 'py-1' }),
      { kind: 'refunded', paymentId: 'pr-1' },
    ],
    [event('refund.failed', { ...refund, status: 'FAILED' }), { kind: 'refund_failed' }],
    [event('refund.succeeded', event('refund.succeeded', refund)), { kind: 'refunded', operationId: 'rfd-1' }],
  ])('is read, and read back: %#', (body, expected) => {
    const opened = opening(body);
    expect(factOf(opened)).toMatchObject({ account: account.id, ...expected });
    expect(opened).toMatchObject({ messageId: null, readBack: true });
  });

  it.each([
    [{ ...invoice, status: 'PENDING' }],
    [event('payment.capture', { ...payment, status: 'PENDING' })],
    [event('payment_token.activation', payment)],
    [event('payment_request.created', { ...payment, status: 'REQUIRES_ACTION' })],
    [event('constructor', null)],
  ])('decides nothing: %#', (body) => {
    expect(opening(body).is).toBe('ignored');
  });

  it.each([
    [{}],
    [{ ...invoice, currency: undefined }],
    [{ ...invoice, paid_amount: -1 }],
    [{ ...invoice, paid_amount: 88800.005 }],
    [{ ...invoice, paid_at: 'then', updated: undefined }],
    [event('payment.capture', { ...payment, captures: [{ capture_amount: 'x' }] })],
    [event('payment.capture', { ...payment, captures: [null] })],
    [event('refund.succeeded', { ...refund, invoice_id: undefined })],
  ])('is kept as unreadable: %#', (body) => {
    expect(refusalOf(opening(body))).toMatch(/^unreadable: /);
  });

  it('is known by the id in its header, where there is one that can be read', () => {
    const withId = (id: string) => [['X-Callback-Token', token] as const, ['Webhook-Id', id] as const];
    const idOf = (id: string) => receiver.open(sent(invoice, withId(id)), context);
    expect(idOf('6627d4a1e0b5')).toMatchObject({ messageId: '6627d4a1e0b5' });
    expect(idOf('')).toMatchObject({ messageId: null });
    expect(idOf('a, b')).toMatchObject({ messageId: null });
  });

  it('is believed alone where the owner of the account accepts that', () => {
    const accepting = xendit.receiver({ callback_tokens: [token], accept_risk: 'unsigned_body' }, account);
    expect(accepting.open(sent(invoice), context)).toMatchObject({ readBack: false });
  });

  it('is refused on a live account that asks under a test key', () => {
    const credentials = { callback_tokens: [token], api_key: 'xnd_development_0123456789' };
    expect(() => xendit.receiver(credentials, account)).toThrow(/account\.credentials/);
    expect(() => xendit.receiver(credentials, { ...account, mode: 'test' })).not.toThrow();
  });

  it('is lost where it is not answered in time, which the sandbox plays and your own endpoints do not', () => {
    const { sender, provider } = sidesOf('xendit');
    expect(sender.judge('timeout')).toMatchObject({ confirmed: false, retry: 'by_schedule' });
    const patient = asPatient(sender, provider.profile);
    expect(patient.judge('timeout')).toMatchObject({ confirmed: false, retry: 'stop' });
    expect(patient.judge('unreachable')).toMatchObject({ confirmed: false, retry: 'by_schedule' });
    expect(asPatient(sender, {})).toBe(sender);
  });
});

describe('the client of Xendit', () => {
  const { signal } = new AbortController();
  const key = 'xnd_production_0123456789';
  const platform = (objects: Readonly<Record<string, object>>) => {
    const { http, asked } = playedHttp(({ method, url }) => {
      const { pathname, search } = new URL(url);
      const found = objects[`${method} ${pathname}${search}`] ?? objects[`${method} ${pathname}`];
      return found === undefined ? { status: 404, body: { message: 'not found' } } : { status: 200, body: found };
    });
    const world = { account, http, now: () => now, random: seededRandom('xendit') };
    return { client: xenditClient({ api_key: key }, world), asked };
  };
  const refunds = { 'GET /refunds?invoice_id=inv-1&limit=100': { data: [refund] } };

  it('finds the invoices of an order number, with their refunds', async () => {
    const list = [invoice, { ...invoice, id: 'inv-2', status: 'PENDING', paid_amount: undefined }];
    const { client, asked } = platform({ 'GET /v2/invoices?external_id=O%2F1': list, ...refunds });
    const answer = await client.query?.({ reference: 'O/1', paymentId: null }, signal);
    expect(answer).toMatchObject({
      state: 'open',
      facts: [
        { kind: 'captured', operationId: 'inv-1' },
        { kind: 'refunded', operationId: 'rfd-1', paymentId: 'inv-1' },
      ],
    });
    expect(asked[0]?.headers).toContainEqual(['authorization', `Basic ${Buffer.from(`${key}:`).toString('base64')}`]);
    expect(asked[0]?.url).toMatch(/^https:\/\/api\.xendit\.co\//);
  });

  it('says by query what a callback says', async () => {
    const { client } = platform({ 'GET /v2/invoices/inv-1': invoice });
    const answer = await client.query?.({ reference: null, paymentId: 'inv-1' }, signal);
    expect(answer).toEqual({ state: 'final', facts: [factOf(opening(invoice))] });
    const requested = platform({
      'GET /v3/payment_requests/pr-1': { payment_request_id: 'pr-1', status: 'SUCCEEDED', latest_payment_id: 'py-1' },
      'GET /v3/payments/py-1': payment,
      'GET /refunds?payment_request_id=pr-1&limit=100': {
        data: [{ ...refund, payment_request_id: 'pr-1', invoice_id: null }],
      },
    });
    const told = await requested.client.query?.({ reference: null, paymentId: 'pr-1' }, signal);
    expect(told).toMatchObject({ state: 'final', facts: [{}, { kind: 'refunded', paymentId: 'pr-1' }] });
    expect(told?.facts[0]).toEqual(factOf(opening(event('payment.capture', payment))));
    expect(requested.asked[0]?.headers).toContainEqual(['api-version', '2024-11-11']);
  });

  it('asks for the payment of a request that a callback named', async () => {
    const { client } = platform({
      'GET /v3/payment_requests/pr-1': { payment_request_id: 'pr-1', status: 'ACTIVE', latest_payment_id: 'py-2' },
      'GET /v3/payments/py-1': { ...payment, status: 'FAILED' },
    });
    const answer = await client.query?.({ reference: null, paymentId: 'pr-1', operationId: 'py-1' }, signal);
    expect(answer).toMatchObject({ state: 'open', facts: [{ kind: 'failed', operationId: 'py-1' }] });
  });

  it('finds nothing where there is nothing', async () => {
    const { client } = platform({ 'GET /v2/invoices': [] });
    for (const order of [
      { reference: 'O-1', paymentId: null },
      { reference: null, paymentId: 'inv-9' },
      { reference: null, paymentId: 'pr-9' },
    ])
      expect(await client.query?.(order, signal)).toEqual({ state: 'not_found', facts: [] });
    const nothing = client.query?.({ reference: null, paymentId: null }, signal);
    await expect(nothing).rejects.toMatchObject(failureOf('provider.cannot_ask'));
  });

  it.each([
    ['inv-1', 'invoice_id'],
    ['pr-1', 'payment_request_id'],
  ])('refunds %s under a key, naming it as %s', async (paymentId, field) => {
    const { client, asked } = platform({ 'POST /refunds': refund });
    const fact = await client.refund?.(
      { reference: null, paymentId },
      { amountMinor: 8880n, currency: 'PHP' },
      'k-1',
      signal,
    );
    expect(fact).toMatchObject({ kind: 'refunded', operationId: 'rfd-1', paymentId, amountMinor: 8880n });
    const { headers = [], body = '' } = asked[0] ?? {};
    expect(headers).toContainEqual(['idempotency-key', 'k-1']);
    expect(Buffer.from(body).toString()).toContain(`"${field}":"${paymentId}","reference_id":"k-1","amount":88.80,`);
  });

  it('ends an invoice that is not paid, and says so when it is', async () => {
    const order = { reference: 'O-1', paymentId: null };
    const pending = { ...invoice, status: 'PENDING' };
    const open = platform({
      'GET /v2/invoices': [pending],
      'POST /invoices/inv-1/expire!': { ...invoice, status: 'EXPIRED' },
    });
    expect(await open.client.close?.(order, signal)).toMatchObject({ kind: 'closed', paymentId: 'inv-1' });
    expect(await platform({ 'GET /v2/invoices': [] }).client.close?.(order, signal)).toBeNull();
    const ended = platform({ 'GET /v2/invoices': [{ ...invoice, status: 'EXPIRED' }] });
    expect(await ended.client.close?.(order, signal)).toMatchObject({ kind: 'closed' });
    const paid = platform({ 'GET /v2/invoices': [invoice] });
    await expect(paid.client.close?.(order, signal)).rejects.toMatchObject(failureOf('provider.refused'));
    const request = paid.client.close?.({ reference: null, paymentId: 'pr-1' }, signal);
    await expect(request).rejects.toMatchObject(failureOf('provider.cannot_ask'));
  });
});
