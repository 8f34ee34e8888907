// One node's monotonic clock: where it began, and how fast it runs. It may drift, stand still with
// the machine below it, and leap ahead; it never goes back.

import type { Millis } from "../../core/contract.ts";
import { assert } from "../../core/lib/assert.ts";
import type { Micros } from "../run/frame.ts";

export class NodeClock {
  #anchor: Micros; // true time when the rate last changed
  #local: Micros; // this clock's time then
  #driftPpm: number;
  #stopped = false;

  constructor(offsetMs: number, driftPpm: number) {
    assert(offsetMs >= 0, "a clock begins at zero or later");
    this.#anchor = 0;
    this.#local = offsetMs * 1000;
    this.#driftPpm = driftPpm;
  }

  read(now: Micros): Millis {
    return Math.floor(this.#at(now) / 1000) as Millis;
  }

  /** So much faster than before; negative: slower. */
  drift(now: Micros, ppm: number): void {
    this.#settle(now);
    this.#driftPpm += ppm;
    assert(this.#driftPpm >= -1_000_000, "a clock never goes back");
  }

  stop(now: Micros): void {
    this.#settle(now);
    this.#stopped = true;
  }

  go(now: Micros): void {
    this.#settle(now);
    this.#stopped = false;
  }

  leap(now: Micros, aheadMs: number): void {
    assert(aheadMs >= 0, "a clock never goes back");
    this.#settle(now);
    this.#local += aheadMs * 1000;
  }

  #at(now: Micros): Micros {
    if (this.#stopped) return this.#local;
    const passed = now - this.#anchor;
    return this.#local + passed + Math.floor((passed * this.#driftPpm) / 1_000_000);
  }

  #settle(now: Micros): void {
    this.#local = this.#at(now);
    this.#anchor = now;
  }
}
