import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { providers } from 'paidonce/providers';
import { adyenBill } from '../src/sandbox/bills/adyen.ts';
import { alipayBill } from '../src/sandbox/bills/alipay.ts';
import { paypalBill } from '../src/sandbox/bills/paypal.ts';
import { stripeBill } from '../src/sandbox/bills/stripe.ts';
import type { BillRow } from '../src/sandbox/bills/text.ts';
import { wechatpayBill } from '../src/sandbox/bills/wechatpay.ts';
import { answer, sharedMs } from './role.ts';

export type StatementCalls = {
  /** A bill of so many rows; the answer is its size in bytes. */
  write(input: { provider: string; path: string; rows: number }): Promise<number>;
  read(input: { provider: string; path: string }): Promise<{ rows: number; perSecond: number; memoryBytes: number }>;
};

const mchid = '1900000109';
export const bills: Readonly<Record<string, (rows: number) => Iterable<Uint8Array>>> = {
  wechatpay: (rows) => wechatpayBill(rowsIn('CNY', rows), { mchid, appid: 'wx8888888888888888' }),
  alipay: (rows) => alipayBill(rowsIn('CNY', rows), { sellerId: '2088101117955611', day: '2026-01-05' }),
  stripe: (rows) => stripeBill(rowsIn('USD', rows)),
  adyen: (rows) => adyenBill(rowsIn('EUR', rows), { merchantAccount: 'Shop' }),
  paypal: (rows) => paypalBill(rowsIn('USD', rows), { merchant: 'MERCHANT', from: Date.parse('2026-01-05T00:00:00Z') }),
};

if (process.send !== undefined)
  answer({
    async write({ provider, path, rows }: { provider: string; path: string; rows: number }) {
      await pipeline(bills[provider]?.(rows) ?? [], createWriteStream(path));
      return statSync(path).size;
    },
    async read({ provider: name, path }: { provider: string; path: string }) {
      const provider = providers.find((one) => one.name === name);
      const credentials = provider?.pair?.((bytes) => new Uint8Array(bytes).fill(7)).account;
      if (provider?.readStatement === undefined) throw new Error(`${name} reads no bill`);
      const account = { id: 'acc_bench', mode: 'live' };
      return measure(provider.readStatement(createReadStream(path), account as never, credentials));
    },
  });

async function measure(statement: AsyncIterable<unknown>) {
  const [beganMs, base] = [sharedMs(), process.memoryUsage.rss()];
  let [rows, most] = [0, 0];
  for await (const _row of statement) {
    rows += 1;
    if (rows % 10_000 === 0) most = Math.max(most, process.memoryUsage.rss() - base);
  }
  return { rows, perSecond: (rows / (sharedMs() - beganMs)) * 1000, memoryBytes: most };
}

/** Captures, and a refund after every ninth. */
function* rowsIn(currency: string, rows: number): Generator<BillRow> {
  for (let index = 0; index < rows; index += 1) {
    const isRefund = index % 10 === 9;
    const paymentId = `42000020260105${String(index - (isRefund ? 9 : 0)).padStart(14, '0')}`;
    const operationId = isRefund ? `50300020260105${String(index).padStart(14, '0')}` : paymentId;
    yield {
      fact: {
        kind: isRefund ? 'refunded' : 'captured',
        paymentId,
        operationId,
        reference: `ORDER-20260105-${String(index).padStart(7, '0')}`,
        amountMinor: BigInt(100 + ((index * 7919) % 100_000)),
        currency,
        fromOrder: false,
        measure: 'single',
        providerTime: 1_767_542_400_000 + Math.floor((index * 86_399) / rows) * 1000,
      },
      feeMinor: BigInt(index % 60),
    };
  }
}
