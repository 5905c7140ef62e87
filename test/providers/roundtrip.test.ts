import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asId, isOrderNo } from '../../src/domain/ids.ts';
import { amountMinorMax } from '../../src/domain/money.ts';
import type { Notification, NotificationType } from '../../src/domain/notification.ts';
import { providers } from '../../src/providers/index.ts';
import { kindOfType } from '../../src/providers/primitives/generic-fact.ts';
import type { Opened, RawRequest } from '../../src/providers/provider.ts';
import { factsAsked } from './asking.ts';
import {
  context,
  factOf,
  notificationOf,
  now,
  paymentPrefixes,
  refusalOf,
  sayableBy,
  seededRandom,
  sidesOf,
  withBody,
} from './support.ts';

const key = Buffer.from(seededRandom('encryption')(32)).toString('base64');
/** Each provider as it comes, and the two that may encrypt also encrypted. */
const variants = [
  ...providers.map(({ name }) => [name, name, {}] as const),
  ['hmac, encrypted and with a replay window', 'hmac', { encryption_keys: [key], replay_window_s: 300 }] as const,
  ['standard, encrypted', 'standard', { encryption_keys: [key] }] as const,
  ['wechatpay-v2, with MD5', 'wechatpay-v2', { sign_type: 'MD5' }] as const,
];

/** Where a format can say none of these, its own are tried. */
const currencies = ['CNY', 'USD', 'JPY', 'ISK', 'UGX', 'KWD', 'CLF', 'CLP', 'XOF'];
/** A platform's own units of these are a hundred times finer, and the wire has the same largest integer. */
const finerAt: Readonly<Record<string, readonly string[]>> = {
  adyen: ['CLP', 'ISK'],
  checkout: ['CLP'],
  paystack: ['XOF'],
  stripe: ['ISK', 'UGX'],
};

function notifications(name: string, types: readonly NotificationType[], sayable: readonly string[] | undefined) {
  const tried = currencies.filter((one) => sayable?.includes(one) ?? true);
  const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);
  const prefix = paymentPrefixes[name];
  const paymentId = prefix === undefined ? id : fc.stringMatching(/^[A-Za-z0-9]{1,40}$/).map((rest) => prefix + rest);
  return fc
    .record({
      type: fc.constantFrom(...types),
      orderNo: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter(isOrderNo),
      amountMinor: fc.oneof(fc.bigInt(100n, 10n ** 9n), fc.bigInt(2n ** 53n, amountMinorMax)),
      currency: fc.constantFrom(...(tried.length > 0 ? tried : (sayable ?? []))),
      paymentId,
      operationId: id,
      occurredAt: fc.integer({ min: now - 86_400_000, max: now }),
      data: fc.constantFrom(
        null,
        '{"order_no":"not this one","order_id":"nor this","amount_minor":1,"list":[1.50,12345678901234567890]}',
      ),
    })
    .map((one): Notification => {
      const scale = finerAt[name]?.includes(one.currency) ? 100n : 1n;
      const amountMinor = one.amountMinor / scale;
      const total = one.type === 'refund.succeeded' ? amountMinor : null;
      return notificationOf(one.type, {
        ...one,
        orderNo: asId.orderNo(one.orderNo),
        amountMinor,
        refundedTotalMinor: total,
      });
    });
}

/** Formats whose refunds and disputes name their payment alone, by which their order is found. */
const namingOnlyPayments = ['square', 'xendit'];
/** Formats that sign the fields which decide, and not the whole body. */
const partlySigned = ['adyen', 'mercadopago'];
/** What a form says: `%2b` in place of `%2B` is the same form. */
const formOf = ({ headers, body }: RawRequest) =>
  headers.some(([, value]) => value.startsWith('application/x-www-form-urlencoded'))
    ? new URLSearchParams(Buffer.from(body).toString('latin1')).toString()
    : body;

/** What counts of it: its facts, whatever their time, or what is to be asked about. */
function saidBy(opened: Opened): readonly object[] {
  if (opened.is === 'ping') return opened.references;
  return opened.is === 'facts' ? opened.facts.map((fact) => ({ ...fact, providerTime: null })) : [];
}

/** Nothing of it is signed. */
const unsigned = ['mollie, classic', 'mollie', { webhook_secrets: undefined }, { classic: true }] as const;

