import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asId, newId } from '../../src/domain/ids.ts';
import { unobserved } from '../../src/domain/observe.ts';
import { type Paidonce, paidonceOn } from '../../src/paidonce.ts';
import { providers as builtIn } from '../../src/providers/index.ts';
import type { RawReply, RawRequest } from '../../src/providers/provider.ts';
import { apis } from '../../src/sandbox/platform-api.ts';
import { createService, type Service } from '../../src/service.ts';
import { type Chance, chanceOf } from './chance.ts';
import { differ, merchantOf, type SimulatedMerchant } from './merchants.ts';
import { SimulatedPlatform } from './platform.ts';
import { type Process, SimulatedStore } from './store.ts';
import { expiresMs, needs, playStory, type Story, type StoryName, storyNames, type Truth, truthOf } from './stories.ts';
import { SimulatedTime } from './time.ts';

export interface Outcome {
  orders: number;
  facts: number;
  crashes: number;
  /** Sentences; none: everything is as the platform's books say. */
  differences: readonly string[];
  /** The longest that a payment of which no callback told stayed unheard. */
  unheardMs: number;
}

/** Formats whose callbacks and API the simulation speaks. */
const formats = ['stripe', 'alipay', 'checkout', 'midtrans', 'mollie', 'razorpay', 'square', 'xendit'] as const;
/** Of these only what their platform answers is believed. */
const readBack: ReadonlySet<string> = new Set(['midtrans', 'mollie', 'xendit']);
const providers = new Map(builtIn.map((provider) => [provider.name, provider]));
const masterKey = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
const baseUrl = 'https://api.example.com';
/** All stories have ended by then, and everything is found that can be found. */
const lastsMs = 1_300_000;
/** So many orders begin within a minute; an account is asked only so often, so more than these begin when these have ended. */
const waveOrders = 100;

