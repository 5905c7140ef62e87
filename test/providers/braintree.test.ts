import { describe, expect, it } from 'vitest';
import { braintree } from '../../src/providers/index.ts';
import { signedXml } from './signing.ts';
import { account, context, factOf, notificationOf, refusalOf, sidesOf, textOf, withBody } from './support.ts';

const { receiver } = sidesOf('braintree');
const notification = (kind: string, subject: string) =>
  `<?xml version="1.0"?>\n<notification>\n  <timestamp type="datetime">2026-01-05T02:21:33Z</timestamp>\n  <kind>${kind}</kind>\n  <subject>${subject}</subject>\n</notification>`;
const opening = (kind: string, subject: string) => receiver.open(signedXml(notification(kind, subject)), context);
const transaction = (more = '', status = 'settled') =>
  `<transaction><id>t1</id><status>${status}</status><amount>88.80</amount><currency-iso-code>USD</currency-iso-code><order-id>O &amp; 1</order-id>${more}</transaction>`;
const dispute =
  '<dispute><id>d1</id><amount>90.00</amount><amount-disputed>88.8</amount-disputed><currency-iso-code>USD</currency-iso-code><transaction><id>t1</id><order-id>O &#38; 1</order-id></transaction><status-history type="array"><s/><s/></status-history></dispute>';
const credit = transaction('<type>credit</type><refunded-transaction-id>t0</refunded-transaction-id>');
const local = (status: string) => `<local-payment><payment-id>p</payment-id>${transaction('', status)}</local-payment>`;

describe('a notification of Braintree', () => {
  it.each([
    ['transaction_settled', transaction('<type>sale</type>'), { kind: 'captured', operationId: 't1' }],
    ['transaction_settlement_declined', transaction('<type>sale</type>'), { kind: 'failed', operationId: 't1' }],
    ['transaction_settled', credit, { kind: 'refunded', paymentId: 't0', operationId: 't1' }],
    ['transaction_settlement_declined', credit, { kind: 'refund_bounced', paymentId: 't0', operationId: 't1' }],
    ['refund_failed', credit, { kind: 'refund_bounced', paymentId: 't0', operationId: 't1' }],
    ['local_payment_completed', local('settling'), { kind: 'captured', operationId: 't1' }],
    ['dispute_opened', dispute, { kind: 'dispute_opened', operationId: 'd1' }],
    ['dispute_disputed', dispute, { kind: 'dispute_opened', operationId: 'd1' }],
    ['dispute_under_review', dispute, { kind: 'dispute_opened', operationId: 'd1' }],
    ['dispute_won', dispute, { kind: 'dispute_won', operationId: 'd1' }],
    ['dispute_lost', dispute, { kind: 'dispute_lost', operationId: 'd1' }],
    ['dispute_accepted', dispute, { kind: 'dispute_lost', operationId: 'd1' }],
    ['dispute_expired', dispute, { kind: 'dispute_lost', operationId: 'd1' }],
  ])('%s is read', (kind, subject, expected) => {
    const opened = opening(kind, subject);
    expect(opened).toMatchObject({ messageId: `${kind}:${expected.operationId}:1767579693000` });
    expect(factOf(opened)).toMatchObject({
      paymentId: 't1',
      reference: 'O & 1',
      amountMinor: 8880n,
      currency: 'USD',
      providerTime: Date.parse('2026-01-05T02:21:33Z'),
      ...expected,
    });
  });

  it('of a refund that failed may name neither its currency nor its sale', () => {
    const bare = '<transaction><id>r1</id><amount>100</amount></transaction>';
    expect(factOf(opening('refund_failed', bare))).toMatchObject({
      paymentId: 'r1',
      amountMinor: null,
      currency: null,
    });
  });

  it.each([
    ['check', '<check type="boolean">true</check>'],
    ['toString', transaction()],
    ['local_payment_completed', local('authorizing')],
    ['local_payment_reversed', '<local-payment-reversed><payment-id>p</payment-id></local-payment-reversed>'],
    ['subscription_charged_successfully', '<subscription><id>s</id></subscription>'],
    ['transaction_settled', ''],
  ])('%s is ignored', (kind, subject) => {
    expect(opening(kind, subject)).toMatchObject({ is: 'ignored', type: kind });
  });

  it.each([
    ['no id', '<transaction><amount>1</amount></transaction>'],
    ['no currency', '<transaction><id>t</id><amount>1</amount></transaction>'],
    ['a fraction of a cent', transaction().replace('88.80', '88.801')],
    ['a sign', transaction().replace('88.80', '-88.80')],
  ])('with %s is unreadable', (_name, subject) => {
    expect(refusalOf(opening('transaction_settled', subject))).toMatch(/^unreadable: transaction_settled: /);
  });

  it.each([
    ['a document type', '<!DOCTYPE n [<!ENTITY x SYSTEM "file:///etc/passwd">]><notification>&x;</notification>'],
    ['an entity of its own', '<notification><kind>&x;</kind></notification>'],
    ['what is not closed', '<notification><kind>check</kind>'],
    ['what closes otherwise', '<notification><kind>check</notification></kind>'],
    ['nothing', ''],
    ['text alone', 'check'],
    ['two roots', '<notification/><kind/>'],
    ['deep nesting', '<a>'.repeat(100_000)],
    ['a NUL', '<notification><kind>&#0;</kind></notification>'],
    ['the names of JavaScript’s own properties', '<__proto__><kind>check</kind></__proto__>'],
  ])('with %s is unreadable', (_name, xml) => {
    expect(refusalOf(receiver.open(signedXml(xml), context))).toMatch(/^unreadable: /);
  });

  it('with a payload that is no base64 is unreadable', () => {
    expect(refusalOf(receiver.open(signedXml('', '!!!!'), context))).toBe('unreadable: bt_payload is not base64');
  });
});

