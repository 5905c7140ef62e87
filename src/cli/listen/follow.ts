import type { Clock } from '../../domain/clock.ts';
import type { Client } from '../client.ts';
import { exitCodes, Failure } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import { eventsIn, type StreamEvent } from './events.ts';

export interface FollowOptions {
  client: Client;
  /** With its query. */
  path: string;
  terminal: Terminal;
  clock: Clock;
  onConnected(): void;
}

/** A server says something every 5 s. */
const silentMs = 20_000;
const againMs = [200, 500, 1000, 2000, 5000];

/**
 * The events of a server's stream until the user interrupts. When the connection is lost, or the server starts again, it goes on
 * behind the last event.
 *
 * @throws Failure when the first connection cannot be made, or the key is refused.
 */
export async function* follow(options: FollowOptions): AsyncGenerator<StreamEvent> {
  const { client, path, terminal, clock, onConnected } = options;
  const { interrupted } = terminal;
  let from: string | null = null;
  for (let failures = 0; !interrupted.aborted; failures += 1) {
    try {
      const body = await client.stream(path, from);
      terminal.progress('');
      for await (const event of eventsIn(alive(body, clock))) {
        failures = 0;
        // The first says from where on everything is told; the answer's head may come before the server knows.
        if (from === null) onConnected();
        from = event.id;
        if (event.data !== '') yield event;
      }
    } catch (error) {
      if (interrupted.aborted) return;
      const isRefused = error instanceof Failure && error.exitCode !== exitCodes.unreachable;
      if (from === null || isRefused) throw error;
    }
    terminal.progress(`${client.url} is away; connecting again`);
    await clock.sleep(againMs[Math.min(failures, againMs.length - 1)] ?? 0, interrupted);
  }
}

/** The body until it ends, or nothing comes for too long. */
async function* alive(body: ReadableStream<Uint8Array>, clock: Clock): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const came = new AbortController();
      const silence = clock.sleep(silentMs, came.signal).then(() => null);
      const read = await Promise.race([reader.read(), silence]);
      came.abort();
      if (read === null || read.done) return;
      yield read.value;
    }
  } finally {
    // Of a connection that is lost already there is nothing to say.
    await reader.cancel().catch(() => {});
  }
}
