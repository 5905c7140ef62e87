import { expect, it } from 'vitest';
import { LruMap } from '../../src/domain/lru-map.ts';

it('pushes out what was used longest ago', () => {
  const evicted: number[] = [];
  const map = new LruMap<string, number>(2, { evicted: (value) => evicted.push(value) });
  map.set('a', 1);
  map.set('b', 2);
  expect(map.get('a')).toBe(1);
  map.set('c', 3);
  expect(evicted).toEqual([2]);
  map.set('a', 4);
  expect([...map.values()]).toEqual([3, 4]);
  expect(evicted).toEqual([2]);
});

it('keeps what may not go, and is then larger for a while', () => {
  const map = new LruMap<string, { busy: boolean }>(1, { mayEvict: (value) => !value.busy });
  const first = { busy: true };
  map.set('a', first);
  map.set('b', { busy: false });
  expect(map.size).toBe(2);
  first.busy = false;
  map.set('c', { busy: false });
  expect(map.get('a')).toBeUndefined();
});
