import { describe, expect, it } from 'vitest';
import { type AdyenItem, signed, signedAdyenForm, signedBatch } from './signing.ts';
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
  withBody,
  withHeader,
  withoutHeader,
} from './support.ts';

const item: AdyenItem = {
  pspReference: '88',
  originalReference: '79',
  merchantAccountCode: 'TestMerchant',
  merchantReference: 'O-1',
  value: '500',
  currency: 'EUR',
  success: 'true',
  eventDate: '2026-01-05T03:21:33+01:00',
};
const authorisation: AdyenItem = { ...item, pspReference: '79', originalReference: '', eventCode: 'AUTHORISATION' };
const receiverWith = (credentials: object) => sidesOf('adyen', { account: credentials }).receiver;
const opening = (changes: AdyenItem, credentials: object = {}) =>
  receiverWith(credentials).open(signedBatch([{ ...item, ...changes }]), context);

describe('an item of Adyen', () => {
  it.each([
    [authorisation, { kind: 'captured', paymentId: '79', operationId: '79', amountMinor: 500n, measure: 'single' }],
    [
      { ...authorisation, success: 'false' },
      { kind: 'failed', paymentId: '79', operationId: '79' },
    ],
    [{ eventCode: 'CAPTURE' }, { kind: 'captured', paymentId: '79', operationId: '79' }],
    [{ eventCode: 'CAPTURE_FAILED' }, { kind: 'reversed', paymentId: '79', operationId: '79' }],
    [{ eventCode: 'CANCELLATION' }, { kind: 'closed', paymentId: '79', operationId: '88' }],
    [{ eventCode: 'TECHNICAL_CANCEL' }, { kind: 'closed' }],
    [{ eventCode: 'EXPIRE' }, { kind: 'closed' }],
    [
      { eventCode: 'OFFER_CLOSED', originalReference: '' },
      { kind: 'closed', paymentId: '88', operationId: '88' },
    ],
    [{ eventCode: 'REFUND' }, { kind: 'refunded', paymentId: '79', operationId: '88', reference: 'O-1' }],
    [{ eventCode: 'REFUND', success: 'false' }, { kind: 'refund_failed' }],
    [{ eventCode: 'REFUND_FAILED' }, { kind: 'refund_bounced', operationId: '88' }],
    [{ eventCode: 'REFUNDED_REVERSED' }, { kind: 'refund_bounced' }],
    [{ eventCode: 'CANCEL_OR_REFUND', action: 'refund' }, { kind: 'refunded' }],
    [{ eventCode: 'CANCEL_OR_REFUND', action: 'refund', success: 'false' }, { kind: 'refund_failed' }],
    [{ eventCode: 'CANCEL_OR_REFUND', action: 'cancel' }, { kind: 'closed' }],
    [{ eventCode: 'NOTIFICATION_OF_CHARGEBACK' }, { kind: 'dispute_opened', paymentId: '79', operationId: '88' }],
    [{ eventCode: 'REQUEST_FOR_INFORMATION' }, { kind: 'dispute_opened' }],
    [{ eventCode: 'CHARGEBACK' }, { kind: 'dispute_opened' }],
    [{ eventCode: 'CHARGEBACK_REVERSED' }, { kind: 'dispute_won' }],
    [{ eventCode: 'PREARBITRATION_WON' }, { kind: 'dispute_won' }],
    [{ eventCode: 'SECOND_CHARGEBACK' }, { kind: 'dispute_lost' }],
    [{ eventCode: 'PREARBITRATION_LOST' }, { kind: 'dispute_lost' }],
    [
      { ...authorisation, value: '50000', currency: 'ISK' },
      { amountMinor: 500n, currency: 'ISK' },
    ],
    [
      { ...authorisation, value: '5', currency: 'IDR' },
      { amountMinor: 500n, currency: 'IDR' },
    ],
    [{ ...authorisation, merchantReference: 'shop:2026:1' }, { reference: 'shop:2026:1' }],
    [{ ...authorisation, value: '99999999999999999' }, { amountMinor: 99999999999999999n }],
  ])('%j is read', (changes, expected) => {
    const opened = opening(changes as AdyenItem);
    expect(factOf(opened)).toMatchObject({ account: account.id, providerTime: now, ...expected });
    expect(opened).toMatchObject({ messageId: null, readBack: false });
  });

  it.each([
    [authorisation, { kind: 'authorized', paymentId: '79', operationId: '79' }],
    [{ eventCode: 'CAPTURE' }, { kind: 'captured', paymentId: '79', operationId: '88' }],
    [
      { eventCode: 'CAPTURE', success: 'false' },
      { kind: 'failed', operationId: '88' },
    ],
    [{ eventCode: 'CAPTURE_FAILED' }, { kind: 'reversed', paymentId: '79', operationId: '88' }],
  ])('%j is read by an account that captures by hand', (changes, expected) => {
    expect(factOf(opening(changes as AdyenItem, { capture: 'manual' }))).toMatchObject(expected);
  });

  it.each([
    { eventCode: 'REPORT_AVAILABLE' },
    { eventCode: 'CANCELLATION', success: 'false' },
    { eventCode: 'CANCEL_OR_REFUND' },
    { eventCode: 'AUTHORISATION', success: 'maybe' },
    { eventCode: 'toString' },
  ])('%j is ignored', (changes) => {
    expect(opening(changes as AdyenItem)).toEqual({ is: 'ignored', messageId: null, type: changes.eventCode });
  });

  it.each([
    ['88.80', /amount is not a whole number/],
    ['1e3', /amount is not a whole number/],
    ['-1', /amount is not a whole number/],
    ['true', /amount is not a whole number/],
    ['100000000000000001', /amount is not a whole number/],
  ])('with the amount %s is unreadable', (value, why) => {
    const refusal = refusalOf(opening({ ...authorisation, value }));
    expect(refusal).toMatch(/^unreadable: AUTHORISATION: /);
    expect(refusal).toMatch(why);
  });

  it.each([
    [{ eventCode: 'REFUND', originalReference: '' }, 'no id of the operation, or none of its payment'],
    [{ ...authorisation, eventDate: 'today' }, 'no time'],
    [{ ...authorisation, value: '150', currency: 'ISK' }, '150 is no whole amount of ISK'],
  ])('%j is unreadable', (changes, why) => {
    expect(refusalOf(opening(changes as AdyenItem))).toContain(why);
  });

  it('of the other mode is ignored', () => {
    expect(receiverWith({}).open(signedBatch([authorisation], 'false'), context)).toMatchObject({
      is: 'ignored',
      type: 'AUTHORISATION (not live)',
    });
  });

  it('in which a colon could be moved is refused, though its signature fits', () => {
    const moved = { ...authorisation, merchantAccountCode: 'TestMerchant:O', merchantReference: '1' };
    expect(refusalOf(opening(moved))).toMatch(/^callback\.malformed: item 1 of 1: merchantAccountCode holds a colon/);
  });
});

