import type { Fact } from '../domain/fact.ts';
import type { Context, RawRequest, Receiver } from '../providers/provider.ts';

/** What `verify` shows of a request: whether it would be taken, and if not, why, and what should have been signed. */
export interface Diagnosis {
  accepted: boolean;
  code: string | null;
  /** One line that a developer can act on. */
  why: string;
  /** The text that should have been signed, as far as it is text; null where none could be made. */
  signedText: string | null;
  /** What it tells, a line each. */
  facts: readonly string[];
}

/** Opens a request without keeping anything. It never shows a secret: only what was signed, which came with the request. */
export function diagnose(receiver: Receiver, request: RawRequest, context: Context): Diagnosis {
  const opened = receiver.open(request, context);
  const told = (accepted: boolean, code: string | null, why: string, facts: readonly Fact[] = []): Diagnosis => {
    return { accepted, code, why, signedText: null, facts: facts.map(describe) };
  };
  switch (opened.is) {
    case 'facts':
      return told(
        true,
        null,
        `authentic, with ${opened.facts.length} ${opened.facts.length === 1 ? 'fact' : 'facts'}`,
        opened.facts,
      );
    case 'ping':
      return told(true, null, 'authentic; it only says that something changed');
    case 'ignored':
      return told(true, null, `authentic; nothing is done for ${opened.type}`);
    case 'challenge':
      return told(true, null, 'a challenge, which is answered');
    case 'unreadable':
      return told(false, 'callback.malformed', opened.why);
    case 'unknown_key':
      return { ...told(false, 'signature.unknown_key', opened.why), signedText: textOf(opened.signedText) };
    case 'refused':
      return { ...told(false, opened.code, opened.why), signedText: textOf(opened.signedText) };
  }
}

function describe({ kind, paymentId, operationId, reference, amountMinor, currency }: Fact): string {
  const amount = amountMinor === null ? 'no amount' : `${amountMinor} ${currency} (minor units)`;
  return `${kind} ${amount} · order ${reference ?? 'not named'} · payment ${paymentId} · operation ${operationId}`;
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}
