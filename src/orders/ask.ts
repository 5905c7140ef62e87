import type { Clock } from '../domain/clock.ts';
import type { Fact } from '../domain/fact.ts';
import { isOrderNo, type MerchantId, type OrderNo } from '../domain/ids.ts';
import { limits } from '../domain/limits.ts';
import type { Observe } from '../domain/observe.ts';
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
export function createAsk(deps: { store: Store; clock: Clock; observe: Observe; withBirth: WithBirth }): Ask {
  let expect: Parameters<Ask['askWith']>[0] | null = null;
  const waiting = new Set<string>();
  const over = new AbortController();

  const ask = async (merchant: MerchantId, reference: string): Promise<Answer | null> => {
    if (expect === null || !isOrderNo(reference)) return null;
    const limit = new AbortController();
    const timeout = deps.clock.sleep(limits.expectMs, limit.signal).then(() => null);
    try {
      const answer = await Promise.race([expect(merchant, reference), timeout]);
      return answer === null ? null : expectInputOf(answer);
    } catch (error) {
      deps.observe('expect.failed', 'warn', { merchant, order_no: reference, error: String(error) });
      return null;
    } finally {
      limit.abort();
    }
  };

  const askAgain = async (merchant: MerchantId, reference: string): Promise<void> => {
    for (let tries = 0; !over.signal.aborted; tries += 1) {
      await deps.clock.sleep(gapsMs[Math.min(tries, gapsMs.length - 1)] ?? 0, over.signal);
      if (over.signal.aborted || !isOrderNo(reference)) return;
      if ((await deps.store.read('order', { merchant, orderNo: reference })) !== null) return;
      const answer = await ask(merchant, reference);
      if (answer !== null) {
        await deps.withBirth((born) => deps.store.decide('expect', { ...answer, born }));
        return;
      }
    }
  };

  const again = (merchant: MerchantId, references: readonly string[]): void => {
    if (expect === null) return;
    for (const reference of references) {
      const name = `${merchant} ${reference}`;
      if (waiting.has(name) || waiting.size >= waitingMax) continue;
      waiting.add(name);
      askAgain(merchant, reference)
        // The money stays parked and its discrepancy tells a person; the next start asks again.
        .catch((error: unknown) =>
          deps.observe('expect.failed', 'warn', { merchant, order_no: reference, error: String(error) }),
        )
        .finally(() => waiting.delete(name));
    }
  };

  return {
    askWith(asked) {
      expect = asked;
    },
    async before(merchant, facts) {
      if (expect === null) return [];
      const references = new Set(
        facts.flatMap(({ reference }) => (reference !== null && isOrderNo(reference) ? [reference] : [])),
      );
      const answers = await Promise.all(
        [...references].map(async (reference) => {
          const known = await deps.store.read('order', { merchant, orderNo: reference });
          return known !== null && known.order.expectations.length > 0 ? null : ask(merchant, reference);
        }),
      );
      return answers.filter((answer) => answer !== null);
    },
    again,
    async start() {
      if (expect === null) return;
      for (const { merchant, reference } of await deps.store.read('parkedReferences', { most: waitingMax }))
        again(merchant, [reference]);
    },
    stop: () => over.abort(),
  };
}
