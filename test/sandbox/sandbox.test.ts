import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { asId, randomBytesOf } from '../../src/domain/ids.ts';
import type { Receiver } from '../../src/providers/provider.ts';
import { sandboxMerchant } from '../../src/sandbox/credentials.ts';
import {
  type Arrival,
  clientAt,
  type Json,
  type Merchant,
  type Platform,
  providers,
  startMerchant,
  startPlatform,
  until,
} from './harness.ts';

const formats = [
  'hmac',
  'standard',
  'adyen',
  'alipay',
  'braintree',
  'cashfree',
  'checkout',
  'lemonsqueezy',
  'mercadopago',
  'mollie',
  'midtrans',
  'paddle',
  'paypal',
  'razorpay',
  'shopify',
  'square',
  'stripe',
  'unionpay',
  'wechatpay',
  'wechatpay-v2',
  'xendit',
];

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.stop());

/** Opens as the account that is configured with the sandbox's credentials. */
function receiverOf(format: string): Receiver {
  const provider = providers.get(format);
  if (provider === undefined) throw new Error(`no provider ${format}`);
  return provider.receiver(platform.sandbox.accountCredentials(format), { id: asId.account('acc_test'), mode: 'live' });
}

const openedOf = (receiver: Receiver, { arrivals }: Merchant) =>
  arrivals.map(({ request, at }) => receiver.open(request, { now: at, publicUrl: '', random: randomBytesOf }));

/** The same, with the newest answer of the platform in place of a callback that only says: ask. */
const toldOf = (format: string, receiver: Receiver, merchant: Merchant) =>
  Promise.all(
    openedOf(receiver, merchant).map(async (opened) => {
      const [reference] = opened.is === 'ping' ? opened.references : [];
      if (reference === undefined) return opened;
      const answer = await clientAt(platform, format).query?.(reference, new AbortController().signal);
      return { is: 'facts', facts: answer?.facts.slice(-1) };
    }),
  );

const kindsOf = (receiver: Receiver, merchant: Merchant) =>
  openedOf(receiver, merchant).map((opened) =>
    opened.is === 'facts' ? opened.facts.map(({ kind }) => kind).join() : opened.is,
  );

/** One that the format can say. */
function currencyOf(format: string): string {
  const sayable = providers.get(format)?.profile.currencies ?? [];
  return sayable.includes('CNY') ? 'CNY' : (sayable[0] ?? 'CNY');
}

let orders = 0;
async function openPayment(format: string, merchant: Merchant, changes: object = {}): Promise<Json> {
  orders += 1;
  const request = {
    provider: format,
    order_no: `O-${orders}`,
    amount_minor: 8880,
    currency: currencyOf(format),
    notify_url: merchant.url,
    ...changes,
  };
  const { status, json } = await platform.call('POST', '/sandbox/payments', request);
  expect(status).toBe(201);
  return json;
}

const move = async (payment: Json, to: string, body: object = {}) =>
  platform.call('POST', `/sandbox/payments/${payment.id}/${to}`, body);

async function finished(scenario: Json): Promise<Json> {
  return until(`scenario ${scenario.id} has ended`, async () => {
    const { json } = await platform.call('GET', `/sandbox/scenarios/${scenario.id}`);
    return String(json.state) === 'finished' ? json : null;
  });
}

async function runScenario(merchant: Merchant, request: object): Promise<Json> {
  const { status, json } = await platform.call('POST', '/sandbox/scenarios', {
    notify_url: merchant.url,
    time_scale: 1000,
    ...request,
  });
  expect(json).toMatchObject({ sent: expect.any(Array) });
  expect(status).toBe(201);
  return json;
}

