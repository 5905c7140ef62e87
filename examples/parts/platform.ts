import { z } from 'zod';

/** Where buyers pay: the sandbox of a running Paidonce. A real shop would call the platforms' own SDKs here. */
export interface PlatformOptions {
  url: string;
  apiKey: string;
  /** Where buyers reach its cashier, if not at `url`. */
  cashierUrl?: string;
  /** How much faster than in reality an unconfirmed notification is sent again. */
  timeScale?: number;
}

export interface PaymentRequest {
  provider: string;
  orderNo: string;
  amountMinor: bigint;
  notifyUrl: string;
  returnUrl: string;
}

const opened = z.object({ id: z.string(), cashier_url: z.url() });

/** Opens a payment; the buyer is then sent to its cashier. */
export async function openPayment(
  platform: PlatformOptions,
  request: PaymentRequest,
): Promise<z.output<typeof opened>> {
  const answer = await call(platform, '/sandbox/payments', {
    provider: request.provider,
    order_no: request.orderNo,
    amount_minor: String(request.amountMinor),
    currency: 'CNY',
    notify_url: request.notifyUrl,
    return_url: request.returnUrl,
    time_scale: platform.timeScale ?? 1,
  });
  return opened.parse(answer);
}

/** Gives everything back that is left, once under one key. The platform tells of it by a notification, like of everything else. */
export async function refundPayment(platform: PlatformOptions, id: string, key: string): Promise<void> {
  await call(platform, `/sandbox/payments/${encodeURIComponent(id)}/refund`, { idempotency_key: key });
}

/** What the shop's account at this platform opens notifications with. */
export async function accountCredentials(platform: PlatformOptions, provider: string): Promise<unknown> {
  return z.object({ account: z.unknown() }).parse(await call(platform, `/sandbox/credentials/${provider}`)).account;
}

async function call({ url, apiKey }: PlatformOptions, path: string, body?: object): Promise<unknown> {
  const response = await fetch(new URL(path, url), {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the platform answered ${response.status} to ${path}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}
