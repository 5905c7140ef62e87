import { adyenUnits } from '../events/adyen.ts';
import { exactInteger, idAt, type JsonObject, textAt } from '../primitives/json.ts';
import { wireFromMinor } from '../primitives/money.ts';
import { factTold } from '../primitives/told-fact.ts';
import type { Client, ClientWorld } from '../provider.ts';
import { callJson, factRead, type JsonApi, paymentIdOf, shortKey } from './json-api.ts';

export interface AdyenAccess {
  api_key?: string;
  merchant_accounts?: readonly string[];
  api_base_url?: string;
}

const testUrl = 'https://checkout-test.adyen.com/v71';

/**
 * Adyen's Checkout API, version 71 (docs.adyen.com/online-payments: "Refund", "Cancel"; read 2026-11-25). It has no query for the state of
 * a payment. What is asked of it is only received; the callback of the modification tells what became of it.
 */
export function adyenClient({ api_key: apiKey, ...access }: AdyenAccess, world: ClientWorld): Client {
  const [merchantAccount] = access.merchant_accounts ?? [];
  // A live account has a host of its own.
  const baseUrl = access.api_base_url ?? (world.account.mode === 'test' ? testUrl : undefined);
  if (apiKey === undefined || merchantAccount === undefined || baseUrl === undefined) return {};
  const api: JsonApi = {
    platform: 'adyen',
    baseUrl,
    headers: [['x-api-key', apiKey]],
    http: world.http,
    said: (body) => textAt(body, 'message'),
  };
  return {
    async refund(order, { amountMinor, currency }, idempotencyKey, signal) {
      const paymentId = paymentIdOf('adyen', order);
      const amount = { value: exactInteger(wireFromMinor(amountMinor, currency, adyenUnits)), currency };
      const answer = await callJson(api, {
        path: `/payments/${encodeURIComponent(paymentId)}/refunds`,
        body: { merchantAccount, amount, ...referenceOf(order.reference) },
        headers: [['idempotency-key', shortKey(idempotencyKey)]],
        signal,
      });
      const { reference } = order;
      const told = { kind: 'refund_pending', paymentId, operationId: idAt(answer, 'pspReference'), reference } as const;
      const money = { amountMinor, currency };
      return factRead('adyen', factTold({ ...told, money, time: world.now() }, world.account.id));
    },
    async close({ paymentId, reference }, signal) {
      if (paymentId === null && reference === null) return null;
      const path = paymentId === null ? '/cancels' : `/payments/${encodeURIComponent(paymentId)}/cancels`;
      const by = paymentId === null ? { paymentReference: reference } : {};
      // Received is not done: CANCELLATION, or TECHNICAL_CANCEL, tells when it is.
      await callJson(api, { path, body: { merchantAccount, ...by, ...referenceOf(reference) }, signal });
      return null;
    },
  };
}

/** The callback of a modification brings its reference as the merchant's, so the order's number stands there. */
function referenceOf(reference: string | null): JsonObject {
  return reference === null ? {} : { reference };
}
