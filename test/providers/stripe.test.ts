import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/errors.ts';
import { stripe } from '../../src/providers/index.ts';
import { signed } from './signing.ts';
import {
  account,
  context,
  factOf,
  headerOf,
  notificationOf,
  now,
  refusalOf,
  sidesOf,
  textOf,
  withHeader,
} from './support.ts';

const event = (type: string, object: object, more: object = {}) =>
  signed(
    'stripe',
    JSON.stringify({
      id: 'evt_1',
      object: 'event',
      type,
      created: now / 1000,
      livemode: true,
      data: { object },
      ...more,
    }),
  );
const opening = (type: string, object: object, more: object = {}, credentials: object = {}) =>
  sidesOf('stripe', { account: credentials }).receiver.open(event(type, object, more), context);
const money = { amount: 500, currency: 'usd' };
const refund = { id: 're_1', object: 'refund', payment_intent: 'pi_1', charge: 'ch_1', ...money };
const dispute = { id: 'dp_1', object: 'dispute', payment_intent: 'pi_1', charge: 'ch_1', ...money };
const session = {
  id: 'cs_1',
  mode: 'payment',
  payment_intent: 'pi_1',
  amount_total: 500,
  currency: 'usd',
  client_reference_id: 'O-1',
};

describe('an event of Stripe', () => {
  it.each([
    [
      'payment_intent.succeeded',
      { id: 'pi_1', ...money, amount_received: 400 },
      { kind: 'captured', paymentId: 'pi_1', operationId: 'pi_1', amountMinor: 400n, measure: 'cumulative' },
    ],
    [
      'payment_intent.amount_capturable_updated',
      { id: 'pi_1', ...money, amount_capturable: 300, amount_received: 200 },
      { kind: 'authorized', amountMinor: 500n, measure: 'cumulative' },
    ],
    [
      'payment_intent.payment_failed',
      { id: 'pi_1', ...money, latest_charge: 'ch_9' },
      { kind: 'failed', paymentId: 'pi_1', operationId: 'ch_9' },
    ],
    [
      'payment_intent.payment_failed',
      { id: 'pi_1', ...money, latest_charge: { id: 'ch_9' } },
      { kind: 'failed', operationId: 'ch_9' },
    ],
    [
      'payment_intent.payment_failed',
      { id: 'pi_1', ...money, last_payment_error: { charge: 'ch_8' } },
      { kind: 'failed', operationId: 'ch_8' },
    ],
    ['payment_intent.payment_failed', { id: 'pi_1', ...money }, { kind: 'failed', operationId: 'pi_1' }],
    ['payment_intent.canceled', { id: 'pi_1', ...money }, { kind: 'closed', operationId: 'pi_1' }],
    [
      'checkout.session.completed',
      { ...session, payment_status: 'paid' },
      {
        kind: 'captured',
        paymentId: 'pi_1',
        operationId: 'pi_1',
        reference: 'O-1',
        amountMinor: 500n,
        measure: 'cumulative',
      },
    ],
    [
      'checkout.session.async_payment_succeeded',
      { ...session, payment_status: 'paid' },
      { kind: 'captured', paymentId: 'pi_1', reference: 'O-1' },
    ],
    [
      'checkout.session.async_payment_failed',
      { ...session, payment_status: 'unpaid' },
      { kind: 'failed', paymentId: 'pi_1' },
    ],
    [
      'checkout.session.expired',
      { ...session, payment_intent: null, amount_total: null },
      { kind: 'closed', paymentId: 'cs_1', amountMinor: null },
    ],
    [
      'refund.created',
      { ...refund, status: 'pending' },
      { kind: 'refund_pending', paymentId: 'pi_1', operationId: 're_1', measure: 'single' },
    ],
    ['refund.created', { ...refund, status: 'requires_action' }, { kind: 'refund_pending', needsPerson: true }],
    ['refund.updated', { ...refund, status: 'succeeded' }, { kind: 'refunded', amountMinor: 500n }],
    ['charge.refund.updated', { ...refund, status: 'succeeded' }, { kind: 'refunded', operationId: 're_1' }],
    ['refund.updated', { ...refund, status: 'canceled' }, { kind: 'refund_failed' }],
    ['refund.failed', { ...refund, status: 'failed' }, { kind: 'refund_bounced' }],
    [
      'refund.created',
      { ...refund, status: 'succeeded', payment_intent: null },
      { kind: 'refunded', paymentId: 'ch_1' },
    ],
    [
      'charge.dispute.created',
      { ...dispute, status: 'needs_response' },
      { kind: 'dispute_opened', paymentId: 'pi_1', operationId: 'dp_1' },
    ],
    ['charge.dispute.created', { ...dispute, status: 'warning_needs_response' }, { kind: 'dispute_opened' }],
    ['charge.dispute.funds_withdrawn', { ...dispute, status: 'under_review' }, { kind: 'dispute_opened' }],
    ['charge.dispute.closed', { ...dispute, status: 'won' }, { kind: 'dispute_won' }],
    ['charge.dispute.closed', { ...dispute, status: 'lost' }, { kind: 'dispute_lost' }],
    ['charge.dispute.closed', { ...dispute, status: 'warning_closed' }, { kind: 'dispute_won' }],
  ])('%s is read: %j', (type, object, expected) => {
    expect(factOf(opening(type, object))).toMatchObject({ account: account.id, providerTime: now, ...expected });
  });

  it.each([
    ['charge.refunded', { id: 'ch_1', object: 'charge', amount_refunded: 500 }, {}],
    ['charge.succeeded', { id: 'ch_1', object: 'charge', ...money }, {}],
    ['payment_intent.created', { id: 'pi_1', ...money }, {}],
    ['payment_intent.amount_capturable_updated', { id: 'pi_1', ...money, amount_capturable: 0 }, {}],
    ['checkout.session.completed', { ...session, payment_status: 'unpaid' }, {}],
    ['checkout.session.completed', { ...session, payment_status: 'paid', mode: 'subscription' }, {}],
    ['checkout.session.completed', { ...session, payment_status: 'paid', payment_intent: null }, {}],
    ['charge.dispute.updated', { ...dispute, status: 'something_new' }, {}],
    ['refund.updated', { ...refund, status: 'something_new' }, {}],
    ['payment_intent.succeeded', { id: 'pi_1', ...money, amount_received: 1 }, { livemode: false }],
    ['payment_intent.succeeded', { id: 'pi_1', ...money, amount_received: 1 }, { livemode: undefined }],
    ['v2.core.account.updated', {}, { object: 'v2.core.event' }],
    ['constructor', {}, {}],
  ])('%s is ignored: %j %j', (type, object, more) => {
    expect(opening(type, object, more)).toMatchObject({
      is: 'ignored',
      messageId: 'evt_1',
      type: expect.stringContaining(type),
    });
  });

  it.each([
    ['payment_intent.succeeded', { ...money, amount_received: 1 }, {}],
    ['refund.created', { ...refund, payment_intent: null, charge: null, status: 'succeeded' }, {}],
    ['payment_intent.succeeded', { id: 'pi_1', amount_received: 1 }, {}],
    ['payment_intent.succeeded', { id: 'pi_1', ...money, amount_received: 1 }, { created: 'now' }],
    ['payment_intent.succeeded', { id: 'pi_1', ...money, amount_received: 1 }, { id: '' }],
    ['payment_intent.succeeded', { id: 'pi_1', amount_received: 150, currency: 'isk' }, {}],
  ])('%s is unreadable: %j %j', (type, object, more) => {
    expect(refusalOf(opening(type, object, more))).toMatch(/^unreadable: /);
  });

  it('of a test account is ignored on a live one, and the other way round', () => {
    const receiver = stripe.receiver(sidesOf('stripe').credentials.account, { ...account, mode: 'test' });
    const object = { id: 'pi_1', ...money, amount_received: 1 };
    expect(receiver.open(event('payment_intent.succeeded', object), context).is).toBe('ignored');
    expect(receiver.open(event('payment_intent.succeeded', object, { livemode: false }), context).is).toBe('facts');
  });

  it.each([
    [{ metadata: { order_no: 'A', order_id: 'B' }, client_reference_id: 'C' }, 'A'],
    [{ metadata: { order_id: 'B' }, client_reference_id: 'C' }, 'B'],
    [{ metadata: {}, client_reference_id: 'C' }, 'C'],
    [{ metadata: { order_no: 'x'.repeat(129) } }, null],
    [{}, null],
  ])('with %j is of the order %s', (places, reference) => {
    const opened = opening('payment_intent.succeeded', { id: 'pi_1', ...money, amount_received: 1, ...places });
    expect(factOf(opened).reference).toBe(reference);
  });

  it('has its order number where the account says, and nowhere else', () => {
    const object = { id: 'pi_1', ...money, amount_received: 1, metadata: { order_no: 'A', cart: 'Z' } };
    const path = { order_no_path: 'data.object.metadata.cart' };
    expect(factOf(opening('payment_intent.succeeded', object, {}, path)).reference).toBe('Z');
    expect(
      factOf(opening('payment_intent.succeeded', object, {}, { order_no_path: 'data.object.none' })).reference,
    ).toBeNull();
  });

  it('of a connected account names it as payee, and is refused on the account of another', () => {
    const object = { id: 'pi_1', ...money, amount_received: 1 };
    expect(factOf(opening('payment_intent.succeeded', object, { account: 'acct_1' })).payee).toBe('acct_1');
    const ours = { account: 'acct_1' };
    expect(factOf(opening('payment_intent.succeeded', object, { account: 'acct_1' }, ours)).payee).toBe('acct_1');
    expect(refusalOf(opening('payment_intent.succeeded', object, { account: 'acct_2' }, ours))).toMatch(
      /^callback\.other_account: .*acct_2/,
    );
    expect(refusalOf(opening('payment_intent.succeeded', object, {}, ours))).toMatch(
      /^callback\.other_account: .*the platform itself/,
    );
  });
});

