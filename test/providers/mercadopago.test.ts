import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mercadopago } from '../../src/providers/index.ts';
import type { HttpRequest, RawRequest, Reference } from '../../src/providers/provider.ts';
import { account, context, failureOf, notificationOf, now, refusalOf, sidesOf } from './support.ts';

const secret = 'a-secret-of-the-test-0001';
const accessToken = 'APP_USR-4928165507731-010502';
const credentials = { webhook_secrets: [secret], access_token: accessToken };
const receiver = mercadopago.receiver(credentials, account);

interface Webhook {
  id: string;
  query: string;
  body: unknown;
  time?: string;
}

function webhook({ id, query, body, time = '1767579693' }: Webhook): RawRequest {
  const v1 = createHmac('sha256', secret).update(`id:${id};request-id:r-1;ts:${time};`).digest('hex');
  const headers = [
    ['x-signature', `ts=${time},v1=${v1}`],
    ['x-request-id', 'r-1'],
  ] as const;
  return { method: 'POST', target: `/callbacks/acc${query}`, headers, body: Buffer.from(JSON.stringify(body)) };
}

describe('a webhook of Mercado Pago', () => {
  const body = { type: 'payment', data: { id: '123' } };
  const ping = (paymentId: string) => ({ is: 'ping', references: [{ reference: null, paymentId }] });

  it('names a payment to ask about', () => {
    const request = webhook({ id: '123', query: '?data.id=123&type=payment', body });
    expect(receiver.open(request, context)).toMatchObject(ping('123'));
  });

  it('may have its id in the body alone, as a number', () => {
    expect(receiver.open(webhook({ id: '123', query: '', body }), context)).toMatchObject(ping('123'));
    const asNumber = webhook({ id: '123', query: '', body: { ...body, data: { id: 123 } } });
    expect(receiver.open(asNumber, context)).toMatchObject(ping('123'));
  });

  it('signs its id in lower case, and is asked about as the body writes it', () => {
    const request = webhook({ id: 'pay-ab', query: '?data.id=pay-ab', body: { ...body, data: { id: 'PAY-AB' } } });
    expect(receiver.open(request, context)).toMatchObject(ping('PAY-AB'));
  });

  it('may say its time in milliseconds, and may be old', () => {
    const request = webhook({ id: '123', query: '?data.id=123', body, time: '1742505638683' });
    expect(receiver.open(request, context)).toMatchObject(ping('123'));
  });

  it('is refused where the body names another payment than the one that is signed', () => {
    const request = webhook({ id: '123', query: '?data.id=123', body: { ...body, data: { id: '124' } } });
    expect(refusalOf(receiver.open(request, context))).toMatch(/^signature\.mismatch: the body names another data\.id/);
  });

  it('is ignored where it is about something else', () => {
    const request = webhook({ id: '9', query: '?data.id=9&type=order', body: { type: 'order', data: { id: '9' } } });
    expect(receiver.open(request, context)).toMatchObject({ is: 'ignored', type: 'order' });
  });

  it('is sent with its id and type in the query, as the platform does', async () => {
    const { sender } = sidesOf('mercadopago');
    const sealed = await sender.seal(notificationOf('refund.succeeded', { paymentId: '77' }), context);
    expect(sealed.target).toBe('/?data.id=77&type=payment');
  });
});

