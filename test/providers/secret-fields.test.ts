import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { providers } from '../../src/providers/index.ts';
import { secretText } from '../../src/providers/primitives/credentials.ts';
import { noted, secretFieldsOf } from '../../src/providers/primitives/secret-fields.ts';
import type { Side } from '../../src/providers/provider.ts';
import { seededRandom } from './support.ts';

const mark = (material: Uint8Array) => createHash('sha256').update(material).digest('hex').slice(0, 8);
const sides: readonly Side[] = ['account', 'endpoint'];
/** Fields that sound like key material and only name something. */
const ids = ['api_key of hmac', 'certificate_url of paypal', 'key_id of razorpay', 'sign_type of wechatpay-v2'];

describe.each(providers.map((provider) => [provider.name, provider] as const))(
  'the secrets of %s',
  (name, provider) => {
    it('are told of every field that sounds like one', () => {
      for (const side of sides) {
        const schema = side === 'account' ? provider.accountCredentials : provider.endpointCredentials;
        const fields = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
        const sounding = fields.filter((field) => /secret|key|token|password|auth|cert|sign/.test(field));
        const told = provider.secretFields(side).map(({ field }) => field);
        expect(told.length).toBeGreaterThan(0);
        expect(sounding.filter((field) => !told.includes(field) && !ids.includes(`${field} of ${name}`))).toEqual([]);
      }
    });

    it('are seen in made-up credentials, each with a fingerprint', () => {
      const pair = provider.pair?.(seededRandom(name));
      for (const side of sides) {
        const views = provider.secretsIn(side, pair?.[side], mark);
        expect(views.length).toBeGreaterThan(0);
        for (const { fingerprint, says } of views) {
          expect(fingerprint).toMatch(/^[0-9a-f]{8}$/);
          expect(says).not.toBe('');
        }
      }
    });
  },
);

describe.each(providers.filter(({ keyPair }) => keyPair !== undefined).map((one) => [one.name, one] as const))(
  'a pair of keys made for %s',
  (name, provider) => {
    it('has one fingerprint on both sides', () => {
      const made = provider.keyPair?.(seededRandom(name));
      const [seals] = provider.secretsIn('endpoint', made?.seals, mark);
      const [opens] = provider.secretsIn('account', made?.opens, mark);
      expect(seals).toMatchObject({ kind: 'private_key' });
      expect(opens).toMatchObject({ kind: 'public_key', fingerprint: seals?.fingerprint, key: seals?.key });
    });
  },
);

describe('what a schema says of its text', () => {
  it('stays when more is asked of it, unless it says otherwise', () => {
    const text = secretText(16);
    const schema = z.strictObject({
      plain: text,
      more: z.exactOptional(text.startsWith('sk_')),
      other: z.array(noted(text.startsWith('whsec_'), 'secret', 'something else')),
      id: z.string(),
    });
    expect(secretFieldsOf(schema).map(({ field, says }) => [field, says])).toEqual([
      ['plain', 'the text as it stands'],
      ['more', 'the text as it stands'],
      ['other', 'something else'],
    ]);
  });

  it('is of no field where the credentials are no object', () => {
    expect(secretFieldsOf(z.string())).toEqual([]);
  });
});
