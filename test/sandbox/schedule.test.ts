import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asId } from '../../src/domain/ids.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { type Merchant, type Platform, providers, startMerchant, startPlatform, until } from './harness.ts';

let platform: Platform;
let merchant: Merchant;
beforeAll(async () => {
  platform = await startPlatform();
  const account = { id: asId.account('acc_test'), mode: 'live' } as const;
  const receiver = providers.get('hmac')?.receiver(platform.sandbox.accountCredentials('hmac'), account);
  if (receiver === undefined) throw new Error('no hmac');
  merchant = await startMerchant(receiver, () => 500);
});
afterAll(async () => {
  await merchant.stop();
  await platform.stop();
});

const answer = z.object({
  id: z.string(),
  state: z.string(),
  sent: z.array(
    z.object({
      deliveries: z.array(
        z.object({
          state: z.string(),
          due_at: z.iso.datetime().transform(Date.parse).nullable(),
          attempts: z.array(z.object({ started_at: z.iso.datetime().transform(Date.parse) })),
        }),
      ),
    }),
  ),
});

/** The one delivery of a payment that is never acknowledged, once it is as awaited. */
async function delivery({ name, profile }: Provider, timeScale: number, awaited: 'dead' | 'pending') {
  const started = await platform.call('POST', '/sandbox/scenarios', {
    provider: name,
    scenario: 'paid',
    notify_url: merchant.url,
    currency: profile.currencies?.[0] ?? 'CNY',
    time_scale: timeScale,
  });
  return until(`${name} has been tried`, async () => {
    const { json } = await platform.call('GET', `/sandbox/scenarios/${started.json.id}`);
    const found = answer.parse(json).sent[0]?.deliveries[0];
    return found !== undefined && found.state === awaited && found.attempts.length > 0 ? found : null;
  });
}

const played = [...providers.values()].filter((provider) => provider.pair !== undefined);

describe.concurrent.each(played.map((provider) => [provider.name, provider] as const))(
  'retries of %s',
  (_, provider) => {
    const { schedule } = provider.profile;

    it('begin with the first step that the platform publishes', async () => {
      const { due_at: dueAt, attempts } = await delivery(provider, 1, 'pending');
      const waitMs = (dueAt ?? 0) - (attempts[0]?.started_at ?? 0);
      const [step = 0] = schedule;
      expect(waitMs).toBeGreaterThanOrEqual(step);
      expect(waitMs).toBeLessThan(step * 1.1 + 3000);
    });

    it('take every step of the schedule, at the pace of the time scale', async () => {
      const { attempts } = await delivery(provider, 1_000_000, 'dead');
      expect(attempts).toHaveLength(schedule.length + 1);
      const waits = attempts.slice(1).map((attempt, index) => attempt.started_at - (attempts[index]?.started_at ?? 0));
      for (const [index, stepMs] of schedule.entries())
        expect(waits[index]).toBeGreaterThanOrEqual(Math.round(stepMs / 1_000_000));
    });
  },
);
