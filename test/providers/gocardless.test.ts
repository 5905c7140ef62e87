import { describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { signed } from './signing.ts';
import { account, context, factOf, refusalOf, sidesOf } from './support.ts';

const created_at = '2026-01-05T02:21:33.404Z';
const event = (resource_type: string, action: string, more: object = {}) => ({
  id: 'EV1',
  created_at,
  resource_type,
  action,
  links: { payment: 'PM1' },
  resource_metadata: { order_no: 'O-1' },
  metadata: {},
  ...more,
});
const refund = { links: { refund: 'RF1', payment: 'PM1' } };
const opening = (events: readonly unknown[], credentials: object = {}) =>
  sidesOf('gocardless', { account: credentials }).receiver.open(
    signed('gocardless', JSON.stringify({ events, meta: { webhook_id: 'WB1' } })),
    context,
  );

describe('an event of GoCardless', () => {
  it.each([
    ['payments', 'confirmed', {}, { kind: 'captured', operationId: 'PM1' }],
    ['payments', 'paid_out', {}, { kind: 'captured', operationId: 'PM1' }],
    ['payments', 'failed', {}, { kind: 'failed', operationId: 'PM1' }],
    ['payments', 'cancelled', {}, { kind: 'closed' }],
    ['payments', 'customer_approval_denied', {}, { kind: 'closed' }],
    ['payments', 'late_failure_settled', {}, { kind: 'reversed', operationId: 'PM1' }],
    ['payments', 'charged_back', {}, { kind: 'dispute_opened', operationId: 'PM1' }],
    ['payments', 'chargeback_cancelled', {}, { kind: 'dispute_won', operationId: 'PM1' }],
    ['payments', 'chargeback_settled', {}, { kind: 'dispute_lost', operationId: 'PM1' }],
    ['refunds', 'created', refund, { kind: 'refund_pending', operationId: 'RF1' }],
    ['refunds', 'paid', refund, { kind: 'refunded', operationId: 'RF1' }],
    ['refunds', 'refund_settled', refund, { kind: 'refunded', operationId: 'RF1' }],
    ['refunds', 'failed', refund, { kind: 'refund_bounced', operationId: 'RF1' }],
    ['refunds', 'bounced', refund, { kind: 'refund_bounced', operationId: 'RF1' }],
    ['refunds', 'paid', { links: { refund: 'RF1' } }, { paymentId: 'order:O-1', operationId: 'RF1' }],
    [
      'refunds',
      'paid',
      { links: { refund: 'RF1' }, resource_metadata: {} },
      { paymentId: 'RF1', operationId: 'RF1', reference: null },
    ],
    ['payments', 'confirmed', { links: { payment: 'PM1', organisation: 'OR1' } }, { payee: 'OR1' }],
  ])('on %s, %s with %j is read', (resource, action, more, expected) => {
    const opened = opening([event(resource, action, more)]);
    expect(opened).toMatchObject({ messageId: 'EV1', readBack: true });
    expect(factOf(opened)).toMatchObject({
      paymentId: 'PM1',
      reference: 'O-1',
      amountMinor: null,
      currency: null,
      fromOrder: false,
      measure: 'single',
      ...expected,
    });
  });

  it('is believed at once where the account has no API to ask', () => {
    const { provider, credentials } = sidesOf('gocardless');
    const { webhook_secrets } = credentials.account;
    const request = signed('gocardless', JSON.stringify({ events: [event('payments', 'confirmed')] }));
    const opened = provider.receiver({ webhook_secrets }, account).open(request, context);
    expect(opened).toMatchObject({ is: 'facts', readBack: false });
  });

  it('takes the amounts of captures and refunds from the order where the account says so', () => {
    const fromOrder = (resource: string, action: string, more: object) =>
      factOf(opening([event(resource, action, more)], { amount: 'from_order' })).fromOrder;
    expect(fromOrder('payments', 'confirmed', {})).toBe(true);
    expect(fromOrder('refunds', 'paid', refund)).toBe(true);
    expect(fromOrder('payments', 'charged_back', {})).toBe(false);
  });

  it('has its order number where the account says, and nowhere else', () => {
    const one = event('payments', 'confirmed', { resource_metadata: { order_no: 'A', cart: 'Z' } });
    const path = { order_no_path: 'resource_metadata.cart' };
    expect(factOf(opening([one])).reference).toBe('A');
    expect(factOf(opening([one], path)).reference).toBe('Z');
  });
});

describe('a request of GoCardless', () => {
  it('tells of all its events, in their order, and skips those that are not about money', () => {
    const opened = opening([
      event('mandates', 'active'),
      event('payments', 'submitted'),
      event('refunds', 'funds_returned', refund),
      event('payments', 'confirmed', { links: { payment: 'PM2' } }),
      event('payments', 'toString'),
      event('payments', 'charged_back'),
    ]);
    expect(opened).toMatchObject({
      is: 'facts',
      messageId: null,
      facts: [{ paymentId: 'PM2' }, { kind: 'dispute_opened' }],
    });
  });

  it.each([
    [[], 'no events'],
    [[event('mandates', 'active')], 'mandates active'],
  ])('with only %j is ignored', (events, type) => {
    expect(opening(events)).toMatchObject({ is: 'ignored', type });
  });

  it.each([
    ['an event without a link', { links: {} }],
    ['an event without a time', { created_at: '' }],
    ['an event without an action', { action: null }],
  ])('with %s is unreadable as a whole', (_name, damage) => {
    const events = [event('payments', 'confirmed'), event('payments', 'confirmed', damage)];
    expect(refusalOf(opening(events))).toMatch(/^unreadable: /);
  });

  it('with more events than we take in one callback is unreadable', () => {
    const events = Array.from({ length: limits.factsPerCallbackMax + 1 }, () => ({}));
    expect(refusalOf(opening(events))).toBe(`unreadable: more than ${limits.factsPerCallbackMax} events`);
  });

  it('is answered 498 for a signature that does not fit, 400 for what is malformed, 503 for later', () => {
    const { receiver } = sidesOf('gocardless');
    const request = { method: 'POST', target: '/', headers: [], body: new Uint8Array() };
    expect(receiver.acknowledge('refused', request, context, 'signature.mismatch').status).toBe(498);
    expect(receiver.acknowledge('refused', request, context).status).toBe(498);
    expect(receiver.acknowledge('refused', request, context, 'callback.malformed').status).toBe(400);
    expect(receiver.acknowledge('try_later', request, context).status).toBe(503);
  });
});
