// Holds a message back until what it promises is on this node's disk.
//
// Each disk effect has a token; tokens complete in the order in which they were issued (law 2). A
// message that depends on the hard state waits for the last effect that wrote it, one that depends
// on the log for the last effect of all. So a driver cannot send anything too early: it never holds
// such a message.

import type { DiskToken, Index, Term } from "../contract.ts";
import { assert, must } from "../lib/assert.ts";
import type { HardState } from "../raft/message.ts";
import type { Send } from "../raft/state.ts";
import type { WalMark } from "../storage/wal.ts";

/** What a disk effect makes durable, told to Raft when it is done. */
export type Persisting = Readonly<{
  token: DiskToken;
  hard: HardState | null;
  lastIndex: Index; // where the log ends once this is on disk
  lastTerm: Term;
  mark: WalMark; // where the WAL ends once this is on disk
}>;

export type Outbox = Readonly<{
  nextToken: DiskToken;
  pending: readonly Persisting[]; // issued and not yet done, oldest first
  termToken: DiskToken; // the last effect that wrote a hard state, 0 if none did
  held: readonly Readonly<{ until: DiskToken; send: Send }>[]; // in order of `until`
}>;

export function createOutbox(): Outbox {
  return { nextToken: 1 as DiskToken, pending: [], termToken: 0 as DiskToken, held: [] };
}

/** Notes that the effect with `outbox.nextToken` has been issued. */
export function issue(outbox: Outbox, what: Omit<Persisting, "token">): Outbox {
  const token = outbox.nextToken;
  return {
    nextToken: (token + 1) as DiskToken,
    pending: [...outbox.pending, { ...what, token }],
    termToken: what.hard === null ? outbox.termToken : token,
    held: outbox.held,
  };
}

/** Boot's own disk effect, the first of all, is done. An image may take the store's place only
 *  then: a crash in between would leave a store whose log never began, which looks like a lost
 *  log. */
export function isRepaired(outbox: Outbox): boolean {
  return outbox.pending[0]?.token !== 1;
}

/** The message is free to go now when `sendNow`; otherwise it is held. */
export function hold(outbox: Outbox, send: Send): readonly [outbox: Outbox, sendNow: boolean] {
  const until = dependsOn(outbox, send);
  const oldest = outbox.pending[0];
  if (oldest === undefined || until < oldest.token) return [outbox, true];
  return [{ ...outbox, held: [...outbox.held, { until, send }] }, false];
}

export function settle(
  outbox: Outbox,
  token: DiskToken,
): readonly [outbox: Outbox, persisted: Persisting, released: readonly Send[]] {
  const oldest = must(outbox.pending[0], `disk.done ${token}, but no disk effect is pending`);
  assert(oldest.token === token, `disk.done ${token} before disk.done ${oldest.token}`);
  const released = outbox.held.filter((item) => item.until <= token).map((item) => item.send);
  const held = released.length > 0 ? outbox.held.filter((item) => item.until > token) : outbox.held;
  return [{ ...outbox, pending: outbox.pending.slice(1), held }, oldest, released];
}

function dependsOn(outbox: Outbox, send: Send): DiskToken {
  switch (send.after) {
    case "nothing":
      return 0 as DiskToken;
    case "term":
      return outbox.termToken;
    case "log":
      return (outbox.nextToken - 1) as DiskToken;
  }
}
