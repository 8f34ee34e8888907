// Connections that have as many streams open as they may: said to the operator, but not each time,
// for it is clients that decide how often it happens.

import type { Log } from "./listen.ts";

const QUIET_MS = 60_000;

/** `from`: whose connection it is; `refused`: it asked for yet another one. */
export type CrowdLog = (from: string, refused: boolean) => void;

export function createCrowdLog(streamsMax: number, log: Log, now: () => number): CrowdLog {
  let saidAt = Number.NEGATIVE_INFINITY;
  let refusals = 0;
  return (from, refused) => {
    if (refused) refusals += 1;
    if (now() - saidAt < QUIET_MS) return;
    saidAt = now();
    log(
      `the connection of ${from} has ${streamsMax} streams open, as many as ` +
        `--max-concurrent-streams allows: what it asks beyond them waits in the client or is ` +
        `refused (refused so far, of all clients: ${refusals})`,
    );
  };
}
