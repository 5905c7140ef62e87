import { describe, expect, it } from 'vitest';
import type { Leased } from '../../src/deliver/attempt.ts';
import { defaultSlotSizes, type SlotSizes, Slots } from '../../src/deliver/slots.ts';
import { asId, laneOfEndpoint, laneOfFunction, merchantId } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import type { Claimed } from '../../src/stores/writes.ts';

const shop = merchantId('shop');
const never = () => false;
const noTime = () => 0;
const sizes: SlotSizes = {
  ...defaultSlotSizes,
  endpoints: 4,
  firstSends: 2,
  handlers: 4,
  effects: 4,
  effectsOfOneName: 2,
  waiting: 3,
  waitingOfOneLane: 2,
};

describe('slots', () => {
  it('let a lane have as many under way as its concurrency, then make it wait', () => {
    const slots = new Slots(sizes, noTime);
    expect([toEndpoint('a', 2), toEndpoint('a', 2), toEndpoint('a', 2)].map((one) => slots.admit(one))).toEqual([
      'begin',
      'begin',
      'wait',
    ]);
    expect(slots.birth([])).toMatchObject({ closed: [laneOfEndpoint(asId.endpoint('a'))] });
    expect(slots.room([]).room.get(laneOfEndpoint(asId.endpoint('a')))).toBe(0);
  });

  it('begin what waited as soon as its lane has room, in the order of arrival', () => {
    const slots = new Slots(sizes, noTime);
    const [first, second, third] = [toEndpoint('a', 1), toEndpoint('a', 1), toEndpoint('a', 1)];
    for (const one of [first, second, third]) slots.admit(one);
    expect(slots.takeWaiting(never).begin).toEqual([]);
    slots.leaveLane(first.claimed, 'confirmed');
    slots.release(first.claimed);
    expect(slots.takeWaiting(never).begin).toEqual([second]);
  });

  it('refuse past the bound of one lane, so that it cannot fill the queue of all', () => {
    const slots = new Slots(sizes, noTime);
    const places = [1, 2, 3, 4].map(() => slots.admit(toEndpoint('a', 1)));
    expect(places).toEqual(['begin', 'wait', 'wait', 'full']);
    expect(slots.admit(toEndpoint('b', 1))).toBe('begin');
  });

  it('give back what waited too long', () => {
    const slots = new Slots(sizes, noTime);
    const [first, second] = [toEndpoint('a', 1), toEndpoint('a', 1)];
    slots.admit(first);
    slots.admit(second);
    expect(slots.takeWaiting(() => true)).toEqual({ begin: [], over: [second] });
    slots.leaveLane(first.claimed, 'confirmed');
    slots.release(first.claimed);
    expect(slots.room([])).toMatchObject({ slots: 4, room: new Map() });
  });

  it('keep the last slots for first tries', () => {
    const slots = new Slots(sizes, noTime);
    expect([retry('a'), retry('b'), retry('c')].map((one) => slots.admit(one))).toEqual(['begin', 'begin', 'wait']);
    expect(slots.room([])).toMatchObject({ slots: 2, firstOnlySlots: 2 });
    expect(slots.admit(toEndpoint('d', 1))).toBe('begin');
  });

  it('count a slot until its attempt is recorded, and a lane until its answer', () => {
    const slots = new Slots(sizes, noTime);
    const one = toEndpoint('a', 1);
    slots.admit(one);
    slots.leaveLane(one.claimed, 'confirmed');
    expect(slots.room([])).toMatchObject({ slots: 3, room: new Map() });
    slots.release(one.claimed);
    expect(slots.room([])).toMatchObject({ slots: 4 });
  });

  it('never let functions take a slot of an endpoint, nor one hanging effect those of the others', () => {
    const slots = new Slots(sizes, noTime);
    expect([1, 2, 3].map(() => slots.admit(toFunction('effect', 'slow')))).toEqual(['begin', 'begin', 'wait']);
    expect(slots.admit(toFunction('effect', 'quick'))).toBe('begin');
    expect([1, 2, 3].map(() => slots.admit(toFunction('handler', 'mark')))).toEqual(['begin', 'begin', 'wait']);
    expect(slots.room([])).toMatchObject({ slots: 4, functionSlots: { handler: 2, effect: 1 } });
    const closed = [laneOfFunction('effect', shop, 'slow'), laneOfFunction('handler', shop, 'mark')];
    expect(slots.birth([])).toMatchObject({ slots: 4, closed: expect.arrayContaining(closed) });
  });

  it('leave to others as much as one target has, however many of them hang', () => {
    const most = { ...defaultSlotSizes, endpoints: 256 };
    const slots = new Slots(most, noTime);
    const hanging = Array.from({ length: 31 }, (_, index) => `hanging-${index}`);
    const begun = new Map<string, number>();
    // In turns, as their deliveries come; each has far more than it may send.
    for (let round = 0; round < 32; round += 1) {
      for (const name of hanging) {
        if (slots.admit(toEndpoint(name, 32)) === 'begin') begun.set(name, (begun.get(name) ?? 0) + 1);
      }
    }
    expect([...begun.values()]).toEqual(hanging.map(() => 8));
    expect(slots.room([])).toMatchObject({ slots: 8 });
    for (const name of hanging) expect(slots.room([]).room.get(laneOfEndpoint(asId.endpoint(name)))).toBe(0);
    // What hangs fills neither the slots nor the queue: another begins, and its overshoot has a place to wait.
    expect(Array.from({ length: 5 }, () => slots.admit(toEndpoint('healthy', 32)))).toEqual([
      'begin',
      'begin',
      'begin',
      'begin',
      'wait',
    ]);
  });

  it('let a target have concurrencyAtStart at once, and one more with each answer, up to half of all', () => {
    const slots = new Slots(defaultSlotSizes, noTime);
    const begun: Leased[] = [];
    const fill = () => {
      for (let place = ''; place !== 'full'; ) {
        const one = toEndpoint('a', 256);
        place = slots.admit(one);
        if (place === 'begin') begun.push(one);
      }
    };
    fill();
    expect(begun).toHaveLength(limits.concurrencyAtStart);
    for (let answers = 0; answers < 150; answers += 1) {
      const [one] = begun.splice(0, 1);
      if (one === undefined) throw new Error('nothing is under way');
      slots.leaveLane(one.claimed, 'confirmed');
      slots.release(one.claimed);
      begun.push(...slots.takeWaiting(never).begin);
      fill();
    }
    expect(begun).toHaveLength(128);
    const [failed] = begun.splice(0, 1);
    if (failed !== undefined) slots.leaveLane(failed.claimed, 'failed');
    expect(slots.takeWaiting(never).begin).toEqual([]);
  });

  it('let no more wait for a target than may be under way to it', () => {
    const slots = new Slots(defaultSlotSizes, noTime);
    const places = Array.from({ length: 32 }, () => slots.admit(toEndpoint('hanging', 32)));
    const count = (place: string) => places.filter((one) => one === place).length;
    expect([count('begin'), count('wait'), count('full')]).toEqual([8, 8, 16]);
  });

  it.each([
    ['leaves what a target has', 'confirmed', limits.earnedConcurrencyMs - 1, limits.concurrencyAtStart + 5],
    ['that is longer does not', 'confirmed', limits.earnedConcurrencyMs, limits.concurrencyAtStart],
    ['after a failure leaves nothing', 'failed', 0, limits.concurrencyAtStart],
  ] as const)('let a target go on with what its answers have earned: a pause %s', (_title, last, pauseMs, begun) => {
    let now = 1000;
    const slots = new Slots(defaultSlotSizes, () => now);
    const begins = () =>
      Array.from({ length: 32 }, () => toEndpoint('a', 256)).filter((one) => slots.admit(one) === 'begin');
    const end = ({ claimed }: Leased, how: 'confirmed' | 'failed') => {
      slots.leaveLane(claimed, how);
      slots.release(claimed);
    };
    for (let answers = 0; answers < 5; answers += 1) {
      const one = toEndpoint('a', 256);
      slots.admit(one);
      end(one, 'confirmed');
    }
    if (last === 'failed') {
      const one = toEndpoint('a', 256);
      slots.admit(one);
      end(one, last);
    }
    now += pauseMs;
    expect(begins()).toHaveLength(begun);
  });

  it('bear nothing when everything is taken', () => {
    const slots = new Slots(sizes, noTime);
    for (const name of ['a', 'b', 'c', 'd']) slots.admit(toEndpoint(name, 1));
    expect(slots.birth([])).toBeNull();
  });
});

function toEndpoint(name: string, concurrency: number, number = 1): Leased {
  const id = asId.endpoint(name);
  return leased({ lane: laneOfEndpoint(id), target: { kind: 'endpoint', id }, number, endpoint: { concurrency } });
}

function retry(name: string): Leased {
  return toEndpoint(name, 1, 2);
}

function toFunction(kind: 'handler' | 'effect', name: string): Leased {
  return leased({ lane: laneOfFunction(kind, shop, name), target: { kind, name }, number: 1, endpoint: null });
}

/** Slots look at nothing else. */
function leased(
  claimed: Pick<Claimed, 'lane' | 'target' | 'number'> & { endpoint: { concurrency: number } | null },
): Leased {
  return { claimed: claimed as Claimed, leaseEndsAtMs: 0 };
}