/** Plays so many orders, with everything that can go wrong, and compares the end with the platform's own books. `calm`: nothing crashes, and the platform answers. */
export async function simulate(
  seed: string,
  orders: number,
  options: { calm?: true; format?: string } = {},
): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-simulation-'));
  try {
    return await new Simulation(seed, orders, { file: join(folder, 'paidonce.db'), ...options }).run();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Running {
  process: Process;
  store: SimulatedStore;
  service: Service;
  pay: Paidonce;
}

class Simulation {
  readonly #time = new SimulatedTime();
  readonly #chance: Chance;
  readonly #file: string;
  readonly #platform: SimulatedPlatform;
  readonly #merchant: SimulatedMerchant;
  readonly #sayable: readonly [StoryName, ...StoryName[]];
  readonly #currency: string;
  readonly #orders: number;
  readonly #stories: Story[] = [];
  readonly #account: { provider: string; credentials: unknown };
  readonly #paidAt = new Map<string, number>();
  #running: Running | null = null;
  #crashes = 0;
  #crashesLeft: number;

  constructor(
    seed: string,
    orders: number,
    { file, calm = false, format: given }: { file: string; calm?: boolean; format?: string },
  ) {
    this.#file = file;
    const chance = chanceOf(seed);
    this.#chance = chance;
    this.#merchant = merchantOf(chance);
    const format = given ?? chance.pick(formats);
    const provider = providers.get(format);
    const pair = provider?.pair?.((bytes) => chance.bytes(bytes));
    const api = apis.get(format);
    if (provider === undefined || pair === undefined || api === undefined)
      throw new Error(`${format} cannot be simulated`);
    const { types, currencies } = provider.profile;
    const sayable = storyNames
      .filter((name) => needs[name]?.every((type) => types.includes(type)) ?? true)
      // Who is asked says how a refund is now: one that came back before we asked was never paid out, as far as we can know.
      .filter((name) => name !== 'refund_bounced' || !readBack.has(format));
    this.#sayable = ['paid', ...sayable];
    this.#currency = currencies?.[0] ?? 'USD';
    this.#account = { provider: format, credentials: { ...Object(pair.account), api_base_url: baseUrl } };
    const deliver = (request: RawRequest) => this.#deliver(request);
    this.#platform = new SimulatedPlatform({
      provider,
      pair,
      api,
      time: this.#time,
      chance,
      unanswered: calm ? 0 : 0.05,
      deliver,
    });
    this.#crashesLeft = calm ? 0 : Math.max(1, Math.round(orders / 3));
    this.#orders = orders;
  }

  async run(): Promise<Outcome> {
    await this.#start();
    while (this.#stories.length < this.#orders) {
      const end = Math.min(this.#stories.length + waveOrders, this.#orders);
      while (this.#stories.length < end) this.#play(this.#stories.length);
      await this.#time.passUntil(this.#time.now + lastsMs);
    }
    this.#crashesLeft = 0;
    if (this.#running === null) await this.#start();
    await this.#time.passUntil(this.#time.now + 300_000);
    const { differences, facts, heardAt } = await this.#compare();
    this.#running?.store.abandon();
    this.#time.end();
    const waits = this.#stories.map(({ name, orderNo }) =>
      name === 'unheard' ? (heardAt.get(orderNo) ?? Number.POSITIVE_INFINITY) - (this.#paidAt.get(orderNo) ?? 0) : 0,
    );
    return {
      orders: this.#stories.length,
      facts,
      crashes: this.#crashes,
      differences,
      unheardMs: Math.max(0, ...waits),
    };
  }

  #storyOf(index: number): Story {
    const name = this.#chance.pick(this.#sayable);
    const amountMinor = this.#chance.pick(this.#merchant.amounts);
    const partly = name === 'underpaid' ? -100n : name === 'overpaid' ? 100n : 0n;
    const expiresAt = this.#time.now + expiresMs;
    return {
      name,
      orderNo: `SIM-${index}`,
      amountMinor,
      currency: this.#currency,
      paysMinor: amountMinor + partly,
      expiresAt,
    };
  }

  #play(index: number): void {
    const story = this.#storyOf(index);
    this.#stories.push(story);
    playStory(story, {
      time: this.#time,
      chance: this.#chance,
      platform: this.#platform,
      announce: () => this.#untilDone(({ pay }) => announce(pay, this.#merchant.row(story, index), story)),
      closeOrder: () =>
        this.#untilDone(({ service }) =>
          service.orders.close({
            merchant: asId.merchant(this.#merchant.name),
            orderNo: asId.orderNo(story.orderNo),
            reason: 'sold out',
            by: 'simulation',
          }),
        ),
      paid: () => void this.#paidAt.set(story.orderNo, this.#time.now),
    });
  }

  /** The merchant does it again as long as no answer came. */
  #untilDone(act: (running: Running) => Promise<unknown>): void {
    const again = () => void this.#time.after(3000, () => this.#untilDone(act));
    const running = this.#running;
    if (running === null) {
      again();
      return;
    }
    let isDone = false;
    this.#time.after(5000, () => isDone || this.#untilDone(act));
    act(running).then(
      () => {
        isDone = true;
      },
      () => {}, // The order is not there yet, or the process went: it is tried again.
    );
  }

  /** A process on the same database: what the one before left is all it knows. */
  async #start(): Promise<void> {
    const chance = this.#chance;
    const random = (bytes: number) => chance.bytes(bytes);
    const process: Process = { alive: true, endsHere: () => false };
    const time = this.#time;
    const store = new SimulatedStore(this.#file, { time, process, random });
    const clock = time.clockOf(process, chance.happens(0.3) ? chance.whole(1000, 60_000) : 0);
    const service = createService({
      store,
      providers,
      masterKeys: [masterKey],
      adminKey: null,
      publicUrl: 'https://pay.example.com',
      allowTargets: [],
      role: 'all',
      node: newId('nod', time.now, 0, random),
      clock,
      random,
      observe: unobserved,
      http: this.#platform.httpFor(process),
    });
    const accounts = { main: this.#account };
    const pay = paidonceOn(service, { merchant: this.#merchant.name, accounts });
    this.#merchant.register(pay);
    await service.start();
    await pay.start();
    await this.#merchant.prepare(pay);
    this.#running = { process, store, service, pay };
    this.#planCrash(process, store);
  }

  /** It ends before or after some commit, or in the middle of a transaction. */
  #planCrash(process: Process, store: { abandon(): void }): void {
    if (this.#crashesLeft <= 0) return;
    this.#time.after(this.#chance.whole(1000, 200_000), () => {
      let callsLeft = this.#chance.whole(0, 12);
      process.endsHere = () => {
        callsLeft -= 1;
        if (callsLeft >= 0 || this.#crashesLeft <= 0) return false;
        this.#crashesLeft -= 1;
        this.#crashes += 1;
        this.#running = null;
        store.abandon();
        this.#time.after(this.#chance.whole(500, 20_000), () => void this.#start());
        return true;
      };
    });
  }

  #deliver(request: RawRequest): Promise<RawReply> | null {
    const running = this.#running;
    if (running === null) return null;
    return receive(running, request, this.#time.now);
  }

  async #compare(): Promise<Compared> {
    const running = this.#running;
    if (running === null) return { differences: ['nothing runs at the end'], facts: 0, heardAt: new Map() };
    const told = this.#stories.map((story): readonly [Story, Truth] => {
      return [story, truthOf(story, this.#platform.paymentsOf(story.orderNo))];
    });
    // Time must pass for what is asked now.
    let compared: Compared | null = null;
    void compareAll(running, this.#merchant, told).then((done) => {
      compared = done;
    });
    await this.#time.passUntil(this.#time.now + 1000);
    return compared ?? { differences: ['the comparison did not end'], facts: 0, heardAt: new Map() };
  }
}

