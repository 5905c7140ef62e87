import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chineseOf } from '../../console/texts/sentences/chinese.ts';
import { type OtherAccount, type Subject, suspicionsOf } from '../../src/callbacks/diagnose/attempts.ts';
import type { CauseName } from '../../src/callbacks/diagnose/causes.ts';
import { type Diagnosis, diagnose as diagnosisOf } from '../../src/callbacks/diagnose/diagnose.ts';
import { firstDifference } from '../../src/callbacks/diagnose/difference.ts';
import { asId } from '../../src/domain/ids.ts';
import { limits } from '../../src/domain/limits.ts';
import { providers } from '../../src/providers/index.ts';
import type { RawRequest } from '../../src/providers/provider.ts';
import {
  account,
  context,
  now,
  sayableBy,
  seededRandom,
  sidesOf,
  textOf,
  withBody,
  withHeader,
  withoutChinese,
  withoutHeader,
} from '../providers/support.ts';

/** What a genuine request of a format is, and what of it can break. */
interface Genuine {
  name: string;
  sealed: RawRequest;
  subject: Subject;
  isForm: boolean;
  /** One whole body is signed, byte for byte. */
  signsBody: boolean;
  /** Declared headers that it bears. */
  headers: readonly string[];
  secrets: readonly string[];
}

const extras: Readonly<Record<string, object>> = { hmac: { replay_window_s: 300 } };
/** Only some fields are signed, or none. */
const signingFields = ['adyen', 'mercadopago', 'midtrans', 'wechatpay-v2', 'xendit'];

async function genuineOf(name: string): Promise<Genuine> {
  const extra = extras[name] ?? {};
  const { provider, sender, receiver, credentials } = sidesOf(name, { account: extra, endpoint: extra });
  // A name beyond ASCII, and characters that are escaped in one place and not in another.
  const notification = sayableBy(provider, 'payment.succeeded', { orderNo: asId.orderNo('订单-é/1&2') });
  const sealed = await sender.seal(notification, context);
  const isForm = sealed.headers.some(([, value]) => value.includes('form-urlencoded'));
  const texts = textsIn(credentials.account);
  return {
    name,
    sealed,
    subject: { account, receiver, profile: provider.profile, request: sealed, context, others: [], texts },
    isForm,
    signsBody: !isForm && !signingFields.includes(name),
    headers: provider.profile.singleHeaders.filter((header) => sealed.headers.some(([one]) => one === header)),
    secrets: [...texts, ...textsIn(credentials.endpoint)].filter(isSecret),
  };
}

const all = await Promise.all(providers.map(({ name }) => genuineOf(name)));
const named = (name: string) => all.find((one) => one.name === name) ?? expect.fail(name);

/** One way to break a request, and the cause that must be found; null where the format cannot break so. */
interface Break {
  what: string;
  cause: CauseName;
  request(genuine: Genuine): RawRequest | null;
  change?(genuine: Genuine): Partial<Subject>;
  proven?: boolean;
}

const changedBody =
  (applies: (genuine: Genuine) => boolean, change: (body: string) => string | Uint8Array) => (genuine: Genuine) => {
    if (!applies(genuine)) return null;
    const body = change(textOf(genuine.sealed.body));
    return Buffer.from(body).equals(genuine.sealed.body) ? null : withBody(genuine.sealed, body);
  };
const changedHeader =
  (index: number, change: (sealed: RawRequest, header: string) => RawRequest) => (genuine: Genuine) => {
    const header = genuine.headers[index];
    return header === undefined ? null : change(genuine.sealed, header);
  };
const signsBody = ({ signsBody: signs }: Genuine) => signs;
const isForm = ({ isForm: is }: Genuine) => is;
const hasText = ({ isForm: is, sealed }: Genuine) =>
  is ? /%[89A-F]/i.test(textOf(sealed.body)) : /[^\0-\x7f]/.test(textOf(sealed.body));
const python = (body: string) =>
  body.replaceAll(/("(?:[^"\\]|\\.)*")|([,:])/g, (_, text = '', mark = '') => text + (mark && `${mark} `));
const ascii = (text: string) =>
  text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
