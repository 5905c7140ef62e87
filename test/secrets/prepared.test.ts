import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../src/domain/errors.ts';
import { asId } from '../../src/domain/ids.ts';
import type { Client, Provider, Receiver, Sender } from '../../src/providers/provider.ts';
import { createPrepared, type PreparedOptions } from '../../src/secrets/prepared.ts';
import { createVault, secretOwner } from '../../src/secrets/vault.ts';

const vault = createVault([createHash('sha256').update('master').digest()]);
const schema = z.object({ api_secrets: z.array(z.string().min(8)).min(1) });
const receiver: Receiver = {
  open: () => ({ is: 'ignored', messageId: null, type: 'test' }),
  acknowledge: () => ({ status: 200, headers: [], body: new Uint8Array(0) }),
};
const sender: Sender = {
  seal: () => ({ method: 'POST', target: '/', headers: [], body: new Uint8Array(0) }),
  judge: () => ({ confirmed: true, why: '', retry: 'stop' }),
};

const world: PreparedOptions['world'] = {
  http: {
    send: async () => ({ status: 200, headers: [], body: new Uint8Array(0) }),
    async *stream() {},
  },
  now: () => 0,
  random: (bytes) => new Uint8Array(bytes),
};

/** A provider that counts what it builds; `broken` fails in its own way after the schema has passed. */
function countingProvider(broken?: () => never) {
  const built: { credentials: unknown; account?: unknown }[] = [];
  const provider: Provider = {
    name: 'counting',
    profile: {
      deadlineMs: 1,
      schedule: [],
      types: [],
      singleHeaders: [],
      rotation: 'first',
      methods: [],
      unconfirmed: [],
    },
    accountCredentials: schema,
    endpointCredentials: schema,
    secretFields: () => [],
    challenge: () => {
      throw new Error('nobody asks');
    },
    secretsIn: () => [],
    receiver: (credentials, account) => {
      built.push({ credentials: schema.parse(credentials), account });
      broken?.();
      return { ...receiver };
    },
    sender: (credentials) => {
      built.push({ credentials: schema.parse(credentials) });
      return { ...sender };
    },
  };
  return { built, provider };
}

const accountId = asId.account('acc_1');

function account(credentials: unknown, version = 1, id = accountId) {
  const sealed = vault.sealCredentials(secretOwner.account(id), credentials);
  return { id, provider: 'counting', mode: 'live', credentials: { version, sealed } } as const;
}

