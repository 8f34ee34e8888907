// Work that a device does in order, in batches: while one is under way, further orders collect, and
// then all of them start together. This is group commit, as the server's disk does it.

import { atLeast } from "../../core/lib/lists.ts";
import type { Micros } from "../run/frame.ts";
import type { World } from "./world.ts";

type Order = Readonly<{ takes: Micros; done: () => void }>;

export class DeviceQueue {
  readonly #world: World;
  #waiting: Order[] = [];
  #running: readonly Order[] | null = null;
  #closed = false;

  constructor(world: World) {
    this.#world = world;
  }

  order(takes: Micros, done: () => void): void {
    this.#waiting.push({ takes, done });
    if (this.#running === null) this.#start();
  }

  /** The device is well again: what it has is done at once, however slow it was. */
  hurry(): void {
    const batch = this.#running;
    if (batch === null) return;
    this.#waiting = this.#waiting.map(({ done }) => ({ takes: 0, done }));
    this.#world.after(0, () => this.#finish(batch));
  }

  /** The machine is gone: nothing more is done. */
  close(): void {
    this.#closed = true;
  }

  #start(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#running = batch;
    const takes = atLeast(
      0,
      batch.map((order) => order.takes),
    );
    this.#world.after(takes, () => this.#finish(batch));
  }

  #finish(batch: readonly Order[]): void {
    if (this.#running !== batch) return; // it was hurried
    for (const { done } of batch) {
      if (this.#closed) return; // it may crash upon hearing that an earlier one is done
      done();
    }
    this.#running = null;
    if (!this.#closed) this.#start();
  }
}
