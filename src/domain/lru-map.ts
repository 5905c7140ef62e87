/** A map that holds at most `max` entries: one more pushes out what was used longest ago. */
export class LruMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #max: number;
  readonly #mayEvict: (value: Value) => boolean;
  readonly #evicted: (value: Value) => void;
  /** Mostly it is the same that is asked for again, and then nothing is to be moved. */
  #newest: Key | undefined;

  /** An entry that `mayEvict` refuses stays, and the map is then larger than `max` for as long as all entries are such. */
  constructor(max: number, options: { mayEvict?: (value: Value) => boolean; evicted?: (value: Value) => void } = {}) {
    this.#max = max;
    this.#mayEvict = options.mayEvict ?? (() => true);
    this.#evicted = options.evicted ?? (() => {});
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || key === this.#newest) return value;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#newest = key;
    return value;
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#max) this.#evictOne();
    this.#entries.set(key, value);
    this.#newest = key;
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  values(): IterableIterator<Value> {
    return this.#entries.values();
  }

  #evictOne(): void {
    for (const [key, value] of this.#entries) {
      if (!this.#mayEvict(value)) continue;
      this.#entries.delete(key);
      this.#evicted(value);
      return;
    }
  }
}