describe('the amounts of Stripe', () => {
  it.each([
    ['jpy', 500, 500n, 'JPY'],
    ['isk', 500, 5n, 'ISK'],
    ['ugx', 500, 5n, 'UGX'],
    ['mga', 5, 500n, 'MGA'],
    ['kwd', 5000, 5000n, 'KWD'],
  ])('in %s: %d on the wire', async (currency, wire, amountMinor, code) => {
    const object = { id: 'pi_1', amount: wire, amount_received: wire, currency };
    expect(factOf(opening('payment_intent.succeeded', object))).toMatchObject({ amountMinor, currency: code });
    const sealed = await sidesOf('stripe').sender.seal(
      notificationOf('payment.succeeded', { amountMinor, currency: code }),
      context,
    );
    expect(textOf(sealed.body)).toContain(`"amount_received": ${wire},`);
  });

  it('of a currency with coarser units than ours must be whole there', () => {
    const { sender } = sidesOf('stripe');
    expect(() =>
      sender.seal(notificationOf('payment.succeeded', { amountMinor: 150n, currency: 'MGA' }), context),
    ).toThrow('stripe cannot say 150 MGA');
  });
});

describe('the signatures of Stripe', () => {
  const sealing = async () => sidesOf('stripe').sender.seal(notificationOf('payment.succeeded'), context);

  it('are made with every current secret, and any current one opens', async () => {
    const webhook_secrets = ['1', '2'].map((digit) => `whsec_${`${digit}abcdef`.repeat(4)}`);
    const sealed = await sidesOf('stripe', { endpoint: { webhook_secrets } }).sender.seal(
      notificationOf('payment.succeeded'),
      context,
    );
    expect(headerOf(sealed, 'stripe-signature')).toMatch(/^t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
    for (const secret of webhook_secrets) {
      expect(sidesOf('stripe', { account: { webhook_secrets: [secret] } }).receiver.open(sealed, context).is).toBe(
        'facts',
      );
    }
  });

  it('count wherever the good one stands, beside other schemes and broken ones', async () => {
    const sealed = await sealing();
    const { receiver } = sidesOf('stripe');
    const other = `v1=${'0'.repeat(64)}`;
    for (const change of [
      (header: string) => `${header},${other}`,
      (header: string) => header.replace(',', `,${other},`),
      (header: string) => header.replace(',', ',v0=abc,v1=zz,v1=,v1=abcd,'),
    ]) {
      expect(receiver.open(withHeader(sealed, 'stripe-signature', change), context).is).toBe('facts');
    }
    const tooMany = withHeader(sealed, 'stripe-signature', (header) => `${header}${`,${other}`.repeat(16)}`);
    expect(refusalOf(receiver.open(tooMany, context))).toBe('signature.malformed: more than 16 signatures');
  });

  it('in a huge header are refused at once', async () => {
    const sealed = await sealing();
    const { receiver } = sidesOf('stripe');
    const started = performance.now();
    for (const huge of ['t='.repeat(16_000), `t=1${',v1=a'.repeat(6000)}`, ','.repeat(32_000)]) {
      const refusal = refusalOf(
        receiver.open(
          withHeader(sealed, 'stripe-signature', () => huge),
          context,
        ),
      );
      expect(refusal).toBe('signature.malformed: header stripe-signature is longer than 4096 characters');
    }
    expect(performance.now() - started).toBeLessThan(100);
  });

  it('say livemode as the endpoint is set, true by default', async () => {
    expect(textOf((await sealing()).body)).toContain('"livemode": true');
    const test = await sidesOf('stripe', { endpoint: { livemode: false } }).sender.seal(
      notificationOf('payment.succeeded'),
      context,
    );
    expect(textOf(test.body)).toContain('"livemode": false');
  });

  it('are not checked with a test API key on a live account', () => {
    const credentials = {
      ...sidesOf('stripe').credentials.account,
      api_key: ['sk', 'test', 'abcdefghijklmnop'].join('_'),
    };
    expect(() => stripe.receiver(credentials, account)).toThrow(AppError);
    expect(stripe.receiver(credentials, { ...account, mode: 'test' })).toBeDefined();
  });
});
