import { describe, expect, it } from 'vitest';
import { comparedHeaders, differenceOf } from '../../console/pages/deliveries/compared.ts';
import { masked } from '../../console/parts/masked.ts';

describe('headers as they are shown', () => {
  it('keep signatures, and only the beginning of what opens a door by itself', () => {
    const pairs = [
      ['Authorization', 'Bearer sk_live_4eC39HqLyjWDarjtT1'],
      ['authorization', 'HMAC shop-1:00ff00ff'],
      ['X-Callback-Token', 'e9f8a7b6c5d4'],
      ['Cookie', 'session=abc'],
      ['stripe-signature', 't=1,v1=00ff'],
    ];
    expect(masked(pairs)).toEqual([
      ['Authorization', 'Bearer sk_••••••'],
      ['authorization', 'HMAC shop-1:00ff00ff'],
      ['X-Callback-Token', 'e9f8••••••'],
      ['Cookie', 'sess••••••'],
      ['stripe-signature', 't=1,v1=00ff'],
    ]);
  });
});

describe('two attempts compared', () => {
  it('have headers side by side by name, whatever their case and order', () => {
    const left = [
      ['Date', 'today'],
      ['X-A', '1'],
      ['x-a', '2'],
    ];
    const right = [
      ['x-b', '3'],
      ['date', 'today'],
    ];
    expect(comparedHeaders('Sent', left, right)).toEqual([
      { name: 'Sent · date', left: 'today', right: 'today' },
      { name: 'Sent · x-a', left: '1\n2', right: null },
      { name: 'Sent · x-b', left: null, right: '3' },
    ]);
  });

  it('mark what is between the equal beginning and the equal end, once', () => {
    expect(differenceOf('{"a":1}', '{"a":22}')).toEqual({ before: '{"a":', differs: '1', after: '}' });
    expect(differenceOf('aa', 'aaa')).toEqual({ before: 'aa', differs: '', after: '' });
    expect(differenceOf('aaa', 'aa')).toEqual({ before: 'aa', differs: 'a', after: '' });
    expect(differenceOf('same', 'same')).toEqual({ before: 'same', differs: '', after: '' });
  });
});
