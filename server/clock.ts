// The node's clock: monotonic milliseconds that stop while the process does.
//
// A process that was paused (SIGSTOP, a suspended machine, a long collection) has unread messages
// waiting in its sockets. Were the whole pause to count at once, it would take its own absence for
// silence of the leader and stand for election before reading them.

import type { Millis } from "../core/contract.ts";

export interface Clock {
  readonly now: () => Millis;
  /** As `now`; call it regularly: time counts at most `stepMsMax` from one call to the next. */
  readonly tick: () => Millis;
}

export function createClock(stepMsMax: number, source: () => number): Clock {
  let seen = source();
  let counted = 0;
  const now = (): number => counted + Math.min(source() - seen, stepMsMax);
  return {
    now: () => Math.floor(now()) as Millis,
    tick: () => {
      counted = now();
      seen = source();
      return Math.floor(counted) as Millis;
    },
  };
}
