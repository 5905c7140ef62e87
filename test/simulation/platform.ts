import { AppError } from '../../src/domain/errors.ts';
import { asId } from '../../src/domain/ids.ts';
import type { NotificationType } from '../../src/domain/notification.ts';
import type { Http } from '../../src/outbound/http-client.ts';
import type { Posted } from '../../src/outbound/posted.ts';
import type { Provider, RawReply, RawRequest, Sender } from '../../src/providers/provider.ts';
import type { PlatformApi } from '../../src/sandbox/apis/played.ts';
import type { BookedOperation, BookedPayment, Books } from '../../src/sandbox/books.ts';
import { type PlatformObject, platformId } from '../../src/sandbox/platform-ids.ts';
import { type Seeded, seeded } from '../../src/sandbox/seeded.ts';
import { notificationOf } from '../providers/support.ts';
import type { Chance } from './chance.ts';
import type { SimulatedTime } from './time.ts';

/** How what the platform tells travels. */
export interface Fate {
  /** Nobody ever hears of it by a callback. */
  lost?: true;
  /** So many tries are lost on the way. */
  drops: number;
  copies: number;
  /** On top of the way itself. */
  delayMs: number;
}

export const straight: Fate = { drops: 0, copies: 1, delayMs: 0 };

export interface PlatformOptions {
  provider: Provider;
  pair: { account: unknown; endpoint: unknown };
  api: PlatformApi;
  time: SimulatedTime;
  chance: Chance;
  /** How many of the merchant's requests get no answer. */
  unanswered: number;
  /** Hands a request to the merchant's callback URL; null: nobody listens there now. */
  deliver(request: RawRequest): Promise<RawReply> | null;
}

export type Booked = BookedPayment & { paymentId: string };
/** Gaps between the tries of a callback that was not acknowledged. */
const scheduleMs = [15_000, 30_000, 60_000, 60_000, 120_000, 120_000, 180_000];
const patienceMs = 5000;
const publicUrl = 'https://pay.example.com';

/** A payment platform with books of its own, which tell at the end what is true. */
export class SimulatedPlatform {
  readonly books: Books;
  readonly #options: PlatformOptions;
  readonly #sender: Sender;
  readonly #payments: Booked[] = [];
  readonly #ofOrder = new Map<string, Booked[]>();
  /** By the ids of payments, and of what happened to them. */
  readonly #withId = new Map<string, Booked>();
  readonly #seeded: Seeded;
  #ids = 0;

  constructor(options: PlatformOptions) {
    this.#options = options;
    this.#seeded = seeded(Buffer.from(options.chance.bytes(8)).toString('hex'));
    this.#sender = options.provider.sender(options.pair.endpoint);
    const payments = this.#payments;
    this.books = {
      ofOrder: async (orderNo) => this.paymentsOf(orderNo).toReversed(),
      withId: async (id) => this.#withId.get(id) ?? null,
      async *since(moment) {
        yield* payments.filter(({ at }) => at >= moment).reverse();
      },
      move: async ({ record }, move) => {
        const payment = this.#withId.get(record);
        if (payment === undefined) throw new AppError('sandbox.unknown', `no ${record}`);
        if (move.is === 'refund')
          throw new AppError('sandbox.state', 'merchants of the simulation refund at the portal');
        if (payment.state !== 'open' && payment.state !== 'failed')
          throw new AppError('sandbox.state', `payment ${payment.paymentId} is ${payment.state}`);
        this.move(payment, 'payment.closed', straight);
        return payment;
      },
    };
  }

  /** The payments of an order, the oldest first. */
  paymentsOf(orderNo: string): readonly Booked[] {
    return this.#ofOrder.get(orderNo) ?? [];
  }

  open(orderNo: string, amountMinor: bigint, currency: string): Booked {
    const at = this.#options.time.now;
    const paymentId = this.#id('payment');
    const payment: Booked = {
      record: paymentId,
      orderNo,
      amountMinor,
      currency,
      paymentId,
      state: 'open',
      createdAt: at,
      at,
      operations: [],
    };
    this.#payments.push(payment);
    this.#withId.set(paymentId, payment);
    this.#ofOrder.set(orderNo, [...this.paymentsOf(orderNo), payment]);
    return payment;
  }

