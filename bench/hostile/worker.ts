// A load in a process of its own, so that what it costs delays nobody who measures.

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { own } from "../owned.ts";
import type { Loads, Said } from "./loads/main.ts";

export interface Worker<Result> {
  /** When it has ended by itself. */
  readonly result: Promise<Result>;
  /** Asks it to end. What it has under way it waits for. */
  readonly end: () => Promise<Result>;
}

const MAIN = join(import.meta.dirname, "loads/main.ts");

/** The loads of one trial. When that is over, none is left, and none can be started. */
export class Crew {
  readonly #running = new Set<ChildProcess>();
  #isOver = false;

  /** Resolves when the load is under way. */
  async start<K extends keyof Loads>(load: K, options: Loads[K][0]): Promise<Worker<Loads[K][1]>> {
    if (this.#isOver) throw new Error("the trial is over");
    const child = fork(MAIN, [load, JSON.stringify(options)]);
    this.#running.add(child);
    const gone = own(child).then((how) => {
      this.#running.delete(child);
      throw new Error(`the load ${load} ended without a result (${how})`);
    });
    const ready = Promise.withResolvers<void>();
    const result = Promise.withResolvers<Loads[K][1]>();
    child.on("message", (said: Said) => {
      if (said.kind === "ready") return ready.resolve();
      result.resolve(said.result as Loads[K][1]);
      child.kill("SIGKILL");
    });
    const resultOrGone = Promise.race([result.promise, gone]);
    resultOrGone.catch(() => undefined); // whoever asks for it hears of it
    await Promise.race([ready.promise, gone]);
    return {
      result: resultOrGone,
      end: () => {
        if (child.connected) child.send("end");
        return resultOrGone;
      },
    };
  }

  end(): void {
    this.#isOver = true;
    for (const child of this.#running) child.kill("SIGKILL");
  }
}
