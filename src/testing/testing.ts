import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../domain/clock.ts';
import { asId, merchantId, newId, randomBytesOf } from '../domain/ids.ts';
import type { Notification, NotificationType } from '../domain/notification.ts';
import type { DefinedProvider } from '../providers/define.ts';
import { sqlite } from '../stores/sqlite/sqlite.ts';
import type { Store } from '../stores/store.ts';

/** A result that the simulated platform tells. Amounts in minor units. */
export interface ToldResult {
  type: NotificationType;
  orderNo: string;
  amountMinor: bigint;
  currency: string;
  paymentId: string;
  /** Default: the payment's id. */
  operationId?: string;
  orderAmountMinor?: bigint;
  refundedTotalMinor?: bigint;
}

/** A payment platform for tests: it signs real callbacks with keys of its own. */
export interface TestPlatform<A> {
  /** For the `accounts` of `paidonce()`. */
  account: { provider: string; credentials: A };
  /** A signed request as the platform would send it, to hand to `pay.receive`. */
  callback(result: ToldResult): Promise<Request>;
}

/** @throws TypeError for a provider that cannot make a pair of credentials. */
export function testPlatform<A, E>(provider: DefinedProvider<A, E>): TestPlatform<A> {
  const pair = provider.pair?.(randomBytesOf);
  if (pair === undefined) throw new TypeError(`${provider.name} has no credentials to test with`);
  const sender = provider.sender(pair.endpoint);
  let sequence = 0;
  return {
    account: provider.account(pair.account),
    async callback(result) {
      sequence += 1;
      const now = systemClock.now();
      const notification = notificationOf(result, { now, sequence });
      const sealed = await sender.seal(notification, { now, publicUrl: 'http://localhost', random: randomBytesOf });
      const headers = sealed.headers.map(([name, value]): [string, string] => [name, value]);
      const url = new URL(sealed.target, 'http://localhost');
      return new Request(`http://localhost/callback${url.search}`, {
        method: sealed.method,
        headers,
        body: sealed.body,
      });
    },
  };
}

/** A store in a folder of its own, which `dispose` deletes. */
export async function temporaryStore(): Promise<{ store: Store; folder: string; dispose(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-'));
  const dispose = () => rm(folder, { recursive: true, force: true });
  return { store: sqlite({ folder }), folder, dispose };
}

function notificationOf(result: ToldResult, at: { now: number; sequence: number }): Notification {
  const { type, orderNo, amountMinor, currency, paymentId, operationId = paymentId } = result;
  return {
    id: newId('ntf', at.now, 0),
    merchant: merchantId('test-platform'),
    type,
    orderNo: asId.orderNo(orderNo),
    sequence: at.sequence,
    cause: operationId,
    amountMinor,
    currency,
    paymentId,
    operationId,
    orderAmountMinor: result.orderAmountMinor ?? amountMinor,
    refundedTotalMinor: result.refundedTotalMinor ?? null,
    occurredAt: at.now,
    createdAt: at.now,
    data: null,
  };
}
