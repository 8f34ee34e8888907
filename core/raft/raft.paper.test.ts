// What the thesis ("Consensus: Bridging Theory and Practice", Ongaro 2014) says, section by
// section, one participant at a time: a state, an input, and what comes of it.

import { describe, expect, it } from "vitest";
import type { Index, Millis, NodeId, SnapshotMeta, Term } from "../contract.ts";
import { firstSequence } from "./forwards.ts";
import type { AppendMessage, Entry, Message } from "./message.ts";
import { createRaft, stepRaft } from "./raft.ts";
import type { RaftConfig, RaftInput, RaftOutput, RaftState, Restored } from "./state.ts";
import { CONFIG } from "./testing.ts";

const [ONE, TWO, THREE, STRANGER] = [1n, 2n, 3n, 9n] as NodeId[] as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
const MAX = Number.MAX_SAFE_INTEGER as Term;

describe("terms (§3.3)", () => {
  it("steps down when it meets a higher term", () => {
    const { state, hard } = hear(leader(), TWO, { kind: "vote_response", term: 9, granted: false });
    expect([state.role, state.term, state.leader]).toEqual(["follower", 9, null]);
    expect(hard).toEqual({ term: 9, vote: null, commit: 1 });
  });

  it("answers the messages of an old leader with its own term, so that it learns of it", () => {
    const { sends, state } = hear(follower({ term: 5 }), TWO, heartbeat({ term: 4 }));
    expect(sends).toMatchObject([{ to: TWO, message: { kind: "append_response", term: 5 } }]);
    expect(state.leader).toBe(null);
  });

  it("refuses a candidate of an old term, pre-vote or not", () => {
    for (const kind of ["vote", "pre_vote"] as const) {
      const { sends } = hear(follower({ term: 5 }), TWO, ask({ kind, term: 4 }));
      expect(sends).toMatchObject([{ message: { term: 5, granted: false } }]);
    }
  });

  it("ignores answers that come from an old term", () => {
    const state = leader();
    for (const kind of ["append_response", "heartbeat_response", "vote_response"] as const) {
      const { state: after } = hear(state, TWO, answer({ kind, term: state.term - 1 }));
      expect(after).toBe(state);
    }
    const standing = tick(follower({ term: 4, preVote: false }), 2000);
    const candidate = persist(standing.state, standing).state;
    const late = hear(candidate, TWO, { kind: "vote_response", term: 4, granted: true });
    expect(late.state).toBe(candidate);
  });
});

describe("leader election (§3.4)", () => {
  it("stands when it has not heard a leader for its election timeout, and not before", () => {
    const state = follower({ preVote: false });
    const early = tick(state, state.electionTimeoutMs - 1);
    expect(early.state.role).toBe("follower");
    const due = tick(early.state, 1);
    expect([due.state.role, due.state.term, due.state.vote]).toEqual(["candidate", 1, ONE]);
  });

  it("draws each timeout between one and two election intervals", () => {
    let state = follower({ preVote: false });
    const drawn = new Set<number>();
    for (let term = 1; term <= 200; term++) {
      state = tick(state, state.electionTimeoutMs).state;
      drawn.add(state.electionTimeoutMs);
    }
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...drawn)).toBeLessThan(2000);
    expect(drawn.size).toBeGreaterThan(100);
  });

  it("asks for votes only once its own term and vote are on disk", () => {
    const { sends, hard } = tick(follower({ preVote: false }), 2000);
    expect(hard).toMatchObject({ term: 1, vote: ONE });
    expect(sends.map((send) => [send.to, send.message.kind, send.after])).toEqual([
      [TWO, "vote", "term"],
      [THREE, "vote", "term"],
    ]);
  });

  it("does not count its own vote before it is on disk", () => {
    const standing = tick(follower({ preVote: false }), 2000);
    const voted = hear(standing.state, TWO, { kind: "vote_response", term: 1, granted: true });
    expect(voted.state.role).toBe("candidate");
    expect(persist(voted.state, standing).state.role).toBe("leader");
  });

  it("votes once in a term, first come first served, and again for the same candidate", () => {
    const first = hear(follower({ term: 4 }), TWO, ask({ kind: "vote", term: 5 }));
    expect(first.sends).toMatchObject([{ message: { granted: true }, after: "term" }]);
    const second = hear(first.state, THREE, ask({ kind: "vote", term: 5 }));
    expect(second.sends).toMatchObject([{ message: { granted: false } }]);
    const again = hear(first.state, TWO, ask({ kind: "vote", term: 5 }));
    expect(again.sends).toMatchObject([{ message: { granted: true } }]);
  });

  it("remembers its vote across a restart", () => {
    const state = follower({ term: 5, vote: TWO });
    const { sends } = hear(state, THREE, ask({ kind: "vote", term: 5 }));
    expect(sends).toMatchObject([{ message: { granted: false } }]);
  });

  it("starts its timer anew when it grants a vote, and not when it is merely told a term", () => {
    const state = tick(follower({ log: [1] }), 900).state;
    const granted = hear(state, TWO, ask({ kind: "vote", term: 5, lastIndex: 1, lastTerm: 1 }));
    expect(granted.state.electionStartedAt).toBe(state.now);
    const refused = hear(state, TWO, ask({ kind: "vote", term: 5 }));
    expect([refused.state.term, refused.state.electionStartedAt]).toEqual([5, 0]);
  });

  it("gives up its candidacy for a leader of the same term", () => {
    const candidate = tick(follower({ preVote: false }), 2000).state;
    const { state } = hear(candidate, TWO, heartbeat({ term: 1 }));
    expect([state.role, state.leader, state.vote]).toEqual(["follower", TWO, ONE]);
  });

  it("becomes a follower when a majority refuses it, and stands again later", () => {
    const standing = tick(follower({ preVote: false }), 2000);
    const refusal = { kind: "vote_response", term: 1, granted: false } as const;
    const once = hear(standing.state, TWO, refusal);
    const twice = hear(hear(once.state, TWO, refusal).state, THREE, refusal);
    expect(once.state.role).toBe("candidate");
    expect(twice.state.role).toBe("follower");
    expect(tick(twice.state, 2000).state.term).toBe(2);
  });

  it("announces itself by an empty entry of its own term", () => {
    const { entries, sends } = elected();
    expect(entries.map(({ term, index, data }) => [term, index, data.length])).toEqual([[1, 1, 0]]);
    expect(sends.map((send) => send.message.kind)).toEqual(["append", "append"]);
  });
});

