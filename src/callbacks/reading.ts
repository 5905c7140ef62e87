import type { ErrorCode } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { Account } from '../domain/merchant.ts';
import type { Opened } from '../providers/provider.ts';
import type { CallbackInput } from '../stores/decisions.ts';

/** What a callback is kept as, before the program decides its verdict. */
export interface Reading {
  opened: CallbackInput['opened'];
  messageId: string | null;
  code: ErrorCode | null;
  reason: string | null;
}

/** What a provider's own code made of it, as it is to be kept. */
export function readingOf(opened: Exclude<Opened, { is: 'challenge' }>, account: Account): Reading {
  switch (opened.is) {
    case 'facts': {
      const tooMany = opened.facts.length > limits.factsPerCallbackMax;
      if (tooMany)
        return readingAs(
          'unreadable',
          `it holds ${opened.facts.length} facts; at most ${limits.factsPerCallbackMax} are read`,
          'callback.malformed',
          opened.nonce,
        );
      if (opened.readBack)
        return {
          ...readingAs('parked', 'waits to be read back from the provider', null, opened.nonce),
          messageId: opened.messageId,
        };
      const { facts, nonce = null, messageId } = opened;
      return {
        opened: { is: 'facts', facts, nonce, withoutOrder: account.withoutOrder },
        messageId,
        code: null,
        reason: null,
      };
    }
    case 'ping':
      return {
        ...readingAs('parked', 'the provider says only that something changed', null),
        messageId: opened.messageId,
      };
    case 'ignored':
      return {
        ...readingAs('ignored', `nothing is done for ${opened.type}`, null, opened.nonce),
        messageId: opened.messageId,
      };
    case 'unreadable':
      return readingAs('unreadable', opened.why, 'callback.malformed', opened.nonce);
    case 'unknown_key':
      return readingAs('quarantined', opened.why, 'signature.unknown_key');
    case 'refused':
      return readingAs(isQuarantined(opened.code) ? 'quarantined' : 'refused', opened.why, opened.code);
  }
}

/** A wrong or missing signature may turn right when secrets are added; the rest stays refused. */
export function isQuarantined(code: ErrorCode): boolean {
  return code.startsWith('signature.') || code === 'callback.decrypt' || code === 'callback.not_encrypted';
}

export function readingAs(
  is: 'parked' | 'ignored' | 'unreadable' | 'quarantined' | 'refused',
  reason: string,
  code: ErrorCode | null,
  nonce: string | null = null,
): Reading {
  return { opened: { is: 'verdict', verdict: is, nonce }, messageId: null, code, reason };
}
