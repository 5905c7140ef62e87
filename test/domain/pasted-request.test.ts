import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/errors.ts';
import { type PasteOptions, readPasted } from '../../src/domain/pasted/pasted-request.ts';
import { readHeaders } from '../../src/domain/pasted/request.ts';

const read = async (text: string | Uint8Array, options: PasteOptions = {}) => {
  const { body, ...request } = await readPasted(Buffer.from(text), options);
  return { ...request, body: Buffer.from(body).toString() };
};

describe('a pasted curl command', () => {
  it('gives method, target, headers and body', async () => {
    const text = `curl -X PUT 'https://pay.example.com/callbacks/acc_1?a=1' \\
      -H 'Content-Type: application/json' -H "X-Sign: a\\"b" --data-raw '{"a":"it'\\''s"}' --compressed -sS`;
    expect(await read(text)).toEqual({
      method: 'PUT',
      target: '/callbacks/acc_1?a=1',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-Sign', 'a"b'],
        ['host', 'pay.example.com'],
      ],
      body: `{"a":"it's"}`,
    });
  });

  it('is a POST where it has a body, and a GET where it has none', async () => {
    expect(await read('curl https://a.example.com/x -d a=1 -d b=2')).toMatchObject({ method: 'POST', body: 'a=1&b=2' });
    expect(await read('$ curl a.example.com/x')).toMatchObject({ method: 'GET', target: '/x', body: '' });
    expect(await read('curl a.example.com/x -G -d a=1')).toMatchObject({ method: 'GET', target: '/x?a=1', body: '' });
  });

  it.each([
    ["with $'…'", String.raw`$'{"a":"\u4f60\n\'"}'`, '{"a":"你\n\'"}'],
    ['with a character beyond the first plane', String.raw`$'\ud83d\ude00 \U0001F600'`, '😀 😀'],
    ['with bytes in hexadecimal and octal', String.raw`$'\xe4\xbd\xa0\344\275\240'`, '你你'],
    ['in double quotes', String.raw`"{\"a\":\"\$1 \`x\` \\ \n\"}"`, '{"a":"$1 `x` \\ \\n"}'],
    ['in several pieces', `'{"a"':"1"}`, '{"a":1}'],
    ['with what a shell would run', "'$(id) `id` $HOME ; id'", '$(id) `id` $HOME ; id'],
  ])('reads a body %s', async (_, written, body) => {
    expect(await read(`curl 'https://a.example.com/' --data-raw ${written}`)).toMatchObject({ body });
  });

  it('reads flags whose value stands in the same word, and those in one word', async () => {
    expect(await read(`curl -sSXPUT -H'X-A: b' -d'{}' -uuser:word https://a.example.com/ -o out.txt`)).toEqual({
      method: 'PUT',
      target: '/',
      headers: [
        ['X-A', 'b'],
        ['authorization', 'Basic dXNlcjp3b3Jk'],
        ['host', 'a.example.com'],
      ],
      body: '{}',
    });
  });

  it("reads what browsers copy for Windows' cmd", async () => {
    const text = 'curl ^"https://a.example.com/x^" ^\r\n  -H ^"x-a: b^" ^\r\n  --data-raw ^"^{^\\^"a^\\^":1^}^"';
    expect(await read(text)).toMatchObject({ target: '/x', body: '{"a":1}' });
  });

  it('ends where the shell would begin another command', async () => {
    expect(await read('curl https://a.example.com/x -d a=1 | jq .b')).toMatchObject({ target: '/x', body: 'a=1' });
  });

  it('has bytes that are no text as they are', async () => {
    const text = Buffer.concat([Buffer.from("curl a.example.com -d '"), Buffer.from([0xff, 0xb0]), Buffer.from("'")]);
    expect(Buffer.from((await readPasted(text)).body)).toEqual(Buffer.from([0xff, 0xb0]));
  });

  it('has the bytes of a file that it names, as curl sends them, where somebody reads it', async () => {
    const readFile = async (name: string) => Buffer.from(`${name}\r\n{}\n`);
    const body = async (flag: string) => (await read(`curl a.example.com ${flag}`, { readFile })).body;
    expect(await body('--data-binary @a.json')).toBe('a.json\r\n{}\n');
    expect(await body('-d @-')).toBe('-{}');
    expect(await body('--data-raw @a.json')).toBe('@a.json');
  });

  it.each([
    ["curl -d 'a", 'not closed'],
    ['curl -H a:b', 'names no URL'],
    ['curl https://a.example.com -d @body.json', 'body.json'],
    ['curl https://a.example.com -F a=b', 'multipart'],
    ['curl https://a.example.com -H', 'has no value'],
    ['curl https://a.example.com -H nothing', 'not a header line'],
  ])('is refused where it cannot be read: %s', async (text, why) => {
    await expect(read(text)).rejects.toThrow(why);
  });
});