describe('what is sealed by', () => {
  it.each([...variants, unsigned])(
    '%s opens to the same kind, operation, order, amount and currency',
    async (...row) => {
      const [_title, name, extra, endpoint = {}] = row;
      const sides = sidesOf(name, { account: extra, endpoint: { ...extra, ...endpoint } });
      const { provider, sender, receiver, credentials } = sides;
      const { types, currencies: sayable } = provider.profile;
      await fc.assert(
        fc.asyncProperty(notifications(name, types, sayable), async (notification) => {
          const opened = receiver.open(await sender.seal(notification, context), context);
          const kind = kindOfType[notification.type];
          if (kind === null) {
            expect(opened.is).toBe('ignored');
            return;
          }
          const { orderNo } = notification;
          if (opened.is === 'ping') {
            const { type, paymentId } = notification;
            expect(opened.references).toEqual([{ reference: null, paymentId }]);
            const isOfPayment = type.startsWith('payment.') || (name === 'mercadopago' && type.startsWith('dispute.'));
            const id = isOfPayment ? paymentId : notification.operationId;
            const asked = await factsAsked(name, credentials.account, {
              notification,
              order: { reference: null, paymentId },
            });
            const { amountMinor, currency } = notification;
            expect(asked).toContainEqual(
              expect.objectContaining({ kind, paymentId, operationId: id, reference: orderNo, amountMinor, currency }),
            );
            return;
          }
          // GoCardless's events say no amount.
          const { amountMinor, currency } =
            name === 'gocardless' ? { amountMinor: null, currency: null } : notification;
          // These name the payment and its refunded total; the single refund comes by query.
          const isTotal = ['alipay', 'lemonsqueezy'].includes(name) && kind === 'refunded';
          const operationId = isTotal ? notification.paymentId : notification.operationId;
          const namesPayment = namingOnlyPayments.includes(name) && !notification.type.startsWith('payment.');
          const order = namesPayment ? { reference: null, paymentId: notification.paymentId } : { reference: orderNo };
          expect(factOf(opened)).toMatchObject({ kind, operationId, amountMinor, currency, ...order });
        }),
        { numRuns: 300 },
      );
    },
  );

  it.each(variants)('%s is not believed after any flip of a bit of its body', async (_title, name, extra) => {
    const { sender, receiver, provider } = sidesOf(name, { account: extra, endpoint: extra });
    const sealed = await sender.seal(sayableBy(provider, 'payment.succeeded'), context);
    const first = receiver.open(sealed, context);
    const genuine = saidBy(first);
    expect(genuine).toHaveLength(1);
    fc.assert(
      fc.property(fc.nat(sealed.body.length - 1), fc.integer({ min: 1, max: 255 }), (index, bits) => {
        const body = Uint8Array.from(sealed.body);
        body[index] = (body[index] ?? 0) ^ bits;
        const flipped = withBody(sealed, body);
        fc.pre(formOf(flipped) !== formOf(sealed));
        const opened = receiver.open(flipped, context);
        if (provider.profile.unsigned !== undefined) {
          // Some flips meet what no signature covers: nothing of it is believed.
          if (opened.is === 'facts') expect(opened.readBack).toBe(true);
        } else if (!partlySigned.includes(name)) {
          expect(refusalOf(opened)).toMatch(/^(signature|callback)\.\w+: /);
        } else if (opened.is === 'facts' || opened.is === 'ping') {
          expect(saidBy(opened)).toEqual(genuine);
        }
      }),
      { numRuns: 500 },
    );
  });

  // What proves a callback of Xendit is the token itself.
  it.each(variants.filter(([name]) => name !== 'xendit'))(
    '%s carries no secret in the clear',
    async (_title, name, extra) => {
      const { sender, credentials, provider } = sidesOf(name, { account: extra, endpoint: extra });
      const sealed = await sender.seal(sayableBy(provider, 'payment.succeeded'), context);
      const sent = JSON.stringify([sealed.headers, Buffer.from(sealed.body).toString('latin1')]);
      const secrets = Object.entries(credentials.endpoint)
        .filter(([field]) => /secrets|keys|sign_key/.test(field))
        .flatMap(([, value]) =>
          typeof value === 'object' && value !== null ? Object.values(value).map(String) : [String(value)],
        );
      expect(secrets.length).toBeGreaterThan(0);
      expect(secrets.filter((secret) => sent.includes(secret))).toEqual([]);
    },
  );
});

describe('a format', () => {
  it.each(providers.map(({ name }) => name))(
    '%s throws for a type or a currency that its profile does not have',
    async (name) => {
      const { provider, sender } = sidesOf(name);
      const { types, currencies: sayable } = provider.profile;
      const seal = async (changes: Notification) => sender.seal(changes, context);
      const unsayable = (Object.keys(kindOfType) as NotificationType[]).filter((type) => !types.includes(type));
      for (const type of unsayable)
        await expect(seal(notificationOf(type))).rejects.toThrow(`${name} cannot say ${type}`);
      if (sayable) {
        const currency = currencies.find((one) => !sayable.includes(one));
        const unsaid = notificationOf('payment.succeeded', currency === undefined ? {} : { currency });
        await expect(seal(unsaid)).rejects.toThrow(`${name} cannot say ${currency}`);
      }
      expect(types.length).toBeGreaterThan(2);
    },
  );

  it('keeps the numbers of published data exactly as they were written', () => {
    const { sender } = sidesOf('standard');
    const data = '{"ratio":1.50,"serial":12345678901234567890,"order_no":"overridden"}';
    const sealed = sender.seal(notificationOf('payment.succeeded', { data }), context);
    const body = 'body' in sealed ? Buffer.from(sealed.body).toString() : '';
    expect(body).toContain('"ratio":1.50,"serial":12345678901234567890,"order_no":"ORDER-20260105-0001"');
  });
});
