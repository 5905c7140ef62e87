import type { Clock } from '../domain/clock.ts';
import { isOrderNo, type Random } from '../domain/ids.ts';
import type { Provider } from '../providers/provider.ts';
import type { SandboxCredentials } from './credentials.ts';
import { type Faults, hasFaults } from './faults.ts';
import { type Move, moved } from './moves.ts';
import type { Payment, Records, Step } from './records.ts';
import type { PaymentRequest } from './requests.ts';
import { assertOddity, invalid } from './requests.ts';
import { cannotSay } from './scripts.ts';
import { seeded } from './seeded.ts';
import type { Sending } from './sending.ts';

/** Payments at the simulated platform. */
export interface Payments {
  open(request: PaymentRequest): Promise<Payment>;
  /** @throws AppError `sandbox.unknown` */
  find(id: string): Promise<Payment>;
  /**
   * Moves a payment and sends what the platform would send. The move is durable before anything is published.
   *
   * @throws AppError `sandbox.unknown`, `sandbox.state`, `request.invalid`
   */
  move(id: string, move: Move, faults?: Faults): Promise<Payment>;
}

export interface PaymentsOptions {
  records: Records;
  sending: Sending;
  credentials: SandboxCredentials;
  providers: ReadonlyMap<string, Provider>;
  publicUrl: string;
  clock: Clock;
  random: Random;
}

export function createPayments(options: PaymentsOptions): Payments {
  const { records, sending, clock, random } = options;
  const turns = new Map<string, Promise<unknown>>();
  /** One move of a payment at a time: a double click must not pay twice. The sandbox lives in one process. */
  const inTurn = <T>(id: string, run: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(id) ?? Promise.resolve()).then(run, run);
    turns.set(id, turn);
    const leave = () => {
      if (turns.get(id) === turn) turns.delete(id);
    };
    turn.then(leave, leave);
    return turn;
  };

  return {
    async open(request) {
      const payment = newPayment(request, options, `pay_${Buffer.from(random(16)).toString('hex')}`);
      await records.save(payment);
      return payment;
    },
    find: (id) => inTurn(id, async () => sending.flush(await records.payment(id))),
    move: (id, move, faults) =>
      inTurn(id, async () => {
        const before = await records.payment(id);
        assertOddity(before.provider, faults);
        const after = decided(
          moved(before, move, { now: clock.now(), ...(faults === undefined ? {} : { faults }) }),
          options.providers,
        );
        const routed = await withRoute(after, options);
        await records.save(routed);
        return sending.flush(routed);
      }),
  };
}

function newPayment(request: PaymentRequest, options: PaymentsOptions, id: string): Payment {
  const { provider, account, notify_url: given, return_url: returnUrl, order_no: orderNo } = request;
  options.credentials.pair(provider);
  const currencies = options.providers.get(provider)?.profile.currencies;
  if (currencies?.includes(request.currency) === false)
    throw invalid('/currency', `${provider} takes ${currencies.join(', ')}`);
  assertOddity(provider, request.faults);
  if (!isOrderNo(orderNo))
    throw invalid('/order_no', 'an order number has 1–128 characters, none of them a control character');
  const notifyUrl = given ?? (account?.startsWith('acc_') ? `${options.publicUrl}/callbacks/${account}` : undefined);
  if (notifyUrl === undefined) throw invalid('/notify_url', 'say where the notifications go');
  return {
    is: 'payment',
    id,
    provider,
    account: account ?? null,
    orderNo,
    amountMinor: request.amount_minor,
    currency: request.currency,
    notifyUrl,
    returnUrl: returnUrl ?? null,
    state: 'open',
    refundedMinor: 0n,
    createdAt: options.clock.now(),
    seed: request.seed ?? id,
    timeScale: request.time_scale,
    faults: request.faults,
    tries: 0,
    refunds: 0,
    dispute: null,
    steps: [],
    route: null,
  };
}

/** Whether the newest step is sent at all. */
function decided(payment: Payment, providers: ReadonlyMap<string, Provider>): Payment {
  const step = payment.steps.at(-1);
  if (step === undefined) return payment;
  const unsent = unsentOf(payment, step, providers.get(payment.provider));
  return { ...payment, steps: payment.steps.with(-1, { ...step, unsent }) };
}

function unsentOf(payment: Payment, step: Step, provider: Provider | undefined): string | null {
  if (provider?.profile.types.includes(step.type) !== true) return cannotSay(payment.provider, step.type);
  return seeded(payment.seed).share(`drop:${step.index}`) < step.faults.drop
    ? 'dropped, as the faults and the seed say'
    : null;
}

/** A payment with faults or a time scale gets an endpoint of its own; any other goes to its URL on the provider's schedule. */
async function withRoute(payment: Payment, { sending, credentials, records }: PaymentsOptions): Promise<Payment> {
  const step = payment.steps.at(-1);
  const isPlain = payment.timeScale === 1 && (step === undefined || !hasFaults(step.faults));
  if (payment.route !== null || isPlain || step?.unsent !== null) return payment;
  const { provider, notifyUrl, timeScale, seed, orderNo } = payment;
  const endpoint = await sending.addEndpoint({
    provider,
    notifyUrl,
    timeScale,
    credentials: credentials.pair(provider).endpoint,
    isPaused: false,
  });
  await records.keepOwner(endpoint, payment.id);
  return { ...payment, route: { endpoint, seed, timeScale, startAt: null, orderNo } };
}
