import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/errors.ts';
import { asId } from '../../src/domain/ids.ts';
import { createVault, parseMasterKey, secretOwner } from '../../src/secrets/vault.ts';

const masterKey = (name: string) => createHash('sha256').update(name).digest();
const owner = secretOwner.account(asId.account('acc_1'));
const other = secretOwner.account(asId.account('acc_2'));

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

describe('the vault', () => {
  const vault = createVault([masterKey('one')]);

  it('gives back any bytes, and never seals them to the same bytes twice', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (plain, id) => {
        const of = secretOwner.account(asId.account(id));
        const sealed = vault.seal(of, plain);
        expect(vault.open(of, sealed)).toEqual(plain);
        expect(vault.seal(of, plain)).not.toEqual(sealed);
        expect(sealed).toHaveLength(plain.length + 37);
      }),
    );
  });

  it('uses a fresh nonce each time', () => {
    const nonces = Array.from({ length: 5000 }, () =>
      Buffer.from(vault.seal(owner, new Uint8Array(0)).subarray(9, 21)).toString('hex'),
    );
    expect(new Set(nonces).size).toBe(5000);
  });

  it('opens nothing that was changed, shortened or lengthened, in any place', () => {
    const sealed = vault.seal(owner, Buffer.from('{"api_secrets":["s3cret"]}'));
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Uint8Array.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(codeOf(() => vault.open(owner, changed))).toBe('secrets.master_key');
      expect(codeOf(() => vault.open(owner, sealed.subarray(0, index)))).toBe('secrets.master_key');
    }
    expect(codeOf(() => vault.open(owner, Buffer.concat([sealed, Buffer.of(0)])))).toBe('secrets.master_key');
    expect(codeOf(() => vault.open(owner, Buffer.from('{"api_secrets":["not sealed at all, by mistake"]}')))).toBe(
      'secrets.master_key',
    );
  });

  it('does not open what was moved to another owner', () => {
    const sealed = vault.seal(owner, Buffer.from('secret'));
    expect(codeOf(() => vault.open(other, sealed))).toBe('secrets.master_key');
    const merchant = secretOwner.merchant(asId.merchant('shop'), 'stripe');
    expect(
      codeOf(() =>
        vault.open(secretOwner.merchant(asId.merchant('shop'), 'hmac'), vault.seal(merchant, new Uint8Array(1))),
      ),
    ).toBe('secrets.master_key');
  });

  it('opens what an older master key sealed as long as that is listed, and says that it is old', () => {
    const sealed = vault.seal(owner, Buffer.from('secret'));
    const rotated = createVault([masterKey('two'), masterKey('one')]);
    expect(Buffer.from(rotated.open(owner, sealed)).toString()).toBe('secret');
    expect(rotated.isSealedByOlderKey(sealed)).toBe(true);
    const again = rotated.seal(owner, rotated.open(owner, sealed));
    expect(rotated.isSealedByOlderKey(again)).toBe(false);
    const finished = createVault([masterKey('two')]);
    expect(Buffer.from(finished.open(owner, again)).toString()).toBe('secret');
    expect(() => finished.open(owner, sealed)).toThrow('under a master key that is not configured');
  });

  it('tells a wrong master key by its key check, before any secret is touched', () => {
    const check = vault.keyCheck();
    expect(() => vault.confirmKeyCheck(check)).not.toThrow();
    expect(() => createVault([masterKey('two'), masterKey('one')]).confirmKeyCheck(check)).not.toThrow();
    expect(codeOf(() => createVault([masterKey('two')]).confirmKeyCheck(check))).toBe('secrets.master_key');
    expect(codeOf(() => vault.confirmKeyCheck(vault.seal(owner, new Uint8Array(0))))).toBe('secrets.master_key');
  });

  it('keeps credentials of any shape, with integers beyond 2^53 and keys that look like our own marks', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('$bigint', '$$bigint', '$', '__proto__', 'constructor'));
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.bigInt(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        tie('list'),
        tie('record'),
      ),
      list: fc.array(tie('any'), { maxLength: 4 }),
      record: fc.array(fc.tuple(key, tie('any')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    })).any;
    fc.assert(
      fc.property(value, (credentials) => {
        const opened = vault.openCredentials(owner, vault.sealCredentials(owner, credentials));
        // Not toStrictEqual, which trips over a key named `constructor`.
        expect(isDeepStrictEqual(opened, credentials)).toBe(true);
      }),
    );
    expect(() => vault.sealCredentials(owner, undefined)).toThrow(TypeError);
  });

  it('needs a master key of the right size', () => {
    expect(codeOf(() => createVault([]))).toBe('secrets.master_key');
    expect(codeOf(() => createVault([new Uint8Array(16)]))).toBe('config.invalid');
  });
});

describe('a master key', () => {
  const key = masterKey('one');

  it('is read from base64 and base64url, padded or not', () => {
    for (const text of [
      key.toString('base64'),
      key.toString('base64url'),
      ` ${key.toString('base64').replace(/=+$/, '')}\n`,
    ]) {
      expect(Buffer.from(parseMasterKey(text)).equals(key)).toBe(true);
    }
  });

  it.each([
    ['', 'not base64'],
    ['   ', 'not base64'],
    ['correct horse battery staple', 'not base64'],
    [key.toString('hex'), 'hexadecimal'],
    [key.subarray(1).toString('base64'), '31 bytes'],
    [Buffer.concat([key, key]).toString('base64'), '64 bytes'],
    [Buffer.alloc(32, 7).toString('base64'), 'not random'],
    [`${key.toString('base64').slice(0, 42)}9`, 'cut'],
  ])('%j is refused and not repeated', (text, why) => {
    expect(() => parseMasterKey(text)).toThrow(why);
    if (text.trim() !== '') expect(() => parseMasterKey(text)).not.toThrow(text);
  });
});
