import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { EndpointId } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Provider } from '../providers/provider.ts';
import type { Store } from '../stores/store.ts';
import { type SandboxCredentials, sandboxMerchant } from './credentials.ts';
import { type Payment, type Records, type Scenario, type Step, stepGapMs } from './records.ts';
import type { SandboxPublish, SandboxService } from './service.ts';

export interface SendingOptions {
  store: Pick<Store, 'read'>;
  records: Records;
  credentials: SandboxCredentials;
  providers: ReadonlyMap<string, Provider>;
  clock: Clock;
  service(): SandboxService;
}

/** Hands what happened at the platform to `publish`, the same way every merchant's notifications go. */
export interface Sending {
  /** Publishes every step that was not published yet, and remembers it. Called again it publishes nothing twice. */
  flush<R extends Payment | Scenario>(record: R): Promise<R>;
  /** Lets everything go that was published. */
  release(scenario: Scenario): Promise<Scenario>;
  /** An endpoint of its own, with the provider's schedule made faster, for faults or a time scale. */
  addEndpoint(request: {
    provider: string;
    notifyUrl: string;
    credentials: unknown;
    timeScale: number;
    /** Nothing goes before `release`, so that all is published first, and then goes in its order. */
    isPaused: boolean;
  }): Promise<EndpointId>;
}

/** Temporary endpoints at once; fewer than a merchant may have, so that a person can still add some. */
const endpointsMax = limits.merchantEndpointsMax - 20;

export function createSending(options: SendingOptions): Sending {
  return {
    async flush(record) {
      let saved = record;
      for (const index of record.is === 'scenario' ? record.order : record.steps.keys()) {
        const step = saved.steps[index];
        if (step === undefined || step.unsent !== null || step.notification !== null) continue;
        const done = await published(options.service(), saved, step);
        // Two that were due in the same millisecond could change places.
        if (record.is === 'scenario') await options.clock.sleep(1);
        saved = { ...saved, steps: saved.steps.map((one) => (one.index === index ? done : one)) };
      }
      if (saved !== record) await options.records.save(saved);
      return saved;
    },
    async release(scenario) {
      if (scenario.released) return scenario;
      await enabled(options.service(), scenario.route.endpoint);
      const released = { ...scenario, released: true };
      await options.records.save(released);
      return released;
    },
    async addEndpoint({ provider, notifyUrl, credentials, timeScale, isPaused }) {
      await removeOldEndpoints(options);
      const schedule = scaled(options.providers.get(provider)?.profile.schedule ?? [], timeScale);
      const { endpoint } = await options.service().endpoints.add({
        merchant: sandboxMerchant,
        url: notifyUrl,
        provider,
        credentials,
        // Only what names it goes there, nothing else that the sandbox publishes.
        types: [],
        schedule,
        // One after the other, so that they arrive in the order in which they were sent.
        concurrency: 1,
      });
      if (isPaused) await options.service().endpoints.change(endpoint.id, { state: 'paused' }, 'sandbox');
      return endpoint.id;
    },
  };
}

async function enabled(service: SandboxService, endpoint: EndpointId): Promise<void> {
  try {
    await service.endpoints.change(endpoint, { state: 'enabled' }, 'sandbox');
  } catch (error) {
    // Nothing was to be sent, and somebody made room meanwhile.
    if (!(error instanceof AppError && error.code === 'endpoint.unknown')) throw error;
  }
}

function scaled(schedule: readonly number[], timeScale: number): readonly number[] {
  return schedule.map((stepMs) => Math.max(1, Math.round(stepMs / timeScale)));
}

async function published(service: SandboxService, record: Payment | Scenario, step: Step): Promise<Step> {
  try {
    const { id } = await service.publish(publishRequest(record, step));
    return { ...step, notification: id };
  } catch (error) {
    // A URL that may not be delivered to does not undo a payment: the platform has the money and nobody to tell.
    if (error instanceof AppError && !error.entry.retryable)
      return { ...step, unsent: `${error.code}: ${error.detail}` };
    throw error;
  }
}

/** The same request each time, so that its idempotency key finds the one that was accepted. */
function publishRequest(record: Payment | Scenario, step: Step): SandboxPublish {
  const notBefore = notBeforeOf(record, step);
  return {
    merchant: sandboxMerchant,
    type: step.type,
    orderNo: record.orderNo,
    amountMinor: step.amountMinor,
    currency: record.currency,
    operationId: step.operationId,
    paymentId: step.paymentId,
    orderAmountMinor: record.amountMinor,
    ...(step.refundedTotalMinor === null ? {} : { refundedTotalMinor: step.refundedTotalMinor }),
    occurredAt: step.occurredAt,
    idempotencyKey: `${record.id}:${step.index}`,
    ...(record.route === null
      ? { notifyUrl: record.notifyUrl, provider: record.provider }
      : { onlyEndpoint: record.route.endpoint }),
    ...(notBefore === null ? {} : { notBefore }),
  };
}

function notBeforeOf(record: Payment | Scenario, step: Step): number | null {
  if (record.is === 'payment') return step.faults.delay_ms === 0 ? null : step.occurredAt + step.faults.delay_ms;
  const waitMs =
    step.faults.delay_ms +
    record.order.indexOf(step.index) * Math.max(1, Math.round(stepGapMs / record.route.timeScale));
  return waitMs === 0 ? null : record.createdAt + waitMs;
}

/** Makes room: endpoints of earlier runs go, the oldest first, once nothing more is to be sent to them. */
async function removeOldEndpoints({ store, service }: SendingOptions): Promise<void> {
  const page = { limit: limits.pageMax, cursor: null, visible: null, merchant: sandboxMerchant };
  const { data: endpoints } = await store.read('endpoints', { ...page, state: null });
  if (endpoints.length < endpointsMax) return;
  for (const endpoint of endpoints.slice(0, endpointsMax / 2)) {
    if (!(await isBusy(store, endpoint.id))) await service().endpoints.remove(endpoint.id, 'sandbox');
  }
  const left = await store.read('endpoints', { ...page, state: null });
  if (left.data.length < endpointsMax) return;
  throw new AppError(
    'store.overloaded',
    `the sandbox is still sending to ${left.data.length} addresses; wait until some are finished`,
  );
}

async function isBusy(store: Pick<Store, 'read'>, endpoint: EndpointId): Promise<boolean> {
  for (const state of ['sending', 'pending', 'held'] as const) {
    const only = { limit: 1, cursor: null, visible: null, merchant: null, orderNo: null };
    if ((await store.read('deliveries', { ...only, endpoint, state })).data.length > 0) return true;
  }
  return false;
}
