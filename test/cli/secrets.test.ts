import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asId } from '../../src/domain/ids.ts';
import { providers } from '../../src/providers/index.ts';
import { selfSigned } from '../../src/providers/primitives/certificate.ts';
import { type DevServer, jsonOf, type Ran, run, startServerForTest } from './harness.ts';

let server: DevServer;
const merchant = asId.merchant('shop');
/** Every secret text that any command or its server was given or made. */
const known = new Set<string>();
/** What every command of this file printed. */
let printed = '';

beforeAll(async () => {
  server = await startServerForTest();
  await server.running.service.merchants.add({ id: merchant, name: 'Shop' });
});
afterAll(() => server.stop());

async function secrets(parameters: readonly string[], stdin = ''): Promise<Ran> {
  const ran = await run(['secrets', ...parameters, ...server.access], stdin);
  printed += `${ran.out}\n${ran.error}\n`;
  return ran;
}

const fileOf = (name: string) => join(server.folder, name);
async function jsonFile(name: string): Promise<Record<string, unknown>> {
  const json: unknown = JSON.parse(await readFile(fileOf(name), 'utf8'));
  remember(json);
  return json as Record<string, unknown>;
}

/** Texts long enough to be key material, wherever they stand; of a PEM its second line, which is key and nothing else. */
function remember(value: unknown): void {
  if (typeof value === 'string' && value.length >= 16) known.add(value.split('\n')[1] ?? value);
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) remember(inner);
}

async function endpoint(provider: string, credentials?: unknown): Promise<string> {
  const added = await server.running.service.endpoints.add({
    merchant,
    url: 'http://127.0.0.1:9/hook',
    provider,
    ...(credentials === undefined ? {} : { credentials }),
  });
  remember(added.made);
  return added.endpoint.id;
}

const day = 86_400_000;

interface Secret {
  field: string;
  fingerprint: string;
  kind: string;
  key: string | null;
}
async function keptOf(id: string): Promise<Secret[]> {
  const { owners } = jsonOf(await secrets(['list', '--merchant', merchant, '--json'])) as {
    owners: { owner: string; secrets: Secret[] }[];
  };
  return owners.find(({ owner }) => owner === id)?.secrets ?? [];
}

describe('paidonce secrets make', () => {
  it('puts a shared secret into a new file that only its owner can read', async () => {
    const out = fileOf('shared.json');
    const ran = await secrets(['make', 'standard', '--out', out]);
    expect(ran).toMatchObject({ code: 0, error: '', out: `What seals is in ${out}.` });
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(await jsonFile('shared.json')).toEqual({ secrets: [expect.stringMatching(/^whsec_/)] });
  });

  it('never writes over a file', async () => {
    await writeFile(fileOf('there.json'), 'the only copy');
    const ran = await secrets(['make', 'hmac', '--out', fileOf('there.json')]);
    expect(ran).toMatchObject({ code: 2, error: expect.stringContaining('cannot be made: EEXIST') });
    expect(await readFile(fileOf('there.json'), 'utf8')).toBe('the only copy');
  });

  it.each([
    ['alipay', [], 'alipay_public_keys'],
    ['wechatpay', [], 'platform_keys'],
    ['standard', ['--key-pair'], 'public_keys'],
  ])('prints only the public half of a pair of keys: %s', async (provider, more, field) => {
    const out = `pair-${provider}.json`;
    const ran = await secrets(['make', provider, ...more, '--out', fileOf(out), '--json']);
    expect(ran.code).toBe(0);
    expect(jsonOf(ran)).toMatchObject({ opens: { [field]: expect.anything() } });
    const seals = await jsonFile(out);
    const text = JSON.stringify(seals);
    expect(text).toMatch(/PRIVATE KEY|whsk_/);
  });

  it('gives the private half straight to an endpoint', async () => {
    const id = await endpoint('standard');
    const ran = await secrets(['make', 'standard', '--key-pair', '--endpoint', id]);
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('whpk_') });
    expect((await keptOf(id)).map(({ field, key }) => [field, key])).toEqual([
      ['secrets', null],
      ['private_keys', 'ED25519'],
    ]);
  });

  it.each([
    ['nobody', [], 'is none of'],
    ['unionpay', [], 'makes its secrets itself'],
    ['hmac', ['--key-pair'], 'has no pairs of keys'],
    ['hmac', [], 'both sides share this secret'],
    ['alipay', [], 'must go into a file, or into an endpoint'],
  ])('for %s %j ends with 2: %s', async (provider, more, why) => {
    const ran = await secrets(['make', provider, ...more]);
    expect(ran).toMatchObject({ code: 2, error: expect.stringContaining(why) });
  });
});

