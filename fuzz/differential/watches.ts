// A stream of watches on each of two servers, to which the same is said. What they tell is compared
// watch by watch: which of several watches hears of a revision first is nobody's promise.

import type { Bytes } from "../../core/contract.ts";
import { CODEC } from "../../net/wire/messages/etcd-messages.ts";
import type { ToWire, Wire } from "../../net/wire/messages/etcd-messages.ts";
import { read } from "./steps/outcome.ts";
import type { RawStream } from "./raw-client.ts";
import { common, nothingGiven } from "./steps/bindings.ts";
import { show } from "./steps/show.ts";
import { until } from "./until.ts";

export type Told = Wire<"WatchResponse">;

/** What one server told; numbers are those of the watches in the order of their creation. */
export type Story = Readonly<{
  controls: readonly Told[]; // created and canceled
  events: readonly (readonly Told[])[]; // of each watch
  progress: readonly Told[]; // of all watches of the stream
  strange: string; // bytes that are not as our codec writes them, and an early end
}>;

/** The id of the watch that is created last, to see the end of what the others are told. */
const FENCE = 1_000_000;
const ALL_WATCHES = -1;
const DRAIN_MS = 100;
/** How long a stream that has nothing to say may take to end. */
const ENDING_MS = 30;

export class Watches {
  readonly #ours: Listener;
  readonly #theirs: Listener;
  /** By the order of creation: whether it may hear of history in any number of pieces. */
  readonly #isHasty: boolean[] = [];
  #isFenced = false;

  constructor(ours: RawStream, theirs: RawStream) {
    this.#ours = new Listener(ours);
    this.#theirs = new Listener(theirs);
  }

  get stories(): Readonly<{ ours: Story; theirs: Story }> {
    return { ours: this.#ours.story(), theirs: this.#theirs.story() };
  }

  /** Resolves when both have answered. */
  async say(message: ToWire<"WatchRequest">, isHasty: boolean): Promise<boolean> {
    const { createRequest, cancelRequest, progressRequest } = message;
    const both = [this.#ours, this.#theirs];
    const id = Number(cancelRequest?.watchId ?? 0);
    const waits = both.map((each) => each.isAlive(id));
    const heard = both.map((each) => each.story().progress.length);
    if (createRequest) this.#isHasty.push(isHasty);
    for (const each of both) each.say(message);
    return until(() => {
      if (createRequest) {
        return both.every((each) => each.story().events.length === this.#isHasty.length);
      }
      if (cancelRequest) return both.every((each, at) => waits[at] !== true || !each.isAlive(id));
      // who has nothing to say to this says nothing
      return (
        !progressRequest || both.some((each, at) => each.story().progress.length > (heard[at] ?? 0))
      );
    });
  }

  /** Resolves when both have had the time to end it. */
  async halfClose(): Promise<void> {
    this.#ours.halfClose();
    this.#theirs.halfClose();
    await until(() => this.#ours.isOver || this.#theirs.isOver, ENDING_MS);
  }

  /** Where there is none yet. */
  async raiseFence(key: Bytes): Promise<void> {
    if (this.#isFenced) return;
    this.#isFenced = true;
    await this.say({ createRequest: { key, watchId: FENCE } }, false);
  }

  /** Resolves when both have heard of the fence, and so of all before. Who may not watch it hears
   *  for a moment. */
  async reachFence(): Promise<boolean> {
    if (!this.#ours.isAlive(FENCE) && !this.#theirs.isAlive(FENCE)) {
      await this.drain();
      return true;
    }
    return until(() =>
      Object.values(this.stories).every(({ events }) => (events.at(-1)?.length ?? 0) > 0),
    );
  }

  /** Resolves when both have heard the same, or after a moment. */
  async drain(): Promise<void> {
    await until(() => {
      const { ours, theirs } = this.stories;
      return ours.events.every((each, at) => each.length === theirs.events[at]?.length);
    }, DRAIN_MS);
  }

  /** What a watch was told, as text that is equal for equal behaviour. */
  told(number: number, told: readonly Told[]): string {
    if (this.#isHasty[number] !== true) return told.map(showTold).join(" ");
    const events = told.flatMap((each) => each.events);
    const revisions = told.map((each) => Number(each.header?.revision));
    const isLate = told.every(({ events: own }, at) =>
      own.every(({ kv }) => Number(kv?.modRevision) <= (revisions[at] ?? 0)),
    );
    return `${isLate ? "" : "too early "}${show(common(events, nothingGiven()))}`;
  }

  leave(): void {
    this.#ours.leave();
    this.#theirs.leave();
  }
}

export function showTold(told: Told): string {
  return show(common(told, nothingGiven()));
}

class Listener {
  readonly #stream: RawStream;
  readonly #story = {
    controls: [] as Told[],
    events: [] as Told[][],
    progress: [] as Told[],
    strange: "",
  };
  readonly #alive = new Map<number, number>(); // watch id → the number of the watch
  #read = 0;

  constructor(stream: RawStream) {
    this.#stream = stream;
  }

  say(message: ToWire<"WatchRequest">): void {
    this.#stream.say(CODEC.encode("WatchRequest", message));
  }

  leave(): void {
    this.#stream.leave();
  }

  halfClose(): void {
    this.#stream.halfClose();
  }

  get isOver(): boolean {
    return this.#stream.end() !== null;
  }

  isAlive(id: number): boolean {
    this.story();
    return this.#alive.has(id);
  }

  story(): Story {
    const { heard } = this.#stream;
    for (; this.#read < heard.length; this.#read++) this.#hear(heard[this.#read] as Uint8Array);
    const end = this.#stream.end();
    return end === null
      ? this.#story
      : { ...this.#story, strange: `${this.#story.strange} ended: ${end.code} ${end.words}` };
  }

  #hear(bytes: Uint8Array): void {
    const [told, strange] = read("WatchResponse", bytes);
    this.#story.strange += strange;
    if (told === null) return;
    const id = Number(told.watchId);
    if (told.created) {
      this.#story.controls.push(told);
      if (!told.canceled) this.#alive.set(id, this.#story.events.length);
      this.#story.events.push([]);
    } else if (told.canceled) {
      this.#story.controls.push(told);
      this.#alive.delete(id);
    } else if (id === ALL_WATCHES && told.events.length === 0) {
      this.#story.progress.push(told);
    } else {
      const own = this.#story.events[this.#alive.get(id) ?? -1];
      if (own === undefined) this.#story.strange += ` of no watch: ${showTold(told)}`;
      else own.push(told);
    }
  }
}
