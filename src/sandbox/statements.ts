import { z } from 'zod';
import type { Instant } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { FactKind } from '../domain/fact.ts';
import type { NotificationType } from '../domain/notification.ts';
import type { Provider } from '../providers/provider.ts';
import { adyenBill } from './bills/adyen.ts';
import { alipayBill } from './bills/alipay.ts';
import { paypalBill } from './bills/paypal.ts';
import { stripeBill } from './bills/stripe.ts';
import type { BillRow } from './bills/text.ts';
import { wechatpayBill } from './bills/wechatpay.ts';
import type { BookedPayment, Books } from './books.ts';
import type { SandboxCredentials } from './credentials.ts';
import { invalid } from './requests.ts';

export interface StatementsOptions {
  booksOf(provider: string): Books;
  credentials: SandboxCredentials;
  providers: ReadonlyMap<string, Provider>;
  now(): Instant;
}

/**
 * A day's statement (`2026-01-05`, in the provider's zone) of what the platform's books have, as the provider's file: also of the day
 * that is running, which no platform gives, so that it can be tried at once. null: the day has not begun.
 */
export type Statements = (provider: string, day: string) => Promise<Uint8Array | null>;

interface BillAbout {
  day: string;
  account: z.output<typeof accountSchema>;
}

/** Who the file is about, by the names that the providers' credentials have for it. */
const accountSchema = z.looseObject({
  mchid: z.string().default('0'),
  appids: z.array(z.string()).default(['']),
  seller_id: z.string().default('2088000000000000'),
  merchant_accounts: z.array(z.string()).default(['']),
});

/** A file, and the kinds of fact that it can say. */
interface Bill {
  kinds: readonly FactKind[];
  write(rows: readonly BillRow[], about: BillAbout): Iterable<Uint8Array>;
}

const bills: Readonly<Record<string, Bill>> = {
  adyen: {
    kinds: ['captured', 'refunded', 'refund_bounced', 'dispute_opened', 'dispute_won', 'dispute_lost'],
    write: (rows, { account }) => adyenBill(rows, { merchantAccount: account.merchant_accounts[0] ?? '' }),
  },
  alipay: {
    kinds: ['captured', 'refunded'],
    write: (rows, { account, day }) => alipayBill(rows, { sellerId: account.seller_id, day }),
  },
  paypal: {
    kinds: ['captured', 'refunded'],
    write: (rows, { day }) => paypalBill(rows, { merchant: 'SANDBOX', from: Date.parse(`${day}T00:00:00Z`) }),
  },
  stripe: {
    kinds: ['captured', 'refunded', 'refund_bounced', 'dispute_opened', 'dispute_won'],
    write: (rows) => stripeBill(rows),
  },
  wechatpay: {
    kinds: ['captured', 'refunded'],
    write: (rows, { account }) => wechatpayBill(rows, { mchid: account.mchid, appid: account.appids[0] ?? '' }),
  },
};

const kindOfType: Partial<Record<NotificationType, FactKind>> = {
  'refund.succeeded': 'refunded',
  'refund.bounced': 'refund_bounced',
  'dispute.opened': 'dispute_opened',
  'dispute.won': 'dispute_won',
  'dispute.lost': 'dispute_lost',
};

const dayMs = 86_400_000;

/** @throws AppError `request.not_found` for a provider without a statement, `request.invalid` for what is no day. */
export function createStatements({ booksOf, credentials, providers, now }: StatementsOptions): Statements {
  return async (provider, day) => {
    const [bill, zone] = [bills[provider], providers.get(provider)?.profile.statementZone];
    if (bill === undefined || zone === undefined)
      throw new AppError('request.not_found', `the sandbox writes statements of ${Object.keys(bills).join(', ')}`);
    const midnight = Date.parse(`${day}T00:00:00Z`);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(midnight))
      throw invalid('/day', 'a day is written 2026-01-05');
    const dayOf = dayIn(zone);
    if (day > dayOf(now())) return null;
    const rows: BillRow[] = [];
    // No zone is more than a day ahead of UTC.
    for await (const payment of booksOf(provider).since(midnight - dayMs))
      rows.push(
        ...rowsOf(payment).filter(({ fact }) => dayOf(fact.providerTime) === day && bill.kinds.includes(fact.kind)),
      );
    const account = accountSchema.parse(credentials.pair(provider).account);
    return Buffer.concat([...bill.write(rows, { day, account })]);
  };
}

/** What a payment was, captured first; the sandbox keeps no fees. */
function rowsOf(payment: BookedPayment): readonly BillRow[] {
  const { paymentId, orderNo: reference, currency, state } = payment;
  if (paymentId === null) return [];
  const row = (kind: FactKind, of: { operationId: string; amountMinor: bigint; at: Instant }): BillRow => {
    const { operationId, amountMinor, at: providerTime } = of;
    const ids = { paymentId, operationId, reference };
    return {
      fact: { kind, ...ids, amountMinor, currency, fromOrder: false, measure: 'single', providerTime },
      feeMinor: 0n,
    };
  };
  const captured = state === 'paid' ? [row('captured', { ...payment, operationId: paymentId })] : [];
  const later = payment.operations.flatMap((operation) => {
    const kind = kindOfType[operation.type];
    return kind === undefined ? [] : [row(kind, operation)];
  });
  return [...captured, ...later];
}

/** The day that a moment is in there, as `2026-01-05`. */
function dayIn(timeZone: string): (at: Instant) => string {
  // Sweden writes dates as ISO 8601 does.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return (at) => format.format(at);
}