function failure(action: () => unknown): AppError {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('prepared receivers and senders', () => {
  it('are built once per version of the credentials', () => {
    const { built, provider } = countingProvider();
    const prepared = createPrepared({ world, vault, provider: () => provider });
    const kept = account({ api_secrets: ['secret-one'] });
    const first = prepared.receiver(kept);
    expect(prepared.receiver({ ...kept })).toBe(first);
    expect(built).toEqual([{ credentials: { api_secrets: ['secret-one'] }, account: { id: accountId, mode: 'live' } }]);
    expect(prepared.receiver(account({ api_secrets: ['secret-two'] }, 2))).not.toBe(first);
    expect(prepared.receiver({ ...kept, mode: 'test' })).not.toBe(first);
    expect(built).toHaveLength(3);
  });

  it('are built anew for other credentials of the same version, as two changes made at once bring them', () => {
    const { built, provider } = countingProvider();
    const prepared = createPrepared({ world, vault, provider: () => provider });
    prepared.receiver(account({ api_secrets: ['secret-one'] }, 2));
    prepared.receiver(account({ api_secrets: ['secret-two'] }, 2));
    expect(built.map(({ credentials }) => credentials)).toEqual([
      { api_secrets: ['secret-one'] },
      { api_secrets: ['secret-two'] },
    ]);
  });

  it('are separate for each owner, provider and direction', () => {
    const { built, provider } = countingProvider();
    const prepared = createPrepared({ world, vault, provider: () => provider });
    const owner = secretOwner.endpoint(asId.endpoint('end_1'));
    const owned = (name: string) => {
      const of = secretOwner.merchant(asId.merchant('shop'), name);
      return {
        owner: of,
        provider: name,
        credentials: { version: 1, sealed: vault.sealCredentials(of, { api_secrets: ['secret-one'] }) },
      };
    };
    const endpoint = {
      owner,
      provider: 'counting',
      credentials: { version: 1, sealed: vault.sealCredentials(owner, { api_secrets: ['secret-one'] }) },
    };
    const senders = [endpoint, owned('stripe'), owned('hmac')].map((each) => prepared.sender(each));
    expect(new Set(senders).size).toBe(3);
    expect(prepared.sender(endpoint)).toBe(senders[0]);
    expect(built).toHaveLength(3);
  });

  it('are bounded: what was used longest ago is built again', () => {
    const { built, provider } = countingProvider();
    const prepared = createPrepared({ world, vault, provider: () => provider, max: 2 });
    const accounts = ['acc_1', 'acc_2', 'acc_3'].map((id) =>
      account({ api_secrets: ['secret-one'] }, 1, asId.account(id)),
    );
    for (const each of accounts) prepared.receiver(each);
    for (const each of accounts.slice(1)) prepared.receiver(each);
    expect(built).toHaveLength(3);
    for (const each of accounts.slice(0, 1)) prepared.receiver(each);
    expect(built).toHaveLength(4);
  });
});

describe('credentials that cannot be used', () => {
  it('are an error that names the fields and quotes no secret, found once', () => {
    const { provider } = countingProvider();
    let asked = 0;
    const prepared = createPrepared({
      world,
      vault,
      provider: () => {
        asked += 1;
        return provider;
      },
    });
    const broken = account({ api_secrets: ['short'] });
    const error = failure(() => prepared.receiver(broken));
    expect(error.code).toBe('account.credentials');
    expect(error.errors).toEqual([{ pointer: '/credentials/api_secrets/0', detail: expect.any(String) }]);
    expect(JSON.stringify([error.message, error.errors])).not.toContain('short');
    expect(failure(() => prepared.receiver(broken))).toBe(error);
    expect(asked).toBe(1);
    expect(prepared.receiver(account({ api_secrets: ['long enough'] }, 2))).toBeDefined();
  });

  it('are an error where the provider throws for its own reasons', () => {
    const { provider } = countingProvider(() => {
      throw Object.assign(new Error('bad key MIIEvgIBADANBg'), { code: 'ERR_OSSL_UNSUPPORTED' });
    });
    const error = failure(() =>
      createPrepared({ world, vault, provider: () => provider }).receiver(account({ api_secrets: ['secret-one'] })),
    );
    expect(error.code).toBe('account.credentials');
    expect(error.message).toContain('ERR_OSSL_UNSUPPORTED');
    expect(error.message).not.toContain('MII');
  });

  it('are an error where the provider is gone, the master key is another, or the row was moved', () => {
    const { provider } = countingProvider();
    const good = account({ api_secrets: ['secret-one'] });
    expect(failure(() => createPrepared({ world, vault, provider: () => undefined }).receiver(good)).code).toBe(
      'provider.unknown',
    );
    const stranger = createVault([createHash('sha256').update('stranger').digest()]);
    expect(
      failure(() => createPrepared({ world, vault: stranger, provider: () => provider }).receiver(good)).code,
    ).toBe('secrets.master_key');
    const moved = { ...good, id: asId.account('acc_2') };
    expect(failure(() => createPrepared({ world, vault, provider: () => provider }).receiver(moved)).code).toBe(
      'secrets.master_key',
    );
  });
});

describe('a client', () => {
  const asked = z.object({
    secret: z.string(),
    api_key: z.exactOptional(z.string()),
    accept_risk: z.exactOptional(z.string()),
  });
  const query: Client['query'] = async () => ({ state: 'open', facts: [] });
  const { provider } = countingProvider();
  let made = 0;
  const askable: Provider = {
    ...provider,
    accountCredentials: asked,
    client: (credentials) => {
      made += 1;
      return asked.parse(credentials).api_key === undefined ? {} : { query };
    },
  };

  it('is made once per version of the credentials', () => {
    const prepared = createPrepared({ world, vault, provider: () => askable });
    const able = account({ secret: 's', api_key: 'k' });
    expect(prepared.client(able, 'query').query).toBe(query);
    expect(prepared.client(able, 'query').query).toBe(query);
    expect(made).toBe(1);
  });

  it('that cannot be asked says which fields would help, and where nobody can ask, that', () => {
    const failing = (of: Provider) => {
      const prepared = createPrepared({ world, vault, provider: () => of });
      return failure(() => prepared.client(account({ secret: 's' }), 'query'));
    };
    expect(failing(askable)).toMatchObject({
      code: 'provider.cannot_ask',
      detail: 'account acc_1: to query at counting its credentials need one or more of: api_key',
    });
    expect(failing(provider).detail).toBe('account acc_1: there is no way to query at counting');
  });
});
