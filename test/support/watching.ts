import { onTestFinished } from 'vitest';
import { eventsIn, type StreamEvent } from '../../src/cli/listen/events.ts';
import { eventually } from './eventually.ts';
import { adminKey } from './server.ts';

export interface Watched {
  /** What was told so far, without the lines that only say where the stream is. */
  events: readonly StreamEvent[];
  /** What the orders of the events are called, in order. */
  orders(): readonly string[];
  /** The newest position. */
  position(): string;
  /** Resolves when so many events were told. */
  told(count: number): Promise<void>;
  /** Whether the server has ended it. */
  ended: Promise<void>;
  /** Hangs up. */
  leave(): void;
}

/** A viewer of `/v1/stream`, once it is told where the stream is. */
export async function watch(
  url: string,
  query = '',
  { key = adminKey, from }: { key?: string; from?: string | undefined } = {},
): Promise<Watched> {
  const hangUp = new AbortController();
  onTestFinished(() => hangUp.abort());
  const response = await fetch(`${url}/v1/stream${query}`, {
    headers: { authorization: `Bearer ${key}`, ...(from === undefined ? {} : { 'last-event-id': from }) },
    signal: hangUp.signal,
  });
  if (response.status !== 200 || response.body === null) throw new Error(`${response.status} ${await response.text()}`);
  const events: StreamEvent[] = [];
  let position = '';
  const read = async (body: AsyncIterable<Uint8Array>) => {
    try {
      for await (const event of eventsIn(body)) {
        position = event.id;
        if (event.data !== '') events.push(event);
      }
    } catch (error) {
      if (!hangUp.signal.aborted && !String(error).includes('terminated')) throw error;
    }
  };
  const ended = read(response.body);
  await eventually(async () => position !== '');
  return {
    events,
    orders: () => events.map(({ data }) => String(Object(JSON.parse(data)).order_no)),
    position: () => position,
    told: (count) => eventually(async () => events.length >= count),
    ended,
    leave: () => hangUp.abort(),
  };
}