interface Compared {
  differences: string[];
  facts: number;
  /** When the money of an order was first heard of. */
  heardAt: ReadonlyMap<string, number>;
}

async function receive({ service, pay }: Running, request: RawRequest, receivedAt: number): Promise<RawReply> {
  const account = pay.callbackUrl('main').split('/').at(-1) ?? '';
  const received = await service.callbacks.receive({ ...request, account, receivedAt, cut: null });
  if (received === null) throw new Error('the account is gone');
  received.written();
  return received.reply;
}

async function announce(
  pay: Paidonce,
  row: ReturnType<SimulatedMerchant['row']>,
  { orderNo, amountMinor, currency, expiresAt }: Story,
): Promise<void> {
  const known = await pay.order(orderNo);
  if (known !== null && known.order.expectations.length > 0) return;
  await pay.transaction(async (tx) => {
    await tx.query(row.sql, row.values);
    await pay.expected(orderNo, { amountMinor, currency, accounts: ['main'], expiresAt }, { tx });
  });
}

async function compareAll(
  { pay }: Running,
  merchant: SimulatedMerchant,
  told: readonly (readonly [Story, Truth])[],
): Promise<Compared> {
  const differences: string[] = [];
  let facts = 0;
  const heardAt = new Map<string, number>();
  for (const [{ orderNo, name }, truth] of told) {
    const found = await pay.order(orderNo);
    if (found === null) {
      differences.push(`${orderNo}: there is no such order`);
      continue;
    }
    facts += found.facts.length;
    const sightings = found.facts.filter(({ kind }) => kind === 'captured').flatMap((fact) => fact.sightings);
    if (sightings.length > 0) heardAt.set(orderNo, Math.min(...sightings.map(({ at }) => at)));
    const { status, totals } = found.order;
    const open = found.discrepancies.filter(({ state }) => state === 'open').map(({ kind }) => kind);
    const of = `${orderNo} (${name})`;
    if (!truth.statuses.includes(status))
      differences.push(`${of}: it is ${status}, must be ${truth.statuses.join(' or ')}`);
    differences.push(
      ...differ(of, 'captured', totals.capturedMinor, truth.capturedMinor),
      ...differ(of, 'refunded', totals.refundedMinor, truth.refundedMinor),
      ...differ(of, 'disputed', totals.disputedMinor, truth.disputedMinor),
      ...differ(of, 'charged back', totals.chargedBackMinor, truth.chargedBackMinor),
      ...differ(of, 'open discrepancies', open.sort().join(), [...truth.open].sort().join()),
    );
  }
  return { differences: [...differences, ...(await merchant.differences(pay, told))], facts, heardAt };
}
