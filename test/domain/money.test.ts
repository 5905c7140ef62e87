import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponentOf } from '../../src/domain/currencies.ts';
import {
  amountMinorMax,
  decimalFromMinor,
  minorFromDecimal,
  minorFromInteger,
  minorToJson,
} from '../../src/domain/money.ts';

describe('decimal texts', () => {
  it.each([
    ['500', 'JPY', 500n],
    ['88.80', 'CNY', 8880n],
    ['88.8', 'CNY', 8880n],
    ['88', 'CNY', 8800n],
    ['0.01', 'CNY', 1n],
    ['0', 'CNY', 0n],
    ['007.10', 'CNY', 710n],
    ['1.234', 'KWD', 1234n],
    ['1.2345', 'CLF', 12_345n],
    ['90071992547409.93', 'USD', 9_007_199_254_740_993n],
    ['1000000000000000.00', 'USD', amountMinorMax],
  ])('%s %s is %s minor units', (text, currency, amount) => {
    expect(minorFromDecimal(text, currency)).toBe(amount);
  });

  it.each([
    ['more decimals than the currency has', '88.801', 'CNY'],
    ['decimals of a currency without any', '5.0', 'JPY'],
    ['zeros beyond, unless allowed', '88.800', 'CNY'],
    ['a sign', '-1.00', 'CNY'],
    ['a plus', '+1.00', 'CNY'],
    ['an exponent', '1e2', 'CNY'],
    ['a thousands separator', '1,000.00', 'CNY'],
    ['a lone point', '1.', 'CNY'],
    ['nothing before the point', '.5', 'CNY'],
    ['spaces', ' 1.00', 'CNY'],
    ['a line break at the end', '1.00\n', 'CNY'],
    ['digits of another script', '１.00', 'CNY'],
    ['an empty text', '', 'CNY'],
    ['an unknown currency', '1.00', 'ZZZ'],
    ['a currency in lower case', '1.00', 'cny'],
    ['more than the largest amount', '1000000000000000.01', 'USD'],
    ['a text without end', '1'.repeat(41), 'JPY'],
  ])('with %s are refused', (_, text, currency) => {
    expect(minorFromDecimal(text, currency)).toBeNull();
  });

  it('may have zeros beyond where asked for, and wire exponents of their own', () => {
    expect(minorFromDecimal('88.8000', 'CNY', { zerosBeyond: true })).toBe(8880n);
    expect(minorFromDecimal('88.8001', 'CNY', { zerosBeyond: true })).toBeNull();
    expect(minorFromDecimal('500.00', 'JPY', { exponent: 2 })).toBe(50_000n);
  });

  it('are written with all decimals', () => {
    expect(decimalFromMinor(5n, 'JPY')).toBe('5');
    expect(decimalFromMinor(5n, 'CNY')).toBe('0.05');
    expect(decimalFromMinor(8880n, 'CNY')).toBe('88.80');
    expect(decimalFromMinor(5n, 'KWD')).toBe('0.005');
    expect(decimalFromMinor(12_345n, 'CLF')).toBe('1.2345');
    expect(() => decimalFromMinor(-1n, 'CNY')).toThrow(RangeError);
    expect(() => decimalFromMinor(1n, 'ZZZ')).toThrow(RangeError);
  });

  it('and minor units turn into each other without loss, in every exponent', () => {
    const currency = fc.constantFrom('JPY', 'CNY', 'USD', 'KWD', 'CLF');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: amountMinorMax }), currency, (amount, of) => {
        expect(minorFromDecimal(decimalFromMinor(amount, of), of)).toBe(amount);
      }),
    );
  });
});

describe('whole minor units', () => {
  it('are read from what keeps every digit', () => {
    expect(minorFromInteger(8880)).toBe(8880n);
    expect(minorFromInteger('9007199254740993')).toBe(9_007_199_254_740_993n);
    expect(minorFromInteger(9_007_199_254_740_993n)).toBe(9_007_199_254_740_993n);
    expect(minorFromInteger(0)).toBe(0n);
  });

  it.each([
    [-1],
    [1.5],
    [2 ** 53],
    [Number.NaN],
    ['-1'],
    ['1.0'],
    ['0x10'],
    [''],
    ['1'.repeat(20)],
    [-1n],
    [amountMinorMax + 1n],
    [null],
    [true],
    [{}],
  ])('are not read from %s', (value) => {
    expect(minorFromInteger(value)).toBeNull();
  });

  it('leave as JSON integers as long as those are exact, as text beyond', () => {
    expect(minorToJson(9_007_199_254_740_991n)).toBe(9_007_199_254_740_991);
    expect(minorToJson(9_007_199_254_740_992n)).toBe('9007199254740992');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: amountMinorMax }), (amount) => {
        const sent: unknown = JSON.parse(JSON.stringify(minorToJson(amount)));
        expect(minorFromInteger(sent)).toBe(amount);
      }),
    );
  });
});

it('currencies have the exponents of ISO 4217', () => {
  expect(['JPY', 'CNY', 'KWD', 'UYW'].map(exponentOf)).toEqual([0, 2, 3, 4]);
  expect(['', 'ZZZ', 'XAU', 'usd', 'constructor'].map(exponentOf)).toEqual([null, null, null, null, null]);
});
