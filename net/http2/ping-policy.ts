// How often a client may ask whether the server is still there, as grpc-go keeps it: not more often
// than so, hardly at all while it has no call, and as it likes whenever it was sent something (it
// measures its window by that). Two pings too early are forgiven.

const IDLE_MS = 2 * 60 * 60 * 1000;
const STRIKES_MAX = 2;

export class PingPolicy {
  readonly #leastMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #framesSent = 0;
  #strikes = 0;

  constructor(leastMs: number) {
    this.#leastMs = leastMs;
  }

  /** False: it has pinged too often. `framesSent` counts what calls were sent. */
  allows(nowMs: number, framesSent: number, calls: number): boolean {
    const passedMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (framesSent !== this.#framesSent) {
      this.#framesSent = framesSent;
      this.#strikes = 0;
    } else if (passedMs < (calls === 0 ? IDLE_MS : this.#leastMs)) this.#strikes += 1;
    return this.#strikes <= STRIKES_MAX;
  }
}
