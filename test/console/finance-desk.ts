import { asId, newId } from '../../src/domain/ids.ts';
import { providers } from '../../src/providers/index.ts';
import type { BillRow } from '../../src/sandbox/bills/text.ts';
import { wechatpayBill } from '../../src/sandbox/bills/wechatpay.ts';
import { seededRandom } from '../providers/support.ts';
import { callbackInput } from '../stores/support.ts';
import type { TestServer } from '../support/server.ts';

const wechatpay = providers.find(({ name }) => name === 'wechatpay');
const credentials = Object(wechatpay?.pair?.(seededRandom('bills')).account);

/** The day of the bills, and its noon there. */
export const day = '2026-01-05';
const noon = Date.parse(`${day}T12:00:00+08:00`);

export interface Paid {
  order: string;
  amountMinor: bigint;
}

function factOf({ order, amountMinor }: Paid): BillRow['fact'] {
  const paymentId = `42000000000000000000000${order}`;
  const about = { kind: 'captured', measure: 'single', currency: 'CNY', fromOrder: false } as const;
  return { ...about, paymentId, operationId: paymentId, reference: order, amountMinor, providerTime: noon };
}

/** A merchant with an account whose bills are read; what callbacks have told is known there. */
export async function openShop(server: TestServer, told: readonly Paid[]): Promise<string> {
  const merchant = 'shop';
  await server.call('POST', '/v1/merchants', { id: merchant, name: 'The shop' });
  const made = { merchant, provider: 'wechatpay', credentials, name: 'WeChat Pay' };
  const account = asId.account(String((await server.call('POST', '/v1/accounts', made)).body.id));
  for (const paid of told) {
    const order = { merchant, amount_minor: Number(paid.amountMinor), currency: 'CNY' };
    await server.call('PUT', `/v1/orders/${paid.order}`, order);
    const fact = { ...factOf(paid), account };
    await server.service.store.decide('callback', callbackInput(account, fact.providerTime, [fact]));
  }
  return account;
}

/** The platform's file of the day, as a person would have downloaded it. */
export function billOf(paid: readonly Paid[]): Buffer {
  const rows = paid.map((one) => ({ fact: factOf(one), feeMinor: 1n }));
  return Buffer.concat([...wechatpayBill(rows, { mchid: credentials.mchid, appid: credentials.appids[0] })]);
}

/** Two alerts as a review leaves them: one that is open, and one that is over. */
export async function leaveAlerts({ service: { store } }: TestServer): Promise<void> {
  const at = store.now();
  const alert = {
    rule: 'oldest_due',
    subject: '',
    detail: 'deliveries have been due since 2026-01-05T04:00:00.000Z',
    openedAt: at - 4_000_000,
    missed: 0,
    untold: [],
    dueAt: null,
    failures: 0,
    error: null,
  } as const;
  const told = ['dingtalk-0a1b2c3d'];
  await store.write('putAlerts', [
    { ...alert, id: newId('alr', at, 0), recoveredAt: null, told },
    {
      ...alert,
      id: newId('alr', at, 0),
      rule: 'money_at_risk',
      subject: 'CNY',
      detail: '3 deliveries are due; amount × age is 1200000 CNY × hours',
      openedAt: at - 9_000_000,
      recoveredAt: at - 8_000_000,
      told: [],
    },
  ]);
}