describe("log replication (§3.5)", () => {
  it("accepts what follows on its log, and says so only when it is on disk", () => {
    const { entries, sends } = hear(follower({ log: [1] }), TWO, appendTo(1, 1, [1, 1]));
    expect(entries).toHaveLength(2);
    expect(sends).toMatchObject([
      { message: { kind: "append_response", rejected: false, index: 3 }, after: "log" },
    ]);
  });

  it("refuses what does not follow on its log, with a hint where they may agree", () => {
    const state = follower({ term: 5, log: [1, 1, 2, 2, 2] });
    const gap = hear(state, TWO, { ...appendTo(9, 5, []), term: 5 });
    expect(gap.sends).toMatchObject([
      { message: { rejected: true, index: 9, hintIndex: 5, hintTerm: 2 } },
    ]);
    const conflict = hear(state, TWO, { ...appendTo(5, 1, []), term: 5 });
    expect(conflict.sends).toMatchObject([
      { message: { rejected: true, index: 5, hintIndex: 2, hintTerm: 1 } },
    ]);
  });

  it("replaces a conflicting tail", () => {
    const { entries, state, traces } = hear(follower({ term: 3, log: [1, 2, 2] }), TWO, {
      ...appendTo(1, 1, [3]),
      term: 3,
    });
    expect(entries.map(({ term, index }) => [term, index])).toEqual([[3, 2]]);
    expect([state.log.lastIndex, state.log.lastTerm]).toEqual([2, 3]);
    expect(traces).toContainEqual({ kind: "log_truncated", from: 2 });
  });

  it("is not shortened by an append that comes late", () => {
    const state = hear(follower({ log: [1] }), TWO, appendTo(1, 1, [1, 1, 1])).state;
    const late = hear(state, TWO, appendTo(1, 1, [1]));
    expect(late.state.log.lastIndex).toBe(4);
    expect(late.entries).toEqual([]);
  });

  it("commits no further than what the append has matched", () => {
    const state = follower({ log: [1, 1, 1] });
    const { state: after } = hear(state, TWO, { ...appendTo(1, 1, [1]), commit: 3 });
    expect(after.log.commit).toBe(2);
  });

  it("learns from a heartbeat what is committed, and believes none of what it does not hold", () => {
    const state = follower({ log: [1, 1] });
    expect(hear(state, TWO, heartbeat({ commit: 2 })).state.log.commit).toBe(2);
    expect(hear(state, TWO, heartbeat({ commit: 7 })).state.log.commit).toBe(0);
  });

  it("sends several appends ahead of the answers, up to a window", () => {
    let state = leader({ appendsInFlight: 2 });
    const sizes = [1, 2, 3, 4].map(() => {
      const output = stepRaft(state, { kind: "propose", data: bytes(1) });
      state = output.state;
      return output.sends.filter((send) => send.to === TWO).length;
    });
    expect(sizes).toEqual([1, 1, 0, 0]);
    const { sends } = hear(state, TWO, answer({ kind: "append_response", term: 1, index: 2 }));
    const message = sends[0]?.message;
    expect(message?.kind === "append" && message.entries.map(({ index }) => index)).toEqual([4, 5]);
  });

  it("puts several entries into one append up to a size, and always at least one", () => {
    const state = elected({ log: [1, 1, 1, 1], data: 10, appendBytes: 25 }).state;
    const refusal = { ...answer({ kind: "append_response", term: 2, index: 4 }), rejected: true };
    const { sends } = hear(state, TWO, refusal);
    const sizes = sends.map(({ message }) => message.kind === "append" && message.entries.length);
    expect(sizes[0]).toBe(2);
  });

  it("goes back to probing when messages to a follower are lost", () => {
    const state = stepRaft(leader(), { kind: "unreachable", peer: TWO }).state;
    expect(state.progress[1]).toMatchObject({ mode: "probe", next: 2, inFlight: [] });
  });

  it("drops proposals beyond the limit for what is not yet committed, but for a first one", () => {
    const state = leader({ uncommittedBytes: 10 });
    const first = stepRaft(state, { kind: "propose", data: bytes(20) });
    expect([first.dropped, first.entries.length]).toEqual([false, 1]);
    const second = stepRaft(first.state, { kind: "propose", data: bytes(1) });
    expect([second.dropped, second.entries.length]).toEqual([true, 0]);
  });

  it("drops a proposal while it knows no leader", () => {
    expect(stepRaft(follower(), { kind: "propose", data: bytes(1) }).dropped).toBe(true);
  });
});

