// How much of what costs a client nothing is taken from it: resets of what it just asked for,
// settings without an end. What is spent comes back with time, so that an honest client whose
// calls all run into their deadlines at once is not cut off.

const AT_ONCE = 10_000;
const PER_SECOND = 1_000;

export class Patience {
  #left = AT_ONCE;
  #sinceMs: number | null = null;

  /** False: there was none left. */
  spend(nowMs: number, cost: number): boolean {
    const back = (PER_SECOND * (nowMs - (this.#sinceMs ?? nowMs))) / 1000;
    this.#left = Math.min(AT_ONCE, this.#left + back) - cost;
    this.#sinceMs = nowMs;
    return this.#left >= 0;
  }
}
