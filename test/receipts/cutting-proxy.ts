import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  port: number;
  /** From now on, who sends "commit" never hears of it: the server gets it and answers, and the connection breaks. */
  loseNextCommit(): void;
  lost(): number;
  close(): void;
}

/** Between a client and a database on a port of this machine. */
export async function cuttingProxy(target: number): Promise<CuttingProxy> {
  let armed = false;
  let lost = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = connect(target, '127.0.0.1');
    let mute = false;
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        database.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (armed && /commit\0?$/.test(bytes.toString('latin1'))) {
        armed = false;
        mute = true;
      }
      database.write(bytes);
    });
    database.on('data', (bytes) => {
      if (!mute) return void client.write(bytes);
      lost += 1;
      client.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    loseNextCommit() {
      armed = true;
    },
    lost: () => lost,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