describe('the signature of Braintree', () => {
  const fields = (changes: (pair: string) => string) => {
    const request = signedXml(notification('check', '<check>true</check>'));
    const form = new URLSearchParams(textOf(request.body));
    form.set('bt_signature', changes(form.get('bt_signature') ?? ''));
    return withBody(request, form.toString());
  };

  it('counts wherever it stands among those of other keys', () => {
    for (const change of [
      (pair: string) => `other|abcd&${pair}`,
      (pair: string) => `${pair}&other|abcd`,
      (pair: string) => `${pair.replace(/\|.*/, '|zz')}&${pair}`,
    ]) {
      expect(receiver.open(fields(change), context).is).toBe('ignored');
    }
    expect(
      refusalOf(
        receiver.open(
          fields((pair) => `${pair}${'&a|b'.repeat(16)}`),
          context,
        ),
      ),
    ).toMatch(/^signature\.malformed: /);
  });

  it('counts also where the form lost the newline at the end of the payload', () => {
    const request = signedXml(notification('check', '<check>true</check>'));
    const form = new URLSearchParams(textOf(request.body));
    form.set('bt_payload', (form.get('bt_payload') ?? '').trim());
    expect(receiver.open(withBody(request, form.toString()), context).is).toBe('ignored');
  });

  it('is made with every key', async () => {
    const api_keys = { first_public: 'first-private-key', second_public: 'second-private-key' };
    const sealed = await sidesOf('braintree', { endpoint: { api_keys } }).sender.seal(
      notificationOf('payment.succeeded'),
      context,
    );
    for (const [publicKey, privateKey] of Object.entries(api_keys)) {
      const one = braintree.receiver({ api_keys: { [publicKey]: privateKey } }, account);
      expect(one.open(sealed, context).is).toBe('facts');
    }
  });
});

describe('the challenge of Braintree', () => {
  const asking = (target: string) =>
    braintree
      .receiver({ api_keys: { integration_public_key: 'integration_private_key' } }, account)
      .open({ method: 'GET', target, headers: [], body: new Uint8Array() }, context);

  it('is answered as braintree_node answers it', () => {
    const opened = asking('/callbacks/acc?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53');
    expect(opened.is === 'challenge' ? [opened.reply.status, textOf(opened.reply.body)] : opened).toEqual([
      200,
      'integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4',
    ]);
  });

  it.each(['/', '/?bt_challenge=', '/?bt_challenge=xyz', `/?bt_challenge=${'a'.repeat(33)}`, '/?x=bt_challenge'])(
    'is refused as %s',
    (target) => {
      expect(refusalOf(asking(target))).toMatch(/^callback\.malformed: /);
    },
  );
});
