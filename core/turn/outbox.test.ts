import { describe, expect, it } from "vitest";
import type { DiskToken, Index, NodeId, Term } from "../contract.ts";
import { createOutbox, hold, issue, settle } from "./outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { HardState } from "../raft/message.ts";
import type { After, Send } from "../raft/state.ts";

const HARD: HardState = { term: 2 as Term, vote: null, commit: 0 as Index };
const LOG_AT_5 = {
  hard: null,
  lastIndex: 5 as Index,
  lastTerm: 2 as Term,
  mark: { sequence: 0, offset: 512 },
};

describe("the outbox", () => {
  it("lets everything go while the disk has nothing to do", () => {
    for (const after of ["nothing", "term", "log"] as const) {
      expect(hold(createOutbox(), message(after))[1]).toBe(true);
    }
  });

  it("holds an acknowledgement until the entries are on disk, and lets a heartbeat answer pass", () => {
    const outbox = issue(createOutbox(), LOG_AT_5);
    expect(hold(outbox, message("log"))[1]).toBe(false);
    expect(hold(outbox, message("term"))[1]).toBe(true);
    expect(hold(outbox, message("nothing"))[1]).toBe(true);
  });

  it("holds a vote until the term and the vote are on disk", () => {
    const outbox = issue(createOutbox(), { ...LOG_AT_5, hard: HARD });
    expect(hold(outbox, message("term"))[1]).toBe(false);
  });

  it("holds an acknowledgement behind every earlier write, and releases in order", () => {
    let outbox: Outbox = issue(createOutbox(), LOG_AT_5);
    [outbox] = hold(outbox, message("log"));
    outbox = issue(outbox, { ...LOG_AT_5, lastIndex: 6 as Index });
    [outbox] = hold(outbox, message("log"));
    const [first, persisted, released] = settle(outbox, 1 as DiskToken);
    expect(persisted.lastIndex).toBe(5);
    expect(released).toHaveLength(1);
    expect(settle(first, 2 as DiskToken)[2]).toHaveLength(1);
  });

  it("refuses a driver that completes disk effects out of order", () => {
    const outbox = issue(issue(createOutbox(), LOG_AT_5), LOG_AT_5);
    expect(() => settle(outbox, 2 as DiskToken)).toThrow("disk.done 2 before disk.done 1");
    expect(() => settle(createOutbox(), 1 as DiskToken)).toThrow("no disk effect is pending");
  });
});

function message(after: After): Send {
  const heartbeat = { kind: "heartbeat_response", term: 2 as Term, round: 0 } as const;
  return { to: 1n as NodeId, message: heartbeat, after };
}