describe.each(formats)('a payment in the format of %s', (format) => {
  let receiver: Receiver;
  let merchant: Merchant;
  beforeAll(async () => {
    receiver = receiverOf(format);
    merchant = await startMerchant(receiver);
  });
  afterAll(() => merchant.stop());

  it('is told to its notify_url, where the matching account accepts it with order and amount', async () => {
    const payment = await openPayment(format, merchant);
    const { status, json } = await move(payment, 'pay');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      state: 'paid',
      notifications: [{ type: 'payment.succeeded', unsent: null, notification: expect.stringMatching(/^ntf_/) }],
    });
    await until('the notification has arrived', () => merchant.arrivals.length > 0);
    expect(await toldOf(format, receiver, merchant)).toMatchObject([
      {
        is: 'facts',
        facts: [
          {
            kind: 'captured',
            reference: payment.order_no,
            amountMinor: 8880n,
            currency: currencyOf(format),
            paymentId: json.payment_id,
          },
        ],
      },
    ]);
  });

  it('is refunded in part', async () => {
    merchant.arrivals.length = 0;
    const payment = await openPayment(format, merchant);
    await move(payment, 'pay');
    await until('the payment has arrived', () => merchant.arrivals.length === 1);
    const { json } = await move(payment, 'refund', { amount_minor: 880 });
    expect(json).toMatchObject({ state: 'paid', refunded_minor: 880 });
    await until('the refund has arrived', () => merchant.arrivals.length === 2);
    expect((await toldOf(format, receiver, merchant))[1]).toMatchObject({
      is: 'facts',
      facts: [{ kind: 'refunded', amountMinor: 880n }],
    });
  });
});

