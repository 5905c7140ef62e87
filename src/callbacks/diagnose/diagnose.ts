import type { CallbackVerdict } from '../../domain/callback.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { Fact } from '../../domain/fact.ts';
import type { AccountId } from '../../domain/ids.ts';
import { limits } from '../../domain/limits.ts';
import type { Opened, Refusal } from '../../providers/provider.ts';
import { isQuarantined } from '../reading.ts';
import { type Attempt, otherAccounts, otherTimes, type Subject, type Suspicion, suspicionsOf } from './attempts.ts';
import { type CauseName, causes } from './causes.ts';
import { type Difference, firstDifference } from './difference.ts';
import { otherReading } from './secret-readings.ts';

/** What `verify` says of a request: whether it would be taken; if not, what was signed, what would have fitted, and what to do. */
export interface Diagnosis {
  accepted: boolean;
  /** What the callback would be kept as; null where nothing is kept (a challenge). */
  verdict: CallbackVerdict | null;
  code: ErrorCode | null;
  /** One line that a developer can act on. */
  why: string;
  /** The text that should have been signed, as far as it is text; null where none could be made. */
  signedText: string | null;
  /** What it tells, a line each. */
  facts: readonly string[];
  /** The likely cause; null where it is accepted, and where none was found: a forgery, or a secret that nobody here has. */
  cause: Cause | null;
  /** Where what came differs from what verifies. */
  difference: Difference | null;
  /** What was tried, in order, up to what fitted. */
  tried: readonly Tried[];
}

export interface Cause {
  name: CauseName;
  what: string;
  next: string;
  /** The request verifies once this is put right; else the cause is what the request looks like. */
  proven: boolean;
  /** The account under which it verifies, where that is another one. */
  account: AccountId | null;
  /** Why it would still be refused after that; null = it would be taken. */
  remaining: string | null;
}

export interface Tried {
  cause: CauseName;
  attempts: number;
  fits: boolean;
}

/**
 * Opens a request without keeping anything, and where its signature does not fit tries what is known to break signatures. Pure, and
 * bounded by `limits.diagnosisOpens` and `limits.diagnosisBytes`. It never shows a secret, nor any signature that would fit: only
 * what was signed, which came with the request.
 */
export function diagnose(subject: Subject): Diagnosis {
  const opened = subject.receiver.open(subject.request, subject.context);
  const told = toldBy(opened);
  if (opened.is !== 'refused' && opened.is !== 'unknown_key') return told;
  const tried: Tried[] = [];
  const found = search(suspicionsFor(opened, subject), { subject, tried, atLeast: stageOf(opened) + 1 });
  if (found !== null) return { ...told, ...explain(found, subject), tried };
  const cause = readingCause(opened, subject, tried) ?? seenCause(opened, subject);
  return { ...told, cause, tried };
}

/** How far a request got: 0 = its signature does not fit, 1 = it fits, 2 = it is taken. */
function stageOf(opened: Opened): 0 | 1 | 2 {
  if (opened.is === 'unknown_key') return 0;
  if (opened.is !== 'refused') return 2;
  return opened.code.startsWith('signature.') || opened.code === 'callback.malformed' ? 0 : 1;
}

function suspicionsFor(opened: Opened, subject: Subject): readonly Suspicion[] {
  if (opened.is === 'refused' && opened.code === 'signature.probe') return [];
  if (stageOf(opened) === 0) return suspicionsOf(subject);
  const isStale = opened.is === 'refused' && opened.code === 'callback.stale';
  return [isStale ? otherTimes(subject) : otherAccounts(subject)];
}

interface Found {
  cause: CauseName;
  attempt: Attempt;
  opened: Opened;
}

function search(
  suspicions: readonly Suspicion[],
  { subject, tried, atLeast }: { subject: Subject; tried: Tried[]; atLeast: number },
): Found | null {
  const seen = new Set<string>([keyOf(subject.request.body)]);
  const left: { opens: number; bytes: number } = { opens: limits.diagnosisOpens, bytes: limits.diagnosisBytes };
  for (const { cause, attempts } of suspicions) {
    let count = 0;
    for (const attempt of attempts) {
      const { body, headers = subject.request.headers, other, context } = attempt;
      const request = { ...subject.request, headers, body: body ?? subject.request.body };
      left.bytes -= request.body.length;
      if (left.opens === 0 || left.bytes < 0) break;
      // The same bytes may be what several causes come to; the first one said is enough.
      if (body !== undefined && seen.size === seen.add(keyOf(body)).size) continue;
      left.opens -= 1;
      count += 1;
      const opened = (other?.receiver ?? subject.receiver).open(request, { ...subject.context, ...context });
      if (stageOf(opened) >= atLeast) {
        tried.push({ cause, attempts: count, fits: true });
        return { cause, attempt, opened };
      }
    }
    if (count > 0) tried.push({ cause, attempts: count, fits: false });
  }
  return null;
}

function keyOf(body: Uint8Array): string {
  return Buffer.from(body).toString('latin1');
}

