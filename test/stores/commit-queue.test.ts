import { expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { CommitQueue, type Result } from '../../src/stores/work/commit-queue.ts';
import type { Operation } from '../../src/stores/work/operation.ts';
import { until } from '../deliver/time.ts';

const operation: Operation = { is: 'write', name: 'removeApiKey', input: 'key_0' as never };

/** A queue with four places, and the batches that were sent, each to be ended by hand. */
function queued() {
  const batches: { size: number; end: () => void }[] = [];
  const queue = new CommitQueue(4, (operations) => {
    const { promise, resolve } = Promise.withResolvers<readonly Result[]>();
    const results = operations.map((): Result => ({ ok: true, value: null as never }));
    batches.push({ size: operations.length, end: () => resolve(results) });
    return promise;
  });
  const add = (count: number) => Promise.all(Array.from({ length: count }, () => queue.add(operation)));
  const sizes = () => batches.map(({ size }) => size);
  return { batches, add, sizes };
}

it('gathers what arrives while a batch is under way, and sends it when that has ended', async () => {
  const { batches, add, sizes } = queued();
  const first = add(1);
  await until('the first batch', () => batches.length === 1);
  const others = [add(3), add(4)];
  batches[0]?.end();
  await first;
  await until('the second batch', () => batches.length === 2);
  expect(sizes()).toEqual([1, 7]);
  batches[1]?.end();
  await Promise.all(others);
});

it('sends a batch beside another at once when enough has gathered, and a small one when it has waited', async () => {
  const { batches, add, sizes } = queued();
  const all = [add(1)];
  await until('the first batch', () => batches.length === 1);
  all.push(add(limits.commitRows / 4));
  await until('a batch that is a quarter full', () => batches.length === 2);
  all.push(add(1));
  await until('one that has waited', () => batches.length === 3);
  expect(sizes()).toEqual([1, limits.commitRows / 4, 1]);
  for (const { end } of batches) end();
  await Promise.all(all);
});
