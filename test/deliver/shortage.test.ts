import { describe, expect, it } from 'vitest';
import { Shortage } from '../../src/deliver/shortage.ts';
import { asId, type LaneId } from '../../src/domain/ids.ts';
import type { Claimed, ClaimInput } from '../../src/stores/writes.ts';

const [quick, slow] = [asId.lane('quick'), asId.lane('slow')];

describe('a shortage', () => {
  it('makes the end of an attempt claim again only in a lane that the last claim used up', () => {
    const shortage = new Shortage();
    shortage.claimSent();
    shortage.claimAnswered(sent({ room: new Map([[slow, 0]]) }), [claimed(quick, 2)]);
    expect([shortage.laneFreed(quick), shortage.laneFreed(slow)]).toEqual([false, true]);
    shortage.claimSent();
    shortage.claimAnswered(sent({}), [claimed(quick, 2), claimed(quick, 2)]);
    expect([shortage.laneFreed(quick), shortage.laneFreed(slow)]).toEqual([true, false]);
  });

  it('remembers what was freed while the claim was under way', () => {
    const shortage = new Shortage();
    shortage.claimSent();
    expect(shortage.laneFreed(slow)).toBe(false);
    expect(shortage.claimAnswered(sent({ room: new Map([[slow, 0]]) }), [])).toBe(true);
    shortage.claimSent();
    expect(shortage.claimAnswered(sent({ room: new Map([[slow, 0]]) }), [])).toBe(false);
  });

  it('is of slots too, those for retries among them', () => {
    const shortage = new Shortage();
    shortage.claimSent();
    shortage.claimAnswered(sent({ slots: 2, firstOnlySlots: 2 }), []);
    expect([shortage.slotFreed('endpoint'), shortage.slotFreed('handler')]).toEqual([true, false]);
    shortage.claimSent();
    shortage.claimAnswered(sent({ functionSlots: { handler: 0, effect: 1 } }), []);
    expect([shortage.slotFreed('endpoint'), shortage.slotFreed('handler')]).toEqual([false, true]);
  });
});

function sent(change: Partial<ClaimInput>): Omit<ClaimInput, 'functionMs'> {
  return {
    slots: 8,
    firstOnlySlots: 2,
    functionSlots: { handler: 1, effect: 1 },
    room: new Map(),
    functions: [],
    ...change,
  };
}

/** A shortage looks at nothing else. */
function claimed(lane: LaneId, concurrency: number): Claimed {
  return {
    lane,
    number: 1,
    target: { kind: 'endpoint', id: asId.endpoint(lane) },
    endpoint: { concurrency },
  } as Claimed;
}
