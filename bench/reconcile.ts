import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { wechatpay } from 'paidonce/providers';
import { inFolder } from './folder.ts';
import type { Product } from './product.ts';
import type { Line } from './report.ts';
import { Role, sharedMs } from './role.ts';
import { type Bench, onProduct } from './scenarios.ts';
import type { StatementCalls } from './statement-reader.ts';
import { merchant } from './traffic.ts';

interface Result {
  id: string;
  state: string;
  failure: unknown;
  progress: { rows: number };
  counts: Record<string, number>;
}

const day = '2026-01-05';

/** A bill of so many rows against no fact, against facts that callbacks told, and the same again. */
export async function reconcile(bench: Bench): Promise<Line[]> {
  const rows = bench.sizes.statementRows;
  return inFolder((folder) =>
    onProduct(bench, async (product) => {
      const path = join(folder, 'bill.csv');
      const writer = new Role<StatementCalls>('./statement-reader.ts');
      await writer.call('write', { provider: 'wechatpay', path, rows });
      writer.stop();
      const pair = wechatpay.pair?.((bytes) => new Uint8Array(bytes).fill(7)).account;
      const credentials = { ...pair, mchid: '1900000109' };
      const about = { merchant, provider: 'wechatpay', credentials, without_order: 'accept' };
      const { id: account } = await product.call<{ id: string }>('POST', '/v1/accounts', about);
      const lines = [await lineOf(product, { account, path, what: 'rows that nobody had told' })];
      await product.database.tellByCallback();
      lines.push(await lineOf(product, { account, path, what: 'rows that callbacks had told' }));
      lines.push(await lineOf(product, { account, path, what: 'the same rows again' }));
      return lines;
    }),
  );
}

async function lineOf(
  product: Product,
  { account, path, what }: { account: string; path: string; what: string },
): Promise<Line> {
  const form = new FormData();
  form.set('account', account);
  form.set('date', day);
  form.set('statement', await openAsBlob(path), 'bill.csv');
  const { 'content-type': _, ...headers } = product.headers;
  const uploadedMs = sharedMs();
  const url = `http://127.0.0.1:${product.port}/v1/reconciliations`;
  const response = await fetch(url, { method: 'POST', headers, body: form });
  const begun = JSON.parse(await response.text());
  if (!response.ok) throw new Error(JSON.stringify(begun));
  const beganMs = sharedMs();
  const cpuBefore = product.cpuMs();
  const memory = product.memoryMib();
  let most = memory;
  for (;;) {
    const found = await product.call<Result>('GET', `/v1/reconciliations/${begun.id}`);
    most = Math.max(most, product.memoryMib());
    if (found.state === 'failed') throw new Error(JSON.stringify(found.failure));
    if (found.state === 'done') {
      const ms = sharedMs() - beganMs;
      const { progress, counts } = found;
      const note = `${progress.rows.toLocaleString('en')} rows in ${(ms / 1000).toFixed(1)} s (upload ${((beganMs - uploadedMs) / 1000).toFixed(1)} s), ${Math.round(memory)} MiB at its start and ${Math.round(most)} MiB at most; ${JSON.stringify(counts)}`;
      const threads = spent(cpuBefore, product.cpuMs());
      const cpuUs = (threads.reduce((sum, [, one]) => sum + one, 0) / progress.rows) * 1000;
      const byThread = threads
        .map(([name, one]) => `${name} ${Math.round((one / progress.rows) * 1000)} µs`)
        .join(', ');
      return {
        what: `reconcile: ${what}`,
        perSecond: (progress.rows / ms) * 1000,
        cpuUs,
        note: `${note}; ${byThread}`,
      };
    }
    await sleep(100);
  }
}

/** Processor time by thread, of those that took any. */
function spent(before: Map<string, number>, after: Map<string, number>): readonly (readonly [string, number])[] {
  return [...after].map(([name, ms]) => [name, ms - (before.get(name) ?? 0)] as const).filter(([, ms]) => ms > 0);
}
