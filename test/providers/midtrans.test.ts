import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { midtransClient } from '../../src/providers/clients/midtrans.ts';
import { midtrans } from '../../src/providers/index.ts';
import type { HttpRequest, RawRequest } from '../../src/providers/provider.ts';
import { account, context, factOf, failureOf, now, playedHttp, refusalOf, seededRandom, withBody } from './support.ts';

const key = 'Mid-server-0123456789abcdef';
const credentials = { server_keys: ['Mid-server-another-0123456789', key] };
const receiver = midtrans.receiver(credentials, account);
const signatureOf = (status: Record<string, unknown>) =>
  createHash('sha512').update(`${status.order_id}${status.status_code}${status.gross_amount}${key}`).digest('hex');
const settled = {
  transaction_time: '2026-01-05 09:21:20',
  settlement_time: '2026-01-05 09:21:33',
  transaction_status: 'settlement',
  transaction_id: 'tx-1',
  status_code: '200',
  payment_type: 'qris',
  order_id: 'O-1',
  gross_amount: '88800.00',
  fraud_status: 'accept',
  currency: 'IDR',
};

function notified(changes: Record<string, unknown>): RawRequest {
  const status = { ...settled, ...changes };
  const body = Buffer.from(JSON.stringify({ signature_key: signatureOf(status), ...status }));
  return { method: 'POST', target: '/', headers: [['content-type', 'application/json']], body };
}
const opening = (changes: Record<string, unknown>) => receiver.open(notified(changes), context);