describe('paidonce secrets import', () => {
  it('replaces the credentials of an account by those of a file, and shows fingerprints', async () => {
    const { id } = await server.running.service.accounts.add({
      merchant,
      provider: 'stripe',
      credentials: { webhook_secrets: [`whsec_${randomBytes(24).toString('hex')}`] },
    });
    const credentials = { webhook_secrets: ['a', 'b'].map(() => `whsec_${randomBytes(24).toString('hex')}`) };
    remember(credentials);
    const ran = await secrets(['import', id, '--file', '-'], JSON.stringify(credentials));
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).toMatch(/webhook_secrets +[0-9a-f]{8} +secret\n.*webhook_secrets +[0-9a-f]{8} +secret$/);
    expect(new Set((await keptOf(id)).map(({ fingerprint }) => fingerprint)).size).toBe(2);
  });

  it('says exactly which field is wrong, and what counts there', async () => {
    const { id } = await server.running.service.accounts.add({
      merchant,
      provider: 'adyen',
      credentials: { hmac_keys: [randomBytes(32).toString('hex')] },
    });
    const wrong = { hmac_keys: [randomBytes(32).toString('hex'), randomBytes(32).toString('base64')] };
    remember(wrong);
    const ran = await secrets(['import', id, '--file', '-'], JSON.stringify(wrong));
    expect(ran.code).toBe(2);
    expect(ran.error).toContain('/credentials/hmac_keys/1');
    expect(ran.error).toContain('what counts is the 32 bytes of the 64 hex digits');
  });

  it.each([
    [['import', 'acc_00000000000000000000000000'], 'missing: --file'],
    [['import', 'shop', '--file', '-'], 'is no id of an account'],
    [['import'], 'needs the id of an account or an endpoint'],
    [['import', 'acc_00000000000000000000000000', '--file', '-'], 'is not JSON'],
  ])('%j ends with 2', async (parameters, why) => {
    expect(await secrets(parameters)).toMatchObject({ code: 2, error: expect.stringContaining(why) });
  });
});

