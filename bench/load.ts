import { connect, type Socket } from 'node:net';
import { answer, sharedMs } from './role.ts';

export interface LoadRequest {
  port: number;
  /** Whole HTTP/1.1 requests, one after the other in `bytes`; `ends` are where each ends. */
  bytes: Uint8Array;
  ends: readonly number[];
  connections: number;
  /** null: closed loop, each connection sends its next request when it has its answer. */
  ratePerSecond: number | null;
  /** Answers are given back whole. */
  keepBodies: boolean;
}

export interface LoadResult {
  statuses: Record<number, number>;
  durationMs: number;
  /** Milliseconds from the (intended) send to the answer, in the order of the requests. */
  latencies: Float64Array;
  /** The status of each answer, in the same order. */
  answers: Uint16Array;
  /** When each request was (to be) sent, on the shared clock. */
  sentAt: Float64Array;
  bodies: string[];
}

export type LoadCalls = { run(request: LoadRequest): Promise<LoadResult> };

answer({ run: (request: LoadRequest) => new Load(request).run() } satisfies LoadCalls);

/** A plain HTTP/1.1 client without a parser of its own worth: it must cost less than what it measures. */
class Load {
  readonly #request: LoadRequest;
  readonly #result: LoadResult;
  readonly #done = Promise.withResolvers<void>();
  readonly #free: Connection[] = [];
  readonly #count: number;
  #next = 0;
  #answered = 0;

  constructor(request: LoadRequest) {
    this.#request = request;
    this.#count = request.ends.length;
    const times = () => new Float64Array(this.#count);
    const answers = new Uint16Array(this.#count);
    this.#result = { statuses: {}, durationMs: 0, latencies: times(), answers, sentAt: times(), bodies: [] };
  }

  async run(): Promise<LoadResult> {
    const { port, connections, ratePerSecond } = this.#request;
    const opened: Socket[] = [];
    // A few at a time: the kernel drops what its queue of new connections cannot hold, and tries again only after a second.
    while (opened.length < connections)
      opened.push(
        ...(await Promise.all(Array.from({ length: Math.min(256, connections - opened.length) }, () => open(port)))),
      );
    for (const socket of opened) {
      this.#free.push(
        new Connection(
          socket,
          (one, index, answered) => this.#take(one, index, answered),
          (error) => this.#done.reject(error),
        ),
      );
    }
    const beganMs = sharedMs();
    if (ratePerSecond === null) while (this.#free.length > 0 && this.#next < this.#count) this.#send(sharedMs());
    else this.#pace(beganMs, ratePerSecond);
    await this.#done.promise;
    this.#result.durationMs = sharedMs() - beganMs;
    for (const socket of opened) socket.destroy();
    return this.#result;
  }

  /** Requests go when they are due; where no connection is free they wait, and their time runs. */
  #pace(beganMs: number, ratePerSecond: number): void {
    const gapMs = 1000 / ratePerSecond;
    const tick = () => {
      const due = Math.min(this.#count, Math.floor((sharedMs() - beganMs) / gapMs) + 1);
      while (this.#next < due && this.#free.length > 0) this.#send(beganMs + this.#next * gapMs);
      if (this.#next < this.#count) setTimeout(tick, 1);
    };
    tick();
  }

  #send(intendedMs: number): void {
    // In turn, so that none is idle for so long that the server closes it.
    const connection = this.#free.shift();
    if (connection === undefined) return;
    const { bytes, ends } = this.#request;
    const index = this.#next;
    this.#next += 1;
    this.#result.sentAt[index] = intendedMs;
    connection.send(index, bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]));
  }

  #take(connection: Connection, index: number, { status, body }: { status: number; body: string }): void {
    const { statuses, latencies, answers, sentAt, bodies } = this.#result;
    answers[index] = status;
    const now = sharedMs();
    latencies[index] = now - (sentAt[index] ?? now);
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (this.#request.keepBodies) bodies[index] = body;
    this.#answered += 1;
    this.#free.push(connection);
    if (this.#answered === this.#count) this.#done.resolve();
    else if (this.#request.ratePerSecond === null && this.#next < this.#count) this.#send(now);
  }
}

type Taken = (connection: Connection, index: number, answered: { status: number; body: string }) => void;

/** One request at a time on one socket. */
class Connection {
  readonly #socket: Socket;
  #index = 0;
  #text = '';

  constructor(socket: Socket, taken: Taken, failed: (error: Error) => void) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      this.#text += chunk;
      const answered = parse(this.#text);
      if (answered === null) return;
      this.#text = '';
      taken(this, this.#index, answered);
    });
    socket.once('error', failed);
    socket.once('end', () => failed(new Error('the server closed a connection')));
  }

  send(index: number, bytes: Uint8Array): void {
    this.#index = index;
    this.#socket.write(bytes);
  }
}

/** null: not all of it is there yet. */
function parse(text: string): { status: number; body: string } | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end).toLowerCase();
  const status = Number(head.slice(9, 12));
  const body = text.slice(end + 4);
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) return body.length >= Number(length) ? { status, body } : null;
  if (status === 204 || status === 304) return { status, body: '' };
  return body.endsWith('0\r\n\r\n') ? { status, body } : null;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