describe("safety (§3.6)", () => {
  it("votes for nobody whose log is behind its own: the last term decides, then the length", () => {
    const state = follower({ term: 3, log: [1, 2, 2] });
    const cases: [lastTerm: number, lastIndex: number, granted: boolean][] = [
      [2, 3, true],
      [2, 2, false],
      [1, 9, false],
      [3, 1, true],
    ];
    for (const [lastTerm, lastIndex, granted] of cases) {
      const { sends } = hear(state, TWO, ask({ kind: "vote", term: 4, lastIndex, lastTerm }));
      expect(sends, `${lastTerm}/${lastIndex}`).toMatchObject([{ message: { granted } }]);
    }
  });

  it("commits no entry of an older term by counting copies (figure 3.7)", () => {
    const output = elected({ term: 3, log: [1, 2] }); // and its own empty entry 4/3
    const old = hear(output.state, TWO, answer({ kind: "append_response", term: 4, index: 2 }));
    expect(old.state.log.commit).toBe(0);
    const durable = persist(old.state, output);
    const own = hear(durable.state, TWO, answer({ kind: "append_response", term: 4, index: 3 }));
    expect(own.state.log.commit).toBe(3); // and with it the older ones
  });
});

describe("leadership transfer (§3.10)", () => {
  it("tells a follower that holds everything to stand at once, and takes no proposals", () => {
    const { state, sends } = stepRaft(leader(), { kind: "transfer_leader", to: TWO });
    expect(sends).toMatchObject([{ to: TWO, message: { kind: "timeout_now" } }]);
    expect(stepRaft(state, { kind: "propose", data: bytes(1) }).dropped).toBe(true);
    expect(tick(state, 1000).state.transferee).toBe(null);
  });

  it("waits until the follower holds everything", () => {
    const proposed = stepRaft(leader(), { kind: "propose", data: bytes(1) }).state;
    const { state, sends } = stepRaft(proposed, { kind: "transfer_leader", to: TWO });
    expect(sends).toEqual([]);
    const told = hear(state, TWO, answer({ kind: "append_response", term: 1, index: 2 }));
    expect(told.sends.map((send) => send.message.kind)).toContain("timeout_now");
  });

  it("stands without a pre-vote, and the others vote although they hear a leader", () => {
    const heard = hear(follower({ term: 1 }), TWO, heartbeat({ term: 1 })).state;
    const told = hear(heard, TWO, { kind: "timeout_now", term: 1 });
    expect([told.state.role, told.state.term]).toEqual(["candidate", 2]);
    const asked = hear(heard, THREE, ask({ kind: "vote", term: 2, transfer: true }));
    expect(asked.sends).toMatchObject([{ message: { granted: true } }]);
  });
});

