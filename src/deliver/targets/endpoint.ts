import { hash } from 'node:crypto';
import type { AttemptRecord } from '../../domain/delivery.ts';
import { limits } from '../../domain/limits.ts';
import type { Endpoint } from '../../domain/merchant.ts';
import { defaultSchedule, type Schedule } from '../../domain/retry.ts';
import type { Http } from '../../outbound/http-client.ts';
import type { Posted } from '../../outbound/posted.ts';
import { urlWith } from '../../outbound/url-with.ts';
import type { Headers, Judgement, RawRequest, Sender } from '../../providers/provider.ts';
import { secretOwner } from '../../secrets/vault.ts';
import type { Claimed } from '../../stores/writes.ts';
import { type AttemptTools, begin, errorLine, finish, type Leased, type Report, type Tried } from '../attempt.ts';

export interface EndpointTools extends AttemptTools {
  http: Pick<Http, 'post'>;
  /** Who seals for this delivery. May throw: then it is our own fault, and costs no try. */
  sender(claimed: Claimed): Sender;
  /** A provider's published schedule; null for a provider we do not know. */
  scheduleOf(provider: string): Schedule | null;
  publicUrl: string;
  /** From the last header of the answer to the end of its body, as `http` allows. */
  responseBodyMs: number;
}

/** Left over after an attempt's deadline: time in which it is sure to have ended before another node may begin. */
const marginMs = 1000;

/** The header by which a receiver of ordered notifications learns that an earlier one was given up. */
const sequenceGapHeader = ['paidonce-sequence-gap', 'true'] as const;

/** Seals, posts and judges: one attempt of a delivery to a URL. */
export async function tryEndpoint(leased: Leased, tools: EndpointTools, signal: AbortSignal): Promise<Tried> {
  const { claimed, leaseEndsAtMs } = leased;
  const { endpoint } = claimed;
  const begun = begin(tools.clock);
  const tried = (report: Report) => finish(claimed, begun, report, tools);
  if (endpoint === null) return tried(ownFault('the delivery has no endpoint'));
  let sender: Sender;
  let sealed: RawRequest;
  try {
    sender = tools.sender(claimed);
    sealed = await sender.seal(claimed.notification, {
      now: begun.at,
      publicUrl: tools.publicUrl,
      random: tools.random,
    });
  } catch (error) {
    const why = `not sealed: ${errorLine(error)}`;
    // The format cannot say it, today or tomorrow: a person must see it.
    if (error instanceof RangeError) return tried({ outcome: 'stop', step: 'total', error: why, health: 'nothing' });
    // No secrets, or wrong ones: nothing that the endpoint could have done better.
    return tried(ownFault(why));
  }
  const deadlineMs = endpointDeadlineMs(endpoint, tools.responseBodyMs);
  if (tools.clock.monotonicMs() + deadlineMs > leaseEndsAtMs) return { is: 'given_back' };
  const headers = claimed.sequenceGap ? [...sealed.headers, sequenceGapHeader] : sealed.headers;
  const posted = await tools.http.post({
    url: urlWith(claimed.url ?? endpoint.url, sealed.target),
    method: sealed.method,
    headers,
    body: sealed.body,
    timeoutMs: endpoint.timeoutMs,
    signal,
  });
  const request = posted.is === 'refused_target' ? null : { headers, bodySha256: hash('sha256', sealed.body) };
  const schedule = endpoint.schedule ?? tools.scheduleOf(endpoint.provider) ?? defaultSchedule;
  return tried({ ...reportOf(posted, sender, signal.aborted), request, schedule, secret: secretOf(claimed) });
}

function secretOf({ endpoint, merchant, merchantCredentials }: Claimed): string | null {
  if (endpoint === null) return null;
  if (endpoint.credentials !== null) return `${secretOwner.endpoint(endpoint.id)}:${endpoint.credentials.version}`;
  const { provider } = endpoint;
  return merchantCredentials === null
    ? null
    : `${secretOwner.merchant(merchant, provider)}:${merchantCredentials.version}`;
}

/** How much of a lease must be left for an attempt at this endpoint to begin. */
export function endpointDeadlineMs({ timeoutMs }: Pick<Endpoint, 'timeoutMs'>, responseBodyMs: number): number {
  return timeoutMs + responseBodyMs + marginMs;
}

function reportOf(posted: Posted, sender: Sender, stopping: boolean): Report {
  switch (posted.is) {
    case 'refused_target':
      // A setting of ours or a name that now leads elsewhere. It uses up tries, so that it ends where a person sees it.
      return { outcome: 'failed', step: 'total', error: `target refused: ${posted.why}`, health: 'nothing' };
    case 'answered':
      return reportOfAnswer(posted, sender);
    case 'timeout':
    case 'unreachable': {
      const step = posted.sent ? 'sent' : 'total';
      const { why: error, peer } = posted;
      if (stopping && posted.is === 'unreachable') {
        return { outcome: 'given_up', step, error: 'this process stopped before the answer', health: 'nothing', peer };
      }
      const judgement = sender.judge(posted.is);
      return { outcome: outcomeOf(judgement), step, error, health: healthOf(judgement), peer };
    }
  }
}

function reportOfAnswer(answer: Extract<Posted, { is: 'answered' }>, sender: Sender): Report {
  const { status, headers, body, peer, certificate } = answer;
  const judgement = sender.judge({ status, headers, body });
  const arrived = { status, peer, certificate, response: kept(answer) };
  if (judgement.confirmed) {
    return { ...arrived, outcome: 'confirmed', step: 'confirmed', error: null, health: 'success' };
  }
  return {
    ...arrived,
    outcome: outcomeOf(judgement),
    step: status >= 200 && status <= 299 ? 'handled' : 'received',
    error: judgement.why,
    health: healthOf(judgement),
    retryAfter: headerOf(headers, 'retry-after'),
  };
}

function outcomeOf({ retry }: Judgement): 'stop' | 'failed' {
  return retry === 'stop' ? 'stop' : 'failed';
}

function healthOf({ sparesTarget = false }: Judgement): 'nothing' | 'failure' {
  return sparesTarget ? 'nothing' : 'failure';
}

/** What is kept of an answer, in memory of its own: a view would carry the whole network buffer to the store. */
function kept({ headers, body, truncated }: Extract<Posted, { is: 'answered' }>): AttemptRecord['response'] {
  const start = new Uint8Array(body.subarray(0, limits.responseBytesKept));
  return { headers, body: start, truncated: truncated || start.length < body.length };
}

function headerOf(headers: Headers, wanted: string): string | null {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;
}

function ownFault(error: string): Report {
  return { outcome: 'own_fault', step: 'total', error, health: 'nothing' };
}
