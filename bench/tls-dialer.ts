import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { answer, sharedMs } from './role.ts';

export type DialerCalls = {
  /** A connection to each port, a POST on it, its answer, and the end. Gives hosts per second. */
  run(input: { ports: readonly number[]; atOnce: number; body: Uint8Array }): Promise<number>;
};

const ca = readFileSync(new URL('../test/server/fixtures/first.cert.pem', import.meta.url));

answer({
  async run({ ports, atOnce, body }) {
    const left = [...ports];
    const head = `POST /sink HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`;
    const one = async () => {
      for (let port = left.pop(); port !== undefined; port = left.pop()) await posted(port, head, body);
    };
    const beganMs = sharedMs();
    await Promise.all(Array.from({ length: atOnce }, one));
    return (ports.length / (sharedMs() - beganMs)) * 1000;
  },
} satisfies DialerCalls);

function posted(port: number, head: string, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca }, () => {
      socket.write(head);
      socket.write(body);
    });
    socket.resume().once('close', resolve).once('error', reject);
  });
}