const rewritten = (change: (value: unknown) => string) => (body: string) => change(JSON.parse(body));

const otherCredentials = new Map(
  providers.map((provider) => [provider.name, provider.pair?.(seededRandom(`other ${provider.name}`))]),
);
/** The genuine sender belongs to another account, and the account that was asked has other secrets. */
function underOther(mode: 'live' | 'test'): Pick<Break, 'request' | 'change'> {
  return {
    request: ({ sealed }) => sealed,
    change({ name }) {
      const strange = { ...Object(otherCredentials.get(name)?.account), ...extras[name] };
      const { provider, credentials } = sidesOf(name, { account: extras[name] ?? {} });
      const id = asId.account(`acc_${mode}`);
      const other: OtherAccount = {
        account: { id, mode },
        receiver: provider.receiver(credentials.account, { id, mode: 'live' }),
      };
      return { receiver: provider.receiver(strange, account), others: [other], texts: textsIn(strange) };
    },
  };
}

const breaks: readonly Break[] = [
  { what: 'sealed for another account', cause: 'other_key', ...underOther('live') },
  { what: 'sealed for an account of the other mode', cause: 'other_environment', ...underOther('test') },
  { what: 'with a newline at the end', cause: 'white_space', request: changedBody(signsBody, (body) => `${body}\n`) },
  { what: 'with CRLF at the end', cause: 'white_space', request: changedBody(signsBody, (body) => `${body}\r\n`) },
  {
    what: 'with CRLF for LF',
    cause: 'white_space',
    request: changedBody(
      (one) => one.signsBody && textOf(one.sealed.body).includes('\n'),
      (body) => body.replaceAll('\n', '\r\n'),
    ),
  },
  {
    what: 'behind a byte order mark',
    cause: 'white_space',
    request: changedBody(signsBody, (body) => `\ufeff${body}`),
  },
  {
    what: 'written anew by JSON.stringify, or pretty-printed',
    cause: 'body_rewritten',
    request: changedBody(signsBody, (body) => {
      const compact = JSON.stringify(JSON.parse(body));
      return compact === body ? JSON.stringify(JSON.parse(body), null, 2) : compact;
    }),
  },
  {
    what: 'pretty-printed with 4 spaces',
    cause: 'body_rewritten',
    request: changedBody(
      signsBody,
      rewritten((value) => JSON.stringify(value, null, 4)),
    ),
  },
  {
    what: 'written anew by Python',
    cause: 'body_rewritten',
    request: changedBody(signsBody, (body) => ascii(python(JSON.stringify(JSON.parse(body))))),
  },
  {
    what: 'written anew by PHP',
    cause: 'body_rewritten',
    request: changedBody(
      signsBody,
      rewritten((value) => ascii(JSON.stringify(value)).replaceAll('/', '\\/')),
    ),
  },
  {
    what: 'with the + of its form not encoded',
    cause: 'form_rewritten',
    request: changedBody(
      (one) => one.isForm && textOf(one.sealed.body).includes('%2B'),
      (body) => body.replaceAll('%2B', '+'),
    ),
  },
  {
    what: 'encoded twice',
    cause: 'form_rewritten',
    request: changedBody(isForm, (body) => body.replaceAll('%', '%25')),
  },
  {
    what: 'decoded and joined without encoding',
    cause: 'form_rewritten',
    request: changedBody(isForm, (body) => [...new URLSearchParams(body)].map((pair) => pair.join('=')).join('&')),
  },
  {
    what: 'turned from a form into JSON',
    cause: 'form_rewritten',
    request: changedBody(isForm, (body) => JSON.stringify(Object.fromEntries(new URLSearchParams(body)))),
  },
  {
    what: 'read as Latin-1 and written as UTF-8',
    cause: 'charset',
    request: changedBody(
      (one) => one.signsBody && hasText(one),
      (body) => Buffer.from(Buffer.from(body).toString('latin1')),
    ),
  },
  {
    what: 'read as GBK and written as UTF-8',
    cause: 'charset',
    request(genuine) {
      const body = hasText(genuine) && (genuine.signsBody || genuine.isForm) ? gbkOf(genuine) : null;
      return body === null ? null : withBody(genuine.sealed, body);
    },
  },
  ...[0, 1, 2, 3].flatMap((index): Break[] => [
    {
      what: `without header ${index + 1}`,
      cause: 'header_missing',
      proven: false,
      request: changedHeader(index, withoutHeader),
    },
    {
      what: `with header ${index + 1} named with underscores`,
      cause: 'header_renamed',
      request: changedHeader(index, (sealed, header) =>
        header.includes('-')
          ? {
              ...sealed,
              headers: sealed.headers.map(([name, value]) => [
                name === header ? header.replaceAll('-', '_') : name,
                value,
              ]),
            }
          : sealed,
      ),
    },
    {
      what: `with header ${index + 1} twice`,
      cause: 'header_duplicated',
      request: changedHeader(index, (sealed, header) => ({
        ...sealed,
        headers: [...sealed.headers, ...sealed.headers.filter(([name]) => name === header)],
      })),
    },
    {
      what: `with header ${index + 1} joined with a copy of itself`,
      cause: 'header_duplicated',
      request: changedHeader(index, (sealed, header) => withHeader(sealed, header, (value) => `${value}, ${value}`)),
    },
    {
      what: `with header ${index + 1} in quotes`,
      cause: 'header_changed',
      request: changedHeader(index, (sealed, header) => withHeader(sealed, header, (value) => `"${value}"`)),
    },
  ]),
  {
    what: 'that is old',
    cause: 'clock',
    request: ({ sealed, subject }) =>
      subject.receiver.open(sealed, { ...context, now: now + 8 * 3_600_000 }).is === 'refused' ? sealed : null,
    change: () => ({ context: { ...context, now: now + 8 * 3_600_000 } }),
  },
  {
    what: 'for another URL',
    cause: 'url',
    request: ({ sealed, subject }) => (subject.profile.signsUrl ? sealed : null),
    change({ name, subject }) {
      const { provider, credentials } = sidesOf(name);
      const url = String(credentials.account.notification_url).replace('https:', 'http:').concat('/');
      const texts = [...subject.texts.filter((text) => !text.startsWith('http')), url];
      return { receiver: provider.receiver({ ...credentials.account, notification_url: url }, account), texts };
    },
  },
];

