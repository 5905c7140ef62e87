import { describe, expect, it } from 'vitest';
import { mollie } from '../../src/providers/index.ts';
import type { HttpRequest, RawRequest, Reference } from '../../src/providers/provider.ts';
import { signed } from './signing.ts';
import { account, context, failureOf, now, refusalOf, sidesOf } from './support.ts';

const apiKey = 'live_dHar4XY7LxsDOtmnkVtjNVWXLSlXsM';
const form = (body: string): RawRequest => ({ method: 'POST', target: '/', headers: [], body: Buffer.from(body) });
const { signal } = new AbortController();

describe('a classic webhook of Mollie', () => {
  const receiver = mollie.receiver({ api_key: apiKey }, account);

  it('names a payment to ask about, whoever sent it', () => {
    expect(receiver.open(form('id=tr_d0b0E3EA3v'), context)).toEqual({
      is: 'ping',
      messageId: null,
      references: [{ reference: null, paymentId: 'tr_d0b0E3EA3v' }],
    });
  });

  it('is ignored where it is about something else than a payment, and answered as one that is known', () => {
    const opened = receiver.open(form('id=ord_kEn1PlbGa'), context);
    expect(opened).toMatchObject({ is: 'ignored', type: 'ord_kEn1PlbGa' });
    expect(receiver.acknowledge('ignored', form(''), context).status).toBe(200);
  });

  it.each(['', 'id=', 'id=tr_%2e%2e%2fmethods', 'id=tr_1&id=tr_2', 'id=tr_', `id=tr_${'a'.repeat(61)}`, 'no=tr_1'])(
    'is refused as %j',
    (body) => expect(refusalOf(receiver.open(form(body), context))).toMatch(/^callback\.malformed: /),
  );

  it('does not open an account that has secrets', () => {
    const opened = sidesOf('mollie').receiver.open(form('id=tr_d0b0E3EA3v'), context);
    expect(refusalOf(opened)).toMatch(/^signature\.missing: /);
  });
});

describe('a next-gen event of Mollie', () => {
  const { receiver } = sidesOf('mollie');
  const open = (event: object) => receiver.open(signed('mollie', JSON.stringify(event)), context);
  const event = { resource: 'event', id: 'event_1', type: 'payment.paid', createdAt: '2026-01-05T02:21:33.0Z' };

  it('names its payment, by itself or through a refund', () => {
    const references = [{ reference: null, paymentId: 'tr_1' }];
    expect(open({ ...event, entityId: 'tr_1' })).toEqual({ is: 'ping', messageId: 'event_1', references });
    const entity = { id: 're_1', paymentId: 'tr_1' };
    expect(open({ ...event, entityId: 're_1', _embedded: { entity } })).toMatchObject({ is: 'ping', references });
  });

  it('is ignored where it is about no payment', () => {
    expect(open({ ...event, type: 'payment-link.paid', entityId: 'pl_1' })).toMatchObject({
      is: 'ignored',
      type: 'payment-link.paid',
    });
  });
});

