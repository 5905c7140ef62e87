import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { answer } from './role.ts';

export interface Greeted {
  handshakes: number;
  /** Of these: without a full handshake, because the session was known. */
  resumed: number;
  posts: number;
}

export type HostCalls = {
  /** So many hosts with a port of its own each. */
  listen(input: { hosts: number }): Promise<number[]>;
  /** What came since the last call. */
  greeted(input: null): Greeted;
};

const pem = (name: string) => readFileSync(new URL(`../test/server/fixtures/first.${name}.pem`, import.meta.url));
let greeted: Greeted = { handshakes: 0, resumed: 0, posts: 0 };

function listenOn(options: { key: Buffer; cert: Buffer }): Promise<number> {
  const server = createServer({ ...options, keepAliveTimeout: 10_000 }, (request, response) => {
    request.resume().once('end', () => {
      greeted.posts += 1;
      response.end('ok');
    });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    greeted.handshakes += 1;
    if (socket.isSessionReused()) greeted.resumed += 1;
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

answer({
  listen: ({ hosts }) => {
    const options = { key: pem('key'), cert: pem('cert') };
    return Promise.all(Array.from({ length: hosts }, () => listenOn(options)));
  },
  greeted: () => {
    const before = greeted;
    greeted = { handshakes: 0, resumed: 0, posts: 0 };
    return before;
  },
} satisfies HostCalls);
