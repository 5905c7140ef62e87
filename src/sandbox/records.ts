import { z } from 'zod';
import type { Instant } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import { notificationTypes } from '../domain/notification.ts';
import type { SandboxPayment } from '../stores/reads.ts';
import type { Store } from '../stores/store.ts';
import { faultsSchema } from './faults.ts';

const amount = z.string().regex(/^\d+$/).transform(BigInt);

/** One notification that the sandbox sends, or says why it does not. */
const stepSchema = z.object({
  /** Counts what happened from 0. */
  index: z.int(),
  type: z.enum(notificationTypes),
  paymentId: z.string(),
  operationId: z.string(),
  amountMinor: amount,
  refundedTotalMinor: amount.nullable(),
  occurredAt: z.int(),
  faults: faultsSchema,
  /** Why nothing was sent; null where something was, or will be. */
  unsent: z.string().nullable(),
  /** Under which the merchant asked for it; null: nobody did by the platform's API. */
  key: z.string().nullable().default(null),
  /** The id under which it was published; null before. */
  notification: z.string().nullable(),
});
export type Step = z.output<typeof stepSchema>;

/** How the notifications of a payment or a scenario travel when they do not take the plain way. */
const routeSchema = z.object({
  endpoint: z.string().transform(asId.endpoint),
  seed: z.string(),
  timeScale: z.number(),
  /** With it everything that is sent is the same, byte for byte, whenever it runs. */
  startAt: z.int().nullable(),
  orderNo: z.string().transform(asId.orderNo),
});
export type Route = z.output<typeof routeSchema>;

const paymentDetail = z.object({
  is: z.literal('payment'),
  account: z.string().nullable(),
  seed: z.string(),
  timeScale: z.number(),
  faults: faultsSchema,
  /** How many times the buyer has tried. */
  tries: z.int(),
  refunds: z.int(),
  dispute: z.enum(['opened', 'won', 'lost']).nullable(),
  steps: z.array(stepSchema),
  route: routeSchema.nullable(),
});
const scenarioDetail = z.object({
  is: z.literal('scenario'),
  scenario: z.string(),
  faults: faultsSchema,
  /** Indexes of the steps in the order in which they are sent. */
  order: z.array(z.int()),
  /** Everything is published, and may go: before, the endpoint is paused. */
  released: z.boolean(),
  steps: z.array(stepSchema),
  route: routeSchema,
});

type Row = Omit<SandboxPayment, 'detail' | 'movedAt'>;
/** A payment at the simulated platform. */
export type Payment = Row & z.output<typeof paymentDetail>;
/** A scripted run with its faults; it is kept as a row of the same kind. */
export type Scenario = Row & z.output<typeof scenarioDetail>;

export const stepsMax = 200;

/** What the sandbox keeps, in the store. */
export interface Records {
  /** @throws AppError `sandbox.unknown` */
  payment(id: string): Promise<Payment>;
  /** @throws AppError `sandbox.unknown` */
  scenario(id: string): Promise<Scenario>;
  save(record: Payment | Scenario): Promise<void>;
  /** Those with this order number, the newest first. */
  ofOrder(provider: string, orderNo: string): Promise<readonly (Payment | Scenario)[]>;
  /** Those with a payment, refund or dispute of this id, or a refund that was asked for under this key. */
  withId(provider: string, id: string): Promise<readonly (Payment | Scenario)[]>;
  /** All that moved since then, in the order in which they last did. */
  movedSince(provider: string, since: Instant): AsyncIterable<Payment | Scenario>;
  /** Remembers whose notifications go to this endpoint. */
  keepOwner(endpoint: string, record: string): Promise<void>;
  /** The payment or scenario whose notifications go to this endpoint; null where somebody made the endpoint by hand. */
  ownerOf(endpoint: string): Promise<Payment | Scenario | null>;
}

const ownersKept = 10_000;

export function createRecords(store: Pick<Store, 'read' | 'write'>): Records {
  const owners = new Map<string, string>();
  const load = async (id: string): Promise<Payment | Scenario> => {
    const row = await store.read('sandboxPayment', id);
    if (row === null) throw new AppError('sandbox.unknown', `the sandbox has no ${id}`);
    return recordOf(row);
  };
  const keepOwner = async (endpoint: string, record: string): Promise<string> => {
    const value = Buffer.from(record);
    const kept = Buffer.from(await store.write('keepSetting', { name: `sandbox.owner.${endpoint}`, value })).toString();
    owners.set(endpoint, kept);
    const [oldest] = owners.keys();
    if (owners.size > ownersKept && oldest !== undefined) owners.delete(oldest);
    return kept;
  };
  return {
    async payment(id) {
      const record = await load(id);
      if (record.is !== 'payment') throw new AppError('sandbox.unknown', `${id} is a scenario, not a payment`);
      return record;
    },
    async scenario(id) {
      const record = await load(id);
      if (record.is !== 'scenario') throw new AppError('sandbox.unknown', `${id} is a payment, not a scenario`);
      return record;
    },
    async save(record) {
      await store.write('putSandboxPayment', { payment: rowOf(record), names: namesOf(record) });
    },
    ofOrder: async (provider, orderNo) =>
      (await store.read('sandboxPaymentsNamed', { provider, name: orderName(orderNo) })).map(recordOf),
    withId: async (provider, id) =>
      (await store.read('sandboxPaymentsNamed', { provider, name: idName(id) })).map(recordOf),
    async *movedSince(provider, since) {
      let after: SandboxPayment | null = null;
      do {
        const rows: readonly SandboxPayment[] = await store.read('sandboxPaymentsMoved', { provider, since, after });
        yield* rows.map(recordOf);
        after = rows.at(-1) ?? null;
      } while (after !== null);
    },
    async keepOwner(endpoint, record) {
      await keepOwner(endpoint, record);
    },
    async ownerOf(endpoint) {
      const owner = owners.get(endpoint) ?? (await keepOwner(endpoint, ''));
      return owner === '' ? null : load(owner);
    },
  };
}

/** The moment as which a step is sealed, and the base of its signature's time; null = the real present. */
export function plannedAt(route: Route, position: number): Instant | null {
  return route.startAt === null ? null : route.startAt + position * stepGapMs;
}

/** What lies between two things that happen. */
export const stepGapMs = 1000;

function recordOf(row: SandboxPayment): Payment | Scenario {
  const { detail, movedAt: _, ...plain } = row;
  const kept = z.discriminatedUnion('is', [paymentDetail, scenarioDetail]).parse(JSON.parse(detail));
  return { ...plain, ...kept };
}

function rowOf(record: Payment | Scenario): SandboxPayment {
  const {
    id,
    provider,
    orderNo,
    amountMinor,
    currency,
    notifyUrl,
    state,
    refundedMinor,
    returnUrl,
    createdAt,
    ...kept
  } = record;
  const detail = JSON.stringify(kept, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return {
    id,
    provider,
    orderNo,
    amountMinor,
    currency,
    notifyUrl,
    state,
    refundedMinor,
    returnUrl,
    createdAt,
    movedAt: Math.max(createdAt, ...record.steps.map(({ occurredAt }) => occurredAt)),
    detail,
  };
}

/** What the platform's API finds it by. */
function namesOf({ orderNo, steps }: Payment | Scenario): string[] {
  const ids = steps.flatMap(({ paymentId, operationId, key }) => [
    paymentId,
    operationId,
    ...(key === null ? [] : [key]),
  ]);
  return [orderName(orderNo), ...new Set(ids.map(idName))];
}

function orderName(orderNo: string): string {
  return `order:${orderNo}`;
}

function idName(id: string): string {
  return `id:${id}`;
}