describe('a HAR', () => {
  const entry = (url: string, postData?: object) => ({
    request: {
      method: 'post',
      url,
      headers: [
        { name: ':authority', value: 'x' },
        { name: 'X-A', value: 'b' },
      ],
      postData,
    },
  });
  const file = (...entries: object[]) => JSON.stringify({ log: { version: '1.2', entries } });

  it('gives the one entry that has a body, or the one that is named', async () => {
    const text = file(entry('https://a.example.com/1'), entry('https://a.example.com/2?b=c', { text: '{"a": 1}' }));
    const headers = [
      ['X-A', 'b'],
      ['host', 'a.example.com'],
    ];
    expect(await read(text)).toEqual({ method: 'POST', target: '/2?b=c', headers, body: '{"a": 1}' });
    expect(await read(text, { entry: 1 })).toMatchObject({ target: '/1', body: '' });
  });

  it('may be one entry, or one request, copied out of it', async () => {
    const one = entry('https://a.example.com/2', { text: 'AP8=', encoding: 'base64' });
    for (const text of [one, one.request]) {
      expect(Buffer.from((await readPasted(Buffer.from(JSON.stringify(text)))).body)).toEqual(Buffer.from([0, 255]));
    }
  });

  it('has the fields of a form where it has no text', async () => {
    const params = [{ name: 'a', value: '1+ 2' }];
    expect(await read(file(entry('https://a.example.com/', { params })))).toMatchObject({ body: 'a=1%2B+2' });
  });

  it.each([
    [file(), {}, 'no entry'],
    [file(entry('https://a.example.com/')), { entry: 2 }, 'none of number 2'],
    [file(entry('https://a.example.com/', {}), entry('https://a.example.com/', {})), {}, '--entry'],
    [file(entry('http://:0', {})), {}, 'not a URL'],
    ['{"a":1}', {}, 'neither a HAR'],
    ['{', {}, 'not JSON'],
  ])('is refused where it cannot be read: %s', async (text, options, why) => {
    await expect(read(text, options)).rejects.toThrow(why);
  });
});

describe('a saved HTTP request', () => {
  it('keeps the bytes of its body', async () => {
    const head = 'POST /callbacks/acc_1 HTTP/1.1\r\nHost: a.example\r\nX-A: b: c\r\n\r\n';
    const body = Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0x0d, 0x0a]);
    const request = await readPasted(Buffer.concat([Buffer.from(head), body]));
    expect(request).toMatchObject({ method: 'POST', target: '/callbacks/acc_1' });
    expect(request.headers).toEqual([
      ['Host', 'a.example'],
      ['X-A', 'b: c'],
    ]);
    expect(Buffer.from(request.body)).toEqual(body);
  });

  it('ends where content-length says, not where an editor ended the file', async () => {
    expect(await read('POST /x HTTP/1.1\ncontent-length: 2\n\n{}\n')).toMatchObject({ body: '{}' });
    expect(await read('POST /x HTTP/1.1\nhost: a\n\n{}\n')).toMatchObject({ body: '{}\n' });
  });
});

describe('anything else', () => {
  it('is refused with what is expected instead', async () => {
    await expect(read('<a>')).rejects.toThrow('POST /path HTTP/1.1');
    expect(() => readHeaders(['no colon'])).toThrow('not a header line');
  });

  it('is read or refused, and never anything else', async () => {
    const start = fc.constantFrom('curl ', 'curl a.example.com ', '{"log":{"entries":[', 'POST / HTTP/1.1\n', '');
    const noise = fc.string({
      unit: fc.constantFrom("'", '"', '\\', '$', '-d', '-', '@', ' ', '\n', ':', 'é', '^', 'x', '{', '['),
    });
    await fc.assert(
      fc.asyncProperty(start, noise, async (first, rest) => {
        try {
          expect((await readPasted(Buffer.from(first + rest))).method).toMatch(/./);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is read in time, however long it is', async () => {
    const long = `curl a.example.com -d '${'\\a"^'.repeat(250_000)}'`;
    expect((await readPasted(Buffer.from(long))).body).toHaveLength(1_000_000);
  });
});