describe('a notification of Midtrans', () => {
  it.each([
    [{}, { kind: 'captured', amountMinor: 8_880_000n, currency: 'IDR', providerTime: now }],
    [
      { transaction_status: 'capture', settlement_time: undefined },
      { kind: 'captured', providerTime: now - 13_000 },
    ],
    [{ fraud_status: undefined }, { kind: 'captured', paymentId: 'tx-1', operationId: 'tx-1', reference: 'O-1' }],
    [{ currency: undefined }, { kind: 'captured', currency: 'IDR' }],
    [{ transaction_status: 'authorize' }, { kind: 'authorized' }],
    [
      { transaction_status: 'deny', status_code: '202' },
      { kind: 'failed', operationId: 'tx-1' },
    ],
    [{ transaction_status: 'failure', status_code: '202' }, { kind: 'failed' }],
    [
      { transaction_status: 'expire', status_code: '407' },
      { kind: 'closed', providerTime: now },
    ],
    [
      { transaction_status: 'expire', expiry_time: '2026-01-05 09:21:30' },
      { kind: 'closed', providerTime: now - 3000 },
    ],
    [{ transaction_status: 'chargeback' }, { kind: 'dispute_lost', amountMinor: 8_880_000n }],
    [{ transaction_status: 'partial_chargeback' }, { kind: 'dispute_lost', amountMinor: null }],
    [
      { transaction_status: 'partial_refund', refund_amount: '800.00' },
      { kind: 'refunded', measure: 'cumulative', operationId: 'tx-1', amountMinor: 80_000n },
    ],
    [
      {
        transaction_status: 'refund',
        refund_amount: '88800.00',
        refunds: [{ refund_key: 'R-1', refund_amount: '88800.00', created_at: '2026-01-05 09:21:31' }],
      },
      { kind: 'refunded', measure: 'single', operationId: 'R-1', amountMinor: 8_880_000n, providerTime: now - 2000 },
    ],
  ])('with %j is read, and read back', (changes, expected) => {
    const opened = opening(changes);
    expect(factOf(opened)).toMatchObject({ account: account.id, ...expected });
    expect(opened).toMatchObject({ messageId: null, readBack: true });
  });

  it('of a cancellation takes back what may have been captured before', () => {
    expect(opening({ transaction_status: 'cancel' })).toMatchObject({
      facts: [{ kind: 'closed' }, { kind: 'reversed', operationId: 'tx-1' }],
      readBack: true,
    });
  });

  it('of several refunds tells each', () => {
    const refunds = [
      { refund_chargeback_id: 1, refund_key: 'R-1', refund_amount: '100.00' },
      { refund_chargeback_id: 2, refund_amount: 50 },
    ];
    expect(opening({ transaction_status: 'partial_refund', refunds })).toMatchObject({
      facts: [
        { operationId: 'R-1', amountMinor: 10_000n },
        { operationId: 'tx-1:2', amountMinor: 5000n },
      ],
    });
  });

  it.each([
    { transaction_status: 'pending', status_code: '201' },
    { transaction_status: 'capture', fraud_status: 'challenge' },
    { transaction_status: 'settlement', fraud_status: 'deny' },
    { transaction_status: 'constructor' },
    { transaction_status: undefined },
  ])('with %j decides nothing', (changes) => {
    expect(opening(changes)).toMatchObject({ is: 'ignored' });
  });

  it('is not refused for another status, which nothing signs: the answer to a query is believed in its place', () => {
    const { body } = notified({ transaction_status: 'pending', status_code: '201' });
    const forged = Buffer.from(body).toString().replace('pending', 'settlement');
    expect(receiver.open(withBody(notified({}), forged), context)).toMatchObject({ is: 'facts', readBack: true });
    const accepting = midtrans.receiver({ ...credentials, accept_risk: 'unsigned_status' }, account);
    expect(accepting.open(notified({}), context)).toMatchObject({ is: 'facts', readBack: false });
  });

  it.each([
    [{ status_code: '008' }, /^callback\.malformed: /],
    [{ gross_amount: '88800' }, /^callback\.malformed: /],
    [{ gross_amount: 88800 }, /^callback\.malformed: /],
    [{ order_id: '' }, /^callback\.malformed: /],
    [{ signature_key: undefined }, /^signature\.missing: field signature_key/],
    [{ signature_key: 'zz' }, /^signature\.mismatch: /],
    [{ transaction_id: undefined }, /^unreadable: settlement: no id/],
    [{ currency: 'IDX' }, /^unreadable: settlement: the currency/],
    [{ transaction_status: 'refund', refunds: [{ refund_key: 'R', refund_amount: '1.005' }] }, /^unreadable: refund: /],
    [{ transaction_status: 'refund', refunds: [{ refund_key: 'R', refund_amount: '-1' }] }, /^unreadable: refund: /],
    [{ transaction_status: 'authorize', transaction_time: '2026-02-30 10:00:00' }, /^[^:]*facts$/],
  ])('with %j is told apart', (changes, expected) => {
    expect(refusalOf(opening(changes))).toMatch(expected);
  });

  it('is refused on a live account that holds a key of the sandbox', () => {
    expect(() => midtrans.receiver({ server_keys: ['SB-Mid-server-0123456789'] }, account)).toThrow(/server_keys/);
  });
});

