import { utf8 } from '../primitives/bytes.ts';
import { type Json, textAt } from '../primitives/json.ts';
import type { ClientWorld, Headers, HttpRequest } from '../provider.ts';
import { jsonAnswer } from './answers.ts';
import { bearer } from './json-api.ts';

export interface StripeAccess {
  api_key: string;
  api_base_url?: string;
  /** The connected account that is asked about. */
  account?: string;
  order_no_path?: string;
}

interface StripeCall {
  path: string;
  /** Makes it a POST. */
  form?: Readonly<Record<string, string>>;
  headers?: Headers;
  signal: AbortSignal;
}

/** What Stripe answered; null: there is no such thing. @throws AppError as `jsonAnswer`. */
export async function callStripe(
  access: StripeAccess,
  { http }: ClientWorld,
  { path, form, headers = [], signal }: StripeCall,
): Promise<Json> {
  const { api_base_url: base = stripeUrl } = access;
  const request: HttpRequest = {
    method: form === undefined ? 'GET' : 'POST',
    url: base + path,
    headers: [...stripeIdentity(access), ['content-type', 'application/x-www-form-urlencoded'], ...headers],
    body: utf8(new URLSearchParams(form).toString()),
  };
  return jsonAnswer('stripe', await http.send(request, signal), (body) => textAt(body, 'error.message'));
}

export const stripeUrl = 'https://api.stripe.com';

/** Who asks, and of which connected account. */
export function stripeIdentity({ api_key: key, account }: StripeAccess): Headers {
  return [...bearer(key), ...(account === undefined ? [] : [['stripe-account', account] as const])];
}
