import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { limits } from '../domain/limits.ts';
import type { MadeKind } from '../domain/made.ts';
import type { Observe } from '../domain/observe.ts';
import type { Commit, CommitPlace, Made } from '../stores/reads.ts';
import type { Store } from '../stores/store.ts';
import { type Place, placeOf, positionOf } from './position.ts';

/** Somebody who is told what commits make. Its methods neither throw nor wait, but for `ready`. */
export interface Viewer {
  /** Whose key it is; each may have only so many viewers. */
  readonly key: string;
  readonly kinds: readonly MadeKind[];
  wants(made: Made): boolean;
  /** `position`: where to go on after this. False: it is too far behind and is to be told nothing more. */
  tell(position: string, made: Made): boolean;
  /** What happened up to this position is not told, and cannot be: it goes on from here. */
  reset(position: string): void;
  /** Everything it wants up to here was told. Comes at the beginning, and then every `limits.streamBeatMs`. */
  beat(position: string): void;
  /** Resolves when what it was told has gone out, or it has left. */
  ready(): Promise<void>;
  /** It is told nothing more. */
  end(): void;
}

/** What commits make, told to viewers in the order of the commits. */
export interface Stream {
  /**
   * Tells a viewer everything after a position, or, with null, from now on. Returns what ends that.
   *
   * @throws AppError `stream.full`
   */
  watch(viewer: Viewer, after: string | null): () => void;
  /** @throws AppError `stream.full` where `watch` would. */
  requireRoom(key: string): void;
  /** Something was committed. Cheap, and safe to call at any time. */
  wake(): void;
  /** Ends all viewers. */
  stop(): Promise<void>;
}

export interface StreamOptions {
  store: Pick<Store, 'read'>;
  clock: Clock;
  observe: Observe;
}

/** Commits in one read: one may hold some hundred things. */
const commitsAtOnce = 4;
/** Between two reads at least, for what comes together, and at most, for what other processes commit. */
const gapMs = 100;
const pollMs = 200;
/** After a read that failed. */
const retryMs = 1000;

export function createStream(options: StreamOptions): Stream {
  return new Commits(options);
}

interface Watching {
  viewer: Viewer;
  /** The commit up to which it was told everything; null: nothing was read for it yet. */
  at: CommitPlace | null;
  /** The same, and what it was told since: never behind anything that it has seen. */
  position: string;
  /** It is told by the common reader. */
  joined: boolean;
  left: AbortController;
}

interface Reader {
  at: CommitPlace;
  woken: AbortController;
}

/**
 * One reader for all viewers of a process that are up to date. One that goes on from an earlier position first reads by itself, at the
 * pace at which it takes what it is told, until it has caught up.
 */
