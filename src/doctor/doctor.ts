import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import { createHttp, type Http } from '../outbound/http-client.ts';
import type { Posted } from '../outbound/posted.ts';
import type { RawRequest, Sender } from '../providers/provider.ts';
import { type Attack, attacks, type Kit } from './attacks.ts';
import { createKit, createReference, type KitOptions, pairOf } from './kit.ts';
import { isLoopbackUrl, requireOwnership, tokenFor } from './ownership.ts';

export interface DoctorOptions extends KitOptions {
  url: string;
  /** What an endpoint of this provider seals with; null = only what can be forged without. */
  credentials: unknown;
  /** A genuine notification goes first, without which a refusal of the others proves nothing. */
  control: boolean;
  /** Names of attacks; empty = all. */
  only: readonly string[];
  /** How long each answer is waited for, and how long the slow body drips. */
  timeoutMs: number;
  /** CIDRs that may be reached although they are private; loopback always may where the URL names it. */
  allow: readonly string[];
  /** Makes the token by which a host proves that it is yours; asked for only where one has to. */
  ownerKey(): Uint8Array;
  signal: AbortSignal;
  onProgress(done: number, all: number, name: string): void;
  clock: Clock;
}

/** What became of one sample. */
export interface Finding {
  attack: string;
  sent: string;
  /** What a safe receiver does. */
  safe: string;
  /** `accepted`: acknowledged although it should not have been. `unclear`: neither acknowledged nor clearly refused. */
  verdict: 'safe' | 'accepted' | 'unclear';
  why: string;
  status: number | null;
  /** The start of the answer's body. */
  answer: string;
}

export interface Report {
  url: string;
  provider: string;
  /** Whether a genuine notification was acknowledged; null = none was sent. Only if it was do refusals prove anything. */
  control: { accepted: boolean; why: string } | null;
  findings: readonly Finding[];
  /** What was not tried, and why. */
  unchecked: readonly { attack: string; why: string }[];
}

const answerCharacters = 200;
const dripMs = 200;

/**
 * Attacks a callback URL with forged samples, and says what was acknowledged that should not have been. Nothing is sent before the
 * host is known to be this machine or has proved that it is the caller's.
 *
 * @throws AppError `endpoint.url`, `doctor.not_owner`, `doctor.unknown_attack`, `provider.unknown`, `account.credentials`.
 */
export async function examine(options: DoctorOptions): Promise<Report> {
  const url = URL.parse(options.url);
  if (url === null) throw new AppError('endpoint.url', 'this is not an absolute URL');
  const chosen = chosenAttacks(options.only);
  const allow = isLoopbackUrl(url) ? [...options.allow, '127.0.0.0/8', '::1/128'] : options.allow;
  const http = createHttp({ allow, connectionsPerOrigin: 1, clock: options.clock });
  try {
    if (!isLoopbackUrl(url)) await requireOwnership(url, tokenFor(url, options.ownerKey()), { http, ...options });
    return await run(chosen, http, options);
  } finally {
    await http.close();
  }
}

async function run(chosen: readonly Attack[], http: Http, options: DoctorOptions): Promise<Report> {
  const { provider, credentials, signal } = options;
  const strange = pairOf(options).endpoint;
  const kit = createKit(credentials ?? strange, strange, options);
  const target: Target = { http, options, judge: kit.judge };
  const control = credentials !== null && options.control ? await sendControl(target, kit) : null;
  const isAttack = createReference(credentials, strange, options);
  const findings: Finding[] = [];
  const unchecked: { attack: string; why: string }[] = [];
  for (const [index, attack] of chosen.entries()) {
    if (signal.aborted) break;
    options.onProgress(index, chosen.length, attack.name);
    const why = await uncheckable(attack, options, isAttack);
    const request = why === null ? await attack.make(kit) : null;
    if (request === null) unchecked.push({ attack: attack.name, why: why ?? `${provider.name} has no such thing` });
    else findings.push(await attempt(attack, request, target));
  }
  return { url: options.url, provider: provider.name, control, findings, unchecked };
}

/** Why an attack cannot be tried, or null. */
async function uncheckable(
  attack: Attack,
  { credentials, provider, control }: DoctorOptions,
  isAttack: (attack: Attack) => Promise<boolean>,
): Promise<string | null> {
  if (attack.needsSecrets && credentials === null) return 'needs what an endpoint seals with (--credentials)';
  if (attack.way === 'twice' && !control) return 'sends a genuine notification, which --no-control forbids';
  return (await isAttack(attack)) ? null : `${provider.name} has no such thing, or takes it rightly`;
}