describe("disruptive servers (§4.2.3)", () => {
  it("lets nobody stand while it hears a leader, not even by raising its term", () => {
    const state = hear(follower({ term: 1 }), TWO, heartbeat({ term: 1 })).state;
    for (const kind of ["vote", "pre_vote"] as const) {
      const during = hear(state, THREE, ask({ kind, term: 7 }));
      expect([during.state, during.sends]).toEqual([state, []]);
      const { state: later } = tick(state, 1000);
      expect(hear(later, THREE, ask({ kind, term: 7 })).sends).toHaveLength(1);
    }
  });

  it("answers strangers, who may have joined by changes that it does not know yet", () => {
    const state = follower({ term: 1 });
    expect(hear(state, STRANGER, heartbeat({ term: 9 })).state.leader).toBe(STRANGER);
    expect(hear(state, STRANGER, ask({ kind: "vote", term: 9 })).state.vote).toBe(STRANGER);
  });

  it("is not elected by the votes of strangers", () => {
    const { state } = tick(follower({ term: 1 }), 5000);
    const granted = { kind: "pre_vote_response", term: 2, granted: true } as const;
    expect(hear(state, STRANGER, granted).state.role).toBe("pre_candidate");
    expect(hear(state, TWO, granted).state.role).toBe("candidate");
  });

  it("does not stand if it is no voter itself", () => {
    const state = follower({ voters: [TWO, THREE] });
    expect(tick(state, 5000).state.role).toBe("follower");
    expect(hear(state, TWO, { kind: "timeout_now", term: 0 }).state.role).toBe("follower");
  });
});

describe("images of the state (§5)", () => {
  const meta: SnapshotMeta = {
    index: 9 as Index,
    term: 4 as Term,
    voters: [ONE, TWO, THREE],
    learners: [],
  };

  it("begins its log anew behind an image that is ahead of it", () => {
    const { state, restore, sends, hard } = stage(follower({ term: 5, log: [1, 1] }), 5, meta);
    expect(restore).toEqual(meta);
    expect(state.log).toMatchObject({
      compactedIndex: 9,
      lastIndex: 9,
      durableIndex: 9,
      commit: 9,
    });
    expect(sends).toMatchObject([{ message: { index: 9, rejected: false }, after: "log" }]);
    expect(hard).not.toBe(null);
  });

  it("refuses an image that it does not need, and says what it has", () => {
    const log = [1, 1, 1, 4, 4, 4, 4, 4, 4, 4];
    const { state, restore, sends, traces } = stage(follower({ term: 5, log }), 5, meta);
    expect(restore).toBe(null);
    expect(state.log).toMatchObject({ compactedIndex: 0, lastIndex: 10, commit: 9 });
    expect(sends).toMatchObject([{ message: { index: 9, rejected: false } }]);
    expect(traces.at(-1)).toMatchObject({ kind: "snapshot_refused", index: 9 });
  });

  it("ignores the image of an old leader but for telling it", () => {
    const { restore, sends } = stage(follower({ term: 6 }), 5, meta);
    expect(restore).toBe(null);
    expect(sends).toMatchObject([{ message: { kind: "append_response", term: 6 } }]);
  });

  it("is sent only to a follower that is there", () => {
    let state = stepRaft(leader(), { kind: "propose", data: bytes(1) }).state;
    state = hear(state, TWO, answer({ kind: "append_response", term: 1, index: 2 })).state;
    state = hear(state, THREE, answer({ kind: "heartbeat_response", term: 1 })).state;
    state = { ...state, log: { ...state.log, durableIndex: 2 as Index, commit: 2 as Index } };
    state = stepRaft(state, { kind: "compact", through: 2 as Index }).state;
    state = tick(state, 1000).state; // the quorum check forgets who was heard
    state = stepRaft(state, { kind: "unreachable", peer: THREE }).state;
    const silent = stepRaft(state, { kind: "propose", data: bytes(1) });
    expect(silent.snapshots).toEqual([]);
    expect(silent.sends.map((send) => send.to)).toEqual([TWO]);
    const there = hear(silent.state, THREE, answer({ kind: "heartbeat_response", term: 1 }));
    expect(there.snapshots).toMatchObject([{ to: THREE, term: 1, meta: { index: 2, term: 1 } }]);
  });

  it("forgets only what is both committed and durable", () => {
    const log = [1, 1, 1, 1];
    const state = { ...follower({ log, commit: 3 }) };
    const { state: after } = stepRaft(state, { kind: "compact", through: 4 as Index });
    expect(after.log).toMatchObject({ compactedIndex: 3, compactedTerm: 1, lastIndex: 4 });
  });
});