class Commits implements Stream {
  readonly #options: StreamOptions;
  readonly #watching = new Set<Watching>();
  /** The common reader, and how far it has come; null while nobody has joined. */
  #reader: Reader | null = null;
  #stopping = false;
  readonly #running = new Set<Promise<void>>();

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  requireRoom(key: string): void {
    if (this.#stopping) throw new AppError('store.closed', 'this process is stopping');
    const ofKey = [...this.#watching].filter(({ viewer }) => viewer.key === key).length;
    if (ofKey < limits.streamViewersPerKey && this.#watching.size < limits.streamViewersMax) return;
    throw new AppError(
      'stream.full',
      `${ofKey} viewers have this key and ${this.#watching.size} watch at this process; at most ${limits.streamViewersPerKey} and ${limits.streamViewersMax} may`,
    );
  }

  watch(viewer: Viewer, after: string | null): () => void {
    this.requireRoom(viewer.key);
    const watching: Watching = { viewer, at: null, position: '', joined: false, left: new AbortController() };
    this.#watching.add(watching);
    this.#run(this.#beat(watching));
    this.#run(this.#follow(watching, after));
    return () => this.#leave(watching);
  }

  wake(): void {
    this.#reader?.woken.abort();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const watching of [...this.#watching]) this.#leave(watching);
    await Promise.all(this.#running);
  }

  #run(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #leave(watching: Watching): void {
    if (!this.#watching.delete(watching)) return;
    watching.left.abort();
    watching.viewer.end();
    if (this.#joined().length > 0) return;
    this.#reader?.woken.abort();
    this.#reader = null;
  }

  #joined(): Watching[] {
    return [...this.#watching].filter(({ joined }) => joined);
  }

  /** Tells one viewer what it missed, until it can join the others. */
  async #follow(watching: Watching, after: string | null): Promise<void> {
    const { viewer, left } = watching;
    await this.#begin(watching, after);
    while (!left.signal.aborted && watching.at !== null) {
      if (this.#reader !== null && watching.at.commit >= this.#reader.at.commit) break;
      const commits = await this.#read({ from: watching.at.commit + 1, kinds: viewer.kinds }, left.signal);
      for (const commit of commits ?? []) if (!left.signal.aborted) await this.#catchUp(watching, commit);
      if (this.#reader === null && commits !== null && commits.length < commitsAtOnce) break;
    }
    if (left.signal.aborted || watching.at === null) return;
    watching.joined = true;
    if (this.#reader !== null) return;
    this.#reader = { at: watching.at, woken: new AbortController() };
    this.#run(this.#readOn(this.#reader));
  }

  /** Finds where to begin. */
  async #begin(watching: Watching, after: string | null): Promise<void> {
    const { viewer, left } = watching;
    const place = after === null ? null : placeOf(after);
    if (place !== null) {
      const commits = await this.#read({ from: place.commit, kinds: viewer.kinds }, left.signal);
      const [first] = commits ?? [];
      if (left.signal.aborted) return;
      if (first?.commit === place.commit && first.digest === place.digest) {
        await this.#catchUp(watching, first, place);
        if (!left.signal.aborted) viewer.beat(watching.position);
        return;
      }
    }
    const newest = await this.#again(() => this.#options.store.read('newestCommit', null), left.signal);
    if (newest === null || left.signal.aborted) return;
    reach(watching, newest);
    if (after === null) viewer.beat(watching.position);
    else viewer.reset(watching.position);
  }

  async #catchUp(watching: Watching, commit: Commit, from: Place | null = null): Promise<void> {
    const { viewer, left } = watching;
    const done = from === null ? 0 : (from.done ?? commit.made.length);
    for (const [index, made] of commit.made.entries()) {
      if (index < done || made === null || !viewer.wants(made)) continue;
      await viewer.ready();
      if (left.signal.aborted) return;
      watching.position = positionOf(commit, index + 1);
      if (!viewer.tell(watching.position, made)) return this.#cutOff(watching);
    }
    reach(watching, commit);
  }

  /** Runs while anybody has joined. */
  async #readOn(reader: Reader): Promise<void> {
    const { clock } = this.#options;
    while (this.#reader === reader) {
      reader.woken = new AbortController();
      const { signal } = reader.woken;
      const kinds = [...new Set(this.#joined().flatMap(({ viewer }) => viewer.kinds))];
      const commits = await this.#read({ from: reader.at.commit + 1, kinds }, signal);
      for (const commit of commits ?? []) {
        // Who joined meanwhile may want kinds that were not read.
        if (this.#reader !== reader || !this.#joined().every(({ viewer }) => isSubset(viewer.kinds, kinds))) break;
        this.#tellAll(commit);
        reader.at = commit;
        // What was told goes out before more of it comes.
        await clock.sleep(0);
      }
      if (commits?.length === commitsAtOnce) continue;
      await clock.sleep(gapMs);
      await clock.sleep(pollMs, signal);
    }
  }

  #tellAll(commit: Commit): void {
    for (const watching of this.#joined()) {
      if (watching.at === null || watching.at.commit >= commit.commit) continue;
      for (const [index, made] of commit.made.entries()) {
        if (made === null || !watching.viewer.kinds.includes(made.is) || !watching.viewer.wants(made)) continue;
        if (watching.viewer.tell(positionOf(commit, index + 1), made)) continue;
        this.#cutOff(watching);
        break;
      }
      reach(watching, commit);
    }
  }

  #cutOff(watching: Watching): void {
    this.#options.observe('stream.cut_off', 'info', { key: watching.viewer.key });
    this.#leave(watching);
  }

  async #beat(watching: Watching): Promise<void> {
    const { viewer, left } = watching;
    while (!left.signal.aborted) {
      await this.#options.clock.sleep(limits.streamBeatMs, left.signal);
      if (!left.signal.aborted && watching.at !== null) viewer.beat(watching.position);
    }
  }

  #read(
    { from, kinds }: { from: number; kinds: readonly MadeKind[] },
    signal: AbortSignal,
  ): Promise<readonly Commit[] | null> {
    return this.#again(() => this.#options.store.read('commits', { from, most: commitsAtOnce, kinds }), signal);
  }

  /** Until it works; null: nobody waits for it any more. */
  async #again<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    while (!this.#stopping) {
      try {
        return await read();
      } catch (error) {
        // The store is away for a moment, as others are told too; viewers wait, and miss nothing.
        this.#options.observe('stream.read_failed', 'warn', { error: String(error) });
        await this.#options.clock.sleep(retryMs, signal);
        if (signal.aborted) return null;
      }
    }
    return null;
  }
}

function reach(watching: Watching, place: CommitPlace): void {
  watching.at = place;
  watching.position = positionOf(place);
}

function isSubset(some: readonly MadeKind[], all: readonly MadeKind[]): boolean {
  return some.every((kind) => all.includes(kind));
}
