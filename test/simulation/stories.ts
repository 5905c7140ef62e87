import type { NotificationType } from '../../src/domain/notification.ts';
import type { OrderStatus } from '../../src/domain/order.ts';
import type { Chance } from './chance.ts';
import { type Booked, type Fate, type SimulatedPlatform, straight } from './platform.ts';
import type { SimulatedTime } from './time.ts';

/** What happens to one order between its buyer, its merchant and the platform. */
export interface Story {
  name: StoryName;
  orderNo: string;
  amountMinor: bigint;
  currency: string;
  /** The buyer pays so much, where that is not the amount. */
  paysMinor: bigint;
  /** When it is over, if it is not paid. */
  expiresAt: number;
}

/** What must be there at the end, by the platform's own books and by what was planted. */
export interface Truth {
  statuses: readonly OrderStatus[];
  capturedMinor: bigint;
  refundedMinor: bigint;
  disputedMinor: bigint;
  chargedBackMinor: bigint;
  /** Kinds of discrepancies that are open. */
  open: readonly string[];
  /** How often the merchant heard that it was paid. */
  successes: number;
  /** What the merchant heard to be given back. */
  refundsHeardMinor: bigint;
}

export const storyNames = [
  'paid',
  'failed_then_paid',
  'unheard',
  'never_paid',
  'closed_there',
  'double',
  'late',
  'underpaid',
  'overpaid',
  'refunded',
  'refund_bounced',
  'disputed',
  'before_its_order',
] as const;
export type StoryName = (typeof storyNames)[number];

/** What the platform's format must be able to say, beside that something was paid. */
export const needs: Partial<Record<StoryName, readonly NotificationType[]>> = {
  failed_then_paid: ['payment.failed'],
  closed_there: ['payment.closed'],
  refunded: ['refund.succeeded'],
  refund_bounced: ['refund.succeeded', 'refund.bounced'],
  disputed: ['dispute.opened', 'dispute.won', 'dispute.lost'],
};

/** When an order that is not paid is over, after its story began. */
export const expiresMs = 720_000;

interface Stage {
  time: SimulatedTime;
  chance: Chance;
  platform: SimulatedPlatform;
  /** The merchant announces the order; tried again until it is done. */
  announce(story: Story): void;
  closeOrder(story: Story): void;
  /** When a payment was made, for how long it stayed unheard. */
  paid(story: Story): void;
}

/** Plans the whole story. */
export function playStory(story: Story, stage: Stage): void {
  const { time, chance, platform } = stage;
  const { orderNo, amountMinor, paysMinor, currency } = story;
  const announceMs = chance.whole(0, 60_000);
  const announcedFirst = story.name !== 'before_its_order';
  time.after(announcedFirst ? announceMs : announceMs + chance.whole(20_000, 90_000), () => stage.announce(story));
  const at = (ms: number, run: () => void) => time.after(announceMs + ms, run);
  const pay = (ms: number, fate: Fate, amount = paysMinor, then: (payment: Booked) => void = () => {}) =>
    at(ms, () => {
      const payment = platform.open(orderNo, amount, currency);
      platform.move(payment, 'payment.succeeded', fate);
      stage.paid(story);
      then(payment);
    });
  const soon = chance.whole(2000, 60_000);
  switch (story.name) {
    case 'paid':
    case 'before_its_order':
    case 'underpaid':
    case 'overpaid':
      return void pay(soon, fateOf(chance));
    case 'unheard':
      return void pay(soon, { ...straight, lost: true });
    case 'failed_then_paid':
      at(soon, () => platform.move(platform.open(orderNo, amountMinor, currency), 'payment.failed', fateOf(chance)));
      return void pay(soon + chance.whole(5000, 60_000), fateOf(chance));
    case 'never_paid':
      return void at(soon, () => platform.open(orderNo, amountMinor, currency));
    case 'closed_there':
      return void at(soon, () =>
        platform.move(
          platform.open(orderNo, amountMinor, currency),
          'payment.closed',
          chance.happens(0.5) ? fateOf(chance) : { ...straight, lost: true },
        ),
      );
    case 'double':
      pay(soon, fateOf(chance));
      return void pay(soon + chance.whole(1000, 120_000), fateOf(chance), amountMinor);
    case 'late':
      at(soon + 1000, () => stage.closeOrder(story));
      return void pay(soon + chance.whole(60_000, 180_000), fateOf(chance));
    case 'refunded':
      return void pay(soon, fateOf(chance), amountMinor, (payment) => refund(payment, chance.whole(1, 3), stage));
    case 'refund_bounced':
      return void pay(soon, fateOf(chance), amountMinor, (payment) =>
        time.after(chance.whole(1000, 60_000), () => {
          const { operationId } = platform.move(payment, 'refund.succeeded', fateOf(chance), {
            operationId: platform.id('refund'),
          });
          time.after(chance.whole(5000, 60_000), () =>
            platform.move(payment, 'refund.bounced', fateOf(chance), { operationId }),
          );
        }),
      );
    case 'disputed':
      return void pay(soon, fateOf(chance), amountMinor, (payment) => dispute(payment, stage));
  }
}

