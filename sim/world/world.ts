// Virtual time: an agenda of tasks, soonest first. Tasks of the same microsecond run in the order
// in which they were planned, so that a run has one order only. Nothing here waits, and nothing
// draws chance.

import { broken, must } from "../../core/lib/assert.ts";
import type { Micros } from "../run/frame.ts";

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
    if (!Number.isSafeInteger(time)) broken(`time is whole microseconds, not ${time}`);
    if (time < this.#now) broken(`${time} is past, it is ${this.#now}`);
    this.#heap.push({ time, order: this.#planned++, task });
    rise(this.#heap);
  }

  after(micros: Micros, task: Task): void {
    this.at(this.#now + micros, task);
  }

  /** Moves time to the next task and runs it. False: there is none. */
  run(): boolean {
    const first = this.#heap[0];
    if (first === undefined) return false;
    const last = must(this.#heap.pop(), "a heap with a first has a last");
    if (this.#heap.length > 0) sink(this.#heap, last);
    this.#now = first.time;
    first.task();
    return true;
  }
}

/** Moves the last one up to its place. */
function rise(heap: Planned[]): void {
  let at = heap.length - 1;
  const rising = heap[at] as Planned;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Planned;
    if (!isSooner(rising, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = rising;
}

/** Lets this one fall from the top to its place. */
function sink(heap: Planned[], sinking: Planned): void {
  let at = 0;
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    const right = child + 1;
    if (right < heap.length && isSooner(heap[right] as Planned, heap[child] as Planned)) {
      child = right;
    }
    const below = heap[child] as Planned;
    if (!isSooner(below, sinking)) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = sinking;
}

function isSooner(a: Planned, b: Planned): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
