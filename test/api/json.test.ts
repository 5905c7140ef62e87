import { describe, expect, it } from 'vitest';
import { parseJson, parseJsonText, writableObject } from '../../src/api/json.ts';

const parse = (text: string) => parseJson(Buffer.from(text));

describe('JSON', () => {
  it.each([
    ['{"a":9007199254740993}', { a: 9007199254740993n }],
    ['{"a":-9007199254740993}', { a: -9007199254740993n }],
    ['{"a":9007199254740991}', { a: 9007199254740991 }],
    ['{"a":1e3,"b":1.5}', { a: 1000, b: 1.5 }],
    ['{"a":"9007199254740993"}', { a: '9007199254740993' }],
    ['\ufeff{"a":1}', { a: 1 }],
  ])('%s is read without loss', (text, value) => {
    expect(parse(text)).toEqual(value);
  });

  it.each(['{', '{"a":}', '', 'undefined', '{"a":"\\u0000"}', '{"\\u0000":1}', '{"a":"\\udc00"}', '"\u0001"'])(
    '%j is refused',
    (text) => {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'request.malformed' }));
    },
  );

  it('is refused without quoting the body', () => {
    expect(() => parse('{"card":"4242424242424242",}')).toThrow(
      expect.objectContaining({ detail: expect.not.stringContaining('4242') }),
    );
  });

  it('takes nesting up to the limit and refuses more', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parse(nested(60))).toBeInstanceOf(Array);
    expect(() => parse(nested(80))).toThrow('nested deeper');
    expect(() => parse(nested(1_000_000))).toThrow(expect.objectContaining({ code: 'request.malformed' }));
  });

  it('is written as it was read', () => {
    const text = '{"a":[12345678901234567890,{"b":-12345678901234567890}],"c":"x"}';
    const value = parseJsonText(text);
    expect(JSON.stringify(writableObject(typeof value === 'object' && value !== null ? { ...value } : {}))).toBe(text);
  });
});