const rows = breaks.flatMap((broken) =>
  all.flatMap((genuine) => {
    const request = broken.request(genuine);
    if (request === null || (request === genuine.sealed && broken.change === undefined)) return [];
    const subject = { ...genuine.subject, request, ...broken.change?.(genuine) };
    return [{ title: `${genuine.name}, ${broken.what}`, genuine, broken, subject }];
  }),
);

/** All of it can be said in Chinese too. */
function diagnose(subject: Subject): Diagnosis {
  const diagnosis = diagnosisOf(subject);
  expect(withoutChinese(diagnosis)).toEqual([]);
  return diagnosis;
}

/** Says nothing secret, and has kept to its limits. */
function checked(diagnosis: Diagnosis, genuine: Genuine, subject: Subject): Diagnosis {
  const said = JSON.stringify(diagnosis);
  expect(genuine.secrets.length).toBeGreaterThan(0);
  for (const secret of [...genuine.secrets, ...subject.texts.filter(isSecret)])
    expect(said).not.toContain(JSON.stringify(secret).slice(1, -1));
  expect(diagnosis.tried.reduce((sum, { attempts }) => sum + attempts, 0)).toBeLessThanOrEqual(
    limits.diagnosisOpens + 1,
  );
  return diagnosis;
}

it.each(breaks)('a request $what is tried on some format', (broken) => {
  expect(rows.some((row) => row.broken === broken)).toBe(true);
});

