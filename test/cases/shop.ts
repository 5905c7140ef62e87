import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { asId, randomBytesOf } from '../../src/domain/ids.ts';
import { dayAfter } from '../../src/domain/reconciliation.ts';
import { providers } from '../../src/providers/index.ts';
import type { RawRequest } from '../../src/providers/provider.ts';
import { wechatpayBill } from '../../src/sandbox/bills/wechatpay.ts';
import { notificationOf, seededRandom } from '../providers/support.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import type { Billed, Callback, Case, Given, Step } from './words.ts';

/** A server that every case has a merchant of its own on, and a moment that only goes forward. */
export interface Street {
  server: TestServer;
  /** Moves the time of the whole street. */
  later(ms: number): void;
  now(): number;
  stop(): Promise<void>;
}

export async function openStreet(): Promise<Street> {
  let ahead = 0;
  const now = () => systemClock.now() + ahead;
  const clock: Clock = { ...systemClock, now };
  const server = await startTestServer({ clock, sandbox: true });
  const later = (ms: number) => {
    ahead += ms;
  };
  return { server, now, later, stop: () => server.stop() };
}

type Row = Record<string, unknown>;

/** What a merchant's own backend hears of its orders: every notification, opened as its format says. */
interface Heard {
  url: string;
  sent: string[];
  stop(): void;
}

const pairs = new Map<string, { account: object; endpoint: object }>();

/** Keys take a while to make, so each format's are made once. */
function pairOf(provider: string) {
  const known = pairs.get(provider);
  const made = known ?? providers.find(({ name }) => name === provider)?.pair?.(seededRandom(provider));
  if (made === undefined) throw new Error(`no pair of credentials for ${provider}`);
  const pair = { account: Object(made.account), endpoint: Object(made.endpoint) };
  pairs.set(provider, pair);
  return pair;
}

/** What a person did has a note of the person's; Paidonce itself acts for these. */
function isInOwnWords({ what, details }: Record<string, unknown>): boolean {
  return what !== 'action' || ['policy', 'sweep', 'person', 'close', 'refund'].includes(Object(details).by);
}

/** A merchant of a case's own, with everything that can be seen of it from outside. */
export class Shop {
  readonly #street: Street;
  readonly #merchant: string;
  readonly #orderNo: string;
  readonly #heard: Heard;
  readonly #accounts = new Map<string, { id: string; provider: string }>();
  readonly #answers: string[] = [];
  /** What came in, to be sent once more at the end. */
  readonly #requests: { account: string; request: RawRequest }[] = [];

  private constructor(street: Street, merchant: string, heard: Heard) {
    this.#street = street;
    this.#merchant = merchant;
    this.#orderNo = `${merchant}-1`;
    this.#heard = heard;
  }