describe("clients (§6)", () => {
  it("steps down when no majority has answered for an election timeout (§6.2)", () => {
    const state = tick(leader(), 1000).state; // the answers of the election still count
    const { state: after, traces } = tick(state, 1000);
    expect(after.role).toBe("follower");
    expect(traces[0]).toEqual({ kind: "quorum_lost", term: 1 });
  });

  it("forwards a proposal to the leader of its term, with a new number each time (§6.2)", () => {
    const state = hear(follower({ term: 1 }), TWO, heartbeat({ term: 1 })).state;
    const first = stepRaft(state, { kind: "propose", data: bytes(3) });
    const second = stepRaft(first.state, { kind: "propose", data: bytes(3) });
    const numbers = [first, second].map(
      ({ sends }) => sends[0]?.message.kind === "propose" && sends[0].message.sequence,
    );
    expect(numbers[1]).toBe((numbers[0] as number) + 1);
  });

  it("never numbers as it did before a restart: the leader would take it for a double", () => {
    const before = createRaft(config({}), restored({}), 1n, 0 as Millis);
    const after = createRaft(config({}), restored({}), 2n, 0 as Millis);
    expect(after.forwards.nextSequence).not.toBe(before.forwards.nextSequence);
    const data = bytes(1);
    let state = leader();
    for (const sequence of [firstSequence(7), firstSequence(7), firstSequence(3)]) {
      state = hear(state, TWO, { kind: "propose", term: 1, sequence, data }).state;
    }
    expect(state.log.lastIndex).toBe(3); // its own, and two of three
  });

  it("serves a read at the commit index once a majority has confirmed it (§6.4)", () => {
    const asked = stepRaft(leader(), { kind: "read_index", context: 7n });
    expect(asked.reads).toEqual([]);
    expect(asked.sends.map((send) => send.message)).toMatchObject([
      { kind: "heartbeat", round: 1 },
      { kind: "heartbeat", round: 1 },
    ]);
    const confirmed = hear(asked.state, TWO, { kind: "heartbeat_response", term: 1, round: 1 });
    expect(confirmed.reads).toEqual([{ context: 7n, index: 1 }]);
  });

  it("serves no read by an answer to an earlier heartbeat (§6.4)", () => {
    const asked = stepRaft(leader(), { kind: "read_index", context: 7n });
    for (const round of [0, 2]) {
      const late = hear(asked.state, TWO, { kind: "heartbeat_response", term: 1, round });
      expect(late.reads).toEqual([]);
    }
  });

  it("serves no read before it has committed in its own term (§6.4)", () => {
    const output = elected();
    const asked = stepRaft(output.state, { kind: "read_index", context: 7n });
    expect(asked.sends).toEqual([]);
    const durable = persist(asked.state, output).state;
    const committed = hear(durable, TWO, answer({ kind: "append_response", term: 1, index: 1 }));
    expect(committed.state.log.commit).toBe(1);
    const confirm = { kind: "heartbeat_response", term: 1, round: 1 } as const;
    expect(hear(committed.state, TWO, confirm).reads).toEqual([{ context: 7n, index: 1 }]);
  });

  it("fails the reads that wait when it steps down, and those without a leader", () => {
    const asked = stepRaft(leader(), { kind: "read_index", context: 7n }).state;
    expect(hear(asked, TWO, heartbeat({ term: 5 })).reads).toEqual([{ context: 7n, index: null }]);
    const alone = stepRaft(follower(), { kind: "read_index", context: 8n });
    expect(alone.reads).toEqual([{ context: 8n, index: null }]);
  });
});

