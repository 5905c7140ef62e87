import type { Account } from '../../domain/merchant.ts';
import type { Profile } from '../../providers/profile.ts';
import type { Context, RawRequest, Receiver } from '../../providers/provider.ts';
import type { CauseName } from './causes.ts';
import { isAscii, transcodings } from './charsets.ts';
import { formCharsets, formForms } from './form-forms.ts';
import { renamedHeaders, respelledHeaders, singledHeaders } from './header-forms.ts';
import { jsonForms } from './json-forms.ts';
import { urlForms } from './url-forms.ts';

/** What is known of a request whose signature does not fit. */
export interface Subject {
  account: Pick<Account, 'id' | 'mode'>;
  receiver: Receiver;
  profile: Pick<Profile, 'singleHeaders' | 'signsUrl'>;
  request: RawRequest;
  context: Context;
  /** Accounts of the same provider that whoever asks may see, the likeliest first. */
  others: readonly OtherAccount[];
  /** Texts of the account's credentials: secrets, and what else they hold. */
  texts: readonly string[];
}

export interface OtherAccount {
  account: Pick<Account, 'id' | 'mode'>;
  receiver: Receiver;
}

/** The request opened in one other way. */
export interface Attempt {
  /** What would have to be so, for a sentence: `the signature fits …`. */
  how: string;
  other?: OtherAccount;
  body?: Uint8Array;
  headers?: RawRequest['headers'];
  context?: Partial<Context>;
}

/** One suspicion, with all the ways to try it. */
export interface Suspicion {
  cause: CauseName;
  attempts: Iterable<Attempt>;
}

/** Everything that is tried on a signature that does not fit, the likeliest and cheapest first. */
export function suspicionsOf(subject: Subject): readonly Suspicion[] {
  const { request, profile, account, others } = subject;
  const { headers } = request;
  const short = headers.filter(([, value]) => value.length <= headerCharactersMax);
  return [
    { cause: 'other_key', attempts: underOthers(others.filter((one) => one.account.mode === account.mode)) },
    { cause: 'other_environment', attempts: underOthers(others.filter((one) => one.account.mode !== account.mode)) },
    { cause: 'white_space', attempts: changedBodies(whiteSpace(request.body)) },
    { cause: 'body_rewritten', attempts: changedBodies(rewritten(request.body)) },
    { cause: 'form_rewritten', attempts: changedBodies(asLatin1(request.body, formForms)) },
    { cause: 'charset', attempts: changedBodies(otherCharsets(request.body)) },
    { cause: 'header_renamed', attempts: changedHeaders(renamedHeaders(short, profile.singleHeaders)) },
    { cause: 'header_duplicated', attempts: changedHeaders(singledHeaders(short, profile.singleHeaders)) },
    { cause: 'header_changed', attempts: changedHeaders(respelledHeaders(short, profile.singleHeaders)) },
    { cause: 'url', attempts: profile.signsUrl ? underUrls(subject) : [] },
  ];
}

/** For a signature that fits and an account that does not. */
export function otherAccounts({ others }: Subject): Suspicion {
  return { cause: 'other_account', attempts: underOthers(others) };
}

/** For a signature that fits and is too old, or too new: the times that the request itself names. */
export function otherTimes({ request }: Subject): Suspicion {
  return { cause: 'clock', attempts: atTimes(request) };
}

/** As long as no header of a signature is. */
const headerCharactersMax = 4096;

function* underOthers(others: readonly OtherAccount[]): Generator<Attempt> {
  for (const other of others) yield { how: `under account ${other.account.id}`, other };
}

function* changedBodies(changes: Iterable<readonly [how: string, body: Uint8Array]>): Generator<Attempt> {
  for (const [how, body] of changes) yield { how: `over the body ${how}`, body };
}

function* changedHeaders(
  changes: Iterable<readonly [how: string, headers: RawRequest['headers']]>,
): Generator<Attempt> {
  for (const [how, headers] of changes) yield { how: `with header ${how}`, headers };
}

function* underUrls({ context, request, texts }: Subject): Generator<Attempt> {
  const configured = [...texts.filter((text) => /^https?:\/\//.test(text)), context.publicUrl + request.target];
  for (const url of urlForms(configured, request)) yield { how: `with the URL ${url}`, context: { signedUrl: url } };
}

function* atTimes({ headers }: RawRequest): Generator<Attempt> {
  const seconds = new Set(
    headers.flatMap(([, value]) => value.slice(0, headerCharactersMax).match(/\b\d{1,12}\b/g) ?? []),
  );
  for (const one of seconds)
    yield { how: `at ${one} s since 1970, its own time`, context: { now: Number(one) * 1000 } };
}

function* whiteSpace(body: Uint8Array): Generator<readonly [how: string, body: Uint8Array]> {
  // A byte a character: what is no UTF-8 stays as it is.
  const text = Buffer.from(body).toString('latin1');
  const byteOrderMark = '\xef\xbb\xbf';
  const trimmed = text.replaceAll('\r\n', '\n');
  const changes = [
    ['without the space around it', text.trim()],
    ['with a newline at the end', `${text}\n`],
    ['with a newline at the end, and no other space around it', `${text.trim()}\n`],
    ['with CRLF at the end', `${text}\r\n`],
    ['with LF instead of CRLF', trimmed],
    ['with CRLF instead of LF', trimmed.replaceAll('\n', '\r\n')],
    ['without its byte order mark', text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text],
    ['with a byte order mark', byteOrderMark + text],
  ] as const;
  for (const [how, changed] of changes) yield [how, Buffer.from(changed, 'latin1')];
}

function* rewritten(body: Uint8Array): Generator<readonly [how: string, body: Uint8Array]> {
  for (const [how, text] of jsonForms(Buffer.from(body).toString('utf8'))) yield [how, Buffer.from(text)];
}

function* asLatin1(
  body: Uint8Array,
  forms: (text: string) => Iterable<readonly [how: string, text: string]>,
): Generator<readonly [how: string, body: Uint8Array]> {
  for (const [how, text] of forms(Buffer.from(body).toString('latin1'))) yield [how, Buffer.from(text, 'latin1')];
}

function* otherCharsets(body: Uint8Array): Generator<readonly [how: string, body: Uint8Array]> {
  yield* asLatin1(body, formCharsets);
  if (isAscii(body)) return;
  for (const [how, undo] of transcodings()) {
    const changed = undo(body);
    if (changed !== null) yield [how, changed];
  }
}
