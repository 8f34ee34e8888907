// Virtual time: an agenda of tasks, soonest first. Tasks of the same microsecond run in the order
// in which they were planned, so that a run has one order only. Nothing here waits, and nothing
// draws chance.

import { assert, must } from "../core/lib/assert.ts";
import type { Micros } from "./frame.ts";

export type Task = () => void;

type Planned = Readonly<{ time: Micros; order: number; task: Task }>;

export class World {
  #now: Micros = 0;
  #planned = 0;
  readonly #heap: Planned[] = []; // a binary heap

  get now(): Micros {
    return this.#now;
  }

  /** The time of the next task, null when nothing is planned. */
  get next(): Micros | null {
    return this.#heap[0]?.time ?? null;
  }

  at(time: Micros, task: Task): void {
    assert(Number.isSafeInteger(time), `time is whole microseconds, not ${time}`);
    assert(time >= this.#now, `${time} is past, it is ${this.#now}`);
    this.#heap.push({ time, order: this.#planned++, task });
    this.#rise(this.#heap.length - 1);
  }

  after(micros: Micros, task: Task): void {
    this.at(this.#now + micros, task);
  }

  /** Moves time to the next task and runs it. False: there is none. */
  run(): boolean {
    const first = this.#heap[0];
    if (first === undefined) return false;
    const last = must(this.#heap.pop(), "a heap with a first has a last");
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
    this.#now = first.time;
    first.task();
    return true;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#sooner(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      let soonest = at;
      if (this.#sooner(2 * at + 1, soonest)) soonest = 2 * at + 1;
      if (this.#sooner(2 * at + 2, soonest)) soonest = 2 * at + 2;
      if (soonest === at) return;
      this.#swap(at, soonest);
      at = soonest;
    }
  }

  /** False where `a` lies outside the heap. */
  #sooner(a: number, b: number): boolean {
    const left = this.#heap[a];
    const right = this.#heap[b];
    if (left === undefined || right === undefined) return false;
    return left.time < right.time || (left.time === right.time && left.order < right.order);
  }

  #swap(a: number, b: number): void {
    const held = this.#heap[a] as Planned;
    this.#heap[a] = this.#heap[b] as Planned;
    this.#heap[b] = held;
  }
}