describe("pre-vote (§9.6)", () => {
  it("asks first, and takes neither the term nor a vote by asking", () => {
    const { state, hard, sends } = tick(follower({ term: 4 }), 2000);
    expect([state.role, state.term, state.vote, hard]).toEqual(["pre_candidate", 4, null, null]);
    expect(sends).toMatchObject([
      { message: { kind: "pre_vote", term: 5 } },
      { message: { kind: "pre_vote", term: 5 } },
    ]);
  });

  it("stands once a majority would vote for it", () => {
    const asking = tick(follower({ term: 4 }), 2000).state;
    const granted = { kind: "pre_vote_response", term: 5, granted: true } as const;
    const { state } = hear(asking, TWO, granted);
    expect([state.role, state.term]).toEqual(["candidate", 5]);
  });

  it("counts no answer about another term, and steps down to that of a refuser", () => {
    const asking = tick(follower({ term: 4 }), 2000).state;
    const stale = hear(asking, TWO, { kind: "pre_vote_response", term: 4, granted: true });
    expect(stale.state).toEqual(asking);
    const refused = hear(asking, TWO, { kind: "pre_vote_response", term: 8, granted: false });
    expect([refused.state.role, refused.state.term]).toEqual(["follower", 8]);
  });

  it("answers in the term asked about, and promises nothing by it", () => {
    const state = follower({ term: 4 });
    const first = hear(state, TWO, ask({ kind: "pre_vote", term: 5 }));
    expect(first.sends).toMatchObject([{ message: { term: 5, granted: true } }]);
    expect([first.state.term, first.state.vote, first.hard]).toEqual([4, null, null]);
    const second = hear(first.state, THREE, ask({ kind: "pre_vote", term: 5 }));
    expect(second.sends).toMatchObject([{ message: { granted: true } }]);
  });
});

describe("writing in parallel (§10.2.1)", () => {
  it("sends appends before its own disk has them, and counts its own copy only afterwards", () => {
    const proposed = stepRaft(leader(), { kind: "propose", data: bytes(1) });
    expect(proposed.sends.map((send) => send.after)).toEqual(["nothing", "nothing"]);
    const held = hear(proposed.state, TWO, answer({ kind: "append_response", term: 1, index: 2 }));
    expect(held.state.log.commit).toBe(1);
    expect(persist(held.state, proposed).state.log.commit).toBe(2);
  });

  it("may commit by the others' disks alone", () => {
    let { state } = stepRaft(leader(), { kind: "propose", data: bytes(1) });
    for (const peer of [TWO, THREE]) {
      state = hear(state, peer, answer({ kind: "append_response", term: 1, index: 2 })).state;
    }
    expect([state.log.commit, state.log.durableIndex]).toEqual([2, 1]);
  });

  it("elects a single voter and commits for it, each only when its disk says so", () => {
    const standing = tick(follower({ voters: [ONE] }), 1);
    expect(standing.state.role).toBe("candidate");
    const won = persist(standing.state, standing);
    expect([won.state.role, won.state.log.commit]).toEqual(["leader", 0]);
    expect(persist(won.state, won).state.log.commit).toBe(1);
  });

  it("takes no entry for durable by the write of another that once stood in its place", () => {
    const old = hear(follower({ log: [1] }), TWO, appendTo(1, 1, [1]));
    const other = hear(old.state, THREE, { ...appendTo(1, 1, [2]), term: 2 });
    const again = hear(other.state, TWO, { ...appendTo(1, 1, [1, 3]), term: 3 });
    expect(persist(again.state, old).state.log.durableIndex).toBe(1);
    const late = persist(persist(again.state, old).state, other);
    expect(late.state.log.durableIndex).toBe(1);
    expect(persist(late.state, again).state.log.durableIndex).toBe(3);
  });

  it("takes no entry for durable by a write of the same term that it has replaced", () => {
    const told = hear(follower({ log: [1, 1, 1] }), TWO, heartbeat({ term: 2 }));
    const before = hear(told.state, TWO, { ...appendTo(1, 1, [2, 2]), term: 2 });
    expect(persist(before.state, told).state.log.durableIndex).toBe(1);
    expect(persist(persist(before.state, told).state, before).state.log.durableIndex).toBe(3);
  });

  it("takes nothing that it read at boot for durable, but for what the state machine holds", () => {
    const found = { ...restored({ log: [1, 1, 1], commit: 2 }), applied: 1 as Index };
    const state = createRaft(config({}), found, 1n, 0 as Millis);
    expect([state.log.commit, state.log.durableIndex, state.persistedTerm]).toEqual([2, 1, 0]);
  });

  it("lets an answer go at once when the term it speaks of is on disk already", () => {
    const state = follower({ term: 1, log: [1] });
    expect(hear(state, TWO, heartbeat({ term: 1 })).sends[0]?.after).toBe("nothing");
    expect(hear(state, TWO, heartbeat({ term: 2 })).sends[0]?.after).toBe("term");
  });
});

