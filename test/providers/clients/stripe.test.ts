import { describe, expect, it } from 'vitest';
import { stripe } from '../../../src/providers/index.ts';
import type { HttpRequest } from '../../../src/providers/provider.ts';
import { account, failureOf, now, seededRandom } from '../support.ts';

const day = '2026-01-04';
const end = Date.parse('2026-01-05T00:00:00Z') / 1000;
const { signal } = new AbortController();

/** Reads the bill of a day where Stripe gives these answers, one after the other. */
async function reading(...answers: readonly object[]) {
  const asked: HttpRequest[] = [];
  const http = {
    async send(request: HttpRequest) {
      asked.push(request);
      return { status: 200, headers: [], body: Buffer.from(JSON.stringify(answers[asked.length - 1] ?? {})) };
    },
    async *stream(request: HttpRequest) {
      asked.push(request);
      yield Buffer.from('csv');
    },
  };
  const credentials = {
    ...Object(stripe.pair?.(seededRandom('stripe bill')).account),
    api_key: 'sk_live_0123456789abcdef',
  };
  const client = stripe.client?.(credentials, { account, http, now: () => now, random: seededRandom('x') });
  for await (const chunk of client?.statement?.(day, signal) ?? []) expect(Buffer.from(chunk).toString()).toBe('csv');
  return asked;
}

describe('the bill of Stripe', () => {
  const begun = [{ data_available_end: end }, { id: 'frr_1', status: 'pending' }];

  it('is a report of the day in UTC, which asking again finds, fetched with the key from Stripe’s own host', async () => {
    const result = { url: 'https://files.stripe.com/v1/files/file_1/contents' };
    const asked = await reading(...begun, { id: 'frr_1', status: 'succeeded', result });
    const form = new URLSearchParams(Buffer.from(asked[1]?.body ?? '').toString());
    expect([form.get('parameters[interval_start]'), form.get('parameters[interval_end]')]).toEqual([
      String(end - 86_400),
      String(end),
    ]);
    expect(asked[1]?.headers).toContainEqual(['idempotency-key', expect.stringContaining(day)]);
    expect(asked[3]).toMatchObject({ method: 'GET', url: result.url });
    expect(asked[3]?.headers).toContainEqual(['authorization', 'Bearer sk_live_0123456789abcdef']);
  });

  it.each([
    ['statement.absent', 'Stripe has not the day’s data', [{ data_available_end: end - 1 }]],
    ['statement.absent', 'the report is being made', [...begun, { id: 'frr_1', status: 'pending' }]],
    ['provider.refused', 'the report failed', [...begun, { id: 'frr_1', status: 'failed', error: 'no' }]],
    ['provider.answer', 'its run is of another kind', [...begun, {}]],
    [
      'provider.answer',
      'its file lies elsewhere',
      [...begun, { status: 'succeeded', result: { url: 'https://a.example/' } }],
    ],
  ])('is %s where %s', async (code, _what, answers) => {
    await expect(reading(...answers)).rejects.toMatchObject(failureOf(code));
  });
});
