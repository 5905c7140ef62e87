import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { Provider, Side } from '../providers/provider.ts';
import type { SecretField } from '../providers/secret-field.ts';

/** A change of secrets: new ones beside the present ones, or the end of old ones. */
export type Rotation =
  /** Absent: the server makes them, where the format allows. The older ones end after `overlapMs`, without it when somebody says so. */
  | { credentials?: unknown; overlapMs?: number }
  /** Only the newest of each list stays. */
  | { finish: true }
  /** Those with these fingerprints go. */
  | { drop: readonly string[] };

export type Credentials = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Credentials {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether new secrets of a field stand before the present ones. Where all sign, or any opens, the newest is first. Where only the first
 * signs or encrypts, the new one waits behind the old until the other side has it.
 */
function isNewestFirst({ profile }: Provider, side: Side, kind: SecretField['kind']): boolean {
  return side === 'account' || (profile.rotation === 'all_sign' && kind !== 'encryption_key');
}

/** The new secrets beside the present ones: lists and records of them grow, everything else is replaced. */
export function withNew(
  provider: Provider,
  side: Side,
  { next, present, keepIds }: { next: unknown; present: unknown; keepIds: boolean },
): unknown {
  if (!isRecord(next) || !isRecord(present)) return next;
  const kinds = new Map(provider.secretFields(side).map(({ field, kind }) => [field, kind]));
  const merged: Record<string, unknown> = { ...present };
  for (const [name, value] of Object.entries(next)) {
    const before = present[name];
    const kind = kinds.get(name);
    if (Array.isArray(value) && Array.isArray(before)) {
      const others = before.filter((one) => !value.includes(one));
      const isFirst = kind === undefined || isNewestFirst(provider, side, kind);
      merged[name] = isFirst ? [...value, ...others].slice(0, limits.secretsPerCredential) : [...others, ...value];
    } else if (kind !== undefined && isRecord(value) && isRecord(before)) merged[name] = { ...before, ...value };
    else merged[name] = keepIds && kind === undefined ? (before ?? value) : value;
  }
  return merged;
}

/** Of each list of secrets only the newest. Records have no order, so they stay as they are. */
export function withoutOld(provider: Provider, side: Side, present: unknown): unknown {
  if (!isRecord(present)) return present;
  const left: Record<string, unknown> = { ...present };
  for (const { field, kind } of provider.secretFields(side)) {
    const value = present[field];
    if (Array.isArray(value)) left[field] = isNewestFirst(provider, side, kind) ? value.slice(0, 1) : value.slice(-1);
  }
  return left;
}

/** Whether there is an older secret that could end later than now. */
export function hasOld(provider: Provider, side: Side, kept: unknown): boolean {
  return (
    isRecord(kept) &&
    provider.secretFields(side).some(({ field }) => {
      const value = kept[field];
      return Array.isArray(value) && value.length > 1;
    })
  );
}

/** @throws AppError `account.credentials` for a fingerprint that none of them has. */
export function without(
  provider: Provider,
  side: Side,
  { present, drop, mark }: { present: unknown; drop: readonly string[]; mark: (material: Uint8Array) => string },
): unknown {
  if (!isRecord(present)) return present;
  const left: Record<string, unknown> = { ...present };
  const found = new Set<string>();
  const stays = (field: string, value: unknown): boolean => {
    const [view] = provider.secretsIn(side, { [field]: value }, mark);
    const goes = view !== undefined && drop.includes(view.fingerprint);
    if (goes) found.add(view.fingerprint);
    return !goes;
  };
  for (const { field } of provider.secretFields(side)) {
    const value = present[field];
    if (Array.isArray(value)) left[field] = value.filter((one) => stays(field, one));
    else if (isRecord(value))
      left[field] = Object.fromEntries(Object.entries(value).filter(([, one]) => stays(field, one)));
    else if (value !== undefined && !stays(field, value)) delete left[field];
  }
  const unknown = drop.find((fingerprint) => !found.has(fingerprint));
  if (unknown !== undefined)
    throw new AppError(
      'account.credentials',
      `no secret has the fingerprint ${unknown}; list them with their fingerprints`,
    );
  return left;
}
