import { describe, expect, it } from 'vitest';
import type { Leased } from '../../src/deliver/attempt.ts';
import { defaultSlotSizes, type SlotSizes, Slots } from '../../src/deliver/slots.ts';
import { asId, laneOfEndpoint, laneOfFunction, merchantId } from '../../src/domain/ids.ts';
import type { Claimed } from '../../src/stores/writes.ts';

const shop = merchantId('shop');
const never = () => false;
const sizes: SlotSizes = {
  ...defaultSlotSizes,
  endpoints: 4,
  firstSends: 2,
  handlers: 2,
  effects: 4,
  effectsOfOneName: 2,
  waiting: 3,
  waitingOfOneLane: 2,
};

describe('slots', () => {
  it('let a lane have as many under way as its concurrency, then make it wait', () => {
    const slots = new Slots(sizes);
    expect([toEndpoint('a', 2), toEndpoint('a', 2), toEndpoint('a', 2)].map((one) => slots.admit(one))).toEqual([
      'begin',
      'begin',
      'wait',
    ]);
    expect(slots.birth([])).toMatchObject({ closed: [laneOfEndpoint(asId.endpoint('a'))] });
    expect(slots.room([]).room.get(laneOfEndpoint(asId.endpoint('a')))).toBe(0);
  });

  it('begin what waited as soon as its lane has room, in the order of arrival', () => {
    const slots = new Slots(sizes);
    const [first, second, third] = [toEndpoint('a', 1), toEndpoint('a', 1), toEndpoint('a', 1)];
    for (const one of [first, second, third]) slots.admit(one);
    expect(slots.takeWaiting(never).begin).toEqual([]);
    slots.leaveLane(first.claimed);
    slots.release(first.claimed);
    expect(slots.takeWaiting(never).begin).toEqual([second]);
  });

  it('refuse past the bound of one lane, so that it cannot fill the queue of all', () => {
    const slots = new Slots(sizes);
    const places = [1, 2, 3, 4].map(() => slots.admit(toEndpoint('a', 1)));
    expect(places).toEqual(['begin', 'wait', 'wait', 'full']);
    expect(slots.admit(toEndpoint('b', 1))).toBe('begin');
  });

  it('give back what waited too long', () => {
    const slots = new Slots(sizes);
    const [first, second] = [toEndpoint('a', 1), toEndpoint('a', 1)];
    slots.admit(first);
    slots.admit(second);
    expect(slots.takeWaiting(() => true)).toEqual({ begin: [], over: [second] });
    slots.leaveLane(first.claimed);
    slots.release(first.claimed);
    expect(slots.room([])).toMatchObject({ slots: 4, room: new Map() });
  });

  it('keep the last slots for first tries', () => {
    const slots = new Slots(sizes);
    expect([retry('a'), retry('b'), retry('c')].map((one) => slots.admit(one))).toEqual(['begin', 'begin', 'wait']);
    expect(slots.room([])).toMatchObject({ slots: 1, firstOnlySlots: 1 });
    expect(slots.admit(toEndpoint('d', 1))).toBe('begin');
  });

  it('count a slot until its attempt is recorded, and a lane until its answer', () => {
    const slots = new Slots(sizes);
    const one = toEndpoint('a', 1);
    slots.admit(one);
    slots.leaveLane(one.claimed);
    expect(slots.room([])).toMatchObject({ slots: 3, room: new Map() });
    slots.release(one.claimed);
    expect(slots.room([])).toMatchObject({ slots: 4 });
  });

  it('never let functions take a slot of an endpoint, nor one hanging effect those of the others', () => {
    const slots = new Slots(sizes);
    expect([1, 2, 3].map(() => slots.admit(toFunction('effect', 'slow')))).toEqual(['begin', 'begin', 'wait']);
    expect(slots.admit(toFunction('effect', 'quick'))).toBe('begin');
    expect([1, 2, 3].map(() => slots.admit(toFunction('handler', 'mark')))).toEqual(['begin', 'begin', 'wait']);
    expect(slots.room([])).toMatchObject({ slots: 4, functionSlots: { handler: 0, effect: 0 } });
    expect(slots.birth([laneOfFunction('handler', shop, 'mark')])).toMatchObject({ slots: 4, functions: [] });
  });

  it('bear nothing when everything is taken', () => {
    const slots = new Slots(sizes);
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
