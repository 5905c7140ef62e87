import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { createRecords } from '../../src/sandbox/records.ts';
import { type Platform, startPlatform } from './harness.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.stop());

const scenario = (faults: object) =>
  platform.call('POST', '/sandbox/scenarios', {
    provider: 'hmac',
    scenario: 'paid',
    notify_url: 'http://127.0.0.1:1/callback',
    faults,
  });

describe('the addresses of the sandbox', () => {
  it('are given up when nothing more is to be sent to them, so that any number of scenarios can run', async () => {
    const runs = limits.merchantEndpointsMax + 5;
    for (let index = 0; index < runs; index += 1) expect(await scenario({ drop: true })).toMatchObject({ status: 201 });
  });

  it('are kept while something is still to be sent, and then there is a limit that says so', async () => {
    let refused: object | null = null;
    for (let index = 0; index < limits.merchantEndpointsMax && refused === null; index += 1) {
      const { status, json } = await scenario({ delay_ms: 3_600_000 });
      if (status !== 201) refused = { status, json };
    }
    expect(refused).toMatchObject({
      status: 503,
      json: { code: 'store.overloaded', detail: expect.stringContaining('still sending') },
    });
  });
});

describe('what the sandbox keeps', () => {
  it('is found again by another process: whose notifications go to which endpoint', async () => {
    const { json: payment } = await platform.call('POST', '/sandbox/payments', {
      provider: 'hmac',
      order_no: 'O-1',
      amount_minor: 1,
      currency: 'CNY',
      notify_url: 'http://127.0.0.1:1/callback',
    });
    await createRecords(platform.service.store).keepOwner('end_1', String(payment.id));
    expect(await createRecords(platform.service.store).ownerOf('end_1')).toMatchObject({
      id: payment.id,
      is: 'payment',
    });
    expect(await createRecords(platform.service.store).ownerOf('end_2')).toBeNull();
  });
});