describe("what a peer may say", () => {
  it("may be the highest term that a number can hold, and arithmetic goes on", () => {
    const { state } = hear(follower({ term: MAX }), TWO, heartbeat({ term: MAX }));
    expect(state.leader).toBe(TWO);
    const { state: later, sends } = tick(state, 5000);
    expect([later.role, later.term, sends]).toEqual(["follower", MAX, []]);
    expect(hear(state, TWO, { kind: "timeout_now", term: MAX }).state.role).toBe("follower");
  });

  it("is ignored when it is not a number that Raft counts with", () => {
    const state = follower({ log: [1] });
    const bad: Message[] = [
      heartbeat({ term: MAX + 1 }),
      heartbeat({ term: -1 }),
      heartbeat({ term: 1.5 }),
      heartbeat({ commit: Number.NaN }),
      ask({ kind: "vote", term: 2, lastIndex: -1 }),
      { ...appendTo(1, 1, [1]), entries: [entry(1, 5)] },
      { ...appendTo(1, 1, []), entries: [entry(3, 2)] }, // a later term than the leader's
      { ...appendTo(1, 1, []), previousIndex: -2 as Index },
      answer({ kind: "append_response", term: 1, index: Number.POSITIVE_INFINITY }),
      { kind: "propose", term: 1 as Term, sequence: 0.5, data: bytes(1) },
    ];
    for (const message of bad) {
      expect(hear(state, TWO, message).state).toBe(state);
      expect(hear(leader(), TWO, message).entries).toEqual([]);
    }
  });

  it("does not make a second leader of a term", () => {
    const state = leader();
    for (const message of [heartbeat({ term: 1 }), appendTo(0, 0, [1])]) {
      expect(hear(state, TWO, message).state).toBe(state);
    }
    const following = hear(follower({ term: 1 }), TWO, heartbeat({ term: 1 })).state;
    expect(hear(following, THREE, heartbeat({ term: 1 })).state).toBe(following);
  });

  it("does not make a leader count entries that it does not have", () => {
    const { state } = hear(leader(), TWO, answer({ kind: "append_response", term: 1, index: 99 }));
    expect(state.log.commit).toBe(1);
    expect(state.progress[1]?.match).toBe(1);
  });

  it("does not turn the clock back", () => {
    const state = tick(follower(), 500).state;
    expect(stepRaft(state, { kind: "tick", now: 3 as Millis }).state.now).toBe(500);
  });

  it("does not count if it contradicts what is committed", () => {
    const state = follower({ term: 2, log: [1, 1, 1], commit: 2 });
    const late = { ...appendTo(0, 0, [1, 1]), term: 2 };
    expect(hear(state, TWO, late).sends).toMatchObject([{ message: { index: 2 } }]);
    const lost = { ...appendTo(0, 0, [1, 2]), term: 2 };
    const refused = hear(state, TWO, lost);
    expect(refused.traces).toEqual([{ kind: "append_refused", term: 2, from: TWO, index: 2 }]);
    expect([refused.state, refused.sends]).toEqual([state, []]);
    const open = { ...appendTo(2, 1, [2]), term: 2 };
    expect(hear(state, TWO, open).state.log.lastTerm).toBe(2);
  });
});

describe("what must stop a node", () => {
  it("is a log that begins behind its state machine, or ends before it", () => {
    expect(() => bootWith({ applied: 3 as Index })).toThrow("ahead of the log");
    expect(() => bootWith({ compactedIndex: 5 as Index, entries: [] })).toThrow(
      "the log begins at 5",
    );
    expect(() => bootWith({ entries: [entry(1, 2)] })).toThrow("leaves a gap");
    expect(() => bootWith({ entries: [entry(2, 1), entry(1, 2)] })).toThrow(
      "term 1 follows term 2",
    );
    expect(() => bootWith({ entries: [entry(7, 1)] })).toThrow("older than the log");
    const hard = { term: (MAX + 1) as Term, vote: null, commit: 0 as Index };
    expect(() => bootWith({ hard })).toThrow("not a safe integer");
  });

  it("is a disk that ends writes out of order", () => {
    const state = persist(follower({ term: 5 }), tick(follower({ term: 5 }), 0)).state;
    const hard = { term: 4 as Term, vote: null, commit: 0 as Index };
    const input = { kind: "persisted", hard, lastIndex: 0 as Index, lastTerm: 0 as Term } as const;
    expect(() => stepRaft(state, input)).toThrow("came late to the disk");
  });
});

type Options = Partial<RaftConfig> &
  Readonly<{
    term?: number;
    vote?: NodeId;
    log?: readonly number[]; // the term of each entry
    data?: number; // bytes in each
    commit?: number;
    voters?: readonly NodeId[];
  }>;