describe('a payment at the platform', () => {
  let merchant: Merchant;
  beforeAll(async () => {
    merchant = await startMerchant(receiverOf('alipay'));
  });
  afterAll(() => merchant.stop());

  it('moves only as its state allows', async () => {
    const payment = await openPayment('alipay', merchant);
    expect(await move(payment, 'refund')).toMatchObject({ status: 409, json: { code: 'sandbox.state' } });
    await move(payment, 'pay');
    expect(await move(payment, 'pay')).toMatchObject({
      status: 409,
      json: { code: 'sandbox.state', detail: expect.stringContaining('is paid') },
    });
    expect(await move(payment, 'refund', { amount_minor: 9999 })).toMatchObject({
      status: 422,
      json: { errors: [{ pointer: '/amount_minor' }] },
    });
  });

  it('is paid once, however many click at once', async () => {
    const payment = await openPayment('alipay', merchant);
    const answers = await Promise.all(Array.from({ length: 5 }, () => move(payment, 'pay')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    const { json } = await platform.call('GET', `/sandbox/payments/${payment.id}`);
    expect(json.notifications).toHaveLength(1);
  });

  it('sends nothing where its format has no word for what happened, and says so', async () => {
    const alone = await startMerchant(receiverOf('alipay'));
    onTestFinished(() => alone.stop());
    const payment = await openPayment('alipay', alone);
    const { json } = await move(payment, 'fail');
    expect(json).toMatchObject({
      state: 'failed',
      notifications: [{ type: 'payment.failed', notification: null, unsent: expect.stringContaining('cannot say') }],
    });
    expect((await move(payment, 'pay')).json).toMatchObject({ state: 'paid' });
    await until('the payment has arrived', () => alone.arrivals.length > 0);
    expect(alone.arrivals).toHaveLength(1);
  });

  it('is paid although its notify_url may not be delivered to, and says why nobody was told', async () => {
    const payment = await openPayment('alipay', merchant, { notify_url: 'http://10.0.0.1/callback' });
    expect((await move(payment, 'pay')).json).toMatchObject({
      state: 'paid',
      notifications: [{ notification: null, unsent: expect.stringContaining('endpoint.url') }],
    });
  });

  it.each([
    [{ provider: 'nobody' }, 'provider.unknown'],
    [{ amount_minor: 0 }, 'request.invalid'],
    [{ amount_minor: 1.5 }, 'request.invalid'],
    [{ currency: 'cny' }, 'request.invalid'],
    [{ notify_url: 'ftp://a.example' }, 'request.invalid'],
    [{ notify_url: undefined }, 'request.invalid'],
    [{ return_url: 'javascript:alert(1)' }, 'request.invalid'],
    [{ order_no: 'a\u0000b' }, 'request.invalid'],
    [{ unknown: 1 }, 'request.invalid'],
    [{ faults: { duplicate: 0 } }, 'request.invalid'],
  ])('is not opened with %j', async (changes, code) => {
    const request = {
      provider: 'alipay',
      order_no: 'O',
      amount_minor: 1,
      currency: 'CNY',
      notify_url: merchant.url,
      ...changes,
    };
    const { status, json } = await platform.call('POST', '/sandbox/payments', request);
    expect(json).toMatchObject({ code });
    expect(status).toBe(422);
  });

  it('is told to the callback URL of an account where no notify_url is given', async () => {
    const payment = await openPayment('alipay', merchant, { notify_url: undefined, account: 'acc_1' });
    expect(String(payment.notify_url)).toBe('http://127.0.0.1:7700/callbacks/acc_1');
  });

  it('takes amounts beyond 2^53 without loss, as a number or a text', async () => {
    const payment = await openPayment('hmac', merchant, { amount_minor: '9007199254740993' });
    expect(String(payment.amount_minor)).toBe('9007199254740993');
    const response = await platform.page('/sandbox/payments', {
      method: 'POST',
      headers: { authorization: 'Bearer admin-key-of-the-test' },
      body: `{"provider":"hmac","order_no":"B","amount_minor":9007199254740993,"currency":"CNY","notify_url":"${merchant.url}"}`,
    });
    expect(await response.json()).toMatchObject({ amount_minor: '9007199254740993' });
  });

  it('needs a key', async () => {
    for (const path of [
      '/sandbox/payments',
      '/sandbox/scenarios',
      '/sandbox/credentials/hmac',
      '/sandbox/payments/pay_1',
    ]) {
      expect((await platform.page(path)).status).toBe(401);
      expect((await platform.page(path, { headers: { authorization: 'Bearer nobody' } })).status).toBe(401);
    }
  });

  it('takes only JSON that it can read', async () => {
    const headers = { authorization: 'Bearer admin-key-of-the-test' };
    const send = (body: string | Uint8Array<ArrayBuffer>) =>
      platform.page('/sandbox/payments', { method: 'POST', headers, body });
    expect((await send('{')).status).toBe(400);
    expect((await send(Uint8Array.of(0xff, 0xfe))).status).toBe(400);
    expect((await send(' '.repeat(70_000))).status).toBe(413);
    expect((await send('[]')).status).toBe(422);
  });
});

describe('a scenario', () => {
  let receiver: Receiver;
  let merchant: Merchant;
  beforeAll(async () => {
    receiver = receiverOf('standard');
  });
  const withMerchant = async (run: (merchant: Merchant) => Promise<void>, answer?: (arrival: number) => number) => {
    merchant = await startMerchant(receiver, answer);
    try {
      await run(merchant);
    } finally {
      await merchant.stop();
    }
  };

  it.each([
    ['paid', ['captured']],
    ['paid_then_refunded', ['captured', 'refunded']],
    ['partial_refunds', ['captured', 'refunded', 'refunded', 'refunded']],
    ['failed_then_paid', ['failed', 'captured']],
    ['paid_twice', ['captured', 'captured']],
    ['late_after_close', ['closed', 'captured']],
    ['disputed', ['captured', 'dispute_opened', 'dispute_lost']],
  ])('%s tells its story in order', async (scenario, kinds) => {
    await withMerchant(async () => {
      const ended = await finished(await runScenario(merchant, { provider: 'standard', scenario }));
      expect(kindsOf(receiver, merchant)).toEqual(kinds);
      expect(ended.sent).toHaveLength(kinds.length);
    });
  });

  it('runs through a day of tries that are all refused, whatever a breaker would make of them', async () => {
    const refusing = await startMerchant(receiverOf('wechatpay'), () => 500);
    const scenario = { provider: 'wechatpay', scenario: 'paid', time_scale: 100_000 };
    const ended = await finished(await runScenario(refusing, scenario));
    expect(ended.sent).toMatchObject([{ deliveries: [{ state: 'dead' }] }]);
    expect(refusing.arrivals).toHaveLength((providers.get('wechatpay')?.profile.schedule.length ?? 0) + 1);
    await refusing.stop();
  });

  it('says which field is missing or unknown, in the words of the API', async () => {
    const { json } = await platform.call('POST', '/sandbox/scenarios', { provider: 'standard', faults: { zz: 1 } });
    expect(json.errors).toEqual(
      expect.arrayContaining([
        { pointer: '/notify_url', detail: 'is missing' },
        { pointer: '/scenario', detail: 'is missing' },
        { pointer: '/faults/zz', detail: 'is not a field here' },
      ]),
    );
  });

  it('is told to its own address alone', async () => {
    await withMerchant(async () => {
      await finished(await runScenario(merchant, { provider: 'standard', scenario: 'paid' }));
      const { deliveries } = await platform.service.publish({
        merchant: sandboxMerchant,
        type: 'payment.succeeded',
        orderNo: asId.orderNo('O-other'),
        amountMinor: 1n,
        currency: 'CNY',
      });
      expect(deliveries).toEqual([]);
      expect(merchant.arrivals).toHaveLength(1);
    });
  });

  it('is sealed with the credentials it is given', async () => {
    const pair = providers.get('stripe')?.pair?.(randomBytesOf);
    const own = providers.get('stripe')?.receiver(pair?.account, { id: asId.account('acc_test'), mode: 'live' });
    if (own === undefined) throw new Error('stripe has no pair');
    const theirs = await startMerchant(own);
    await finished(await runScenario(theirs, { provider: 'stripe', scenario: 'paid', credentials: pair?.endpoint }));
    expect(kindsOf(own, theirs)).toEqual(['captured']);
    expect(kindsOf(receiverOf('stripe'), theirs)).toEqual(['refused']);
    await theirs.stop();
  });

  it('refuses a script, credentials and a URL that it cannot use', async () => {
    const send = (changes: object) =>
      platform.call('POST', '/sandbox/scenarios', {
        provider: 'standard',
        notify_url: 'http://127.0.0.1:1/x',
        scenario: 'paid',
        ...changes,
      });
    expect(await send({ scenario: 'nothing' })).toMatchObject({
      status: 422,
      json: { errors: [{ pointer: '/scenario' }] },
    });
    expect(await send({ credentials: { secrets: [] } })).toMatchObject({ status: 422 });
    expect(await send({ notify_url: 'http://10.0.0.1/' })).toMatchObject({
      status: 422,
      json: { code: 'endpoint.url' },
    });
    expect(await send({ provider: 'alipay', currency: 'KWD' })).toMatchObject({ status: 422 });
  });

  it('duplicate: is really sent again under the same id, and then confirmed', async () => {
    await withMerchant(async () => {
      const ended = await finished(
        await runScenario(merchant, { provider: 'standard', scenario: 'paid', faults: { duplicate: 3 } }),
      );
      expect(kindsOf(receiver, merchant)).toEqual(['captured', 'captured', 'captured']);
      const ids = openedOf(receiver, merchant).map((opened) => ('messageId' in opened ? opened.messageId : null));
      expect(new Set(ids).size).toBe(1);
      const delivery = ended.sent?.[0]?.deliveries?.[0];
      expect(delivery).toMatchObject({
        state: 'confirmed',
        attempts: [
          { error: expect.stringContaining('1 of 3') },
          { error: expect.stringContaining('2 of 3') },
          { error: null },
        ],
      });
    });
  });

  it('reorder: arrives in another order, the same one for the same seed', async () => {
    const run = async (reorder: boolean) => {
      let kinds: string[] = [];
      await withMerchant(async () => {
        await finished(
          await runScenario(merchant, {
            provider: 'standard',
            scenario: 'partial_refunds',
            seed: '3',
            faults: { reorder },
          }),
        );
        kinds = openedOf(receiver, merchant).map((opened) =>
          opened.is === 'facts' ? `${opened.facts[0]?.kind} ${opened.facts[0]?.operationId}` : opened.is,
        );
      });
      return kinds;
    };
    const inOrder = await run(false);
    const first = await run(true);
    expect(first).not.toEqual(inOrder);
    expect([...first].sort()).toEqual([...inOrder].sort());
    expect(await run(true)).toEqual(first);
  });

  it('drop: is never sent, and says so', async () => {
    await withMerchant(async () => {
      const ended = await finished(
        await runScenario(merchant, { provider: 'standard', scenario: 'paid', faults: { drop: true } }),
      );
      expect(ended.sent).toMatchObject([
        { notification: null, unsent: expect.stringContaining('dropped'), deliveries: [] },
      ]);
      expect(merchant.arrivals).toHaveLength(0);
    });
  });

  it('delay_ms: is sent that much later, not before', async () => {
    await withMerchant(async () => {
      const since = systemClock.now();
      await finished(
        await runScenario(merchant, { provider: 'standard', scenario: 'paid', faults: { delay_ms: 400 } }),
      );
      expect((merchant.arrivals[0]?.at ?? 0) - since).toBeGreaterThanOrEqual(400);
    });
  });

  it('slow_ms: waits before each try', async () => {
    await withMerchant(async () => {
      const since = systemClock.monotonicMs();
      await finished(await runScenario(merchant, { provider: 'standard', scenario: 'paid', faults: { slow_ms: 300 } }));
      expect(systemClock.monotonicMs() - since).toBeGreaterThanOrEqual(290);
    });
  });

  it.each([
    ['tamper', 'signature.mismatch'],
    ['wrong_signature', 'signature.mismatch'],
    ['stale', 'callback.stale'],
  ])('%s: is refused by the matching account', async (fault, code) => {
    await withMerchant(async () => {
      const scenario = await runScenario(merchant, {
        provider: 'standard',
        scenario: 'paid',
        faults: { [fault]: true },
      });
      await finished(scenario);
      expect(openedOf(receiver, merchant)).toMatchObject([{ is: 'refused', code }]);
    });
  });

  it('goes on at the pace of the time scale while it is not acknowledged', async () => {
    await withMerchant(
      async () => {
        await finished(await runScenario(merchant, { provider: 'standard', scenario: 'paid' }));
        expect(merchant.arrivals).toHaveLength(3);
      },
      (arrival) => (arrival < 3 ? 500 : 200),
    );
  });

  it.each(formats)(
    'sends the same bytes for the same seed and start_at, also on the tries after the first: %s',
    async (format) => {
      const start_at = new Date(systemClock.now() - 1000).toISOString();
      const run = async (seed: string) => {
        const theirs = await startMerchant(receiverOf(format));
        const ended = await finished(
          await runScenario(theirs, {
            provider: format,
            scenario: 'paid_then_refunded',
            currency: currencyOf(format),
            seed,
            start_at,
            faults: { duplicate: 2 },
          }),
        );
        await theirs.stop();
        expect(theirs.arrivals).toHaveLength(4);
        const headersOf = ({ request }: Arrival) => request.headers.filter(([name]) => !/^host$/i.test(name));
        const bytes = theirs.arrivals.map((arrival) =>
          JSON.stringify([headersOf(arrival), String(arrival.request.body)]),
        );
        // Whether a second try or the next notification comes first is a matter of milliseconds.
        return {
          bytes: bytes.sort(),
          kinds: kindsOf(receiverOf(format), theirs).sort(),
          order: String(ended.order_no),
        };
      };
      const first = await run('7');
      expect(await run('7')).toEqual(first);
      const pings = first.kinds.map(() => 'ping');
      const facts = ['captured', 'captured', 'refunded', 'refunded'];
      expect(first.kinds).toEqual(first.kinds.includes('ping') ? pings : facts);
      expect((await run('8')).bytes).not.toEqual(first.bytes);
    },
  );
});

describe('the sandbox after a restart', () => {
  it('knows its credentials without making new ones', async () => {
    const before = formats.map((format) => platform.sandbox.accountCredentials(format));
    await platform.sandbox.start(platform.service);
    expect(formats.map((format) => platform.sandbox.accountCredentials(format))).toEqual(before);
  });
});
