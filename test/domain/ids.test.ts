import { describe, expect, it } from 'vitest';
import { bucketOf, isId, isName, isOrderNo, merchantId, newId, randomBytesOf } from '../../src/domain/ids.ts';

const at = Date.UTC(2026, 0, 5);

describe('a new id', () => {
  it('has its prefix and the form that is checked', () => {
    const id = newId('ntf', at, 17);
    expect(isId('ntf', id)).toBe(true);
    expect(isId('dlv', id)).toBe(false);
    expect(isId('ntf', `${id}!`)).toBe(false);
    expect(isId('ntf', id.toUpperCase())).toBe(false);
    expect(isId('ntf', 'ntf_')).toBe(false);
    expect(isId('ntf', 'ntf_0123456789abcdefghil')).toBe(false);
  });

  it('sorts by time as text, whatever the bucket and the random part', () => {
    const times = [0, 1, 31, 32, 1023, 1024, at, at + 1, at + 86_400_000, 2 ** 45 - 1, 2 ** 45, 2 ** 48 - 1];
    const ids = times.map((time, index) =>
      newId('fct', time, index % 2 === 0 ? 4095 : 0, (bytes) => new Uint8Array(bytes).fill(index % 2 === 0 ? 255 : 0)),
    );
    expect(ids.toSorted()).toEqual(ids);
  });

  it('says its bucket in the same place for every time and random part', () => {
    const fixed = (bytes: number) => new Uint8Array(bytes);
    const buckets = Array.from({ length: 4096 }, (_, bucket) => newId('ord', at, bucket, fixed));
    expect(new Set(buckets).size).toBe(4096);
    expect(buckets.toSorted()).toEqual(buckets);
  });

  it('is different each time, and longer where it is a URL that must not be guessed', () => {
    const ids = Array.from({ length: 2000 }, () => newId('cbk', at, 0));
    expect(new Set(ids).size).toBe(2000);
    // 13 characters of time and bucket; 5 random bits in each of the others.
    expect((newId('acc', at, 0).length - 'acc_'.length - 13) * 5).toBeGreaterThanOrEqual(128);
    expect((newId('cbk', at, 0).length - 'cbk_'.length - 13) * 5).toBeGreaterThanOrEqual(74);
  });
});

describe('the bucket of a merchant', () => {
  it('is within range and the same each time', () => {
    expect(bucketOf(merchantId('shop'))).toBe(bucketOf(merchantId('shop')));
    for (const name of ['a', 'shop', 'mer_01', 'x'.repeat(64)]) {
      expect(bucketOf(merchantId(name))).toBeGreaterThanOrEqual(0);
      expect(bucketOf(merchantId(name))).toBeLessThan(4096);
    }
  });

  it('spreads merchants evenly', () => {
    const merchants = 65_536;
    const counts = new Map<number, number>();
    for (let index = 0; index < merchants; index += 1) {
      const bucket = bucketOf(merchantId(`shop-${index}`));
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    // 16 are expected in each; chance alone leaves none empty and fills none fourfold.
    expect(counts.size).toBe(4096);
    expect(Math.max(...counts.values())).toBeLessThan(64);
  });
});

describe('names', () => {
  it('of merchants, handlers and effects are plain', () => {
    for (const name of ['shop', 'A1', 'a.b-c_d:e', 'x'.repeat(64)]) expect(isName(name)).toBe(true);
    for (const name of ['', '-a', 'a b', 'a/b', 'ä', 'x'.repeat(65), 'a\n']) expect(isName(name)).toBe(false);
    expect(() => merchantId('a b')).toThrow(TypeError);
  });

  it('of orders are any text without control characters', () => {
    for (const orderNo of ['1', '订单-7', 'x'.repeat(128), "'; drop table"]) expect(isOrderNo(orderNo)).toBe(true);
    for (const orderNo of ['', 'x'.repeat(129), 'a\u0000b', 'a\nb', 'a\u0085']) expect(isOrderNo(orderNo)).toBe(false);
  });
});

it('random bytes are as many as asked for, and not shared', () => {
  expect(randomBytesOf(5000)).toHaveLength(5000);
  const draws = Array.from({ length: 600 }, () => randomBytesOf(16));
  expect(new Set(draws.map((bytes) => bytes.join())).size).toBe(600);
});