describe('paidonce secrets rotate', () => {
  it('of an endpoint that signs with all puts the new secret first, and ends the old one with --finish', async () => {
    const id = await endpoint('standard');
    const [before] = await keptOf(id);
    expect((await secrets(['rotate', id, '--out', fileOf('rotated.json')])).code).toBe(0);
    await jsonFile('rotated.json');
    const during = await keptOf(id);
    expect(during).toHaveLength(2);
    expect(during[1]).toEqual(before);
    expect((await secrets(['rotate', id, '--finish'])).code).toBe(0);
    expect(await keptOf(id)).toEqual([during[0]]);
  });

  it('of an endpoint that signs with one lets the old one sign until --finish, and keeps its id', async () => {
    const id = await endpoint('hmac', { api_key: 'known-to-them', api_secrets: [randomBytes(32).toString('hex')] });
    const [before] = await keptOf(id);
    expect((await secrets(['rotate', id, '--out', fileOf('hmac.json')])).code).toBe(0);
    expect(Object.keys(await jsonFile('hmac.json'))).toEqual(['api_secrets']);
    const during = await keptOf(id);
    expect(during[0]).toEqual(before);
    expect(during).toHaveLength(2);
    expect((await secrets(['rotate', id, '--finish'])).code).toBe(0);
    expect(await keptOf(id)).toEqual([during[1]]);
  });

  it('of an endpoint gives the old secret an end with --overlap-days', async () => {
    const id = await endpoint('standard');
    expect((await secrets(['rotate', id, '--out', fileOf('overlap.json'), '--overlap-days', '7'])).code).toBe(0);
    await jsonFile('overlap.json');
    const { previousUntil } = (await server.running.service.store.read('endpoint', id as never)) ?? {};
    expect(Math.abs((previousUntil ?? 0) - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000);
    expect((await secrets(['rotate', id, '--finish', '--overlap-days', '7'])).code).toBe(2);
  });

  it('of an account takes what the provider shows, and ends one secret by its fingerprint', async () => {
    const first = `whsec_${randomBytes(24).toString('hex')}`;
    const second = `whsec_${randomBytes(24).toString('hex')}`;
    remember([first, second]);
    const credentials = { webhook_secrets: [first] };
    const { id } = await server.running.service.accounts.add({ merchant, provider: 'stripe', credentials });
    const [old] = await keptOf(id);
    const file = JSON.stringify({ webhook_secrets: [second] });
    expect((await secrets(['rotate', id, '--file', '-'], file)).code).toBe(0);
    expect(await keptOf(id)).toHaveLength(2);
    expect((await secrets(['rotate', id, '--drop', old?.fingerprint ?? ''])).code).toBe(0);
    expect(await keptOf(id)).not.toContainEqual(old);
    const again = await secrets(['rotate', id, '--drop', old?.fingerprint ?? '']);
    expect(again).toMatchObject({ code: 2, error: expect.stringContaining('no secret has the fingerprint') });
  });

  it('of keys with names adds to them, and ends one by its fingerprint', async () => {
    const { pair, keyPair } = providers.find(({ name }) => name === 'wechatpay') ?? {};
    const made = pair?.(randomBytes) as { account: { platform_keys: object } };
    const { id } = await server.running.service.accounts.add({
      merchant,
      provider: 'wechatpay',
      credentials: made.account,
    });
    const namesOf = async () => (await keptOf(id)).filter(({ field }) => field === 'platform_keys');
    const [old] = await namesOf();
    const file = JSON.stringify(keyPair?.(randomBytes).opens);
    expect((await secrets(['rotate', id, '--file', '-'], file)).code).toBe(0);
    expect(await namesOf()).toHaveLength(2);
    expect((await secrets(['rotate', id, '--finish'])).code).toBe(0);
    expect(await namesOf()).toHaveLength(2);
    expect((await secrets(['rotate', id, '--drop', old?.fingerprint ?? ''])).code).toBe(0);
    expect(await namesOf()).toEqual([expect.not.objectContaining({ fingerprint: old?.fingerprint })]);
  });

  it('is an action of the person in the audit', async () => {
    const id = await endpoint('standard');
    await secrets(['rotate', id, '--out', fileOf('audited.json')]);
    await jsonFile('audited.json');
    const database = new DatabaseSync(join(server.folder, 'data', 'paidonce.db'), { readOnly: true });
    const actions = database
      .prepare('select what, by, note from paidonce_actions where subject = ? order by seq')
      .all(id);
    database.close();
    expect(actions.at(-1)).toEqual({ what: 'endpoint.change', by: 'admin', note: 'credentials' });
  });

  it.each([
    [['rotate', 'acc_00000000000000000000000000'], 'Give the new ones with --file'],
    [['rotate', 'end_00000000000000000000000000', '--finish', '--drop', '00000000'], 'exclude each other'],
  ])('%j ends with 2', async (parameters, why) => {
    expect(await secrets(parameters)).toMatchObject({ code: 2, error: expect.stringContaining(why) });
  });
});

describe('paidonce secrets list', () => {
  it('gives both halves of a pair of keys one fingerprint, and says what certificates are', async () => {
    const { pair } = providers.find(({ name }) => name === 'unionpay') ?? {};
    const made = pair?.(randomBytes) as { account: object; endpoint: object };
    const sender = await endpoint('unionpay', made.endpoint);
    const receiver = await server.running.service.accounts.add({
      merchant,
      provider: 'unionpay',
      credentials: made.account,
    });
    const [certificate, privateKey] = await keptOf(sender);
    const [pinned] = await keptOf(receiver.id);
    expect(certificate).toMatchObject({ field: 'certificate', kind: 'certificate', key: 'RSA 2048' });
    expect(privateKey).toMatchObject({ field: 'sign_key', kind: 'private_key', fingerprint: certificate?.fingerprint });
    expect(pinned?.fingerprint).toBe(certificate?.fingerprint);
    expect((await secrets(['list'])).out).toMatch(/CN=.*, serial [0-9A-F]+, until 20\d\d/);
  });

  it('ends with 1 where something expires within the days that are asked about', async () => {
    const now = Math.floor(Date.now() / 1000) * 1000;
    const made = selfSigned('expiring', { from: now - day, until: now + 5 * day, serial: randomBytes(15) });
    const { id } = await server.running.service.accounts.add({
      merchant,
      provider: 'unionpay',
      credentials: { mer_id: '777290058110048', ca_certificates: [made.certificate] },
    });
    expect(await secrets(['list', '--warn-days', '3'])).toMatchObject({ code: 0, error: '' });
    const soon = await secrets(['list']);
    expect(soon).toMatchObject({ code: 1, error: expect.stringContaining(`expires ${id} ca_certificates at 20`) });
    await server.running.service.accounts.remove(id, 'test');
  });

  it('lists the secrets of a merchant for notify_url', async () => {
    const credentials = { hmac: { api_key: 'shop-1', api_secrets: [randomBytes(32).toString('hex')] } };
    remember(credentials);
    await server.running.service.merchants.change(merchant, { credentials }, 'test');
    expect((await secrets(['list', '--merchant', merchant])).out).toMatch(/shop +hmac +api_secrets +[0-9a-f]{8}/);
  });
});

describe('no secret', () => {
  it('of any provider appears in what is listed, with all their made-up credentials kept', async () => {
    for (const provider of providers) {
      const pair = provider.pair?.(randomBytes) as { account: unknown; endpoint: unknown } | undefined;
      if (pair === undefined) continue;
      for (const side of ['account', 'endpoint'] as const) {
        const fields = provider
          .secretFields(side)
          .filter(({ kind }) => kind !== 'public_key' && kind !== 'certificate');
        const held = pair[side] as Record<string, unknown>;
        for (const { field } of fields) remember(held[field]);
      }
      await server.running.service.accounts.add({ merchant, provider: provider.name, credentials: pair.account });
      await endpoint(provider.name, pair.endpoint);
    }
    await secrets(['list']);
    await secrets(['list', '--json']);
    const shown = [...known].filter((secret) => printed.includes(secret));
    // The serial of a made key is for the other side.
    expect(shown.filter((text) => !text.startsWith('PUB_KEY_ID_'))).toEqual([]);
    expect(known.size).toBeGreaterThan(30);
  });
});
