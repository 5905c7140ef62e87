import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import { unobserved } from '../../src/domain/observe.ts';
import { type Handle, type Listener, type ListenerLimits, listen } from '../../src/server/listener.ts';
import { SocketGate } from '../../src/server/socket-gate.ts';

const answering: Handle = (_incoming, outgoing) => outgoing.end('here');

async function listening(most: Partial<ListenerLimits>, handle = answering): Promise<Listener> {
  const reading = new SocketGate();
  const options = { host: '127.0.0.1', port: 0, tls: null, clock: systemClock, observe: unobserved, reading };
  const listener = await listen({ ...options, handle, most: { ...limits, ...most } });
  onTestFinished(() => listener.close());
  return listener;
}

/** Sends a text and gives all that comes back until the connection ends. */
async function exchanged({ port }: Listener, text: string): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(parts).toString();
}

const whole = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

describe('a listener', () => {
  it('refuses headers that do not arrive in time (headersReadMs)', async () => {
    const listener = await listening({ headersReadMs: 100 });
    expect(await exchanged(listener, 'GET / HTTP/1.1\r\nhost: a\r\n')).toMatch(/^HTTP\/1\.1 408 /);
  });

  const posting = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n';

  it.each([
    ['a body', ''],
    ['a form that has stopped coming', 'content-type: multipart/form-data; boundary=b\r\n'],
  ])('refuses %s that does not arrive in time (bodyReadMs)', async (_what, header) => {
    const listener = await listening({ bodyReadMs: 50 }, (incoming) => void incoming.resume());
    expect(await exchanged(listener, `${posting}${header}\r\nsome`)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('closes what goes on sending a body slowly after it was answered', async () => {
    const listener = await listening({ bodyReadMs: 50 });
    expect(await exchanged(listener, `${posting}content-type: multipart/form-data; boundary=b\r\n\r\nsome`)).toMatch(
      /^HTTP\/1\.1 200 .*here$/s,
    );
  });

  it('lets a file come as long as it does come (uploadBytesMin)', async () => {
    const arrived = (incoming: IncomingMessage, outgoing: ServerResponse) =>
      void incoming.resume().once('end', () => outgoing.end('all of it'));
    const listener = await listening({ bodyReadMs: 500, uploadBytesMin: 25 }, arrived);
    const socket = connect(listener.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(`${posting}content-type: multipart/form-data; boundary=b\r\n\r\n`);
    for (let part = 0; part < 40; part += 1) {
      socket.write('x'.repeat(25));
      await systemClock.sleep(30, new AbortController().signal);
    }
    expect(String(await once(socket, 'data'))).toContain('all of it');
  });

  it('refuses what is not HTTP in words that fit any request', async () => {
    const listener = await listening({});
    const answer = await exchanged(listener, 'BREW / HTTP/1.1\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 The request cannot be read\r\n/);
  });

  it('closes a connection that stays idle (keepAliveMs)', async () => {
    const listener = await listening({ keepAliveMs: 100 });
    expect(await exchanged(listener, whole)).toMatch(/^HTTP\/1\.1 200 .*here/s);
  });

  it('closes at once what is one connection too many (connectionsMax)', async () => {
    const listener = await listening({ connectionsMax: 1 });
    const first = connect(listener.port, '127.0.0.1');
    onTestFinished(() => void first.destroy());
    first.write(whole);
    await once(first, 'data');
    expect(await exchanged(listener, whole)).toBe('');
    first.write(whole);
    expect(String(await once(first, 'data'))).toContain('here');
  });

  it('closes what is still running once its time to drain is over (drainMs)', async () => {
    let arrived = () => {};
    const began = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const listener = await listening({ drainMs: 100 }, () => arrived());
    const ended = exchanged(listener, whole);
    await began;
    await listener.close();
    expect(await ended).toBe('');
  });

  it('lets what is running finish before it closes', async () => {
    let finish = () => {};
    const began = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const listener = await listening({}, (_incoming, outgoing) => {
      finish();
      void systemClock.sleep(50).then(() => outgoing.end('late'));
    });
    const ended = exchanged(listener, whole);
    await began;
    await listener.close();
    expect(await ended).toContain('late');
  });
});