function config(options: Options): RaftConfig {
  const {
    term: _,
    vote: __,
    log: ___,
    data: ____,
    commit: _____,
    voters: ______,
    ...rest
  } = options;
  return { ...CONFIG, ...rest, id: ONE };
}

function restored(options: Options): Restored {
  const { log = [], data = 0, commit = 0, voters = [ONE, TWO, THREE], vote = null } = options;
  const term = (options.term ?? log.at(-1) ?? 0) as Term;
  return {
    hard: { term, vote, commit: commit as Index },
    voters,
    learners: [],
    applied: 0 as Index,
    compactedIndex: 0 as Index,
    compactedTerm: 0 as Term,
    entries: log.map((one, at) => entry(one, at + 1, data)),
  };
}

/** A boot that finds two entries of term 1, but for these changes. */
function bootWith(changes: Partial<Restored>): RaftState {
  return createRaft(config({}), { ...restored({ log: [1, 1] }), ...changes }, 1n, 0 as Millis);
}

/** Node 1, whose disk has confirmed what it read at boot. */
function follower(options: Options = {}): RaftState {
  const found = restored(options);
  const state = createRaft(config(options), found, 7n, 0 as Millis);
  const { lastIndex, lastTerm } = state.log;
  return stepRaft(state, { kind: "persisted", hard: found.hard, lastIndex, lastTerm }).state;
}

/** The step in which node 1 becomes leader of its next term; its entry is not on disk yet. */
function elected(options: Options = {}): RaftOutput {
  const standing = tick(follower({ ...options, preVote: false }), 2000);
  const durable = persist(standing.state, standing).state;
  const { term } = durable;
  return hear(durable, TWO, { kind: "vote_response", term, granted: true });
}

/** Node 1 leads term 1, and everyone holds and has committed its empty entry. */
function leader(options: Options = {}): RaftState {
  const output = elected(options);
  let { state } = persist(output.state, output);
  for (const peer of [TWO, THREE]) {
    state = hear(state, peer, answer({ kind: "append_response", term: 1, index: 1 })).state;
  }
  return state;
}

type Loose<T> = T extends Message ? { [K in keyof T]: T[K] extends number ? number : T[K] } : never;

function hear(state: RaftState, from: NodeId, message: Loose<Message>): RaftOutput {
  return stepRaft(state, { kind: "message", from, message: message as Message });
}

function tick(state: RaftState, ms: number): RaftOutput {
  return stepRaft(state, { kind: "tick", now: (state.now + ms) as Millis });
}

function stage(state: RaftState, term: number, meta: SnapshotMeta): RaftOutput {
  return stepRaft(state, { kind: "snapshot_staged", from: TWO, term: term as Term, meta });
}

/** What `output` asked to write is on disk. */
function persist(state: RaftState, output: RaftOutput): RaftOutput {
  const { lastIndex, lastTerm } = output.state.log;
  const input: RaftInput = { kind: "persisted", hard: output.hard, lastIndex, lastTerm };
  return stepRaft(state, input);
}

function entry(term: number, index: number, data = 0): Entry {
  return { term: term as Term, index: index as Index, data: bytes(data) };
}

function bytes(length: number): Uint8Array {
  return new Uint8Array(length);
}

/** An append of the leader of term 1, unless told otherwise: these terms after a place. */
function appendTo(index: number, term: number, terms: readonly number[]): AppendMessage {
  return {
    kind: "append",
    term: 1 as Term,
    previousIndex: index as Index,
    previousTerm: term as Term,
    entries: terms.map((one, at) => entry(one, index + 1 + at)),
    commit: 0 as Index,
  };
}

function heartbeat({ term = 1, commit = 0 }: { term?: number; commit?: number }): Message {
  return { kind: "heartbeat", term: term as Term, commit: commit as Index, round: 0 };
}

function ask(options: {
  kind: "vote" | "pre_vote";
  term: number;
  lastIndex?: number;
  lastTerm?: number;
  transfer?: boolean;
}): Message {
  return { lastIndex: 0, lastTerm: 0, transfer: false, ...options } as Message;
}

function answer(options: {
  kind: "append_response" | "heartbeat_response" | "vote_response";
  term: number;
  index?: number;
}): Message {
  const defaults = {
    rejected: false,
    index: 0,
    hintIndex: 0,
    hintTerm: 0,
    round: 0,
    granted: true,
  };
  return { ...defaults, ...options } as unknown as Message;
}
