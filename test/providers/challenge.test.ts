import { describe, expect, it } from 'vitest';
import { asId, randomBytesOf } from '../../src/domain/ids.ts';
import { providers } from '../../src/providers/index.ts';
import type { Challenge, Provider, RawReply, RawRequest, Receiver } from '../../src/providers/provider.ts';

const now = Date.UTC(2026, 0, 5);
const challenge = '0123456789abcdef0123456789abcdef';
const account = { id: asId.account('acc_1'), mode: 'live' } as const;
const pairs = providers.flatMap((provider) =>
  provider.pair === undefined ? [] : [[provider.name, provider] as const],
);

interface Sides {
  asked: Challenge;
  receiver: Receiver;
}

/** `strangers`: the account has secrets of another pair. */
function sidesOf(provider: Provider, { strangers = false } = {}): Sides {
  const pair = provider.pair?.(randomBytesOf);
  const opens = strangers ? provider.pair?.(randomBytesOf) : pair;
  return {
    asked: provider.challenge(pair?.endpoint, { challenge, now }),
    receiver: provider.receiver(opens?.account, account),
  };
}

function answerOf({ receiver }: Sides, request: RawRequest, at = now): RawReply | null {
  const context = { now: at, publicUrl: 'https://pay.example', random: randomBytesOf };
  const opened = receiver.open(request, context);
  return opened.is === 'challenge' ? opened.reply : null;
}

describe('the challenge of a URL', () => {
  it('can be tried in most formats', () => expect(pairs.length).toBeGreaterThan(15));

  it.each(pairs)('is answered by an account with the same secrets: %s', (_, provider) => {
    const sides = sidesOf(provider);
    const reply = answerOf(sides, sides.asked.request);
    expect(reply).not.toBeNull();
    expect(reply === null ? false : sides.asked.isAnsweredBy(reply)).toBe(true);
  });

  it.each(pairs.filter(([name]) => name !== 'braintree'))(
    'is not answered with other secrets, changed, or late: %s',
    (_, provider) => {
      const strange = sidesOf(provider, { strangers: true });
      expect(answerOf(strange, strange.asked.request)).toBeNull();
      const sides = sidesOf(provider);
      const { request } = sides.asked;
      const body = Buffer.from(Buffer.from(request.body).toString().replace('01234', '11234'));
      expect(answerOf(sides, { ...request, body })).toBeNull();
      expect(answerOf(sides, request, now + 301_000)).toBeNull();
      expect(answerOf(sides, { ...request, headers: [] })).toBeNull();
    },
  );

  it.each([
    ['the value as text', challenge, 200, true],
    ['the value alone in JSON', JSON.stringify({ challenge }), 201, true],
    ['what was sent', JSON.stringify({ type: 'paidonce.challenge', challenge }), 200, false],
    ['another value', JSON.stringify({ challenge: 'f'.repeat(32) }), 200, false],
    ['the value with a failure', challenge, 404, false],
    ['nothing', '', 204, false],
    ['a page', '<html>', 200, false],
  ])('is answered by %s', (_, body, status, expected) => {
    const asked = providers
      .find(({ name }) => name === 'hmac')
      ?.challenge({ api_key: 'a', api_secrets: ['0123456789abcdef'] }, { challenge, now });
    expect(asked?.isAnsweredBy({ status, headers: [], body: Buffer.from(body) })).toBe(expected);
  });
});
