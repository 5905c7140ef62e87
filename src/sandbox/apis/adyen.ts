import { z } from 'zod';
import { adyenUnits } from '../../providers/events/adyen.ts';
import { moneyFromWire } from '../../providers/primitives/money.ts';
import { refundedOnce, type Tried, triesOf, tryWith, unlessHeader } from './booked.ts';
import { type ApiCall, headerOf, jsonOf, jsonReply, playedApi } from './played.ts';

const accountSchema = z.looseObject({ api_key: z.string(), merchant_accounts: z.array(z.string()) });
const modification = z.object({ merchantAccount: z.string(), reference: z.string().optional() });
const refundBody = modification.extend({ amount: z.object({ value: z.int().positive(), currency: z.string() }) });
const cancelBody = modification.extend({ paymentReference: z.string().optional() });

/** Adyen's Checkout API as far as a client asks it: refunds, and cancellations by pspReference or by the merchant's reference. */
export const adyenApi = playedApi({
  refusal: (call) => {
    const key = accountSchema.parse(call.pair.account).api_key;
    return unlessHeader(call, ['x-api-key', key], failure(401, 'HTTP Status Response - Unauthorized'));
  },
  routes: [
    ['POST', /^\/payments\/([^/]+)\/refunds$/, refund],
    ['POST', /^\/payments\/([^/]+)\/cancels$/, cancel],
    ['POST', /^\/cancels$/, cancel],
  ],
  failure,
});

async function refund(call: ApiCall, id = '') {
  const body = jsonOf(call, refundBody);
  const found = await tryWith(call, id);
  if (found === null || !isOurs(call, body.merchantAccount)) return missing();
  const money = moneyFromWire(body.amount.value, body.amount.currency, adyenUnits);
  if (money === null || typeof money === 'string' || money.currency !== found.currency)
    return failure(422, 'Invalid amount specified');
  const key = headerOf(call, 'idempotency-key');
  const made = await refundedOnce(call, found, { amountMinor: money.amountMinor, key });
  return received(found, { ...body, pspReference: made.refund.operationId });
}

async function cancel(call: ApiCall, id?: string) {
  const { paymentReference: reference = '', ...body } = jsonOf(call, cancelBody);
  const [newest = null] = id === undefined ? await triesOf(call, reference) : [await tryWith(call, id)];
  if (newest === null || !isOurs(call, body.merchantAccount)) return missing();
  await call.books.move(newest, { is: 'close' });
  return received(newest, { ...body, pspReference: newest.paymentId });
}

function isOurs({ pair }: ApiCall, merchantAccount: string): boolean {
  return accountSchema.parse(pair.account).merchant_accounts.includes(merchantAccount);
}

function received({ paymentId }: Tried, more: object) {
  return jsonReply(201, { ...more, paymentPspReference: paymentId, status: 'received' });
}

function missing() {
  return failure(422, 'Original pspReference required for this operation');
}

function failure(status: number, message: string) {
  return jsonReply(status, { status, errorCode: '167', message, errorType: 'validation' });
}