describe('a batch of Adyen', () => {
  const refund = { ...item, eventCode: 'REFUND', value: '200' };
  const report = { ...item, eventCode: 'REPORT_AVAILABLE' };

  it('has a fact for each item that has a kind', () => {
    expect(receiverWith({}).open(signedBatch([authorisation, report, refund]), context)).toMatchObject({
      is: 'facts',
      facts: [{ kind: 'captured' }, { kind: 'refunded', amountMinor: 200n }],
    });
  });

  it('is refused whole where one item is bad, wherever it stands', () => {
    for (const items of [
      [authorisation, refund],
      [refund, authorisation],
    ]) {
      const request = signedBatch(items);
      const bad = withBody(request, textOf(request.body).replace('"value":200', '"value":201'));
      expect(refusalOf(receiverWith({}).open(bad, context))).toMatch(
        /^signature\.mismatch: item [12] of 2: none of the account's 1 hmac_keys fits hmacSignature$/,
      );
    }
  });

  it('is refused whole where one item is of another merchant account', () => {
    const batch = signedBatch([authorisation, { ...refund, merchantAccountCode: 'Another' }]);
    expect(receiverWith({ merchant_accounts: ['TestMerchant', 'Another'] }).open(batch, context).is).toBe('facts');
    expect(refusalOf(receiverWith({ merchant_accounts: ['TestMerchant'] }).open(batch, context))).toBe(
      'callback.other_account: item 2 of 2: merchantAccountCode is Another; this account has TestMerchant',
    );
  });

  it.each([
    '{"live":"true"}',
    '{"live":"true","notificationItems":[]}',
    '{"live":"true","notificationItems":{}}',
    `{"live":"true","notificationItems":[${Array.from({ length: 101 }, () => '{}').join(',')}]}`,
    '{"live":',
  ])('without items is refused: %.60s', (body) => {
    expect(refusalOf(receiverWith({}).open(withBody(signedBatch([]), body), context))).toMatch(
      /^callback\.malformed: /,
    );
  });

  it('with an item that says nothing is refused', () => {
    const body = '{"live":"true","notificationItems":[null,1,[]]}';
    expect(refusalOf(receiverWith({}).open(withBody(signedBatch([]), body), context))).toMatch(/^signature\.missing: /);
  });

  it('that was written anew is still authentic', () => {
    const request = signedBatch([authorisation]);
    const pretty = JSON.stringify(JSON.parse(textOf(request.body)), null, 2);
    expect(receiverWith({}).open(withBody(request, pretty), context).is).toBe('facts');
  });

  it('is answered with [accepted]', () => {
    const { receiver } = sidesOf('adyen');
    expect(textOf(receiver.acknowledge('accepted', signedBatch([]), context).body)).toBe('[accepted]');
  });
});