describe.each(all)('$name', (genuine) => {
  it('accepts what is genuine, without a cause', () => {
    expect(checked(diagnose(genuine.subject), genuine, genuine.subject)).toMatchObject({
      accepted: true,
      // What only says that something changed, or is signed in part, waits until the provider is asked.
      verdict: ['gocardless', 'mercadopago', 'midtrans', 'mollie', 'paypal', 'xendit'].includes(genuine.name)
        ? 'parked'
        : 'verified',
      cause: null,
      tried: [],
    });
  });

  it.each(rows.filter((row) => row.genuine === genuine))(
    'finds the cause of a request of $title',
    ({ broken, subject }) => {
      const diagnosis = checked(diagnose(subject), genuine, subject);
      expect(diagnosis).toMatchObject({
        accepted: false,
        cause: { name: broken.cause, proven: broken.proven ?? true },
      });
      if (broken.cause === 'other_key') expect(diagnosis.cause?.account).toBe('acc_live');
      const shows = ['white_space', 'body_rewritten', 'form_rewritten', 'charset', 'url'].includes(broken.cause);
      expect(diagnosis.difference !== null).toBe(shows);
    },
  );

  it('tries nothing that could not be said in Chinese', () => {
    const tried = rows
      .filter((row) => row.genuine === genuine)
      .flatMap(({ subject }) => suspicionsOf(subject))
      .flatMap(({ attempts }) => [...attempts])
      .map(({ how }) => `the signature fits ${how}`);
    expect(tried.length).toBeGreaterThan(0);
    expect([...new Set(tried)].filter((sentence) => chineseOf(sentence) === null)).toEqual([]);
  });

  it('finds no cause for a forgery', () => {
    const { receiver } = sidesOf(genuine.name, { account: extras[genuine.name] ?? {} });
    const forged = forgedOf(genuine);
    const subject = { ...genuine.subject, receiver, request: forged };
    const diagnosis = checked(diagnose(subject), genuine, subject);
    expect(diagnosis).toMatchObject({ accepted: false, cause: null, difference: null });
    expect(diagnosis.tried.every(({ fits }) => !fits)).toBe(true);
  });

  it('says no secret whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.tuple(fc.constantFrom(...genuine.subject.profile.singleHeaders, 'host'), fc.string())),
        (body, headers) => {
          const subject = { ...genuine.subject, request: { method: 'POST', target: '/', headers, body } };
          expect(checked(diagnose(subject), genuine, subject).accepted).toBe(false);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('what it shows', () => {
  it('is the first difference, by line and column, with what stands around it', () => {
    const { subject, sealed } = named('stripe');
    const compact = JSON.stringify(JSON.parse(textOf(sealed.body)));
    const { difference } = diagnose({ ...subject, request: withBody(sealed, compact) });
    expect(difference).toMatchObject({
      of: 'body',
      offset: 1,
      line: 1,
      column: 2,
      received: { before: '{', at: '"' },
      verified: { before: '{', at: '\\n', after: expect.stringContaining('"id": "evt_') },
    });
  });

  it('is readable, whole characters and escapes alike', () => {
    const texts = [`${'单'.repeat(20)}é`, `${'单'.repeat(20)}è\n${'据'.repeat(20)}`].map((text) => Buffer.from(text));
    const [one = Buffer.alloc(0), other = Buffer.alloc(0)] = texts;
    expect(firstDifference('body', one, other)).toEqual({
      of: 'body',
      offset: 60,
      line: 1,
      column: 61,
      received: { before: '单'.repeat(10), at: 'é', after: '' },
      verified: { before: '单'.repeat(10), at: 'è', after: `\\n${'据'.repeat(11)}` },
    });
    const bytes = firstDifference('body', Buffer.from([0x61, 0xe9, 0x0d]), Buffer.from([0x61, 0xff]));
    expect(bytes).toMatchObject({ received: { at: '\\xe9', after: '\\r' }, verified: { at: '\\xff', after: '' } });
    expect(firstDifference('url', one, one)).toBeNull();
  });

  it('is what would still be refused once the cause is gone', () => {
    const { subject, sealed } = named('stripe');
    const diagnosis = diagnose({
      ...subject,
      request: withBody(sealed, `${textOf(sealed.body)}\n`),
      context: { ...context, now: now + 3_600_000 },
    });
    expect(diagnosis.cause).toMatchObject({ name: 'white_space', remaining: 'timestamp 3600 s old, window 300 s' });
  });

  it.each([
    ['standard', 'its whole text', (secret: string) => secret],
    ['standard', 'its text after the prefix', (secret: string) => secret.replace('whsec_', '')],
    ['standard', 'its text with a newline at the end', (secret: string) => `${secret}\n`],
    ['standard', 'its text with CRLF at the end', (secret: string) => `${secret}\r\n`],
  ])('is how a sender of %s read the secret: %s', (name, how, read) => {
    const { subject, sealed } = named(name);
    const id = sealed.headers.find(([one]) => one === 'webhook-id')?.[1];
    const key = read(subject.texts[0] ?? '');
    const signature = hmacBase64(key, `${id}.${now / 1000}.`, sealed.body);
    const request = withHeader(sealed, 'webhook-signature', () => `v1,${signature}`);
    expect(diagnose({ ...subject, request }).cause).toMatchObject({
      name: 'secret_reading',
      proven: true,
      what: expect.stringContaining(how),
    });
  });

  it('is that a character was lost, or that the body is cut', () => {
    const { subject, sealed } = named('paystack');
    const lost = withBody(sealed, textOf(sealed.body).replace('é', '�'));
    expect(diagnose({ ...subject, request: lost }).cause).toMatchObject({ name: 'charset_lost', proven: false });
    const cut = withBody(sealed, sealed.body.subarray(0, 40));
    const announced = { ...cut, headers: [...cut.headers, ['content-length', String(sealed.body.length)] as const] };
    expect(diagnose({ ...subject, request: announced }).cause).toMatchObject({ name: 'body_cut', proven: false });
  });

  it.each([
    ['the largest body', limits.callbackBytesMax],
    ['the largest JSON that is written anew', 262_144],
  ])('comes within the limits for %s', (_, length) => {
    const { subject, sealed } = named('stripe');
    const body = `{"a":"${'é/<'.repeat(length).slice(0, length / 2)}`.slice(0, length - 2).concat('"}');
    const diagnosis = diagnose({ ...subject, request: withBody(sealed, body) });
    expect(diagnosis.cause).toBeNull();
    expect(diagnosis.tried.length).toBeGreaterThan(1);
  });
});

/** What must not be shown: neither ids nor URLs, nor what is public. */
function isSecret(text: string): boolean {
  return text.length >= 24 && !/^https?:|^PUB_KEY_ID|^[0-9A-F]+$|^ak_|BEGIN (?:CERTIFICATE|PUBLIC)/.test(text);
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function hmacBase64(key: string, before: string, body: Uint8Array): string {
  return createHmac('sha256', key).update(before).update(body).digest('base64');
}

/** Every signature in it changed, at one place in its middle. */
function forgedOf({ sealed, headers, isForm }: Genuine): RawRequest {
  const other = (signature: string) => {
    const at = signature.length >> 1;
    return signature.slice(0, at) + (signature[at] === '0' ? '1' : '0') + signature.slice(at + 1);
  };
  if (isForm) {
    const fields = new URLSearchParams(textOf(sealed.body));
    const name = ['sign', 'signature', 'bt_signature'].find((one) => fields.has(one)) ?? '';
    fields.set(name, other(fields.get(name) ?? ''));
    return withBody(sealed, fields.toString());
  }
  const inBody = /((?:hmacSignature|signature_key)":"|<sign><!\[CDATA\[)([^"\]]+)/;
  return {
    ...withBody(
      sealed,
      textOf(sealed.body).replace(inBody, (_, before, value) => before + other(value)),
    ),
    headers: sealed.headers.map(([name, value]) => [
      name,
      headers.includes(name) ? value.replaceAll(/[A-Za-z0-9+/]{40,}/g, other) : value,
    ]),
  };
}

/** The text as a program writes it that took its UTF-8 for GBK; null where its bytes are no GBK. */
function gbkOf({ sealed, isForm }: Genuine): string | null {
  const read = (bytes: Uint8Array) => {
    try {
      return new TextDecoder('gbk', { fatal: true }).decode(bytes);
    } catch {
      return null;
    }
  };
  if (!isForm) return read(sealed.body);
  const fields = [...new URLSearchParams(textOf(sealed.body))].map(
    ([name, value]) => [name, read(Buffer.from(value))] as const,
  );
  if (fields.some(([, value]) => value === null)) return null;
  return new URLSearchParams(Object.fromEntries(fields.map(([name, value]) => [name, value ?? '']))).toString();
}