describe('the client of Midtrans', () => {
  let asked: readonly HttpRequest[] = [];
  const clientAnswering = (status: number, body: object | string, mode: 'live' | 'test' = 'live') => {
    const played = playedHttp(() => ({ status, body }));
    asked = played.asked;
    const world = { account: { ...account, mode }, http: played.http, now: () => now, random: seededRandom('client') };
    return midtransClient(credentials, world);
  };
  const { signal } = new AbortController();
  const order = { reference: 'O/1', paymentId: null };

  it.each([
    ['live', 'https://api.midtrans.com/v2/O%2F1/status'],
    ['test', 'https://api.sandbox.midtrans.com/v2/O%2F1/status'],
  ] as const)('asks the host of the mode %s, under the first key', async (mode, url) => {
    await clientAnswering(200, settled, mode).query?.(order, signal);
    const authorization = `Basic ${Buffer.from(`${credentials.server_keys[0]}:`).toString('base64')}`;
    expect(asked.at(-1)).toMatchObject({ method: 'GET', url });
    expect(asked.at(-1)?.headers).toContainEqual(['authorization', authorization]);
  });

  it('finds the facts that a notification tells, and the capture behind a refund', async () => {
    const told = opening({});
    const answer = await clientAnswering(200, settled).query?.(order, signal);
    expect(answer).toEqual({ state: 'final', facts: told.is === 'facts' ? told.facts : [] });
    const refunds = [{ refund_key: 'R-1', refund_amount: '1.00' }];
    const refunded = { ...settled, transaction_status: 'partial_refund', refunds };
    expect(await clientAnswering(200, refunded).query?.(order, signal)).toMatchObject({
      state: 'final',
      facts: [
        { kind: 'captured', amountMinor: 8_880_000n },
        { kind: 'refunded', amountMinor: 100n },
      ],
    });
  });

  it.each([
    [{ transaction_status: 'pending' }, 'open'],
    [{ transaction_status: 'deny' }, 'open'],
    [{ transaction_status: 'capture', fraud_status: 'challenge' }, 'open'],
    [{ transaction_status: 'cancel' }, 'final'],
  ])('says whether more may come after %j: %s', async (changes, state) => {
    expect(await clientAnswering(200, { ...settled, ...changes }).query?.(order, signal)).toMatchObject({ state });
  });

  it.each([
    [404, { status_code: '404' }],
    [200, { status_code: '404', status_message: 'Transaction doesn’t exist.' }],
  ])('finds nothing at %d %j', async (status, body) => {
    expect(await clientAnswering(status, body).query?.(order, signal)).toEqual({ state: 'not_found', facts: [] });
    expect(await clientAnswering(status, body).close?.(order, signal)).toBeNull();
  });

  it.each([
    [401, { status_code: '401', status_message: 'Unknown Merchant' }, 'provider.refused'],
    [200, { status_code: '401', status_message: 'Unknown Merchant' }, 'provider.refused'],
    [200, { status_code: '503' }, 'provider.unreachable'],
    [500, 'oops', 'provider.unreachable'],
    [200, 'oops', 'provider.answer'],
    [200, { ...settled, gross_amount: 'x' }, 'provider.answer'],
    [200, { ...settled, signature_key: '00' }, 'provider.answer'],
  ])('fails at %d %j with %3$s', async (status, body, code) => {
    await expect(clientAnswering(status, body).query?.(order, signal)).rejects.toMatchObject(failureOf(code));
  });

  it('refunds whole rupiah under a key of its alphabet', async () => {
    const answer = { status_code: '200', transaction_status: 'refund', transaction_id: 'tx-1', order_id: 'O-1' };
    const client = clientAnswering(200, answer);
    const fact = await client.refund?.(order, { amountMinor: 150_000n, currency: 'IDR' }, 'rfd:1/ü', signal);
    const { url, body } = asked.at(-1) ?? {};
    expect(url).toBe('https://api.midtrans.com/v2/O%2F1/refund');
    const sent = JSON.parse(Buffer.from(body ?? '').toString());
    expect(sent).toEqual({ refund_key: expect.stringMatching(/^[0-9a-f]{36}$/), amount: 1500 });
    expect(fact).toMatchObject({
      kind: 'refunded',
      operationId: sent.refund_key,
      amountMinor: 150_000n,
      reference: 'O-1',
    });
    const fraction = client.refund?.(order, { amountMinor: 150_001n, currency: 'IDR' }, 'k', signal);
    await expect(fraction).rejects.toMatchObject(failureOf('provider.refused'));
  });

  it('expires what is not paid, and says so when it is', async () => {
    const expired = { ...settled, transaction_status: 'expire', status_code: '407' };
    expect(await clientAnswering(407, expired).close?.(order, signal)).toMatchObject({ kind: 'closed' });
    const paid = { status_code: '412', status_message: 'Merchant cannot modify the status of the transaction' };
    await expect(clientAnswering(412, paid).close?.(order, signal)).rejects.toThrow(/cannot modify/);
  });
});
