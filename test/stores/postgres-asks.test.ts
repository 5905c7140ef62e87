import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccountId, newId } from '../../src/domain/ids.ts';
import { type Nodes, twoNodes } from './postgres-nodes.ts';
import { type Bench, bucket, callbackInput, only } from './support.ts';

describe('asks on two nodes', () => {
  let nodes: Nodes;
  beforeEach(async () => {
    nodes = await twoNodes();
  });
  afterEach(() => nodes.end());

  const opened = { is: 'verdict', verdict: 'parked', nonce: null } as const;
  const askAbout = ({ store, clock }: Bench, account: AccountId) =>
    store.decide('callback', callbackInput(account, clock.at, [], { opened }));
  const claim = async ({ store }: Bench) => (await store.write('claimAsks', { most: 16 })).claimed;
  /** Claims the only account and ends its only ask; its lease still holds. */
  const worked = async (bench: Bench) => {
    const claimed = only(await claim(bench));
    const none = { facts: [], denied: [], withoutOrder: 'park', expectations: [], born: null } as const;
    const came = { is: 'told', unknown: 0 } as const;
    await bench.store.decide('answered', { ask: only(claimed.asks), came, answer: 'open', ...none });
    return { account: claimed.account, lease: claimed.lease, freeAt: bench.clock.at };
  };

  it('of an account are leased to one of those that claim at once', async () => {
    const { a, b } = nodes;
    const accounts = Array.from({ length: 12 }, () => newId('acc', a.clock.at, bucket));
    await Promise.all(accounts.map((account) => askAbout(a, account)));
    const claimed = (await Promise.all([claim(a), claim(b), claim(a), claim(b)])).flat();
    expect(claimed.map(({ account }) => account).sort()).toEqual(accounts.sort());
  });

  it('are not forgotten where one is being made while the account is given back', async () => {
    const { a, b } = nodes;
    await askAbout(a, a.account);
    const lease = await worked(a);
    const gate = await nodes.gate({ table: 'asks', on: 'insert', at: 'write' });
    const made = askAbout(b, a.account);
    await gate.reached();
    await a.store.write('releaseAsks', lease);
    await gate.open();
    await made;
    expect(only(await claim(b)).asks).toHaveLength(1);
  });

  it('are seen by whoever gives the account back, where they were made a moment before', async () => {
    const { a, b } = nodes;
    await askAbout(a, a.account);
    const lease = await worked(a);
    const gate = await nodes.gate({ table: 'ask_queues', on: 'update', at: 'commit' });
    const made = askAbout(b, a.account);
    await gate.reached();
    const released = a.store.write('releaseAsks', lease);
    await nodes.waiting();
    await gate.open();
    await Promise.all([made, released]);
    expect(only(await claim(b)).asks).toHaveLength(1);
  });
});