  static async open(street: Street, story: Case, merchant: string): Promise<Shop> {
    const heard = await listen();
    const shop = new Shop(street, merchant, heard);
    const policies = story.policies ?? {};
    await shop.#call('POST', '/v1/merchants', { id: merchant, name: story.says, policies });
    const { api_key, api_secrets } = pairOf('hmac').endpoint as Record<string, unknown>;
    await shop.#call('POST', `/v1/merchants/${merchant}/endpoints`, {
      url: heard.url,
      provider: 'hmac',
      credentials: { api_key, api_secrets },
      ordering: 'order',
    });
    const accounts: NonNullable<Case['accounts']> = { main: {}, ...story.accounts };
    for (const [account, settings] of Object.entries(accounts)) {
      const { by = 'hmac', credentials = {}, answers = false, ...rest } = settings;
      const own = answers ? (await shop.#call('GET', `/sandbox/credentials/${by}`)).account : pairOf(by).account;
      const made = { ...Object(own), ...credentials };
      const { id } = await shop.#call('POST', '/v1/accounts', {
        merchant,
        provider: by,
        credentials: made,
        name: account,
        ...rest,
      });
      shop.#accounts.set(account, { id: String(id), provider: by });
    }
    return shop;
  }

  async take(step: Step): Promise<void> {
    switch (step.is) {
      case 'order':
        return this.#expect(step);
      case 'callback':
        return this.#receive(step);
      case 'bill':
        return this.#reconcile(step.on ?? 'main', step.rows);
      case 'close':
        return this.#done('POST', `${this.#path()}/close`, { merchant: this.#merchant, reason: 'the shop is shut' });
      case 'confirm': {
        const { on = 'main', operation, amount, currency = 'CNY', override = false } = step;
        const about = { account: this.#account(on).id, operation_id: operation, amount_minor: amount, currency };
        return this.#done('POST', `${this.#path()}/confirm`, {
          merchant: this.#merchant,
          ...about,
          note: 'seen on the portal',
          override,
        });
      }
      case 'resolve':
        return this.#resolve(step);
      case 'secrets': {
        const credentials = { ...pairOf(this.#account('main').provider).account, ...step.credentials };
        await this.#call('PATCH', `/v1/accounts/${this.#account('main').id}`, { credentials });
        return;
      }
      case 'later': {
        this.#street.later(step.ms);
        return;
      }
      case 'wait':
        return eventually(async () => step.until(await this.seen()));
    }
  }

  /** Everything at rest: what is stored, what was answered, and what the merchant heard. */
  async seen(): Promise<Given> {
    const query = `merchant=${this.#merchant}`;
    const path = `${this.#path()}?${query}`;
    const order = await this.#street.server.call('GET', path);
    const discrepancies = await this.#rows(`/v1/discrepancies?${query}`);
    const callbacks = await this.#rows(`/v1/callbacks?${query}`);
    await eventually(async () =>
      (await this.#rows(`/v1/deliveries?${query}`)).every(({ state }) => state === 'confirmed'),
    );
    const timeline = order.status === 200 ? await this.#rows(`${this.#path()}/timeline?${query}`) : [];
    const named = (state: string) =>
      discrepancies
        .filter((one) => one.state === state)
        .map(({ kind }) => String(kind))
        .sort();
    return {
      order: order.body,
      answers: this.#answers,
      verdicts: callbacks.map(({ verdict }) => String(verdict)).reverse(),
      sent: [...this.#heard.sent],
      open: named('open'),
      ended: [...named('resolved'), ...named('accepted'), ...named('ignored')].sort(),
      timeline: timeline.map(({ what, text, why }) => ({ what: String(what), text: String(text), why: String(why) })),
      whys: [
        ...timeline.filter(isInOwnWords).map(({ why }) => why),
        ...discrepancies.map(({ why }) => why),
        ...callbacks.flatMap(({ reason }) => (reason === null ? [] : [reason])),
      ].map(String),
    };
  }

  /** Every callback once more, as providers do. */
  async again(): Promise<void> {
    for (const { account, request } of this.#requests) await this.#send(account, request);
  }

  close(): void {
    this.#heard.stop();
  }

  async #expect({
    order = this.#orderNo,
    costs,
    currency = 'CNY',
    on,
    references,
    payee,
    withinMs,
  }: Extract<Step, { is: 'order' }>): Promise<void> {
    const body = {
      merchant: this.#merchant,
      amount_minor: costs,
      currency,
      ...(on === undefined ? {} : { accounts: on.map((name) => this.#account(name).id) }),
      ...(references === undefined ? {} : { references: references.map((reference) => ({ reference })) }),
      ...(payee === undefined ? {} : { payee }),
      ...(withinMs === undefined ? {} : { expires_at: new Date(this.#street.now() + withinMs).toISOString() }),
    };
    const { status } = await this.#street.server.call('PUT', `/v1/orders/${order}`, body);
    this.#answers.push(`order ${status}`);
  }

  /** Of yesterday, where bills of WeChat Pay are dated. */
  #noon(): { day: string; at: number } {
    const date = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short' });
    const day = dayAfter(date.format(this.#street.now()), -1);
    return { day, at: Date.parse(`${day}T12:00:00+08:00`) };
  }

  async #reconcile(on: string, rows: readonly Billed[]): Promise<void> {
    const { day, at } = this.#noon();
    const { mchid, appids } = Object(pairOf('wechatpay').account);
    const billed = rows.map(({ kind, of: paymentId, amount = 8880 }) => {
      const about = { kind, paymentId, operationId: paymentId, reference: this.#orderNo, providerTime: at } as const;
      const money = { amountMinor: BigInt(amount), currency: 'CNY', measure: 'single', fromOrder: false } as const;
      return { fact: { ...about, ...money }, feeMinor: 0n };
    });
    const statement = Buffer.concat([...wechatpayBill(billed, { mchid, appid: appids[0] })]).toString();
    const account = this.#account(on).id;
    const { id } = await this.#call('POST', '/v1/reconciliations', { account, date: day, statement });
    await eventually(async () => {
      const { body } = await this.#street.server.call('GET', `/v1/reconciliations/${id}`);
      if (body.state === 'failed') throw new Error(JSON.stringify(body.failure));
      return body.state === 'done';
    });
  }

  async #receive(callback: Callback): Promise<void> {
    const account = this.#account(callback.on ?? 'main');
    const request =
      callback.broken?.(await this.#sealed(callback, account.provider)) ??
      (await this.#sealed(callback, account.provider));
    for (let copies = callback.copies ?? 1; copies > 0; copies -= 1) await this.#send(account.id, request);
    this.#requests.push({ account: account.id, request });
  }

  async #sealed(callback: Callback, provider: string): Promise<RawRequest> {
    const {
      of: paymentId,
      operation = paymentId,
      amount = 8880,
      currency = 'CNY',
      total = amount,
      agoMs = 0,
      atNoon = false,
    } = callback;
    const now = this.#street.now();
    const notification = notificationOf(callback.type, {
      orderNo: asId.orderNo(callback.order ?? this.#orderNo),
      paymentId,
      operationId: operation,
      amountMinor: BigInt(amount),
      currency,
      orderAmountMinor: 8880n,
      refundedTotalMinor: callback.type === 'refund.succeeded' ? BigInt(total) : null,
      occurredAt: atNoon ? this.#noon().at : now - agoMs,
      createdAt: now,
      id: asId.notification(`ntf_${callback.message ?? `${callback.type}${paymentId}${operation}${amount}`}`),
    });
    const sender = providers
      .find(({ name }) => name === provider)
      ?.sender({ ...pairOf(provider).endpoint, ...callback.seal });
    if (sender === undefined) throw new Error(`no provider ${provider}`);
    const { sealedAgoMs = 0, body, sameNonce } = callback;
    const random = sameNonce ? seededRandom('nonce') : randomBytesOf;
    const { publicUrl } = this.#street.server;
    const sealed = await sender.seal(notification, { now: now - sealedAgoMs, publicUrl, random });
    return body === undefined ? sealed : resigned(provider, sealed, body);
  }

  async #send(account: string, { method, headers, body }: RawRequest): Promise<void> {
    const given = {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      body: Buffer.from(body),
    };
    const reply = await fetch(`${this.#street.server.url}/callbacks/${account}`, given);
    this.#answers.push(`${reply.status} ${await reply.text()}`.trim());
  }

  async #resolve({ kind, action, amount }: Extract<Step, { is: 'resolve' }>): Promise<void> {
    const open = await this.#rows(`/v1/discrepancies?merchant=${this.#merchant}&state=open&kind=${kind}`);
    const about = { action, note: 'asked the buyer', ...(amount === undefined ? {} : { amount_minor: amount }) };
    await this.#done('POST', `/v1/discrepancies/${open[0]?.id}/resolve`, about);
  }

  async #done(method: string, path: string, body: object): Promise<void> {
    const { status } = await this.#street.server.call(method, path, body);
    this.#answers.push(`${path.split('/').at(-1)} ${status}`);
  }

  async #call(method: string, path: string, body?: object): Promise<Row> {
    const answered = await this.#street.server.call(method, path, body);
    if (answered.status >= 300) throw new Error(`${method} ${path}: ${answered.text}`);
    return answered.body;
  }

  async #rows(path: string): Promise<Row[]> {
    const { body, text } = await this.#street.server.call('GET', path);
    if (!Array.isArray(body.data)) throw new Error(text);
    return body.data;
  }

  #account(name: string) {
    const account = this.#accounts.get(name);
    if (account === undefined) throw new Error(`the case has no account ${name}`);
    return account;
  }

  #path(): string {
    return `/v1/orders/${this.#orderNo}`;
  }
}

/** The request with another body, signed again as the platform would: what is wrong with it is not its signature. */
function resigned(
  provider: string,
  request: RawRequest,
  change: string | ((body: Record<string, unknown>) => object),
): RawRequest {
  const body =
    typeof change === 'string' ? change : JSON.stringify(change(JSON.parse(Buffer.from(request.body).toString())));
  const { header, value } = signatureOf(provider, body);
  const headers = request.headers.map(([name, was]) => [name, name === header ? value(was) : was] as const);
  return { ...request, headers, body: Buffer.from(body) };
}

function signatureOf(provider: string, body: string): { header: string; value(was: string): string } {
  const endpoint: Record<string, unknown> = Object(pairOf(provider).endpoint);
  const sign = (secrets: unknown, text: string) =>
    createHmac('sha256', String(Object(secrets)[0]))
      .update(text)
      .digest('hex');
  switch (provider) {
    case 'hmac':
      return {
        header: 'authorization',
        value: () => `HMAC ${endpoint.api_key}:${sign(endpoint.api_secrets, body)}`,
      };
    case 'stripe':
      return {
        header: 'stripe-signature',
        value: (was) => {
          const [time = ''] = was.split(',');
          return `${time},v1=${sign(endpoint.webhook_secrets, `${time.slice('t='.length)}.${body}`)}`;
        },
      };
    default:
      throw new Error(`callbacks of ${provider} are sealed as they are`);
  }
}

/** The merchant's own callback URL, which trusts what it opens and confirms it. */
async function listen(): Promise<Heard> {
  const receiver = providers
    .find(({ name }) => name === 'hmac')
    ?.receiver(pairOf('hmac').account, { id: asId.account('acc_backend'), mode: 'live' });
  const sent: string[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const);
    const request = { method: 'POST', target: '/', headers, body: Buffer.concat(chunks) };
    const opened = receiver?.open(request, { now: 0, publicUrl: '', random: seededRandom('backend') });
    if (opened?.is !== 'facts' && opened?.is !== 'ignored')
      throw new Error(`the merchant could not open what was sent: ${opened?.is}`);
    const { status, amount_minor: amount, currency } = JSON.parse(request.body.toString());
    sent.push(`${status} ${amount} ${currency}`);
    outgoing.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, sent, stop: () => void server.close(() => server.closeAllConnections()) };
}
