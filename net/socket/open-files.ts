// How many connections there may be: each is an open file, and a member whose log cannot be opened
// any more ends. Who comes when there are as many is hung up on.

import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { Log } from "./listen.ts";

/** For logs, the store and connections to members. etcd keeps as many. */
const RESERVED = 150;
const LEAST = 16;
const UNKNOWN = 100_000;
const QUIET_MS = 60_000;

/** Of one port or of several. */
export type Bound = Readonly<{
  /** Whether there is room for one more, which then takes it until it is closed. */
  admits: (socket: Socket) => boolean;
}>;

/** Null: this system does not tell. */
function openFilesMax(): number | null {
  if (process.platform !== "linux") return null;
  const limits = readFileSync("/proc/self/limits", "utf8");
  const [, soft = ""] = /^Max open files +(\d+)/m.exec(limits) ?? [];
  return soft === "" ? null : Number(soft);
}

/** A part of what the process may have open. */
export function connectionsFor(part: number): number {
  const files = (openFilesMax() ?? UNKNOWN) - RESERVED;
  return Math.max(LEAST, Math.floor(files * part));
}

/** It is clients that decide how often it happens: not each time is worth a line. */
export function createBound(connectionsMax: number, log: Log, now: () => number): Bound {
  let open = 0;
  let refused = 0;
  let saidAt = Number.NEGATIVE_INFINITY;
  const tell = (): void => {
    if (now() - saidAt < QUIET_MS) return;
    saidAt = now();
    log(
      `${connectionsMax} connections are open, as many as the limit of open files leaves room ` +
        `for: whoever else comes is hung up on (so far: ${refused}); raise it (ulimit -n)`,
    );
  };
  return {
    admits: (socket) => {
      if (open >= connectionsMax) {
        refused += 1;
        tell();
        return false;
      }
      open += 1;
      socket.once("close", () => (open -= 1));
      return true;
    },
  };
}
