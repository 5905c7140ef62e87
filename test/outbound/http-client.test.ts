import { X509Certificate } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { createHttp, type Http, type HttpOptions, type HttpRequest } from '../../src/outbound/http-client.ts';
import type { Posted } from '../../src/outbound/posted.ts';
import { certificate, httpServer, httpsServer, reset, tcpServer, until } from './servers.ts';

const loopback = ['127.0.0.0/8', '::1'];

function client(options: Partial<HttpOptions> = {}): Http {
  const http = createHttp({ allow: loopback, drainMs: 0, ...options });
  onTestFinished(() => http.close());
  return http;
}

function request(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return {
    url,
    headers: [],
    body: Buffer.from('{}'),
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...more,
  };
}

/** More than the kernel's buffers on both sides of a loopback connection take. */
const hugeBody = Buffer.alloc(48 * 1024 * 1024, 'x');

function answered(posted: Posted): Extract<Posted, { is: 'answered' }> {
  expect(posted.is, JSON.stringify(posted)).toBe('answered');
  return posted as Extract<Posted, { is: 'answered' }>;
}

describe('a request', () => {
  it('goes out byte for byte and brings back status, headers with their copies, body and peer', async () => {
    const seen: { method: string | undefined; url: string | undefined; headers: string[]; body: string }[] = [];
    const server = await httpServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('end', () => {
        seen.push({
          method: incoming.method,
          url: incoming.url,
          headers: incoming.rawHeaders,
          body: Buffer.concat(chunks).toString(),
        });
        response
          .writeHead(
            201,
            [
              ['X-Copy', 'a'],
              ['X-Copy', 'b'],
            ].flat(),
          )
          .end('created');
      });
    });
    const headers = [
      ['Webhook-Id', 'ntf_1'],
      ['content-type', 'application/json'],
      ['Host', 'other.test'],
      ['Content-Length', '99'],
    ] as const;
    const posted = answered(
      await client().post(request(`${server.url}/a%20b?x=1&x=2`, { headers, body: Buffer.from('{"a": 1 }') })),
    );
    expect(posted.status).toBe(201);
    expect(Buffer.from(posted.body).toString()).toBe('created');
    expect(posted.headers.filter(([name]) => name === 'X-Copy')).toEqual([
      ['X-Copy', 'a'],
      ['X-Copy', 'b'],
    ]);
    expect(posted).toMatchObject({ truncated: false, peer: '127.0.0.1', certificate: null });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/a%20b?x=1&x=2', body: '{"a": 1 }' });
    expect(seen[0]?.headers).toEqual(
      expect.arrayContaining(['host', `127.0.0.1:${server.port}`, 'Webhook-Id', 'ntf_1', 'content-length', '9']),
    );
    expect(seen[0]?.headers).not.toContain('other.test');
  });

  it('may have another method and no body', async () => {
    const server = await httpServer((incoming, response) => response.end(incoming.method));
    const posted = answered(await client().post(request(server.url, { method: 'GET', body: new Uint8Array(0) })));
    expect(Buffer.from(posted.body).toString()).toBe('GET');
  });

  it('may have a body that comes in pieces, which ends with the request', async () => {
    const server = await httpServer((incoming, response) => {
      if (incoming.url === '/early') {
        response.writeHead(401).end();
        return;
      }
      const chunks: Buffer[] = [];
      incoming.on('error', () => {});
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('end', () => response.end(Buffer.concat(chunks)));
    });
    let ended = 0;
    async function* pieces(count: number): AsyncGenerator<Uint8Array> {
      try {
        for (let index = 0; index < count; index += 1) {
          yield Buffer.from(String(index % 10));
          await systemClock.sleep(5);
        }
      } finally {
        ended += 1;
      }
    }
    const http = client();
    const whole = answered(await http.post(request(server.url, { body: pieces(3) })));
    expect(Buffer.from(whole.body).toString()).toBe('012');
    expect(answered(await http.post(request(`${server.url}/early`, { body: pieces(1e6) }))).status).toBe(401);
    expect(await http.post(request(server.url, { body: pieces(1e6), timeoutMs: 100 }))).toMatchObject({
      is: 'timeout',
    });
    await until(() => ended === 3);
  });

  it('reuses its connections', async () => {
    const server = await httpServer((incoming, response) => incoming.resume().on('end', () => response.end('ok')));
    const http = client();
    for (let count = 0; count < 50; count += 1) answered(await http.post(request(`${server.url}/${count}`)));
    // Undici rests a connection for one turn of the event loop after an answer, so the next request may open a second one.
    expect(server.connections.length).toBeLessThanOrEqual(2);
  });

  it('does not wait behind hanging ones to the same origin, and a shared signal may serve them all', async () => {
    const server = await httpServer((incoming, response) => {
      if (incoming.url === '/quick') response.end('ok');
    });
    const http = client();
    const stop = new AbortController();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const hanging = Array.from({ length: 64 }, () => http.post(request(`${server.url}/hang`, { signal: stop.signal })));
    await until(() => server.connections.length === 64);
    answered(await http.post(request(`${server.url}/quick`)));
    stop.abort();
    expect(new Set((await Promise.all(hanging)).map((posted) => posted.is))).toEqual(new Set(['unreachable']));
    expect(warnings).toEqual([]);
  });

  it.each([
    ['a header value', { headers: [['x-bad', 'a\r\nx-smuggled: 1']] }],
    ['a header value', { headers: [['x-bad', '付款']] }],
    ['a header name', { headers: [['x bad', 'a']] }],
    ['a method', { method: 'PO ST' }],
  ] as const)('with %s that HTTP cannot carry is refused, and the next one is not harmed', async (what, bad) => {
    const server = await httpServer((_incoming, response) => response.end());
    const http = client({ connectionsPerOrigin: 1 });
    const posted = await http.post(request(server.url, bad));
    expect(posted).toMatchObject({ is: 'unreachable', sent: false, why: expect.stringContaining(what) });
    answered(await http.post(request(server.url)));
  });

  it('ends when its signal is aborted, before and after it was sent', async () => {
    const server = await httpServer(() => {});
    const http = client();
    const stop = new AbortController();
    const posting = http.post(request(server.url, { signal: stop.signal }));
    await until(() => server.connections.length === 1);
    stop.abort();
    expect(await posting).toMatchObject({ is: 'unreachable', why: 'canceled before an answer came' });
    expect(await http.post(request(server.url, { signal: stop.signal }))).toMatchObject({
      is: 'unreachable',
      sent: false,
    });
    await until(() => server.open.size === 0);
    expect(server.connections).toHaveLength(1);
  });
});

