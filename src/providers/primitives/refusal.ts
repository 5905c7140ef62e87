import type { ErrorCode } from '../../domain/errors.ts';
import type { Refusal } from '../provider.ts';

/** A refusal; `why` is one line for a developer, without secrets. */
export function refused(code: ErrorCode, why: string, signedText: Uint8Array | null = null): Refusal {
  return { is: 'refused', code, why, signedText };
}

export function isRefused(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'is' in value && value.is === 'refused';
}

/** Something outside that we show: short, and without control characters. */
export function shown(text: string): string {
  return text.slice(0, 80).replaceAll(/\p{Cc}/gu, '?');
}
