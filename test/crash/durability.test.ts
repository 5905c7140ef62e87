import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKey, apiSecret } from './points.ts';

const command = fileURLToPath(new URL('../../bin/paidonce.js', import.meta.url));
const adminKey = 'durability-admin-key-0123456789';
const merchant = 'durable-shop';
const requests = 24;
const atOnce = 4;

let folder: string;
let server: ChildProcess;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paidonce-durable-'));
  const env = {
    PATH: process.env.PATH,
    PAIDONCE_DATA: join(folder, 'data'),
    PAIDONCE_ADMIN_KEY: adminKey,
    PAIDONCE_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  server = spawn(process.execPath, [command, 'serve', '--json', '--port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  port = await listeningPort(server);
  await call('/v1/merchants', { id: merchant, name: 'Durable shop' });
});

afterAll(async () => {
  server.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function listeningPort({ stdout }: ChildProcess): Promise<number> {
  if (stdout === null) throw new Error('the server has no output');
  for await (const line of createInterface({ input: stdout })) {
    const [, found] = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(line) ?? [];
    if (found === undefined) continue;
    stdout.resume();
    return Number(found);
  }
  throw new Error('the server ended before it listened');
}

async function call(path: string, body: unknown): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect(response.ok, `${path} ${response.status}`).toBe(true);
  const answer: Record<string, unknown> = JSON.parse(await response.text());
  return answer;
}

/** What the disk holds when the first byte of the answer is here: the log first, so that no page is in neither copy. */
function copyDatabase(name: string): string {
  const copy = join(folder, name);
  mkdirSync(copy);
  for (const file of ['paidonce.db-wal', 'paidonce.db']) copyFileSync(join(folder, 'data', file), join(copy, file));
  return join(copy, 'paidonce.db');
}

/** Sends one request, and gives the status and the copy that was made at the first byte of the answer. */
function copyAtFirstByte(
  name: string,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ status: number; copy: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const lines = Object.entries({
      host: '127.0.0.1',
      connection: 'close',
      'content-length': String(body.length),
      ...headers,
    });
    socket.write(`POST ${path} HTTP/1.1\r\n${lines.map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n${body}`);
    socket.once('data', (chunk) => {
      const copy = copyDatabase(name);
      socket.destroy();
      resolve({ status: Number(chunk.toString('latin1', 9, 12)), copy });
    });
    socket.once('error', reject);
  });
}

/** How many of the requests are in the copy that was made at their answer. */
async function countInCopies(
  send: (index: number) => Promise<{ status: number; copy: string }>,
  sql: string,
): Promise<{ statuses: Set<number>; found: number }> {
  const statuses = new Set<number>();
  let next = 0;
  let found = 0;
  const one = async () => {
    while (next < requests) {
      const index = next;
      next += 1;
      const { status, copy } = await send(index);
      statuses.add(status);
      const db = new DatabaseSync(copy);
      found += Number(db.prepare(sql).get(`D-${index}`)?.n);
      db.close();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { statuses, found };
}

describe('at the first byte of an answer', () => {
  it('the callback and its fact are in the files of the database', async () => {
    const credentials = { api_key: apiKey, api_secrets: [apiSecret] };
    const account = await call('/v1/accounts', { merchant, provider: 'hmac', credentials });
    const send = (index: number) => {
      const body = JSON.stringify({
        order_id: `D-${index}`,
        status: 'success',
        amount_minor: 100,
        currency: 'CNY',
        payment_id: `pay-${index}`,
      });
      const authorization = `HMAC ${apiKey}:${createHmac('sha256', apiSecret).update(body).digest('hex')}`;
      return copyAtFirstByte(`callback-${index}`, `/callbacks/${String(account.id)}`, { authorization }, body);
    };
    const sql = `select count(*) as n from paidonce_facts f join paidonce_sightings s on s.fact = f.seq
      join paidonce_callbacks c on c.id = s.callback join paidonce_callback_bytes b on b.callback = c.seq where f.reference = ?`;
    expect(await countInCopies(send, sql)).toEqual({ statuses: new Set([200]), found: requests });
  });

  it('the published notification and its idempotency key are in the files of the database', async () => {
    const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
    const send = (index: number) => {
      const body = JSON.stringify({
        merchant,
        type: 'payment.succeeded',
        order_no: `P-${index}`,
        amount_minor: 100,
        currency: 'CNY',
        idempotency_key: `D-${index}`,
      });
      return copyAtFirstByte(`publish-${index}`, '/v1/notifications', headers, body);
    };
    const sql = `select count(*) as n from paidonce_idempotency i join paidonce_notifications n on n.id = i.notification where i.key = ?`;
    expect(await countInCopies(send, sql)).toEqual({ statuses: new Set([202]), found: requests });
  });
});
