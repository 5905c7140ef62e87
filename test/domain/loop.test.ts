import { describe, expect, it } from 'vitest';
import { createLoop } from '../../src/domain/loop.ts';
import { FakeClock, until } from '../deliver/time.ts';

/** A loop whose turns end when they are told to. */
function stepped() {
  const clock = new FakeClock();
  const turns: { over: AbortSignal; end(restMs: number): void }[] = [];
  const loop = createLoop(clock, (over) => new Promise((end) => turns.push({ over, end })));
  const turn = (number: number) => until(`turn ${number}`, () => turns[number - 1]);
  return { clock, loop, turns, turn };
}

/** Everything that can go on without time or another turn's end has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a loop', () => {
  it('rests for as long as the turn said, and not at all where it said 0', async () => {
    const { clock, loop, turns, turn } = stepped();
    loop.start();
    (await turn(1)).end(0);
    (await turn(2)).end(100);
    await settled();
    clock.advance(99);
    await settled();
    expect(turns).toHaveLength(2);
    clock.advance(1);
    await turn(3);
  });

  it('is woken from its rest', async () => {
    const { loop, turns, turn } = stepped();
    loop.start();
    (await turn(1)).end(100);
    await settled();
    expect(turns).toHaveLength(1);
    loop.wake();
    await turn(2);
  });

  it('does not rest after a turn in which it was woken, but after the next', async () => {
    const { loop, turns, turn } = stepped();
    loop.start();
    const first = await turn(1);
    loop.wake();
    first.end(100);
    (await turn(2)).end(100);
    await settled();
    expect(turns).toHaveLength(2);
  });

  it('stops after the turn under way, which is told of it', async () => {
    const { loop, turns, turn } = stepped();
    loop.start();
    const { over, end } = await turn(1);
    let stopped = false;
    const stopping = loop.stop().then(() => {
      stopped = true;
    });
    await settled();
    expect([over.aborted, stopped]).toEqual([true, false]);
    end(0);
    await stopping;
    expect(turns).toHaveLength(1);
  });

  it('stops at once while it rests, and while it was never started', async () => {
    const { loop, turn } = stepped();
    loop.start();
    (await turn(1)).end(1000);
    await settled();
    await loop.stop();
    await stepped().loop.stop();
  });
});
