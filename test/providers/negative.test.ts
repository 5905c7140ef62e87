import { describe, expect, it } from 'vitest';
import { chineseOf } from '../../console/texts/sentences/chinese.ts';
import { errorCatalogue, isErrorCode } from '../../src/domain/errors.ts';
import { providers } from '../../src/providers/index.ts';
import { formatOf, negativeCases } from './negative-cases.ts';
import { context, now, refusalOf, sidesOf } from './support.ts';

/** Each case that a format can have, with what is sent. Every case must fit at least one format. */
const rows = await Promise.all(
  providers.map(async ({ name }) => {
    const format = await formatOf(name);
    const sent = await Promise.all(negativeCases.map(async (one) => ({ ...one, sent: await one.request(format) })));
    return {
      name,
      sealed: format.sealed,
      cases: sent.flatMap((one) => (one.sent === null ? [] : [{ ...one, sent: one.sent }])),
    };
  }),
);

it.each(negativeCases)('$name is tried on some format', ({ name }) => {
  expect(rows.some(({ cases }) => cases.some((one) => one.name === name))).toBe(true);
});

describe.each(rows)('$name refuses', ({ name, sealed, cases }) => {
  const { receiver, credentials } = sidesOf(name, { account: name === 'hmac' ? { replay_window_s: 300 } : {} });

  it.each(cases)('$name', ({ sent, refused, laterMs = 0 }) => {
    expect(receiver.open(sealed, { ...context, now }).is).toMatch(/^(facts|ping)$/);

    const refusal = refusalOf(receiver.open(sent, { ...context, now: now + laterMs }));
    expect(refusal).toMatch(refused);
    expect(refusal).not.toContain('\n');
    for (const secret of secretsIn(credentials.account)) expect(refusal).not.toContain(secret);

    const code = refusal.split(':')[0] ?? '';
    const reply = receiver.acknowledge('refused', sent, context, isErrorCode(code) ? code : undefined);
    expect(reply.status).toBe(statusOf(name, code));
    expect(reply.status).toBeGreaterThanOrEqual(400);
  });
});

describe.each(providers.map(({ name }) => name))('%s answers', (name) => {
  const { receiver, sender, provider } = sidesOf(name);
  const request = { method: 'POST', target: '/', headers: [], body: new Uint8Array() };

  it('everything that is kept with a success that its own sender confirms, a duplicate exactly as the first', () => {
    const first = receiver.acknowledge('accepted', request, context);
    expect(sender.judge(first)).toMatchObject({ confirmed: true });
    for (const outcome of ['duplicate', 'ignored'] as const) {
      expect(receiver.acknowledge(outcome, request, context)).toEqual(first);
    }
  });

  it('an authentic but unreadable one as kept, except to developers, whose own code sent it', () => {
    const reply = receiver.acknowledge('unreadable', request, context);
    const heard = name === 'hmac' || name === 'standard';
    expect(sender.judge(reply).confirmed).toBe(!heard);
    if (heard) expect(reply.status).toBe(400);
  });

  it('a refusal and "try later" with what its own sender does not confirm', () => {
    for (const outcome of ['refused', 'try_later'] as const) {
      const verdict = sender.judge(receiver.acknowledge(outcome, request, context));
      expect(verdict).toMatchObject({
        confirmed: false,
        retry: 'by_schedule',
        why: expect.stringMatching(/^HTTP [45]\d\d; wanted /),
      });
      expect(chineseOf(verdict.why)).not.toBeNull();
    }
  });

  it('a silence and a redirect are no confirmation', () => {
    expect(sender.judge('timeout').confirmed).toBe(false);
    expect(sender.judge('unreachable').confirmed).toBe(false);
    expect(sender.judge({ status: 302, headers: [], body: Buffer.from('success') }).confirmed).toBe(false);
  });

  it('within its profile: a deadline, a schedule, methods', () => {
    const { deadlineMs, schedule, methods, singleHeaders } = provider.profile;
    expect(deadlineMs).toBeGreaterThanOrEqual(1000);
    expect(schedule.every((step) => step > 0)).toBe(true);
    expect(methods).toContain('POST');
    expect(singleHeaders).toEqual(singleHeaders.map((header) => header.toLowerCase()));
  });
});

/** GoCardless has a status of its own for a signature that does not fit. */
function statusOf(name: string, code: string): number {
  if (name === 'gocardless' && code.startsWith('signature.')) return 498;
  return isErrorCode(code) ? errorCatalogue[code].status : 0;
}

function secretsIn(credentials: Record<string, unknown>): string[] {
  return Object.entries(credentials)
    .filter(([field]) => /secret|api_v3_key|api_keys|encryption/.test(field))
    .flatMap(([, value]) => (typeof value === 'object' && value !== null ? Object.values(value).map(String) : []));
}