function explain({ cause, attempt, opened }: Found, subject: Subject): Pick<Diagnosis, 'cause' | 'difference'> {
  const { request, context } = subject;
  const isTaken = stageOf(opened) === 2;
  const what = cause === 'clock' ? ageOf(attempt, subject) : `the signature fits ${attempt.how}`;
  return {
    cause: {
      name: cause,
      what: cause === 'other_account' ? `it is authentic and fits ${attempt.how}` : what,
      next: causes[cause],
      proven: true,
      account: attempt.other?.account.id ?? null,
      remaining: isTaken || !('why' in opened) ? null : opened.why,
    },
    difference:
      attempt.body !== undefined
        ? firstDifference('body', request.body, attempt.body)
        : attempt.context?.signedUrl !== undefined
          ? firstDifference(
              'url',
              Buffer.from(configuredUrl(subject) ?? context.publicUrl + request.target),
              Buffer.from(attempt.context.signedUrl),
            )
          : null,
  };
}

/** The URL that the account signs with now. */
function configuredUrl({ texts }: Subject): string | undefined {
  return texts.find((text) => /^https?:\/\//.test(text));
}

function ageOf({ context }: Attempt, subject: Subject): string {
  const ageSeconds = Math.round((subject.context.now - (context?.now ?? 0)) / 1000);
  const hours = Math.round(ageSeconds / 3600);
  const isZone = hours !== 0 && Math.abs(ageSeconds - hours * 3600) <= 120 && Math.abs(hours) <= 14;
  const zone = isZone ? '; whole hours look like a local time that was taken for UTC' : '';
  return ageSeconds < 0
    ? `the signature fits, and its time is ${-ageSeconds} s in the future${zone}`
    : `the signature fits, and its time is ${ageSeconds} s ago: kept and sent again, or a wrong clock${zone}`;
}

/** Looks for an HMAC that some other reading of the account's own secrets makes. */
function readingCause(opened: Opened, subject: Subject, tried: Tried[]): Cause | null {
  if (opened.is !== 'refused' || opened.code !== 'signature.mismatch' || opened.signedText === null) return null;
  const { request, texts } = subject;
  const signedTexts = [['the signed text', opened.signedText] as const, ['the body alone', request.body] as const];
  const what = otherReading(texts, signedTexts, request);
  tried.push({ cause: 'secret_reading', attempts: 1, fits: what !== null });
  return what === null ? null : causeOf('secret_reading', `the signature is ${what}`, true);
}

const seenByCode = new Map<ErrorCode, CauseName>([
  ['signature.missing', 'header_missing'],
  ['signature.duplicated', 'header_duplicated'],
  ['signature.malformed', 'header_changed'],
  ['signature.scheme', 'scheme'],
  ['signature.probe', 'probe'],
  ['callback.stale', 'clock'],
  ['callback.decrypt', 'encryption'],
  ['callback.not_encrypted', 'encryption'],
  ['callback.other_account', 'other_account'],
]);

/** What the request itself shows, where nothing that was tried made it fit. */
function seenCause(opened: Refusal | Extract<Opened, { is: 'unknown_key' }>, { request }: Subject): Cause | null {
  if (opened.is === 'unknown_key') return causeOf('unknown_key', opened.why);
  const name = seenByCode.get(opened.code);
  if (name !== undefined) return causeOf(name, opened.why);
  const announced = request.headers.find(([one]) => one.toLowerCase() === 'content-length')?.[1];
  if (announced !== undefined && /^\d{1,9}$/.test(announced) && Number(announced) !== request.body.length) {
    return causeOf('body_cut', `the body has ${request.body.length} bytes; content-length announces ${announced}`);
  }
  const at = Buffer.from(request.body).indexOf('�');
  return at < 0
    ? null
    : causeOf('charset_lost', `a character at byte ${at} was replaced by �, as a wrong charset does`);
}

function causeOf(name: CauseName, what: string, proven = false): Cause {
  return { name, what, next: causes[name], proven, account: null, remaining: null };
}

function toldBy(opened: Opened): Diagnosis {
  const told = (verdict: CallbackVerdict | null, why: string, rest: Partial<Diagnosis> = {}): Diagnosis => ({
    accepted: true,
    verdict,
    code: null,
    why,
    signedText: null,
    facts: [],
    cause: null,
    difference: null,
    tried: [],
    ...rest,
  });
  switch (opened.is) {
    case 'facts': {
      const { facts, readBack } = opened;
      const why = `authentic, with ${facts.length} ${facts.length === 1 ? 'fact' : 'facts'}`;
      return told(readBack ? 'parked' : 'verified', why, { facts: facts.map(describe) });
    }
    case 'ping':
      return told('parked', 'authentic; it only says that something changed');
    case 'ignored':
      return told('ignored', `authentic; nothing is done for ${opened.type}`);
    case 'challenge':
      return told(null, 'a challenge, which is answered');
    case 'unreadable':
      return told('unreadable', opened.why, { accepted: false, code: 'callback.malformed' });
    case 'unknown_key': {
      const code = 'signature.unknown_key';
      return told('quarantined', opened.why, { accepted: false, code, signedText: textOf(opened.signedText) });
    }
    case 'refused': {
      const { code, why } = opened;
      const verdict = isQuarantined(code) ? 'quarantined' : 'refused';
      return told(verdict, why, { accepted: false, code, signedText: textOf(opened.signedText) });
    }
  }
}

function describe({ kind, paymentId, operationId, reference, amountMinor, currency }: Fact): string {
  const amount = amountMinor === null ? 'no amount' : `${amountMinor} ${currency} (minor units)`;
  return `${kind} ${amount} · order ${reference ?? 'not named'} · payment ${paymentId} · operation ${operationId}`;
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}