describe("Mollie's answer about a payment", () => {
  const payment = {
    resource: 'payment',
    id: 'tr_d0b0E3EA3v',
    status: 'paid',
    amount: { value: '88.80', currency: 'EUR' },
    metadata: { order_id: 'ORDER-1' },
    createdAt: '2026-01-05T02:20:00+00:00',
    paidAt: '2026-01-05T02:21:33+00:00',
  };
  const asked: HttpRequest[] = [];
  const clientAnswering = (body: unknown, status = 200, more: object = {}) =>
    mollie.client?.(
      { api_key: apiKey, ...more },
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
  const order: Reference = { reference: null, paymentId: payment.id };
  const factsOf = async (changes: object, more: object = {}) =>
    (await clientAnswering({ ...payment, ...changes }, 200, more)?.query?.(order, signal))?.facts;

  it('is asked for with refunds and chargebacks, under the API key', async () => {
    await factsOf({});
    expect(asked.at(-1)?.url).toBe('https://api.mollie.com/v2/payments/tr_d0b0E3EA3v?embed=refunds,chargebacks');
    expect(asked.at(-1)?.headers).toContainEqual(['authorization', `Bearer ${apiKey}`]);
  });

  it('says the whole payment where it is paid', async () => {
    expect(await factsOf({})).toEqual([
      {
        account: account.id,
        kind: 'captured',
        paymentId: payment.id,
        operationId: payment.id,
        reference: 'ORDER-1',
        amountMinor: 8880n,
        currency: 'EUR',
        fromOrder: false,
        measure: 'cumulative',
        providerTime: now,
      },
    ]);
  });

  it('says what is captured so far while the rest is authorised', async () => {
    const amountCaptured = { value: '30.00', currency: 'EUR' };
    expect(await factsOf({ status: 'authorized', authorizedAt: payment.paidAt, amountCaptured })).toMatchObject([
      { kind: 'authorized', amountMinor: 8880n, measure: 'single' },
      { kind: 'captured', amountMinor: 3000n, measure: 'cumulative' },
    ]);
  });

  it.each([
    ['failed', 'failed', 'failedAt'],
    ['canceled', 'closed', 'canceledAt'],
    ['expired', 'closed', 'expiredAt'],
  ])('says %s as %s, when it happened', async (status, kind, field) => {
    const facts = await factsOf({ status, paidAt: undefined, [field]: '2026-01-05T02:30:00+00:00' });
    expect(facts).toMatchObject([{ kind, providerTime: now + 507_000 }]);
  });

  it.each(['open', 'pending'])('says nothing of a payment that is %s', async (status) => {
    const answer = await clientAnswering({ ...payment, status })?.query?.(order, signal);
    expect(answer).toEqual({ state: 'open', facts: [] });
  });

  it('says refunds and chargebacks one by one', async () => {
    const part = { paymentId: payment.id, amount: { value: '10.00', currency: 'EUR' }, createdAt: payment.paidAt };
    const refunds = ['queued', 'refunded', 'failed', 'canceled'].map((status) => ({
      ...part,
      id: `re_${status}`,
      status,
    }));
    const chargebacks = [
      { ...part, id: 'chb_1', reversedAt: null },
      { ...part, id: 'chb_2', reversedAt: payment.paidAt },
    ];
    const facts = await factsOf({ _embedded: { refunds, chargebacks } });
    expect(facts?.slice(1).map(({ kind, operationId }) => `${operationId} ${kind}`)).toEqual([
      're_queued refund_pending',
      're_refunded refunded',
      're_failed refund_bounced',
      're_canceled refund_failed',
      'chb_1 dispute_opened',
      'chb_2 dispute_won',
    ]);
  });

  it.each([
    ['an object', { order_no: 'O-1', order_id: 'O-2' }, {}],
    ['JSON in a text', '{"order_no":"O-1"}', {}],
    ['the number itself', 'O-1', {}],
    ['an object of the shop’s own', { shop: { no: 'O-1' } }, { order_no_path: 'metadata.shop.no' }],
  ])('has the order number in metadata that is %s', async (_name, metadata, more) => {
    expect(await factsOf({ metadata }, more)).toMatchObject([{ reference: 'O-1' }]);
  });

  it.each([
    { value: '88.805', currency: 'EUR' },
    { value: '8,80', currency: 'EUR' },
    { value: '1', currency: 'QQQ' },
  ])('cannot be read with the amount %j', async (amount) => {
    await expect(factsOf({ amount })).rejects.toMatchObject(failureOf('provider.answer'));
  });

  it('that there is none closes nothing', async () => {
    expect(await clientAnswering({}, 404)?.query?.(order, signal)).toEqual({ state: 'not_found', facts: [] });
  });

  it('is not that there is none, where more payments could not be looked through', async () => {
    const page = {
      _embedded: { payments: [payment] },
      _links: { next: { href: 'https://api.mollie.com/v2/payments' } },
    };
    const query = clientAnswering(page)?.query?.({ reference: 'ANOTHER', paymentId: null }, signal);
    await expect(query).rejects.toMatchObject(failureOf('provider.cannot_ask'));
  });

  it('passes on why it refuses', async () => {
    const detail = 'The payment is not cancelable';
    await expect(clientAnswering({ status: 422, detail }, 422)?.close?.(order, signal)).rejects.toMatchObject({
      code: 'provider.refused',
      detail: `mollie answered 422: ${detail}`,
    });
  });
});

it('is not configured live with a test key', () => {
  expect(() => mollie.receiver({ api_key: 'test_dHar4XY7LxsDOtmnkVtjNVWXLSlXsM' }, account)).toThrow('is a test key');
});