describe("Mercado Pago's answer about a payment", () => {
  const payment = {
    id: 123,
    status: 'approved',
    currency_id: 'ARS',
    transaction_amount: 88.8,
    transaction_amount_refunded: 0,
    external_reference: 'ORDER-1',
    date_created: '2026-01-04T22:20:00.000-04:00',
    date_approved: '2026-01-04T22:21:33.000-04:00',
    date_last_updated: '2026-01-04T22:30:00.000-04:00',
    refunds: [],
  };
  const asked: HttpRequest[] = [];
  const clientAnswering = (body: unknown, status = 200, more: object = {}) =>
    mercadopago.client?.(
      { ...credentials, ...more },
      {
        account,
        now: () => now,
        random: context.random,
        http: {
          async send(request) {
            asked.push(request);
            return { status, headers: [], body: Buffer.from(JSON.stringify(body)) };
          },
          async *stream() {},
        },
      },
    );
  const { signal } = new AbortController();
  const order: Reference = { reference: 'ORDER-1', paymentId: '123' };
  const factsOf = async (changes: object) =>
    (await clientAnswering({ ...payment, ...changes })?.query?.(order, signal))?.facts;

  it('says the capture when it was approved, under the access token', async () => {
    expect(await factsOf({})).toEqual([
      {
        account: account.id,
        kind: 'captured',
        paymentId: '123',
        operationId: '123',
        reference: 'ORDER-1',
        amountMinor: 8880n,
        currency: 'ARS',
        fromOrder: false,
        measure: 'single',
        providerTime: now,
      },
    ]);
    expect(asked.at(-1)?.url).toBe('https://api.mercadopago.com/v1/payments/123');
    expect(asked.at(-1)?.headers).toContainEqual(['authorization', `Bearer ${accessToken}`]);
  });

  it.each([
    ['authorized', ['authorized'], 'open'],
    ['rejected', ['failed'], 'final'],
    ['cancelled', ['closed'], 'final'],
    ['pending', [], 'open'],
    ['in_process', [], 'open'],
    ['in_mediation', ['captured'], 'open'],
    ['a status of tomorrow', [], 'final'],
  ])('says %s as %j, which is %s', async (status, kinds, state) => {
    const answer = await clientAnswering({ ...payment, status })?.query?.(order, signal);
    expect(answer?.facts.map(({ kind }) => kind)).toEqual(kinds);
    expect(answer?.state).toBe(state);
  });

  it.each([
    ['in_process', 'dispute_opened'],
    ['settled', 'dispute_lost'],
    ['reimbursed', 'dispute_won'],
  ])('says a chargeback that is %s as %s', async (status_detail, kind) => {
    expect(await factsOf({ status: 'charged_back', status_detail })).toMatchObject([{ kind: 'captured' }, { kind }]);
  });

  it('says refunds one by one, or their total where they are not listed', async () => {
    const refund = { payment_id: 123, amount: 10.5, date_created: payment.date_created };
    const refunds = ['approved', 'in_process', 'rejected'].map((status) => ({ ...refund, id: `r-${status}`, status }));
    const facts = await factsOf({ refunds, transaction_amount_refunded: 10.5 });
    expect(
      facts?.slice(1).map(({ operationId, kind, amountMinor }) => `${operationId} ${kind} ${amountMinor}`),
    ).toEqual(['r-approved refunded 1050', 'r-in_process refund_pending 1050', 'r-rejected refund_failed 1050']);
    expect(await factsOf({ status: 'refunded', transaction_amount_refunded: 88.8 })).toMatchObject([
      { kind: 'captured' },
      { kind: 'refunded', operationId: '123', measure: 'cumulative', amountMinor: 8880n },
    ]);
  });

  it.each([88.805, 1e30, '', true])('cannot be read with the amount %j', async (transaction_amount) => {
    await expect(factsOf({ transaction_amount })).rejects.toMatchObject(failureOf('provider.answer'));
  });

  it('is searched by the external reference, and not at all by another place', async () => {
    await clientAnswering({ results: [] })?.query?.({ reference: 'Ä&1', paymentId: null }, signal);
    expect(asked.at(-1)?.url).toContain('/v1/payments/search?external_reference=%C3%84%261&');
    const elsewhere = clientAnswering({}, 200, { order_no_path: 'metadata.no' });
    await expect(elsewhere?.query?.({ reference: 'A', paymentId: null }, signal)).rejects.toMatchObject(
      failureOf('provider.cannot_ask'),
    );
  });

  it('to a refund is a fact of the same payment, the amount written as a decimal number', async () => {
    const refund = { id: 5, payment_id: 123, amount: 10, status: 'approved', date_created: payment.date_created };
    const made = await clientAnswering(refund, 201)?.refund?.(
      order,
      { amountMinor: 1000n, currency: 'ARS' },
      'k',
      signal,
    );
    expect(made).toMatchObject({ kind: 'refunded', paymentId: '123', operationId: '5', amountMinor: 1000n });
    expect(String(Buffer.from(asked.at(-1)?.body ?? []))).toBe('{"amount":10.00}');
  });
});

it('is not configured live with a test token', () => {
  const test = { ...credentials, access_token: 'TEST-4928165507731-010502' };
  expect(() => mercadopago.receiver(test, account)).toThrow('is a test token');
});
