import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Connection } from './connection.ts';
import { type Answer, type Outcome, type ReadRequest, toFailure } from './messages.ts';
import { runRead } from './reads/reads.ts';

if (parentPort === null) throw new Error('a reader runs in a worker thread');
start(parentPort, workerData);

/** Answers reads one after the other, each on one state of the database. Call 0 says that it has started. */
function start(port: MessagePort, { file }: { file: string }): void {
  // Opened with the first read, because the writer may still be making the file.
  let db: Connection | null = null;
  const read = (request: ReadRequest): unknown => {
    db ??= Connection.reader(file);
    db.begin('deferred');
    try {
      return runRead(db, request);
    } finally {
      db.rollback();
    }
  };
  const answer = (call: number, outcome: Outcome<unknown>) => {
    // Bytes alone are moved, not copied: what stays here is given back only when much of it has gathered.
    const bytes = outcome.ok && outcome.value instanceof Uint8Array ? outcome.value.buffer : null;
    const moved = bytes instanceof ArrayBuffer ? [bytes] : [];
    port.postMessage({ call, outcome, work: false } satisfies Answer<unknown>, moved);
  };
  port.on('message', (request: ReadRequest & { call: number }) => {
    try {
      answer(request.call, { ok: true, value: read(request) });
    } catch (error) {
      answer(request.call, { ok: false, failure: toFailure(error) });
    }
  });
  answer(0, { ok: true, value: null });
}
