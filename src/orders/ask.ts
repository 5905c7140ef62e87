import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Fact } from '../domain/fact.ts';
import { isOrderNo, type MerchantId, type OrderNo } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Observe } from '../domain/observe.ts';
import { within } from '../domain/within.ts';
import type { ExpectInput, WithBirth } from '../stores/decisions.ts';
import type { Store } from '../stores/store.ts';
import { type ExpectRequest, expectInputOf } from './desk.ts';

type Answer = Omit<ExpectInput, 'born'>;

export interface Ask {
  /** Sets the user's function. Without one nobody is asked. */
  askWith(expect: (merchant: MerchantId, orderNo: OrderNo) => Promise<ExpectRequest | null>): void;
  /** What the user's function says of the references that no order has yet. */
  before(merchant: MerchantId, facts: readonly Fact[]): Promise<readonly Answer[]>;
  /** Asks again later, with growing gaps, until somebody knows the order. */
  again(merchant: MerchantId, references: readonly string[]): void;
  /** Everything still parked from before the start. */
  start(): Promise<void>;
  stop(): void;
}

const gapsMs = [1000, 5000, 30_000, 300_000];
const waitingMax = 10_000;

/**
 * Asks the user's own code what an order is to cost, when money arrives for one that nobody announced. Outside any transaction and
 * within `limits.expectMs`; null, a throw or a timeout mean: not known yet.
 */
export function createAsk(deps: AskDependencies): Ask {
  return new Asking(deps);
}

interface AskDependencies {
  store: Store;
  clock: Clock;
  observe: Observe;
  withBirth: WithBirth;
}

class Asking implements Ask {
  readonly #deps: AskDependencies;
  #expect: Parameters<Ask['askWith']>[0] | null = null;
  /** Orders that are being asked for again. */
  readonly #waiting = new Set<string>();
  readonly #over = new AbortController();

  constructor(deps: AskDependencies) {
    this.#deps = deps;
  }

  askWith(expect: Parameters<Ask['askWith']>[0]): void {
    this.#expect = expect;
  }

  async before(merchant: MerchantId, facts: readonly Fact[]): Promise<readonly Answer[]> {
    if (this.#expect === null) return [];
    const references = facts.map(({ reference }) => reference).filter((reference) => reference !== null);
    const orderNos = new Set(references.filter(isOrderNo));
    const answers = await Promise.all(
      [...orderNos].map(async (orderNo) =>
        (await this.#isExpected(merchant, orderNo)) ? null : this.#ask(merchant, orderNo),
      ),
    );
    return answers.filter((answer) => answer !== null);
  }

  again(merchant: MerchantId, references: readonly string[]): void {
    if (this.#expect === null) return;
    for (const orderNo of references.filter(isOrderNo)) {
      const name = `${merchant} ${orderNo}`;
      if (this.#waiting.has(name) || this.#waiting.size >= waitingMax) continue;
      this.#waiting.add(name);
      this.#askAgain(merchant, orderNo)
        // The money stays parked and its discrepancy tells a person; the next start asks again.
        .catch((error: unknown) => this.#failed(merchant, orderNo, error))
        .finally(() => this.#waiting.delete(name));
    }
  }

  async start(): Promise<void> {
    if (this.#expect === null) return;
    const parked = await this.#deps.store.read('parkedReferences', { most: waitingMax });
    for (const { merchant, reference } of parked) this.again(merchant, [reference]);
  }

  stop(): void {
    this.#over.abort();
  }

  async #isExpected(merchant: MerchantId, orderNo: OrderNo): Promise<boolean> {
    const known = await this.#deps.store.read('order', { merchant, orderNo });
    return known !== null && known.order.expectations.length > 0;
  }

  async #ask(merchant: MerchantId, orderNo: OrderNo): Promise<Answer | null> {
    if (this.#expect === null) return null;
    try {
      const answer = await within(this.#deps.clock, limits.expectMs, this.#expect(merchant, orderNo));
      return answer === null || answer === 'late' ? null : expectInputOf(answer);
    } catch (error) {
      // The user's code failed, not ours: the order is simply not known yet.
      this.#failed(merchant, orderNo, error);
      return null;
    }
  }

  async #askAgain(merchant: MerchantId, orderNo: OrderNo): Promise<void> {
    const { clock, store, withBirth } = this.#deps;
    for (let tries = 0; !this.#over.signal.aborted; tries += 1) {
      await clock.sleep(gapsMs[Math.min(tries, gapsMs.length - 1)] ?? 0, this.#over.signal);
      if (this.#over.signal.aborted || (await this.#isExpected(merchant, orderNo))) return;
      const answer = await this.#ask(merchant, orderNo);
      if (answer === null) continue;
      const output = await withBirth((born) => store.decide('expect', { ...answer, born }));
      if (output.is !== 'refused') return;
      this.#failed(merchant, orderNo, new AppError(output.code, output.detail));
    }
  }

  #failed(merchant: MerchantId, orderNo: OrderNo, error: unknown): void {
    this.#deps.observe('expect.failed', 'warn', { merchant, order_no: orderNo, error: String(error) });
  }
}
