import { type ErrorCode, errorCatalogue } from '../../domain/errors.ts';
import type { Judgement, RawReply, RawRequest, Receiver } from '../provider.ts';
import { utf8 } from './bytes.ts';

const malformed = errorCatalogue['callback.malformed'];

/** A provider's words for yes and no. */
interface Words {
  contentType: string;
  success: string;
  failure(title: string): string;
  /**
   * Authentic but unreadable ones are answered as a failure. Default: as a success, because they are kept and a retry of a
   * platform would be no more readable.
   */
  refusesUnreadable?: true;
  /** What a refusal for its signature is answered; default: the status of the error. */
  wrongSignatureStatus?: number;
}

/**
 * The acknowledgements of a provider: success for everything that is kept (a duplicate is answered as the first was), the status of
 * the error for a refusal, 503 for "try again later".
 */
export function acknowledgeWith(words: Words): Receiver['acknowledge'] {
  const reply = (status: number, body: string): RawReply => ({
    status,
    headers: [['content-type', words.contentType]],
    body: utf8(body),
  });
  return (outcome, _request, _context, refusal: ErrorCode = 'signature.mismatch') => {
    switch (outcome) {
      case 'accepted':
      case 'duplicate':
      case 'ignored':
        return reply(200, words.success);
      case 'unreadable':
        if (words.refusesUnreadable) return reply(malformed.status, words.failure(malformed.title));
        return reply(200, words.success);
      case 'refused':
        return reply(statusOf(refusal, words.wrongSignatureStatus), words.failure(errorCatalogue[refusal].title));
      case 'try_later':
        return reply(503, words.failure('Try again later'));
    }
  };
}

function statusOf(refusal: ErrorCode, wrongSignatureStatus: number | undefined): number {
  const own = refusal.startsWith('signature.') ? wrongSignatureStatus : undefined;
  return own ?? errorCatalogue[refusal].status;
}

/** How platforms are answered that read only the status. */
export const acknowledgeReceived = acknowledgeWith({
  contentType: 'application/json',
  success: '{"received":true}',
  failure: (error) => JSON.stringify({ error }),
});

/** How `hmac` and `standard` answer: their sender is a developer's own code, which should hear that it sends nonsense. */
export const acknowledgePlainly = acknowledgeWith({
  contentType: 'application/json',
  success: '{"status":"ok"}',
  failure: (error) => JSON.stringify({ status: 'error', error }),
  refusesUnreadable: true,
});

/**
 * Judges an answer by the provider's own test for an acknowledgement; `wanted` says in words what passes it. An endpoint that
 * answers 410 Gone wants nothing more where `goneStops` is set.
 */
export function judgeBy(
  isAcknowledged: (reply: RawReply) => boolean,
  options: { wanted: string; goneStops?: boolean },
): (answer: RawReply | 'timeout' | 'unreachable') => Judgement {
  return (answer) => {
    if (answer === 'timeout') return { confirmed: false, why: 'no answer before the deadline', retry: 'by_schedule' };
    if (answer === 'unreachable') return { confirmed: false, why: 'no connection', retry: 'by_schedule' };
    if (isAcknowledged(answer)) return { confirmed: true, why: `HTTP ${answer.status}`, retry: 'by_schedule' };
    const stops = options.goneStops === true && answer.status === 410;
    return {
      confirmed: false,
      why: `HTTP ${answer.status}; wanted ${options.wanted}`,
      retry: stops ? 'stop' : 'by_schedule',
    };
  };
}

export function isSuccessStatus(reply: RawReply): boolean {
  return reply.status >= 200 && reply.status <= 299;
}

/** A POST to whatever URL the endpoint has. */
export function post(contentType: string, body: Uint8Array, headers: RawRequest['headers'] = []): RawRequest {
  return { method: 'POST', target: '/', headers: [['content-type', contentType], ...headers], body };
}
