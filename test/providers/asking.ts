import type { Notification, NotificationType } from '../../src/domain/notification.ts';
import { providerByName } from '../../src/providers/index.ts';
import type { Client, Http, Reference } from '../../src/providers/provider.ts';
import type { BookedPayment, Books } from '../../src/sandbox/books.ts';
import { apis } from '../../src/sandbox/platform-api.ts';
import { account, context, now } from './support.ts';

const states = new Map<NotificationType, BookedPayment['state']>([
  ['payment.authorized', 'authorized'],
  ['payment.failed', 'failed'],
  ['payment.closed', 'closed'],
]);

/** What a platform's books hold once a notification has told of it. */
function booksOf({
  type,
  orderNo,
  amountMinor,
  currency,
  paymentId,
  operationId,
  occurredAt: at,
}: Notification): Books {
  const isPart = !type.startsWith('payment.');
  const payment: BookedPayment = {
    record: '',
    orderNo,
    amountMinor,
    currency,
    paymentId,
    state: states.get(type) ?? 'paid',
    createdAt: at,
    at,
    operations: isPart ? [{ type, operationId, amountMinor, at, key: null }] : [],
  };
  return {
    ofOrder: async (one) => (one === orderNo ? [payment] : []),
    withId: async (id) => (id === paymentId || (isPart && id === operationId) ? payment : null),
    async *since() {
      yield payment;
    },
    move: async () => payment,
  };
}

/** The provider's client over the API that the sandbox plays, without a socket between. */
export function clientOver(name: string, credentials: Readonly<Record<string, unknown>>, books: Books): Client {
  const api = apis.get(name);
  if (api === undefined) throw new Error(`the sandbox plays no API of ${name}`);
  const http: Http = {
    async send({ method, url, headers, body }) {
      const { pathname, search } = new URL(url);
      const request = { method, target: pathname + search, headers, body };
      const about = { pair: { account: credentials, endpoint: {} }, statement: async () => null, url: '' };
      const reply = await api(request, { ...about, books, context });
      return reply ?? { status: 404, headers: [], body: new Uint8Array() };
    },
    async *stream(request, signal) {
      yield (await http.send(request, signal)).body;
    },
  };
  const world = { account, http, now: () => now, random: context.random };
  return providerByName(name)?.client?.(credentials, world) ?? {};
}

/** What the platform answers of an order once it has sent a notification. */
export async function factsAsked(
  name: string,
  credentials: Readonly<Record<string, unknown>>,
  { notification, order }: { notification: Notification; order: Reference },
) {
  const client = clientOver(name, credentials, booksOf(notification));
  return (await client.query?.(order, new AbortController().signal))?.facts ?? [];
}