  /** Something happens to a payment, and the platform tells of it. */
  move(
    payment: Booked,
    type: NotificationType,
    fate: Fate,
    of: { operationId?: string; amountMinor?: bigint } = {},
  ): BookedOperation {
    const at = this.#options.time.now;
    const { operationId = payment.paymentId, amountMinor = payment.amountMinor } = of;
    const operation: BookedOperation = { type, operationId, amountMinor, at, key: null };
    const state = stateOf(type);
    if (state === null) {
      payment.operations = [...payment.operations, operation];
      this.#withId.set(operationId, payment);
    } else Object.assign(payment, { state, at });
    if (this.#options.provider.profile.types.includes(type)) this.#tell(payment, operation, fate);
    return operation;
  }

  /** What was given back of a payment and did not return. */
  static refundedOf({ operations }: BookedPayment): bigint {
    const bounced = new Set(operations.flatMap((one) => (one.type === 'refund.bounced' ? [one.operationId] : [])));
    return operations
      .filter(({ type, operationId }) => type === 'refund.succeeded' && !bounced.has(operationId))
      .reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  }

  id(of: 'refund' | 'dispute'): string {
    return this.#id(of);
  }

  /** The way to the platform's API, for a process that lives. */
  httpFor(process: { alive: boolean }): Http {
    const { time, chance, unanswered } = this.#options;
    return {
      post: (request) =>
        new Promise<Posted>((resolve) => {
          const answer = (posted: Posted, ms: number) => void time.after(ms, () => process.alive && resolve(posted));
          if (chance.happens(unanswered)) {
            const sent = chance.happens(0.5);
            return answer({ is: 'timeout', sent, why: 'no answer in time', peer: null }, 10_000);
          }
          time.after(chance.whole(20, 800), () => {
            if (!process.alive) return;
            void this.#answer(request).then((posted) => answer(posted, chance.whole(20, 400)));
          });
        }),
      stream: async () => {
        throw new Error('nobody streams here');
      },
      close: async () => {},
    };
  }

  async #answer({ url, method = 'POST', headers, body }: Parameters<Http['post']>[0]): Promise<Posted> {
    const { api, pair, time, chance } = this.#options;
    const { pathname, search } = new URL(url);
    if (!(body instanceof Uint8Array)) throw new TypeError('clients send whole bodies');
    const context = { now: time.now, publicUrl, random: (bytes: number) => chance.bytes(bytes) };
    const request = { method, target: pathname + search, headers, body };
    const statement = async () => null;
    const reply = await api(request, { books: this.books, pair, context, statement, url: publicUrl });
    const { status, headers: answered, body: bytes } = reply ?? { status: 404, headers: [], body: new Uint8Array(0) };
    return { is: 'answered', status, headers: answered, body: bytes, truncated: false, peer: null, certificate: null };
  }

  #tell(payment: Booked, operation: BookedOperation, fate: Fate): void {
    if (fate.lost) return;
    const total = SimulatedPlatform.refundedOf(payment);
    const { time, chance } = this.#options;
    const wayMs = () => chance.whole(20, 2500);
    for (let copy = 0; copy < fate.copies; copy += 1) {
      let dropped = copy === 0 ? fate.drops : 0;
      const attempt = (number: number): void => {
        time.after(wayMs() + (number === 0 ? fate.delayMs : 0), () => {
          const again = () => {
            const gapMs = scheduleMs[number];
            if (gapMs !== undefined) time.after(gapMs, () => attempt(number + 1));
          };
          dropped -= 1;
          if (dropped >= 0) return again();
          void this.#send(payment, operation, total).then((confirmed) => confirmed || again());
        });
      };
      attempt(0);
    }
  }

  /** One try; whether it was confirmed in time. */
  async #send(
    payment: Booked,
    { type, operationId, amountMinor, at }: BookedOperation,
    total: bigint,
  ): Promise<boolean> {
    const { time, chance, deliver } = this.#options;
    const { orderNo, currency, paymentId } = payment;
    const notification = notificationOf(type, {
      id: asId.notification(`ntf_${type}${operationId}`),
      orderNo: asId.orderNo(orderNo),
      paymentId,
      operationId,
      amountMinor,
      currency,
      orderAmountMinor: payment.amountMinor,
      refundedTotalMinor: type === 'refund.succeeded' ? total : null,
      occurredAt: at,
      createdAt: at,
    });
    const context = { now: time.now, publicUrl, random: (bytes: number) => chance.bytes(bytes) };
    const reply = deliver(await this.#sender.seal(notification, context));
    if (reply === null) return this.#sender.judge('unreachable').confirmed;
    const answer = await Promise.race([
      reply,
      new Promise<'timeout'>((resolve) => time.after(patienceMs, () => resolve('timeout'))),
    ]);
    return this.#sender.judge(answer).confirmed;
  }

  #id(of: PlatformObject): string {
    this.#ids += 1;
    return platformId(this.#options.provider.name, of, this.#seeded, String(this.#ids));
  }
}

function stateOf(type: NotificationType): BookedPayment['state'] | null {
  switch (type) {
    case 'payment.authorized':
      return 'authorized';
    case 'payment.succeeded':
      return 'paid';
    case 'payment.failed':
      return 'failed';
    case 'payment.closed':
      return 'closed';
    default:
      return null;
  }
}
