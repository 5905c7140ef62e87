import type { Clock } from '../domain/clock.ts';
import { isOrderNo, type OrderNo, type Random } from '../domain/ids.ts';
import type { Provider } from '../providers/provider.ts';
import type { SandboxCredentials } from './credentials.ts';
import { type Records, type Scenario, stepGapMs } from './records.ts';
import { assertOddity, invalid, type ScenarioRequest } from './requests.ts';
import { planned, scripts } from './scripts.ts';
import { seeded } from './seeded.ts';
import type { Sending } from './sending.ts';

/** Scripted runs against any callback URL. */
export interface Scenarios {
  /** @throws AppError `provider.unknown`, `account.credentials`, `endpoint.url`, `request.invalid`, `store.overloaded` */
  run(request: ScenarioRequest): Promise<Scenario>;
  /** @throws AppError `sandbox.unknown` */
  find(id: string): Promise<Scenario>;
}

export interface ScenariosOptions {
  records: Records;
  sending: Sending;
  credentials: SandboxCredentials;
  providers: ReadonlyMap<string, Provider>;
  clock: Clock;
  random: Random;
}

export function createScenarios(options: ScenariosOptions): Scenarios {
  const { records, sending, credentials, clock, random } = options;
  return {
    async run(request) {
      const pair = credentials.pair(request.provider);
      const seed = request.seed ?? Buffer.from(random(8)).toString('hex');
      const orderNo = orderNoOf(request, seed);
      const now = clock.now();
      // Without a start given the last thing has just happened, so that nothing is told before it happened.
      const startAt = request.start_at ?? now - (scripts[request.scenario].length - 1) * stepGapMs;
      const plan = plannedFor(request, options, { seed, orderNo, startAt });
      const endpoint = await sending.addEndpoint({
        provider: request.provider,
        notifyUrl: request.notify_url,
        credentials: request.credentials ?? pair.endpoint,
        timeScale: request.time_scale,
        isPaused: true,
      });
      const scenario: Scenario = {
        is: 'scenario',
        id: `scn_${Buffer.from(random(16)).toString('hex')}`,
        scenario: request.scenario,
        provider: request.provider,
        orderNo,
        amountMinor: request.amount_minor,
        currency: request.currency,
        notifyUrl: request.notify_url,
        returnUrl: null,
        state: 'open',
        refundedMinor: 0n,
        createdAt: now,
        released: false,
        faults: request.faults,
        ...plan,
        route: { endpoint, seed, timeScale: request.time_scale, startAt: request.start_at ?? null, orderNo },
      };
      await records.keepOwner(endpoint, scenario.id);
      await records.save(scenario);
      return sending.release(await sending.flush(scenario));
    },
    find: async (id) => sending.release(await sending.flush(await records.scenario(id))),
  };
}

function orderNoOf(request: ScenarioRequest, seed: string): OrderNo {
  const orderNo = request.order_no ?? `SCN-${seeded(seed).hex(`order:${request.scenario}`, 12)}`;
  if (!isOrderNo(orderNo))
    throw invalid('/order_no', 'an order number has 1–128 characters, none of them a control character');
  return orderNo;
}

function plannedFor(
  request: ScenarioRequest,
  options: ScenariosOptions,
  run: { seed: string; orderNo: string; startAt: number },
): Pick<Scenario, 'steps' | 'order'> {
  const profile = options.providers.get(request.provider)?.profile;
  if (profile?.currencies?.includes(request.currency) === false)
    throw invalid('/currency', `${request.provider} takes ${profile.currencies.join(', ')}`);
  assertOddity(request.provider, request.faults);
  const { steps, order } = planned({
    script: request.scenario,
    provider: request.provider,
    says: profile?.types ?? [],
    orderNo: run.orderNo,
    amountMinor: request.amount_minor,
    startAt: run.startAt,
    faults: request.faults,
    seed: seeded(run.seed),
  });
  return { steps: [...steps], order: [...order] };
}
