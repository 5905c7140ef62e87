import type { CommitPlace } from '../stores/reads.ts';

/** A place in the stream: after a whole commit, or after the first `done` things of it. */
export interface Place extends CommitPlace {
  done: number | null;
}

/** As viewers keep it. */
export function positionOf({ commit, digest }: CommitPlace, done: number | null = null): string {
  return `${commit.toString(36)}.${digest}${done === null ? '' : `.${done}`}`;
}

/** Null for what is no position of ours. */
export function placeOf(position: string): Place | null {
  const [, commit, digest, done] = /^([0-9a-z]{1,10})\.([\w-]{11})(?:\.(\d{1,9}))?$/.exec(position) ?? [];
  if (commit === undefined || digest === undefined) return null;
  const place = { commit: Number.parseInt(commit, 36), digest, done: done === undefined ? null : Number(done) };
  return Number.isSafeInteger(place.commit) ? place : null;
}
