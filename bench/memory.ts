// How much memory a process has: what is resident, mapped files of its store included.

import { readFileSync } from "node:fs";

const EVERY_MS = 50;

/** No figure, if it is gone. */
export function residentMb(pid = 0): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** The most it has had since it was first looked at. */
export class MemoryTop {
  readonly #timer: NodeJS.Timeout;
  #topMb = 0;

  constructor(pid: number) {
    const look = (): void => {
      const now = residentMb(pid);
      if (now > this.#topMb) this.#topMb = now;
    };
    look();
    this.#timer = setInterval(look, EVERY_MS);
  }

  end(): number {
    clearInterval(this.#timer);
    return this.#topMb;
  }
}