function chosenAttacks(only: readonly string[]): readonly Attack[] {
  const unknown = only.find((name) => !attacks.some((attack) => attack.name === name));
  if (unknown === undefined) return attacks.filter(({ name }) => only.length === 0 || only.includes(name));
  const names = attacks.map(({ name }) => name).join(', ');
  throw new AppError(
    'doctor.unknown_attack',
    `there is no attack ${JSON.stringify(unknown.slice(0, 40))}; there are ${names}`,
  );
}

interface Target {
  http: Http;
  options: DoctorOptions;
  judge: Sender['judge'];
}

async function sendControl(target: Target, kit: Kit): Promise<NonNullable<Report['control']>> {
  const posted = await post(target, await kit.genuine());
  const { confirmed, why } = target.judge(posted.is === 'answered' ? posted : 'unreachable');
  return { accepted: confirmed, why: posted.is === 'answered' ? why : posted.why };
}

async function attempt(attack: Attack, request: RawRequest, target: Target): Promise<Finding> {
  const first = await post(target, request, attack.way === 'slow');
  const posted = attack.way === 'twice' ? await post(target, request) : first;
  const text = posted.is === 'answered' ? Buffer.from(posted.body).toString('utf8') : '';
  const judged = attack.way === 'twice' ? judgeTwice(first, posted, target) : judgeAttack(attack, posted, target);
  return {
    attack: attack.name,
    sent: attack.sent,
    safe: attack.safe,
    ...judged,
    status: posted.is === 'answered' ? posted.status : null,
    answer: text.slice(0, answerCharacters),
  };
}

type Judged = Pick<Finding, 'verdict' | 'why'>;

function judgeAttack({ way, name }: Attack, posted: Posted, { judge }: Target): Judged {
  const closes = way === 'slow' || name === 'huge_body';
  switch (posted.is) {
    case 'answered': {
      const { status } = posted;
      if (/root:[^:\n]*:0:0:/.test(Buffer.from(posted.body).toString('latin1')))
        return { verdict: 'accepted', why: 'the answer shows the file' };
      if (judge(posted).confirmed) return { verdict: 'accepted', why: `acknowledged with HTTP ${status}` };
      if (status >= 500) return { verdict: 'unclear', why: `HTTP ${status}: not acknowledged, perhaps by a fault` };
      if (status >= 300 && status < 400)
        return { verdict: 'unclear', why: `HTTP ${status}: redirects are not followed` };
      return { verdict: 'safe', why: `refused with HTTP ${status}` };
    }
    case 'unreachable':
      return closes && posted.peer !== null
        ? { verdict: 'safe', why: 'the connection was closed' }
        : { verdict: 'unclear', why: posted.why };
    case 'timeout':
      return { verdict: 'unclear', why: way === 'slow' ? 'it still waited for the body at the end' : posted.why };
    case 'refused_target':
      return { verdict: 'unclear', why: posted.why };
  }
}

function judgeTwice(first: Posted, second: Posted, { judge }: Target): Judged {
  if (first.is !== 'answered' || second.is !== 'answered' || !judge(first).confirmed)
    return { verdict: 'unclear', why: 'the first one was not acknowledged' };
  if (!judge(second).confirmed)
    return { verdict: 'unclear', why: `refused with HTTP ${second.status}: a platform would send it again and again` };
  return { verdict: 'safe', why: 'acknowledged both times; whether it took effect once, only your records show' };
}

function post({ http, options }: Target, request: RawRequest, isSlow = false): Promise<Posted> {
  const { url, timeoutMs, clock, signal } = options;
  const { method, headers, body } = request;
  const sent = isSlow ? drips(body, clock) : body;
  return http.post({
    url,
    method,
    headers,
    body: sent,
    timeoutMs: Math.min(timeoutMs, limits.endpointTimeoutMsMax),
    signal,
  });
}

async function* drips(body: Uint8Array, clock: Clock): AsyncGenerator<Uint8Array> {
  for (const byte of body) {
    yield Uint8Array.of(byte);
    await clock.sleep(dripMs);
  }
}