describe('an answer', () => {
  it('that redirects is not followed', async () => {
    const visited: (string | undefined)[] = [];
    const server = await httpServer((incoming, response) => {
      visited.push(incoming.url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(answered(await client().post(request(`${server.url}/first`))).status).toBe(307);
    expect(visited).toEqual(['/first']);
  });

  it('is cut at the cap and its connection ended, however much follows', async () => {
    const server = await httpServer((_incoming, response) => {
      const chunk = Buffer.alloc(16_384, 'y');
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more).on('error', () => {});
      more();
    });
    const posted = answered(await client().post(request(server.url)));
    expect(posted).toMatchObject({ truncated: true, status: 200 });
    expect(posted.body).toHaveLength(65_536);
    await until(() => server.open.size === 0);
  });

  it('of exactly the cap is whole', async () => {
    const server = await httpServer((_incoming, response) => response.end(Buffer.alloc(65_536)));
    expect(answered(await client().post(request(server.url)))).toMatchObject({ truncated: false });
  });

  it('is not decompressed', async () => {
    const bomb = gzipSync(Buffer.alloc(4_000_000));
    const server = await httpServer((_incoming, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(Buffer.from(answered(await client().post(request(server.url))).body).equals(bomb)).toBe(true);
  });

  it('that drips its body is cut off in time', async () => {
    const server = await httpServer((_incoming, response) => {
      response.writeHead(200).write('a');
      const drip = setInterval(() => response.write('a'), 5);
      response.on('close', () => clearInterval(drip)).on('error', () => {});
    });
    const posted = await client({ responseBodyMs: 60 }).post(request(server.url));
    expect(posted).toMatchObject({
      is: 'timeout',
      sent: true,
      why: expect.stringContaining('status 200'),
      peer: '127.0.0.1',
    });
    await until(() => server.open.size === 0);
  });

  it('that drips its headers is cut off in time', async () => {
    const server = await tcpServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-drip: ');
      const drip = setInterval(() => socket.write('a'), 5);
      socket.on('close', () => clearInterval(drip)).resume();
    });
    const posted = await client().post(request(server.url, { timeoutMs: 500 }));
    expect(posted).toEqual({ is: 'timeout', sent: true, why: 'no answer within 500 ms', peer: '127.0.0.1' });
    await until(() => server.open.size === 0);
  });

  it('with endless headers, or that is no HTTP, or that breaks off, is unreachable with its reason', async () => {
    const endless = await tcpServer(
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\n${'x-header: 0123456789\r\n'.repeat(5000)}`),
    );
    const garbage = await tcpServer((socket) => void socket.write('SSH-2.0-OpenSSH_9.6\r\n\r\n'));
    const broken = await tcpServer(
      (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc')),
    );
    const http = client();
    expect(await http.post(request(endless.url))).toMatchObject({
      is: 'unreachable',
      sent: true,
      why: expect.stringContaining('headers'),
    });
    expect(await http.post(request(garbage.url))).toMatchObject({ is: 'unreachable' });
    expect(await http.post(request(broken.url))).toMatchObject({
      is: 'unreachable',
      sent: true,
      why: expect.stringContaining('status 200'),
    });
  });

  it('may be announced by early hints', async () => {
    const server = await httpServer((_incoming, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.end('ok');
    });
    expect(answered(await client().post(request(server.url))).status).toBe(200);
  });

  it('is taken also when it comes before the request was read', async () => {
    const server = await tcpServer((socket) => {
      socket.once('data', () =>
        socket.pause().write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
      );
    });
    expect(answered(await client().post(request(server.url, { body: hugeBody }))).status).toBe(413);
  });
});

describe.each(['http', 'https'] as const)('whether the request was sent, over %s', (kind) => {
  const http = () => client({ ca: certificate('loopback').cert });
  const wholeRequest = (data: string) => data.endsWith('\r\n\r\n{}');

  it('is true when no answer comes', async () => {
    const server = await tcpServer((socket) => socket.resume(), kind);
    expect(await http().post(request(server.url, { timeoutMs: 1000 }))).toMatchObject({ is: 'timeout', sent: true });
    await until(() => server.open.size === 0);
  });

  it('is false when the other side stops reading in the middle', async () => {
    const server = await tcpServer((socket) => void socket.once('data', () => socket.pause()), kind);
    const posted = await http().post(request(server.url, { timeoutMs: 1000, body: hugeBody }));
    expect(posted).toMatchObject({ is: 'timeout', sent: false, why: expect.stringContaining('not read to its end') });
  });

  it('is true when the connection is reset after it was read', async () => {
    const server = await tcpServer((socket) => {
      let data = '';
      socket.on('data', (chunk) => {
        data += chunk;
        if (wholeRequest(data)) reset(socket);
      });
    }, kind);
    expect(await http().post(request(server.url))).toMatchObject({ is: 'unreachable', sent: true });
  });

  it('is false when the connection is reset in the middle of it', async () => {
    const server = await tcpServer((socket) => void socket.once('data', () => reset(socket)), kind);
    expect(await http().post(request(server.url, { body: hugeBody }))).toMatchObject({
      is: 'unreachable',
      sent: false,
    });
  });

  it('is false when nobody listens', async () => {
    const { port } = await httpServer(() => {}, '127.0.0.2');
    const posted = await http().post(request(`${kind}://127.0.0.1:${port}`));
    expect(posted).toMatchObject({ is: 'unreachable', sent: false, why: expect.stringContaining('refused') });
  });

  it('is false when no connection is made in time', async () => {
    const server = await tcpServer(() => {});
    const slow = { allow: loopback, connectMs: 50, resolve: () => new Promise<never>(() => {}) };
    expect(await client(slow).post(request(`${kind}://shop.test:${server.port}`))).toMatchObject({
      is: 'timeout',
      sent: false,
    });
    expect(
      await client({ ...slow, connectMs: 10_000 }).post(request(`${kind}://shop.test`, { timeoutMs: 50 })),
    ).toMatchObject({
      is: 'timeout',
      sent: false,
      why: 'no connection within 50 ms',
    });
  });
});

describe('certificates', () => {
  it('of a trusted authority and the right name are accepted, and their fingerprint is told', async () => {
    const server = await httpsServer((_incoming, response) => response.end('ok'));
    const { cert } = certificate('loopback');
    const posted = answered(await client({ ca: cert }).post(request(`https://localhost:${server.port}`)));
    expect(posted.certificate).toBe(new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase());
  });

  it.each([
    ['self-signed', 'loopback', undefined, /self-signed/],
    ['for another name', 'other-host', 'other-host', /another host name/],
    ['expired', 'expired', 'expired', /expired/],
  ] as const)('%s are refused before anything is sent', async (_what, shown, trusted, why) => {
    let requests = 0;
    const server = await httpsServer(() => {
      requests += 1;
    }, shown);
    const http = client(trusted === undefined ? {} : { ca: certificate(trusted).cert });
    const posted = await http.post(request(server.url));
    expect(posted).toMatchObject({ is: 'unreachable', sent: false, why: expect.stringMatching(why) });
    expect(requests).toBe(0);
  });

  it('are verified under the name of the URL, and the session is resumed for the next connection', async () => {
    const reused: boolean[] = [];
    const server = await httpsServer((incoming, response) => {
      const { socket } = incoming;
      if ('isSessionReused' in socket) reused.push((socket as import('node:tls').TLSSocket).isSessionReused());
      response.writeHead(200, { connection: 'close' }).end('ok');
    });
    const http = client({ ca: certificate('loopback').cert, resolve: async () => ['127.0.0.1'] });
    const first = answered(await http.post(request(`https://shop.test:${server.port}`)));
    const second = answered(await http.post(request(`https://shop.test:${server.port}`)));
    expect(reused).toEqual([false, true]);
    expect(second.certificate).toBe(first.certificate);
    const wrong = await http.post(request(`https://wrong.test:${server.port}`));
    expect(wrong).toMatchObject({ is: 'unreachable', sent: false, why: expect.stringContaining('another host name') });
  });

  it('are waited for no longer than the time to connect', async () => {
    const server = await tcpServer((socket) => socket.resume());
    const posted = await client({ connectMs: 50 }).post(request(`https://127.0.0.1:${server.port}`));
    expect(posted).toMatchObject({ is: 'timeout', sent: false, why: 'no connection within 50 ms' });
    await until(() => server.open.size === 0);
  });
});

describe('targets', () => {
  it('that are not allowed are never connected to', async () => {
    const server = await httpServer((_incoming, response) => response.end());
    const http = client({ allow: [] });
    const urls = [
      server.url,
      `https://127.0.0.1:${server.port}`,
      `https://localhost:${server.port}`,
      `https://2130706433:${server.port}`,
    ];
    for (const url of urls) expect(await http.post(request(url))).toMatchObject({ is: 'refused_target' });
    expect(server.connections).toHaveLength(0);
  });

  it('by plain http must be allowed ones, also behind a name', async () => {
    const resolve = async () => ['93.184.215.14'];
    const posted = await client({ allow: ['127.0.0.2/32'], resolve }).post(request('http://shop.test/'));
    expect(posted).toMatchObject({ is: 'refused_target', why: expect.stringContaining('not an allowed target') });
  });

  it('whose name changes its answer are judged at each connection, and connected to where they were judged', async () => {
    const good = await httpServer(
      (_incoming, response) => response.writeHead(200, { connection: 'close' }).end(),
      '127.0.0.2',
    );
    const answers = [['127.0.0.2'], ['127.0.0.1']];
    let asked = 0;
    const http = client({ allow: ['127.0.0.2/32'], resolve: async () => answers[asked++] ?? [] });
    const url = `http://rebinding.test:${good.port}`;
    expect(answered(await http.post(request(url))).peer).toBe('127.0.0.2');
    expect(await http.post(request(url))).toMatchObject({
      is: 'refused_target',
      why: 'rebinding.test resolves to a loopback address',
    });
    expect(asked).toBe(2);
    expect(good.connections).toHaveLength(1);
  });

  it('with several addresses are reached by the next when the first refuses', async () => {
    const server = await httpServer((_incoming, response) => response.end(), '127.0.0.3');
    const http = client({ resolve: async () => ['127.0.0.2', '127.0.0.3'] });
    expect(answered(await http.post(request(`http://shop.test:${server.port}`))).peer).toBe('127.0.0.3');
  });

  it('are reached over IPv6 too', async () => {
    const server = await httpServer((_incoming, response) => response.end(), '::1');
    expect(answered(await client().post(request(server.url))).peer).toBe('::1');
    expect(answered(await client().post(request(`http://localhost:${server.port}`))).peer).toBe('::1');
  });

  it('that resolve after the time of the request, because the process stood still, are not sent to', async () => {
    let requests = 0;
    const server = await httpServer((_, response) => {
      requests += 1;
      response.end();
    });
    let passedMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + passedMs };
    const resolve = async () => {
      passedMs = 20_000;
      return ['127.0.0.1'];
    };
    const posted = await client({ clock, resolve }).post(request(`http://shop.test:${new URL(server.url).port}/`));
    expect(posted).toMatchObject({ is: 'timeout', sent: false });
    expect(requests).toBe(0);
  });

  it('that do not resolve are unreachable', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    expect(await client({ resolve }).post(request('https://nowhere.test/'))).toMatchObject({
      is: 'unreachable',
      sent: false,
      why: 'the host name does not resolve (ENOTFOUND)',
    });
  });
});

describe('the client', () => {
  it('goes on after every kind of failure, with one connection for all', async () => {
    const server = await httpServer((incoming, response) => {
      if (incoming.url === '/huge') response.end(Buffer.alloc(500_000));
      if (incoming.url === '/reset') reset(incoming.socket);
      if (incoming.url === '/ok') incoming.resume().on('end', () => response.end('ok'));
    });
    const http = client({ connectionsPerOrigin: 1 });
    const stop = new AbortController();
    for (let round = 0; round < 5; round += 1) {
      const waiting = http.post(request(`${server.url}/hang`, { timeoutMs: 40 }));
      // This one is given up while it waits for the only connection.
      const queued = http.post(request(`${server.url}/ok`, { timeoutMs: 20 }));
      expect([(await queued).is, (await waiting).is]).toEqual(['timeout', 'timeout']);
      expect(answered(await http.post(request(`${server.url}/huge`))).truncated).toBe(true);
      expect((await http.post(request(`${server.url}/reset`))).is).toBe('unreachable');
      expect(answered(await http.post(request(`${server.url}/ok`))).status).toBe(200);
    }
    const canceled = http.post(request(`${server.url}/hang`, { signal: stop.signal }));
    stop.abort();
    expect((await canceled).is).toBe('unreachable');
    expect(answered(await http.post(request(`${server.url}/ok`))).status).toBe(200);
  });

  it('connects again to a host that refused once it listens', async () => {
    const gone = await httpServer(() => {}, '127.0.0.2');
    const http = client({ connectionsPerOrigin: 1, resolve: async () => ['127.0.0.1', '127.0.0.3'] });
    const url = `http://shop.test:${gone.port}`;
    for (let count = 0; count < 3; count += 1) expect((await http.post(request(url))).is).toBe('unreachable');
    await httpServer((_incoming, response) => response.end(), '127.0.0.3', gone.port);
    expect(answered(await http.post(request(url))).peer).toBe('127.0.0.3');
  });

  it('keeps a bounded number of origins and closes the one unused longest, never one at work', async () => {
    const hanging = await httpServer(() => {});
    const others = await Promise.all([1, 2, 3].map(() => httpServer((_incoming, response) => response.end())));
    const http = client({ originsMax: 2 });
    const stop = new AbortController();
    const posting = http.post(request(hanging.url, { signal: stop.signal }));
    for (const other of others) answered(await http.post(request(other.url)));
    await until(() => others[0]?.open.size === 0 && others[1]?.open.size === 0);
    expect(others[2]?.open.size).toBe(1);
    expect(hanging.open.size).toBe(1);
    stop.abort();
    await posting;
  });

  it('waits for what is under way when it is closed, and refuses more', async () => {
    const finish: (() => void)[] = [];
    const server = await httpServer((_incoming, response) => void finish.push(() => response.end('done')));
    const http = createHttp({ allow: loopback });
    const posting = http.post(request(server.url));
    await until(() => finish.length === 1);
    const closing = http.close();
    expect(await http.post(request(server.url))).toMatchObject({
      is: 'unreachable',
      sent: false,
      why: 'this client is closed',
    });
    finish[0]?.();
    expect(answered(await posting).status).toBe(200);
    await closing;
    await until(() => server.open.size === 0);
  });

  it('ends what is still under way once its patience is over', async () => {
    const server = await httpServer(() => {});
    const http = createHttp({ allow: loopback, drainMs: 20 });
    const posting = http.post(request(server.url));
    await until(() => server.connections.length === 1);
    await http.close();
    expect(await posting).toMatchObject({ is: 'unreachable', why: expect.stringContaining('client is closed') });
  });
});
