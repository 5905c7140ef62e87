import { describe, it } from 'vitest';
import { providers } from '../../src/providers/index.ts';
import { wechatpayBill } from '../../src/sandbox/bills/wechatpay.ts';
import { seededRandom } from '../providers/support.ts';
import { call, until } from '../server/serving.ts';
import { Cluster } from './cluster.ts';
import { merchant } from './shop-settings.ts';

const rows = 3000;
const noon = Date.parse('2026-01-05T12:00:00+08:00');
const wechatpay = providers.find(({ name }) => name === 'wechatpay');
const credentials = Object(wechatpay?.pair?.(seededRandom('bills')).account);

function bill(): string {
  const told = Array.from({ length: rows }, (_, index) => {
    const paymentId = `42000000000000000000000${String(index).padStart(5, '0')}`;
    const about = { kind: 'captured', measure: 'single', currency: 'CNY', fromOrder: false } as const;
    const ids = { paymentId, operationId: paymentId, reference: `B-${index}` };
    return { fact: { ...about, ...ids, amountMinor: 100n, providerTime: noon + index }, feeMinor: 1n };
  });
  const [appid] = credentials.appids;
  return Buffer.concat([...wechatpayBill(told, { mchid: credentials.mchid, appid })]).toString();
}

describe('a reconciliation whose node is killed', () => {
  it('is begun anew by the next that knows the platform, and counts every row once', { timeout: 120_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const cluster = await Cluster.open(['shop', 'api', 'worker']);
    onTestFinished(() => cluster.close());
    const api = { url: cluster.node('api').url ?? expect.unreachable() };
    const account = await call(api, 'POST', '/v1/accounts', {
      merchant,
      provider: 'wechatpay',
      credentials,
      without_order: 'accept',
    });
    const count = async (table: string) =>
      Number((await cluster.place.all(`select count(*) as n from paidonce_${table}`))[0]?.n);
    // Only the worker is left to do it.
    await cluster.node('shop').end('SIGTERM');
    const request = { account: account.id, date: '2026-01-05', statement: bill() };
    const begun = await call(api, 'POST', '/v1/reconciliations', request);
    await until('some of it is known', async () => (await count('facts')) >= 500, 30_000);
    await cluster.node('worker').end('SIGKILL');
    expect(await count('facts')).toBeLessThan(rows);
    // As if the dead node's lease were over.
    await cluster.place.all('update paidonce_reconciliations set next_at = 0');
    // The shop's own program has no code for this platform, and leaves it alone.
    await cluster.node('shop').start();
    await cluster.node('worker').start();
    const result = () => call(api, 'GET', `/v1/reconciliations/${begun.id}`);
    await until('it has ended', async () => (await result()).state === 'done', 60_000);
    expect(await result()).toMatchObject({ counts: { missing_here: rows }, progress: { rows } });
    expect(await count('facts')).toBe(rows);
    expect(await count('sightings')).toBe(rows);
    expect(await count('notifications')).toBe(rows);
  });
});
