/**
 * Who holds how much of something that has a bound. Past the bound only those are refused who hold as much as all would in
 * equal parts, so one who sends nearly everything does not keep the others out. Keys are remembered while they hold something.
 */
export class Shares {
  readonly #held = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Whether this key may have no more. Who holds less than an equal part gets it past the bound, up to twice the bound in all. */
  isOver(key: string, most: number): boolean {
    if (this.#total < most) return false;
    if (this.#total >= 2 * most) return true;
    const held = this.#held.get(key) ?? 0;
    const sharing = this.#held.size + (held > 0 ? 0 : 1);
    return held >= most / sharing;
  }

  add(key: string, amount: number): void {
    this.#total += amount;
    this.#held.set(key, (this.#held.get(key) ?? 0) + amount);
  }

  remove(key: string, amount: number): void {
    const left = (this.#held.get(key) ?? 0) - amount;
    this.#total -= amount;
    if (left > 0) this.#held.set(key, left);
    else this.#held.delete(key);
  }
}
