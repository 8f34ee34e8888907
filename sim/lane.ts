// Work that a device does in order, in batches: while one is under way, further orders collect, and then
// all of them start together. This is group commit, as the server's disk does it.

import type { Micros } from "./frame.ts";
import type { World } from "./world.ts";

type Order = Readonly<{ takes: Micros; done: () => void }>;

export class Lane {
  readonly #world: World;
  #waiting: Order[] = [];
  #busy = false;
  #closed = false;

  constructor(world: World) {
    this.#world = world;
  }

  order(takes: Micros, done: () => void): void {
    this.#waiting.push({ takes, done });
    if (!this.#busy) this.#start();
  }

  /** The machine is gone: nothing more is done. */
  close(): void {
    this.#closed = true;
  }

  #start(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#busy = true;
    const takes = Math.max(...batch.map((order) => order.takes));
    this.#world.after(takes, () => this.#finish(batch));
  }

  #finish(batch: readonly Order[]): void {
    for (const { done } of batch) {
      if (this.#closed) return; // it may crash upon hearing that an earlier one is done
      done();
    }
    this.#busy = false;
    if (!this.#closed) this.#start();
  }
}
