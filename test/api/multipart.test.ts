import { describe, expect, it } from 'vitest';
import { multipartBoundary, readMultipart } from '../../src/api/multipart.ts';

/** A request whose body comes in pieces of so many bytes. */
function requestOf(text: string, pieceBytes: number): Request {
  const bytes = Buffer.from(text, 'latin1');
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield new Uint8Array(bytes.subarray(at, at + pieceBytes));
  }
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  const init = { method: 'POST', headers, body: ReadableStream.from(pieces()), duplex: 'half' as const };
  return new Request('http://localhost/', init);
}

async function read(text: string, pieceBytes: number) {
  const request = requestOf(text, pieceBytes);
  const form = await readMultipart(request, multipartBoundary(request.headers) ?? '');
  const { file } = form;
  if (typeof file !== 'object' || file === null || !(Symbol.asyncIterator in file)) return form;
  const parts: Uint8Array[] = [];
  for await (const part of file as AsyncIterable<Uint8Array>) parts.push(part);
  return { ...form, file: Buffer.concat(parts).toString('latin1') };
}

const field = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const fileOf = (content: string) =>
  `--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n${content}\r\n`;

describe('a form', () => {
  it.each([1, 2, 7, 64, 10_000])('is read however it is cut: pieces of %i bytes', async (pieceBytes) => {
    const content = 'a,b\r\n-- is none, nor is\r\n--c\r\n\0\xff';
    expect(await read(`${field('day', 'x')}${field('empty', '')}${fileOf(content)}--b--\r\n`, pieceBytes)).toEqual({
      day: 'x',
      empty: '',
      file: content,
    });
  });

  it('needs no file, and takes an empty one', async () => {
    expect(await read(`${field('day', 'x')}--b--`, 5)).toEqual({ day: 'x' });
    expect(await read(`${fileOf('')}--b--\r\n`, 5)).toEqual({ file: '' });
  });

  it.each([
    ['ends early', `${field('day', 'x')}--b\r\nContent`, 'request.incomplete'],
    ['ends within its file', fileOf('abc'), 'request.incomplete'],
    ['has something after the file', `${fileOf('abc')}${field('day', 'x')}--b--`, 'request.malformed'],
    ['has one field twice', `${field('day', 'x')}${field('day', 'y')}--b--`, 'request.malformed'],
    ['has a part without a name', '--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--', 'request.malformed'],
    ['has too much before its file', `${field('day', 'x'.repeat(20_000))}--b--`, 'request.malformed'],
  ])('is refused that %s', async (_, text, code) => {
    await expect(read(text, 100)).rejects.toMatchObject({ code });
  });

  it('is known by its content type', () => {
    const typed = (type: string) => multipartBoundary(new Headers({ 'content-type': type }));
    expect(typed('application/json')).toBeNull();
    expect(typed('multipart/form-data; boundary="a b"')).toBe('a b');
    expect(typed('multipart/form-data')).toBe('');
  });
});
