import { z } from 'zod';
import { toIso } from '../../domain/clock.ts';
import { minorToJson } from '../../domain/money.ts';
import { paystackUnits } from '../../providers/events/paystack.ts';
import { moneyFromWire, wireFromMinor } from '../../providers/primitives/money.ts';
import type { BookedOperation, BookedPayment } from '../books.ts';
import { refundedOnce, standing, type Tried, triesOf, tryWith, unlessHeader } from './booked.ts';
import { type ApiCall, jsonOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ secret_keys: z.array(z.string()).min(1) });
const refundBody = z.object({
  transaction: z.string(),
  amount: z.int().positive().optional(),
  merchant_note: z.string().optional(),
});

const statusOfState = {
  open: 'abandoned',
  authorized: 'ongoing',
  paid: 'success',
  failed: 'failed',
  closed: 'abandoned',
  reversed: 'reversed',
} as const satisfies Record<BookedPayment['state'], string>;

const statusOfRefund: Readonly<Record<string, string>> = {
  'refund.pending': 'pending',
  'refund.succeeded': 'processed',
  'refund.failed': 'failed',
  'refund.bounced': 'failed',
};

/** Paystack's API as far as a client asks it: transactions by their reference, which here is the order number, and refunds. */
export const paystackApi = playedApi({
  refusal: (call) => {
    const [key] = accountSchema.parse(call.pair.account).secret_keys;
    return unlessHeader(call, ['authorization', `Bearer ${key}`], failure(401, 'Invalid key'));
  },
  routes: [
    ['GET', /^\/transaction\/verify\/([^/]+)$/, verify],
    ['GET', /^\/refund$/, refunds],
    ['POST', /^\/refund$/, refund],
  ],
  failure,
});

/** By the reference, or by the number that a transaction has. */
async function transactionOf(call: ApiCall, name: string): Promise<Tried | null> {
  const [newest] = await triesOf(call, name);
  return newest ?? (await tryWith(call, name));
}

async function verify(call: ApiCall, reference = '') {
  const found = await transactionOf(call, reference);
  if (found === null) return failure(404, 'Transaction reference not found.');
  const { paymentId, state, orderNo, amountMinor, currency, at, createdAt } = found;
  return jsonReply(200, {
    status: true,
    message: 'Verification successful',
    data: {
      id: paymentId,
      domain: 'live',
      status: statusOfState[state],
      reference: orderNo,
      amount: wireAmount(amountMinor, currency),
      currency,
      paid_at: state === 'paid' || state === 'reversed' ? toIso(at) : null,
      created_at: toIso(createdAt),
    },
  });
}

async function refunds(call: ApiCall) {
  const found = await transactionOf(call, call.query.get('transaction') ?? '');
  const data = found === null ? [] : standing(found, 'refund').map((one) => refundOf(found, one));
  return jsonReply(200, { status: true, message: 'Refunds retrieved', data });
}

async function refund(call: ApiCall) {
  const { transaction, amount, merchant_note: note } = jsonOf(call, refundBody);
  const found = await transactionOf(call, transaction);
  if (found === null) return failure(404, 'Transaction not found');
  // Whatever the note says, each request makes another refund.
  const key = note === undefined ? undefined : `${note}#${standing(found, 'refund').length}`;
  const money = moneyFromWire(amount, found.currency, paystackUnits);
  if (typeof money === 'string') return failure(400, money);
  const made = await refundedOnce(call, found, { amountMinor: money?.amountMinor ?? null, key });
  const data = refundOf(made.payment, made.refund);
  return jsonReply(200, { status: true, message: 'Refund has been queued for processing', data });
}

function refundOf(payment: BookedPayment, { operationId, type, amountMinor, key, at }: BookedOperation) {
  return {
    id: operationId,
    transaction: payment.paymentId,
    status: statusOfRefund[type],
    amount: wireAmount(amountMinor, payment.currency),
    currency: payment.currency,
    merchant_note: key?.replace(/#\d+$/, '') ?? null,
    refunded_at: toIso(at),
    createdAt: toIso(at),
  };
}

function wireAmount(amountMinor: bigint, currency: string) {
  return minorToJson(wireFromMinor(amountMinor, currency, paystackUnits));
}

function failure(status: number, message: string) {
  return jsonReply(status, { status: false, message });
}
