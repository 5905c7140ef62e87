import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decrypt } from '../../src/providers/primitives/aes-gcm.ts';
import { fromBeijing, toBeijing, toBeijingIso } from '../../src/providers/primitives/beijing-time.ts';
import { equalBytes, fromBase64, fromHex } from '../../src/providers/primitives/bytes.ts';
import { parseForm, sortedText, writeForm } from '../../src/providers/primitives/form.ts';
import { grammars, singleHeader } from '../../src/providers/primitives/headers.ts';
import { at, exactInteger, idAt, integerText, type Json, parseJson } from '../../src/providers/primitives/json.ts';
import { mismatchCause } from '../../src/providers/primitives/likely-cause.ts';
import { moneyFrom, rescaled } from '../../src/providers/primitives/money.ts';
import { now, refusalOf } from './support.ts';

const parsed = (text: string): Json => {
  const read = parseJson(Buffer.from(text));
  if ('why' in read) throw new Error(read.why);
  return read.value;
};

describe('JSON', () => {
  it.each(['12345678901234567890', '-0', '1.50', '1E400', '0.1', '9007199254740993', '100000000000000000000.5'])(
    'keeps the number %s as it was written',
    (number) => {
      expect(JSON.stringify(parsed(`{"a":[${number}]}`))).toBe(`{"a":[${number}]}`);
    },
  );

  it('tells a number from what looks like one in a string, whatever the string escapes', () => {
    const text = '{"a\\"1.5":"2026-11-25T19:08:13.320Z","b\\\\":1.50,"c":"\\\\\\"-0","d":-0}';
    expect(JSON.stringify(parsed(text))).toBe(text);
    const deep = `"${'['.repeat(100)}\\"${'['.repeat(100)}"`;
    expect(parsed(deep)).toBe(JSON.parse(deep));
  });

  it('gives what JSON.parse gives wherever that loses nothing', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(JSON.parse(JSON.stringify(parsed(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('reads and writes integers of any size exactly', () => {
    fc.assert(
      fc.property(fc.bigInt(), (integer) => {
        expect(integerText(at(parsed(`{"a":${integer}}`), 'a'))).toBe(String(integer));
        expect(JSON.stringify([exactInteger(integer)])).toBe(`[${integer}]`);
      }),
    );
  });

  it('finds only own properties of objects', () => {
    const value = parsed('{"a":{"b":1,"length":2},"list":[1]}');
    expect([
      at(value, 'a.b'),
      at(value, 'a.length'),
      at(value, 'a.toString'),
      at(value, 'list.0'),
      at(value, '__proto__'),
    ]).toEqual([1, 2, undefined, undefined, undefined]);
  });

  it('takes as an id only text and integers', () => {
    const value = parsed(
      '{"text":"a","number":7,"big":12345678901234567890,"fraction":1.5,"empty":"","object":{},"none":null,"escape":"a\\u0007"}',
    );
    const ids = ['text', 'number', 'big', 'fraction', 'empty', 'object', 'none', 'escape', 'absent'].map((name) =>
      idAt(value, name),
    );
    expect(ids).toEqual(['a', '7', '12345678901234567890', null, null, null, null, null, null]);
  });

  it('tells an escaped NUL from an escaped backslash before u0000', () => {
    expect(parsed('"a\\\\u0000"')).toBe('a\\u0000');
    expect(parseJson(Buffer.from('"\\\\\\u0000"'))).toEqual({ why: 'the body holds a NUL character' });
  });
});

describe('a form', () => {
  it('is read back as it was written, whatever it holds', () => {
    const text = fc
      .string({ unit: 'binary', maxLength: 20 })
      .filter((one) => one.isWellFormed() && !one.includes('\0'));
    fc.assert(
      fc.property(
        fc.dictionary(
          text.filter((name) => name !== '' && name !== 'charset'),
          text,
        ),
        (fields) => {
          const read = parseForm(writeForm(fields));
          if ('why' in read) throw new Error(read.why);
          expect(Object.fromEntries([...read.fields].map(([name, field]) => [name, field.value]))).toEqual({
            ...fields,
          });
        },
      ),
    );
  });

  it('decodes percent signs once', () => {
    const read = parseForm(Buffer.from('b=100%2525&a=1+%2B+1&c'));
    expect('fields' in read && Buffer.from(sortedText(read.fields, [])).toString()).toBe('a=1 + 1&b=100%25&c=');
  });
});

describe('bytes', () => {
  it('are read from canonical base64 and hex only', () => {
    expect(['AAAA', 'AA==', 'AAA=', ''].map((text) => fromBase64(text)?.length)).toEqual([3, 1, 2, 0]);
    expect(['AA', 'AB==', 'A A=', 'AA==\n', '-_==', '!'].map(fromBase64)).toEqual(Array(6).fill(null));
    expect(['0a', '0A', 'a', 'zz', '0x'].map((text) => fromHex(text)?.length ?? null)).toEqual([
      1,
      1,
      null,
      null,
      null,
    ]);
  });

  it('of different lengths are compared without a throw', () => {
    expect(equalBytes(new Uint8Array(1), new Uint8Array(2))).toBe(false);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  });

  it('of any envelope decrypt to a reason, never to a throw', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('algorithm', 'nonce', 'ciphertext', 'associated_data'),
          fc.oneof(fc.string(), fc.constant('AEAD_AES_256_GCM'), fc.constant(null)),
        ),
        (envelope) => {
          expect(decrypt([], { ...envelope })).toHaveProperty('why');
        },
      ),
    );
  });
});

describe('a header that must be single', () => {
  const read = (...values: string[]) =>
    singleHeader(
      values.map((value) => ['X-Nonce', value] as const),
      'x-nonce',
      grammars.token,
    );

  it('is found by its name in any case', () => {
    expect(read('abc')).toBe('abc');
  });

  it.each([
    [[], /^signature\.missing/],
    [['a', 'a'], /^signature\.duplicated: header x-nonce came 2 times/],
    [['a,a'], /^signature\.duplicated: .*joined by commas/],
    [['a b'], /^signature\.malformed: header x-nonce is not up to 255 visible characters: a b$/],
    [['x'.repeat(300)], /^signature\.malformed: .{1,200}$/],
    [['é'], /^signature\.malformed/],
  ])('%j is refused', (values, why) => {
    const refusal = read(...values);
    expect(typeof refusal === 'string' ? refusal : refusalOf(refusal)).toMatch(why);
  });
});

describe('the likely cause of a wrong signature', () => {
  it.each([
    ['{"a":1}', '{\n  "a": 1\n}', 'pretty-printed with 2 spaces'],
    ['{"a":1}\n', '{"a":1}', 'without the space around it'],
    ['{"a":"/中"}', '{"a":"\\/中"}', 'after JSON.stringify with escaped slashes'],
    ['{"a":"中"}', '{"a":"\\u4e2d"}', 'after JSON.stringify with non-ASCII escaped'],
    ['a\r\nb', 'a\nb', 'with LF instead of CRLF'],
  ])('of %j for %j is found', (received, sent, how) => {
    const why = mismatchCause(Buffer.from(received), (body) => Buffer.from(body).toString() === sent, 'unknown');
    expect(why).toBe(`body was re-serialised: the signature matches the body ${how}`);
  });

  it('is not searched in a large body, nor in one that is not UTF-8', () => {
    let tries = 0;
    const count = () => {
      tries += 1;
      return false;
    };
    expect(mismatchCause(Buffer.from(`"${'x'.repeat(20_000)}"`), count, 'unknown')).toBe('unknown');
    expect(mismatchCause(Uint8Array.of(0xff), count, 'unknown')).toBe('unknown');
    expect(tries).toBe(0);
    expect(mismatchCause(Buffer.from('{"a": 1}'), count, 'unknown')).toBe('unknown');
    expect(tries).toBeGreaterThan(0);
    expect(tries).toBeLessThan(10);
  });
});

describe('money and time at the edge', () => {
  it('is null where nothing is said, and a reason where it cannot be read', () => {
    expect(moneyFrom(undefined, 'CNY')).toBeNull();
    expect(moneyFrom(null, undefined)).toBeNull();
    expect(moneyFrom(0, 'cny')).toEqual({ amountMinor: 0n, currency: 'CNY' });
    expect(moneyFrom(1, null)).toBe('an amount without a currency');
    expect(moneyFrom(1, 'ABC')).toBe('the currency is not one of ISO 4217');
  });

  it('changes units only where no digit is lost', () => {
    expect([
      rescaled(500n, 2, 0),
      rescaled(501n, 2, 0),
      rescaled(5n, 0, 2),
      rescaled(5n, 2, 2),
      rescaled(10n ** 18n, 0, 2),
    ]).toEqual([5n, null, 500n, 5n, null]);
  });

  it('writes and reads Beijing time', () => {
    expect(toBeijing(now)).toBe('2026-01-05 10:21:33');
    expect(toBeijingIso(now)).toBe('2026-01-05T10:21:33+08:00');
    expect(fromBeijing('2026-01-05 10:21:33')).toBe(now);
    expect(['2026-02-29 00:00:00', '2026-01-05T10:21:33', '2026-1-5 10:21:33', ''].map(fromBeijing)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});