function refund(payment: Booked, times: number, { time, chance, platform }: Stage): void {
  for (let part = 1; part <= times; part += 1) {
    const amountMinor =
      part === times ? payment.amountMinor - (payment.amountMinor / 4n) * BigInt(times - 1) : payment.amountMinor / 4n;
    time.after(chance.whole(500, 90_000), () =>
      platform.move(payment, 'refund.succeeded', fateOf(chance), { operationId: platform.id('refund'), amountMinor }),
    );
  }
}

function dispute(payment: Booked, { time, chance, platform }: Stage): void {
  const operationId = platform.id('dispute');
  time.after(chance.whole(500, 60_000), () => {
    platform.move(payment, 'dispute.opened', fateOf(chance), { operationId });
    if (!chance.happens(0.7)) return;
    const end = chance.happens(0.5) ? 'dispute.won' : 'dispute.lost';
    time.after(chance.whole(1000, 60_000), () => platform.move(payment, end, fateOf(chance), { operationId }));
  });
}

/** Some tries are lost, some come twice, some late: but one arrives. */
function fateOf(chance: Chance): Fate {
  return {
    drops: chance.happens(0.3) ? chance.whole(1, 3) : 0,
    copies: chance.happens(0.3) ? chance.whole(2, 3) : 1,
    delayMs: chance.happens(0.3) ? chance.whole(1000, 150_000) : 0,
  };
}

/** By the books alone: nothing here knows how orders are folded. */
export function truthOf({ name, amountMinor }: Story, payments: readonly Booked[]): Truth {
  const sum = (of: readonly Booked[], amount: (payment: Booked) => bigint) =>
    of.reduce((total, one) => total + amount(one), 0n);
  const paid = payments.filter(({ state }) => state === 'paid');
  const capturedMinor = sum(paid, (payment) => payment.amountMinor);
  const refunds = payments.flatMap(({ operations }) => operations.filter(({ type }) => type === 'refund.succeeded'));
  const last = (payment: Booked) => payment.operations.filter(({ type }) => type.startsWith('dispute.')).at(-1)?.type;
  const disputed = (end: string) =>
    sum(
      payments.filter((payment) => last(payment) === end),
      (payment) => payment.amountMinor,
    );
  return {
    statuses: statusesOf(capturedMinor, amountMinor, payments),
    capturedMinor,
    refundedMinor: sum(payments, (payment) => refundedOf(payment)),
    disputedMinor: disputed('dispute.opened'),
    chargedBackMinor: disputed('dispute.lost'),
    open: openOf[name] ?? [],
    successes: capturedMinor >= amountMinor && name !== 'late' ? 1 : 0,
    refundsHeardMinor: refunds.reduce((total, one) => total + one.amountMinor, 0n),
  };
}

const openOf: Partial<Record<StoryName, readonly string[]>> = {
  double: ['double_payment'],
  late: ['late_payment'],
  underpaid: ['underpaid'],
  overpaid: ['overpaid'],
  refund_bounced: ['refund_bounced'],
};

function statusesOf(capturedMinor: bigint, amountMinor: bigint, payments: readonly Booked[]): readonly OrderStatus[] {
  if (capturedMinor >= amountMinor) return ['paid'];
  if (capturedMinor > 0n) return ['underpaid'];
  if (payments.some(({ state }) => state === 'failed')) return ['failed'];
  // A payment that nobody has tried is known to the platform alone.
  return payments.every(({ state }) => state === 'closed') ? ['closed'] : ['pending'];
}

function refundedOf({ operations }: Booked): bigint {
  const bounced = new Set(operations.flatMap((one) => (one.type === 'refund.bounced' ? [one.operationId] : [])));
  return operations
    .filter(({ type, operationId }) => type === 'refund.succeeded' && !bounced.has(operationId))
    .reduce((total, { amountMinor }) => total + amountMinor, 0n);
}
