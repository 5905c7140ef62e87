import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { systemClock } from '../../src/domain/clock.ts';
import { adminKey } from '../server/serving.ts';
import type { Cluster, Kind } from './cluster.ts';
import { apiKey, apiSecret, merchant } from './shop-settings.ts';

/** An answer that did not take what was sent. */
interface Refusal {
  kind: 'callback' | 'publish';
  status: number;
  contentType: string;
  text: string;
  tookMs: number;
}

/** Between two tries of one sender, and between two things that it sends. */
const pauseMs = 20;
/** The format's deadline: a provider waits no longer for an answer to a callback. */
export const patienceMs = 10_000;
/** A publisher does. */
const publisherMs = 30_000;

/** A provider and a publisher: both send again until they are told that it was taken. */
export class Load {
  /** By order number; publishes with the notification's id. */
  readonly acknowledged = { callbacks: new Set<string>(), publishes: new Map<string, string>() };
  readonly refusals: Refusal[] = [];
  /** Requests that got no answer, by the code of the error. */
  readonly unanswered: string[] = [];
  readonly #cluster: Pick<Cluster, 'urls' | 'callbackPath'>;
  readonly #kinds: readonly Kind[] | undefined;
  readonly #agent = new Agent({ connections: 64, headersTimeout: publisherMs, bodyTimeout: publisherMs });
  #made = 0;
  #isOver = false;
  #senders: Promise<void>[] = [];

  /** `kinds`: the nodes it asks; default: all that take requests. */
  constructor(cluster: Pick<Cluster, 'urls' | 'callbackPath'>, kinds?: readonly Kind[]) {
    this.#cluster = cluster;
    this.#kinds = kinds;
  }

  get count(): number {
    return this.acknowledged.callbacks.size + this.acknowledged.publishes.size;
  }

  /** Keeps `atOnce` requests under way until `stop`. */
  start(atOnce: number): void {
    this.#senders = Array.from({ length: atOnce }, async () => {
      while (!this.#isOver) {
        this.#made += 1;
        if (this.#made % 2 === 0) await this.#callback(`C-${this.#made}`);
        else await this.#publish(`P-${this.#made}`);
        await pause(pauseMs);
      }
    });
  }

  /** Resolves when everything that was begun is taken. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#senders);
    await this.#agent.destroy();
  }

  async #callback(orderNo: string): Promise<void> {
    const body = JSON.stringify({
      order_id: orderNo,
      status: 'success',
      amount_minor: 100,
      currency: 'CNY',
      payment_id: `pay-${orderNo}`,
    });
    const signature = createHmac('sha256', apiSecret).update(body).digest('hex');
    const headers = { authorization: `HMAC ${apiKey}:${signature}` };
    await this.#untilTaken('callback', this.#cluster.callbackPath, { headers, body });
    this.acknowledged.callbacks.add(orderNo);
  }

  async #publish(orderNo: string): Promise<void> {
    const body = JSON.stringify({
      merchant,
      type: 'payment.succeeded',
      order_no: orderNo,
      amount_minor: 100,
      currency: 'CNY',
      idempotency_key: orderNo,
    });
    const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
    const answer: { id: string } = JSON.parse(
      await this.#untilTaken('publish', '/v1/notifications', { headers, body }),
    );
    this.acknowledged.publishes.set(orderNo, answer.id);
  }

  async #untilTaken(
    kind: Refusal['kind'],
    path: string,
    sent: { headers: Record<string, string>; body: string },
  ): Promise<string> {
    for (let turn = this.#made; ; turn += 1) {
      const urls = this.#cluster.urls(this.#kinds);
      const url = urls[turn % urls.length];
      if (url !== undefined) {
        const beganMs = systemClock.monotonicMs();
        try {
          const answer = await request(url + path, { method: 'POST', ...sent, dispatcher: this.#agent });
          const text = await answer.body.text();
          if (answer.statusCode === 200 || answer.statusCode === 202) return text;
          const { statusCode: status, headers } = answer;
          const tookMs = systemClock.monotonicMs() - beganMs;
          this.refusals.push({ kind, status, contentType: String(headers['content-type']), text, tookMs });
        } catch (error) {
          // Whether it was taken is not known, so it is sent again.
          this.unanswered.push(error instanceof Error && 'code' in error ? String(error.code) : String(error));
        }
      }
      await pause(pauseMs);
    }
  }
}
