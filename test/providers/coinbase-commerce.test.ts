import { describe, expect, it } from 'vitest';
import { signed } from './signing.ts';
import { context, factOf, refusalOf, sidesOf } from './support.ts';

const paid = (amount: string, currency = 'USD') => ({ value: { local: { amount, currency } } });
const ended = (...statuses: string[]) => ({ timeline: statuses.map((status) => ({ status })) });
const charge = {
  code: 'ABCD2345',
  pricing: { local: { amount: '88.80', currency: 'USD' } },
  metadata: { order_id: 'O-1' },
  payments: [paid('50.00'), paid('38.7900')],
};
const opening = (type: string, data: object = {}, credentials: object = {}) => {
  const event = { id: 'e-1', type, created_at: '2026-01-05T02:21:33Z', data: { ...charge, ...data } };
  const request = signed('coinbase-commerce', JSON.stringify({ attempt_number: 1, event, id: 1 }));
  return sidesOf('coinbase-commerce', { account: credentials }).receiver.open(request, context);
};

describe('an event of Coinbase Commerce', () => {
  it.each([
    ['charge:confirmed', {}, { kind: 'captured', amountMinor: 8880n, measure: 'cumulative' }],
    ['charge:confirmed', { pricing: {} }, { kind: 'captured', amountMinor: 8879n }],
    ['charge:resolved', {}, { kind: 'captured', amountMinor: 8879n }],
    ['charge:delayed', {}, { kind: 'captured', amountMinor: 8879n }],
    ['charge:failed', ended('NEW', 'UNRESOLVED'), { kind: 'captured', amountMinor: 8879n }],
    ['charge:failed', ended('UNRESOLVED', 'EXPIRED'), { kind: 'closed', amountMinor: 8880n, measure: 'single' }],
    ['charge:failed', ended('NEW', 'CANCELED'), { kind: 'closed' }],
    ['charge:failed', ended('NEW'), { kind: 'failed' }],
    ['charge:failed', {}, { kind: 'failed' }],
  ])('%s of %j is read', (type, data, expected) => {
    const opened = opening(type, data);
    expect(opened).toMatchObject({ messageId: 'e-1', readBack: false });
    expect(factOf(opened)).toMatchObject({
      paymentId: 'ABCD2345',
      operationId: 'ABCD2345',
      reference: 'O-1',
      currency: 'USD',
      ...expected,
    });
  });

  it.each([
    [{ payments: [] }],
    [{ payments: undefined }],
    [{ payments: [paid('50.00'), paid('1.001')] }],
    [{ payments: [paid('50.00'), paid('1', 'EUR')] }],
    [{ payments: [paid('1', 'USDC')] }],
    [{ payments: [paid('1000000000000000.00'), paid('1000000000000000.00')] }],
  ])('counts what was paid as not said where it cannot be added up: %j', (data) => {
    expect(factOf(opening('charge:resolved', data))).toMatchObject({ amountMinor: null, currency: null });
  });

  it.each(['charge:created', 'charge:pending', 'invoice:paid'])('%s is ignored', (type) => {
    expect(opening(type)).toMatchObject({ is: 'ignored', messageId: 'e-1', type });
  });

  it.each([
    [{ code: null }],
    [{ pricing: { local: { amount: '1', currency: 'BTC' } } }],
    [{ pricing: { local: { amount: '1.001', currency: 'USD' } } }],
  ])('with %j is unreadable', (data) => {
    expect(refusalOf(opening('charge:confirmed', data))).toMatch(/^unreadable: /);
  });

  it('has its order number where the account says, and nowhere else', () => {
    const data = { metadata: { order_no: 'A', cart: 'Z' } };
    expect(factOf(opening('charge:confirmed', data)).reference).toBe('A');
    const path = { order_no_path: 'event.data.metadata.cart' };
    expect(factOf(opening('charge:confirmed', data, path)).reference).toBe('Z');
  });
});
