import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fact } from '../../src/domain/fact.ts';
import { define } from '../../src/providers/define.ts';
import { acceptRisk } from '../../src/providers/primitives/credentials.ts';
import { account, context } from './support.ts';

const fact: Fact = {
  account: account.id,
  kind: 'captured',
  paymentId: 'p-1',
  operationId: 'p-1',
  reference: 'O-1',
  amountMinor: 1n,
  currency: 'EUR',
  fromOrder: false,
  measure: 'single',
  providerTime: context.now,
};
const ok = { status: 200, headers: [], body: new Uint8Array(0) };

/** A platform that signs the order's number, but not the amount. */
const halfSigned = define({
  name: 'half-signed',
  profile: {
    deadlineMs: 1000,
    schedule: [1000],
    types: [],
    singleHeaders: [],
    rotation: 'first',
    methods: ['POST'],
    unconfirmed: [],
    unsigned: { risk: 'amount', why: 'the signature does not cover the amount' },
  },
  accountCredentials: z.strictObject({ secret: z.string(), accept_risk: acceptRisk('amount') }),
  endpointCredentials: z.strictObject({}),
  receiver: () => ({
    open: ({ method }) =>
      method === 'GET'
        ? { is: 'ping', messageId: null, references: [] }
        : { is: 'facts', messageId: null, facts: [fact], readBack: true },
    acknowledge: () => ok,
  }),
  sender: () => ({
    seal: () => ({ method: 'POST', target: '', headers: [], body: ok.body }),
    judge: () => ({ confirmed: true, why: '', retry: 'stop' }),
  }),
});

describe('an account whose callbacks are not wholly signed', () => {
  const open = (credentials: object, method = 'POST') =>
    halfSigned.receiver(credentials, account).open({ method, target: '/', headers: [], body: ok.body }, context);

  it('has its facts read back', () => {
    expect(open({ secret: 's' })).toMatchObject({ is: 'facts', readBack: true });
  });

  it('has them believed where its owner accepts the risk by its name', () => {
    expect(open({ secret: 's', accept_risk: 'amount' })).toMatchObject({ is: 'facts', readBack: false, facts: [fact] });
    expect(open({ secret: 's', accept_risk: 'amount' }, 'GET')).toMatchObject({ is: 'ping' });
  });

  it('is refused with a risk by another name', () => {
    expect(() => open({ secret: 's', accept_risk: 'yes' })).toThrow('must be \\"amount\\", the name of the risk');
  });
});