describe('a form of Adyen', () => {
  it('is one item', () => {
    const form = signedAdyenForm(authorisation);
    expect(factOf(receiverWith({}).open(form, context))).toMatchObject({
      kind: 'captured',
      paymentId: '79',
      amountMinor: 500n,
    });
    const changed = withBody(form, textOf(form.body).replace('value=500', 'value=501'));
    expect(refusalOf(receiverWith({}).open(changed, context))).toMatch(/^signature\.mismatch: item 1 of 1/);
    const twice = withBody(form, `${textOf(form.body)}&value=501`);
    expect(refusalOf(receiverWith({}).open(twice, context))).toMatch(
      /^callback\.malformed: the field value came twice/,
    );
  });
});

describe('a platform webhook of Adyen', () => {
  const body = JSON.stringify({ type: 'balancePlatform.transfer.updated', data: { id: '1' }, environment: 'live' });

  it('is verified over its whole body, and ignored', () => {
    const request = signed('adyen', body);
    expect(receiverWith({}).open(request, context)).toEqual({
      is: 'ignored',
      messageId: null,
      type: 'balancePlatform.transfer.updated',
    });
    expect(refusalOf(receiverWith({}).open(withBody(request, `${body} `), context))).toMatch(
      /^signature\.mismatch: body was/,
    );
    const twice = { ...request, headers: [...request.headers, ...request.headers] };
    expect(refusalOf(receiverWith({}).open(twice, context))).toMatch(/^signature\.duplicated/);
  });

  it('never makes items count that are not signed themselves', () => {
    const request = { ...signed('adyen', body), body: signedBatch([authorisation]).body };
    expect(refusalOf(receiverWith({}).open(request, context))).toMatch(/^signature\.mismatch/);
  });
});

describe('basic authentication at Adyen', () => {
  const extra = { basic_auth: 'hook:a:password' };
  const sides = sidesOf('adyen', { account: extra, endpoint: extra });

  it('is sent and wanted where it is set, and never enough alone', async () => {
    const sealed = await sides.sender.seal(notificationOf('payment.succeeded'), context);
    expect(headerOf(sealed, 'authorization')).toBe(`Basic ${Buffer.from('hook:a:password').toString('base64')}`);
    expect(sides.receiver.open(sealed, context).is).toBe('facts');
    expect(refusalOf(sides.receiver.open(withoutHeader(sealed, 'authorization'), context))).toMatch(
      /^signature\.missing/,
    );
    const other = withHeader(sealed, 'authorization', () => 'Basic aG9vazpvdGhlcg==');
    expect(refusalOf(sides.receiver.open(other, context))).toMatch(/^signature\.mismatch: header authorization/);
    const changed = withBody(sealed, textOf(sealed.body).replace('8880', '1'));
    expect(refusalOf(sides.receiver.open(changed, context))).toMatch(/^signature\.mismatch: item 1/);
  });
});
