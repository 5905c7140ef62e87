import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, type ErrorCode } from '../domain/errors.ts';
import type { Headers, RawReply } from '../providers/provider.ts';

/** How long a refused request may go on sending before its connection is closed: a reset would take the answer with it. */
const lingerMs = 1000;
/** A body of this size is mostly there already when its headers are. */
const shortBytes = 65_536;

/** An answer before the provider is known, or to a request that cannot be read: one line of text. */
export function plainReply(code: ErrorCode, line: string, headers: Headers = []): RawReply {
  const { status } = new AppError(code, line).entry;
  return {
    status,
    headers: [['content-type', 'text/plain; charset=utf-8'], ...headers],
    body: Buffer.from(`${line}\n`),
  };
}

/** Writes a reply whole; `written` runs when the last byte was handed to the connection, and never otherwise. */
export function writeReply(outgoing: ServerResponse, reply: RawReply, written: () => void = () => {}): void {
  outgoing.once('finish', written);
  outgoing.writeHead(reply.status, flat(reply));
  // As a string of bytes, which node joins to the headers: one write instead of two buffers to gather.
  outgoing.end(Buffer.from(reply.body).toString('latin1'), 'latin1');
}

/** Answers a request whose body is not wanted, lets what was on its way arrive, and closes the connection. */
export function refuseUnread(incoming: IncomingMessage, outgoing: ServerResponse, reply: RawReply): void {
  outgoing.writeHead(reply.status, [...flat(reply), 'connection', 'close']);
  if (incoming.readableEnded || incoming.destroyed) {
    outgoing.end(reply.body);
    return;
  }
  outgoing.write(reply.body);
  const end = () => {
    clearTimeout(patience);
    outgoing.end();
  };
  const patience = setTimeout(end, lingerMs);
  incoming.once('end', end);
  incoming.once('close', end);
  incoming.resume();
}

/**
 * Refuses for want of room, before the body. The connection is kept where what follows is known to be short: node reads over
 * it, and a new connection (with TLS 2 ms of processor time) is the last thing that an overloaded server needs.
 */
export function refuseForNow(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: { reply: RawReply; sayContinue: boolean },
): void {
  const announced = Number(incoming.headers['content-length'] ?? Number.NaN);
  const isShort = announced <= shortBytes || incoming.complete;
  // Whoever waits for 100 Continue may send the body or not: nobody can tell where the next request begins.
  if (isShort && !options.sayContinue) writeReply(outgoing, options.reply);
  else refuseUnread(incoming, outgoing, options.reply);
}

function flat({ headers, body }: RawReply): string[] {
  const pairs = headers.flatMap(([name, value]) => (name.toLowerCase() === 'content-length' ? [] : [name, value]));
  return [...pairs, 'content-length', String(body.length)];
}
