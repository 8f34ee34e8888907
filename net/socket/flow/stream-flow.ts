// What was pushed and has left for the client is given back as credit, in lumps: a client that
// reads costs few inputs, and one that does not gets nothing more. A client whose requests wait for
// their answers is not read from.

/** Pushes, and bytes of them, that are given back at once. */
const LUMP = 16;
const LUMP_BYTES = 32 * 1024;
/** Keep-alives that may wait for their answers. */
const UNANSWERED_MAX = 256;

/** What the flow has a hand on. */
export type FlowEnds = Readonly<{
  credit: (items: number) => void; // so many pushes have left
  hold: (held: boolean) => void; // read no more from the client
  hasRoom: () => boolean; // what was pushed has left, or is about to
}>;

export class StreamFlow {
  readonly #ends: FlowEnds;
  #owed = 0; // pushes not yet given back
  #owedBytes = 0;
  #unanswered = 0;
  #held = false;

  constructor(ends: FlowEnds) {
    this.#ends = ends;
  }

  pushed(bytes: number): void {
    this.#owed += 1;
    this.#owedBytes += bytes;
    if (this.#owed >= LUMP || this.#owedBytes >= LUMP_BYTES) this.giveBack();
  }

  giveBack(): void {
    if (this.#owed === 0 || !this.#ends.hasRoom()) return;
    this.#ends.credit(this.#owed);
    this.#owed = 0;
    this.#owedBytes = 0;
  }

  /** Each keep-alive gets one answer; other requests of a stream get none, or many. */
  asked(): void {
    this.#unanswered += 1;
    if (this.#unanswered < UNANSWERED_MAX || this.#held) return;
    this.#held = true;
    this.#ends.hold(true);
  }

  answered(): void {
    this.#unanswered -= 1;
    if (this.#unanswered > UNANSWERED_MAX / 2 || !this.#held) return;
    this.#held = false;
    this.#ends.hold(false);
  }
}
