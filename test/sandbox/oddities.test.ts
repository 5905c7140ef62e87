import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asId, randomBytesOf } from '../../src/domain/ids.ts';
import type { Opened } from '../../src/providers/provider.ts';
import { type OddityName, oddities, oddityNames } from '../../src/sandbox/oddities.ts';
import { type Json, type Platform, providers, startMerchant, startPlatform, until } from './harness.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.stop());

const facts = (...kinds: readonly string[]) => ({ is: 'facts', facts: kinds.map((kind) => ({ kind })) });
/** What an account makes of all that comes, in its order. */
const played: Readonly<Record<OddityName, { scenario: string; opened: readonly object[] }>> = {
  bad_item: {
    scenario: 'paid',
    opened: [
      { is: 'refused', code: 'signature.mismatch', why: expect.stringMatching(/^item 2 of 2/) },
      facts('captured'),
    ],
  },
  newer_repeat: { scenario: 'paid', opened: [facts('captured'), facts('captured')] },
  signature_probe: { scenario: 'paid', opened: [{ is: 'refused', code: 'signature.probe' }, facts('captured')] },
  late_pending: { scenario: 'paid', opened: [facts('captured'), { is: 'ignored', type: 'pending' }] },
  invalid_json: {
    scenario: 'failed_then_paid',
    opened: [{ is: 'unreadable' }, facts('failed'), facts('captured')],
  },
};

interface Played {
  ended: Json;
  opened: readonly Opened[];
}

/** `answer`: by what it opened to. Default: everything is acknowledged. */
async function play(name: OddityName, answer = (_opened: Opened | undefined) => 200): Promise<Played> {
  const { provider } = oddities[name];
  const account = { id: asId.account('acc_test'), mode: 'live' } as const;
  const receiver = providers.get(provider)?.receiver(platform.sandbox.accountCredentials(provider), account);
  if (receiver === undefined) throw new Error(`no provider ${provider}`);
  const opened: Opened[] = [];
  const merchant = await startMerchant(receiver, () => {
    const arrival = merchant.arrivals.at(-1);
    if (arrival === undefined) return 500;
    opened.push(receiver.open(arrival.request, { now: arrival.at, publicUrl: '', random: randomBytesOf }));
    return answer(opened.at(-1));
  });
  const [currency = 'CNY'] = providers.get(provider)?.profile.currencies ?? [];
  const request = { provider, notify_url: merchant.url, scenario: played[name].scenario, faults: { oddity: name } };
  const { json } = await platform.call('POST', '/sandbox/scenarios', { ...request, currency, time_scale: 100_000 });
  const ended = await until('the scenario has ended', async () => {
    const { json: now } = await platform.call('GET', `/sandbox/scenarios/${json.id}`);
    return String(now.state) === 'finished' ? now : null;
  });
  await merchant.stop();
  return { ended, opened };
}

const statesOf = ({ ended }: Played) => JSON.stringify(ended.sent).match(/(?<="state":")[a-z]+/g);

describe.each(oddityNames)('the oddity %s', (name) => {
  it('is sent beside the good notifications, all of which arrive', async () => {
    const run = await play(name);
    const kinds = (one: Opened) => (one.is === 'facts' ? facts(...one.facts.map(({ kind }) => kind)) : one);
    // What is tried again may come after the next one.
    expect(run.opened.map(kinds)).toEqual(
      expect.arrayContaining(played[name].opened.map((one) => expect.objectContaining(one))),
    );
    expect(run.opened).toHaveLength(played[name].opened.length);
    expect(new Set(statesOf(run))).toEqual(new Set(['confirmed']));
  });

  it('is nothing that another platform is asked for', async () => {
    const request = { notify_url: 'http://127.0.0.1:9/', scenario: 'paid', faults: { oddity: name } };
    const { status, json } = await platform.call('POST', '/sandbox/scenarios', { provider: 'stripe', ...request });
    expect(status).toBe(422);
    expect(JSON.stringify(json)).toContain('/faults/oddity');
  });
});

it('a receiver that refuses what comes after a good acknowledgement ends the delivery', async () => {
  let arrivals = 0;
  const run = await play('newer_repeat', () => {
    arrivals += 1;
    return arrivals === 1 ? 200 : 500;
  });
  expect(statesOf(run)).toEqual(['dead']);
  expect(arrivals).toBe(2);
});
