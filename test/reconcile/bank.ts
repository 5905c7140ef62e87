import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { AppError } from '../../src/domain/errors.ts';
import type { Fact, FactKind } from '../../src/domain/fact.ts';
import { define } from '../../src/providers/define.ts';
import { acceptRisk } from '../../src/providers/primitives/credentials.ts';
import type { Client, ClientWorld, Reference } from '../../src/providers/provider.ts';

/** What the bank knows of one of its payments. */
export interface BankPayment {
  id: string;
  orderNo: string;
  kind: FactKind;
  amount: number;
  operation?: string;
}

const reply = { status: 200, headers: [], body: new Uint8Array(0) };
const credentials = z.strictObject({
  secret: z.string().min(1),
  api_url: z.exactOptional(z.string()),
  accept_risk: acceptRisk('amount'),
});
const told = z.object({ order: z.string().optional(), payment: z.string().optional(), is: z.enum(['facts', 'ping']) });
const answer = z.object({
  state: z.enum(['open', 'final', 'not_found']),
  payments: z.array(
    z.object({
      id: z.string(),
      orderNo: z.string(),
      kind: z.string(),
      amount: z.number(),
      operation: z.string().optional(),
    }),
  ),
});

/** A platform for tests: it signs that something happened, not what. Its API is a real server, `startBank`. */
export const bank = define({
  name: 'bank',
  profile: {
    deadlineMs: 5000,
    schedule: [1000],
    types: [],
    singleHeaders: [],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [],
    unsigned: { risk: 'amount', why: 'the signature does not cover the amount' },
  },
  accountCredentials: credentials,
  endpointCredentials: z.strictObject({}),
  receiver: ({ secret }, account) => ({
    open({ headers, body }) {
      if (!headers.some(([name, value]) => name === 'x-secret' && value === secret))
        return { is: 'refused', code: 'signature.mismatch', why: 'x-secret is another', signedText: null };
      const { is, order = null, payment = null } = told.parse(JSON.parse(Buffer.from(body).toString()));
      if (is === 'ping') return { is, messageId: null, references: [{ reference: order, paymentId: payment }] };
      const made = factOf(account.id, {
        id: payment ?? `pay-${order}`,
        orderNo: order ?? '',
        kind: 'captured',
        amount: 1,
      });
      return { is, messageId: null, facts: [made], readBack: true };
    },
    acknowledge: (outcome) => ({ ...reply, status: outcome === 'refused' ? 401 : outcome === 'try_later' ? 503 : 200 }),
  }),
  sender: () => ({
    seal: () => ({ method: 'POST', target: '', headers: [], body: reply.body }),
    judge: () => ({ confirmed: true, why: '', retry: 'stop' }),
  }),
  client: ({ api_url }, world) => (api_url === undefined ? {} : clientOf(api_url, world)),
});

function clientOf(url: string, { http, account }: ClientWorld): Client {
  const send = async (path: string, { reference, paymentId }: Reference, signal: AbortSignal, more = {}) => {
    const target = `${url}/${path}?${new URLSearchParams({ order: reference ?? '', payment: paymentId ?? '', ...more })}`;
    const { status, body } = await http.send({ method: 'GET', url: target, headers: [], body: reply.body }, signal);
    if (status === 599) throw new AppError('provider.unreachable', 'the bank is ill');
    if (status !== 200) throw new AppError('provider.refused', `status ${status}`);
    const { state, payments } = answer.parse(JSON.parse(Buffer.from(body).toString()));
    const facts = payments.map((payment) => factOf(account.id, payment as BankPayment));
    return { state, facts };
  };
  return {
    query: async (reference, signal) => {
      if (reference.reference?.startsWith('not-ours-'))
        throw new AppError('provider.cannot_ask', 'the bank finds nothing by this number');
      return send('query', reference, signal);
    },
    close: async (reference, signal) => (await send('close', reference, signal)).facts[0] ?? null,
    refund: async (reference, { amountMinor }, key, signal) => {
      const { facts } = await send('refund', reference, signal, { key, amount: String(amountMinor) });
      const [fact] = facts;
      if (fact === undefined) throw new AppError('provider.answer', 'the bank tells no refund');
      return fact;
    },
  };
}

function factOf(account: Fact['account'], { id, orderNo, kind, amount, operation = id }: BankPayment): Fact {
  const money = { amountMinor: BigInt(amount), currency: 'EUR', fromOrder: false, measure: 'single' } as const;
  return { account, kind, paymentId: id, operationId: operation, reference: orderNo, ...money, providerTime: 1000 };
}

export interface Bank {
  url: string;
  /** By order number and by id. */
  payments: BankPayment[];
  /** What was given back, by idempotency key, and how it is told. */
  refunds: Map<string, BankPayment>;
  refundsAs: 'refunded' | 'refund_pending';
  /** What was asked, as `query O-1`. */
  asked: string[];
  /** Answered instead, where set. */
  fails: number | null;
  /** Called before each answer. */
  before: () => Promise<void>;
  /** The most requests that were under way at once. */
  busiest: number;
  close(): Promise<void>;
}

/** The bank's API on loopback. */
export async function startBank(): Promise<Bank> {
  const state = { payments: [] as BankPayment[], asked: [] as string[], fails: null as number | null, busiest: 0 };
  const refunding = { refunds: new Map<string, BankPayment>(), refundsAs: 'refunded' } as const;
  const made: Bank = { ...state, ...refunding, url: '', before: async () => {}, close: async () => {} };
  let underWay = 0;
  const answerOf = (request: IncomingMessage) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://bank');
    const [order, payment] = [searchParams.get('order') ?? '', searchParams.get('payment') ?? ''];
    made.asked.push(`${pathname.slice(1)} ${payment || order}`);
    if (pathname === '/refund') {
      const key = searchParams.get('key') ?? '';
      const money = { amount: Number(searchParams.get('amount')), kind: made.refundsAs, operation: `ref-${key}` };
      const refund = made.refunds.get(key) ?? { id: payment, orderNo: order, ...money };
      made.refunds.set(key, refund);
      return { state: 'final', payments: [refund] };
    }
    const known = made.payments.filter((one) => (payment === '' ? one.orderNo === order : one.id === payment));
    if (pathname === '/close') {
      if (known.length > 0) return null;
      return { state: 'final', payments: [{ id: `closed-${order}`, orderNo: order, kind: 'closed', amount: 0 }] };
    }
    return { state: known.length === 0 ? 'not_found' : 'final', payments: known };
  };
  const server = createServer(async (request, response) => {
    underWay += 1;
    made.busiest = Math.max(made.busiest, underWay);
    const body = answerOf(request);
    await made.before();
    underWay -= 1;
    response.writeHead(made.fails ?? (body === null ? 409 : 200)).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  made.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  made.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return made;
}
