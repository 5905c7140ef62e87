import { afterEach, describe, expect, it, vi } from 'vitest';
import { httpServer } from '../outbound/servers.ts';
import { jsonOf, run } from './harness.ts';

afterEach(() => vi.unstubAllEnvs());

describe('check --alerts', () => {
  it('sends each robot a test message, and says which has taken it without its key', async () => {
    const { url } = await httpServer((request, response) => {
      response.end(JSON.stringify({ errcode: request.url?.includes('good') ? 0 : 93_000 }));
    });
    vi.stubEnv('PAIDONCE_ALLOW_TARGETS', '127.0.0.0/8');
    vi.stubEnv('PAIDONCE_ALERT_ROBOTS', `wecom ${url}/?key=good, wecom ${url}/?key=bad`);
    const ran = await run(['check', '--alerts', '--json']);
    expect(ran.code).toBe(1);
    expect(jsonOf(ran).findings).toMatchObject([
      { is: 'fine', found: 'has taken the test message' },
      { is: 'wrong', found: expect.stringContaining('errcode 93000') },
    ]);
    expect(ran.out).not.toContain('key=');
  });

  it('says that none is configured', async () => {
    vi.stubEnv('PAIDONCE_ALERT_ROBOTS', '');
    expect(await run(['check', '--alerts'])).toMatchObject({
      code: 1,
      out: expect.stringContaining('PAIDONCE_ALERT_ROBOTS'),
    });
  });
});
