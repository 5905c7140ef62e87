import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { createHttp } from '../../src/outbound/http-client.ts';
import { createProviderHttp } from '../../src/outbound/provider-http.ts';
import type { HttpRequest } from '../../src/providers/provider.ts';
import { httpServer } from './servers.ts';

function client(allow: readonly string[] = ['127.0.0.0/8']) {
  const http = createHttp({ allow, drainMs: 0 });
  onTestFinished(() => http.close());
  return createProviderHttp(http);
}

const signal = new AbortController().signal;
const get = (url: string): HttpRequest => ({ method: 'GET', url, headers: [], body: new Uint8Array(0) });

async function read(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('what a client of a provider sends', () => {
  it('comes back whole whatever its status, not redirected and not decompressed', async () => {
    const packed = gzipSync('moved');
    const { url } = await httpServer((_, response) =>
      response.writeHead(302, { location: '/elsewhere', 'content-encoding': 'gzip' }).end(packed),
    );
    const answer = await client().send(get(url), signal);
    expect(answer.status).toBe(302);
    expect(Buffer.from(answer.body)).toEqual(packed);
  });

  it('is unreachable where no whole answer comes, without the path, which may hold secrets', async () => {
    const { url } = await httpServer((request, response) => {
      if (request.url === '/secret/large') response.end(Buffer.alloc(limits.providerAnswerBytesMax + 1));
      else response.destroy();
    });
    const { host } = new URL(url);
    const fails = (path: string) => client().send(get(`${url}${path}`), signal);
    await expect(fails('/secret/gone')).rejects.toMatchObject({ code: 'provider.unreachable' });
    await expect(fails('/secret/large')).rejects.toMatchObject({
      code: 'provider.unreachable',
      detail: `${host}: the answer is over 1048576 bytes`,
    });
  });

  it('does not reach a private network', async () => {
    const { url } = await httpServer((_, response) => response.end('inside'));
    await expect(client([]).send(get(url), signal)).rejects.toMatchObject({ code: 'provider.unreachable' });
    await expect(read(client([]).stream(get(url), signal))).rejects.toMatchObject({ code: 'provider.unreachable' });
  });
});

describe('a streamed body', () => {
  it('may be longer than any answer that is kept whole', async () => {
    const bytes = 3 * limits.providerAnswerBytesMax;
    const { url } = await httpServer((_, response) => response.end(Buffer.alloc(bytes, 'x')));
    expect(await read(client().stream(get(url), signal))).toHaveLength(bytes);
  });

  it('of another status than 200 is a refusal with the start of what was said', async () => {
    const { url } = await httpServer((_, response) => response.writeHead(404).end('no bill\nfor this day'));
    await expect(read(client().stream(get(url), signal))).rejects.toMatchObject({
      code: 'provider.refused',
      detail: `${new URL(url).host}: status 404, no bill for this day`,
    });
  });

  it('that ends in the middle is unreachable, and one that is left closes its connection', async () => {
    const server = await httpServer((request, response) => {
      response.writeHead(200, { 'content-length': 1_000_000 }).write('begin');
      if (request.url === '/cut') setImmediate(() => response.destroy());
    });
    await expect(read(client().stream(get(`${server.url}/cut`), signal))).rejects.toMatchObject({
      code: 'provider.unreachable',
    });
    for await (const chunk of client().stream(get(server.url), signal)) {
      expect(Buffer.from(chunk).toString()).toBe('begin');
      break;
    }
    await expect.poll(() => server.open.size).toBe(0);
  });
});
