import { describe, expect, it } from 'vitest';
import { readHeaders, readRequest } from '../../src/cli/request-text.ts';

const read = (text: string) => {
  const { body, ...request } = readRequest(Buffer.from(text));
  return { ...request, body: Buffer.from(body).toString() };
};

describe('a pasted curl command', () => {
  it('gives method, target, headers and body', () => {
    const text = `curl -X PUT 'https://pay.example/callbacks/acc_1?a=1' \\
      -H 'Content-Type: application/json' -H "X-Sign: a\\"b" --data-raw '{"a":"it'\\''s"}' --compressed -sS`;
    expect(read(text)).toEqual({
      method: 'PUT',
      target: '/callbacks/acc_1?a=1',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-Sign', 'a"b'],
      ],
      body: `{"a":"it's"}`,
    });
  });

  it('is a POST where it has a body, and a GET where it has none', () => {
    expect(read('curl https://a.example/x -d a=1 -d b=2')).toMatchObject({ method: 'POST', body: 'a=1&b=2' });
    expect(read('$ curl a.example/x')).toMatchObject({ method: 'GET', target: '/x', body: '' });
  });

  it("reads what a browser writes with $'…'", () => {
    expect(read(String.raw`curl 'https://a.example/' --data-raw $'{"a":"\u4f60\n\'"}'`)).toMatchObject({
      body: '{"a":"你\n\'"}',
    });
  });

  it.each([
    ["curl -d 'a", 'not closed'],
    ['curl -H a:b', 'names no URL'],
    ['curl https://a.example -d @body.json', 'body.json'],
  ])('is refused where it cannot be read: %s', (text, why) => {
    expect(() => read(text)).toThrow(why);
  });
});

describe('a saved HTTP request', () => {
  it('keeps the bytes of its body', () => {
    const head = 'POST /callbacks/acc_1 HTTP/1.1\r\nHost: a.example\r\nX-A: b: c\r\n\r\n';
    const body = Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0x0d, 0x0a]);
    const request = readRequest(Buffer.concat([Buffer.from(head), body]));
    expect(request).toMatchObject({ method: 'POST', target: '/callbacks/acc_1' });
    expect(request.headers).toEqual([
      ['Host', 'a.example'],
      ['X-A', 'b: c'],
    ]);
    expect(Buffer.from(request.body)).toEqual(body);
  });

  it('ends where content-length says, not where an editor ended the file', () => {
    expect(read('POST /x HTTP/1.1\ncontent-length: 2\n\n{}\n')).toMatchObject({ body: '{}' });
    expect(read('POST /x HTTP/1.1\nhost: a\n\n{}\n')).toMatchObject({ body: '{}\n' });
  });
});

describe('anything else', () => {
  it('is refused with what is expected instead', () => {
    expect(() => read('{"a":1}')).toThrow('POST /path HTTP/1.1');
    expect(() => readHeaders(['no colon'])).toThrow('not a header line');
  });
});
