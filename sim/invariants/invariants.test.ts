import { describe, expect, it } from "vitest";
import type {
  Bytes,
  CallId,
  DiskToken,
  Effect,
  FileName,
  Index,
  Input,
  NodeId,
  Term,
} from "../../core/contract.ts";
import { ERRORS } from "../../core/api/errors.ts";
import { fromText } from "../../core/lib/bytes.ts";
import { entries, set } from "../../core/lib/ordered-map.ts";
import { createLog } from "../../core/raft/log.ts";
import type { Log } from "../../core/raft/log.ts";
import type { Message } from "../../core/raft/message.ts";
import type { RaftState } from "../../core/raft/state.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { Ghost, GhostNode, Moment } from "./ghost.ts";
import { MARKS } from "../../core/lib/entry-mark.ts";
import { createGhost, entryKey, fingerprint, ghostNode, record } from "./ghost.ts";
import { firstBroken, INVARIANTS } from "./invariants.ts";
import { NO_LOAD } from "../cluster/load.ts";
import { DEFAULT_OPTIONS } from "../options/options.ts";
import { createSimulation } from "../run/simulation.ts";

// A leader and its log of some entries, from a real run: each case breaks one thing about it.
const base = leaderOf();
const { log } = base.raft;
const LAST = log.lastIndex;
const TERM = base.raft.term;
const [[LIVE_KEY] = [fromText("")]] = [...entries(base.store.mvcc.index.live)];
const TICK: Input = { kind: "tick", now: base.now };
const PRE_VOTE: Input = {
  kind: "peer.message",
  from: 2n as NodeId,
  message: { kind: "pre_vote", term: (TERM + 1) as Term, lastIndex: LAST, lastTerm: TERM },
};

const RESUME: Input = { kind: "resume" };
const DEFRAGMENTED: Input = { kind: "defragment.done", error: null };
const busy: NodeState = { ...base, isYielding: true };

function leaderOf(): NodeState {
  const simulation = createSimulation(DEFAULT_OPTIONS);
  while (simulation.frame().time < 4_000_000) simulation.step();
  const leader = simulation.frame().nodes.find((node) => node.state?.raft.role === "leader");
  if (leader?.state == null) throw new Error("this run has no leader after four seconds");
  return leader.state;
}

function withRaft(raft: Partial<RaftState>): NodeState {
  return { ...base, raft: { ...base.raft, ...raft } };
}

function waitingFor(key: Bytes): NodeState {
  const waiters = set(base.calls.concurrencyCalls.waiters, key, [5 as CallId]);
  return {
    ...base,
    calls: { ...base.calls, concurrencyCalls: { ...base.calls.concurrencyCalls, waiters } },
  };
}

const { stepPairs } = base.config.limits;

function leading(term: number): NodeState {
  return withRaft({ role: "leader", term: term as Term });
}

function withLog(change: Partial<Log>): NodeState {
  return withRaft({ log: { ...log, ...change } });
}

type Step = Partial<Extract<Moment, { kind: "stepped" }>>;

function stepped(step: Step = {}): Moment {
  const plain = { node: 1, timeMs: 0, input: TICK, before: base, state: base };
  return { kind: "stepped", ...plain, effects: [], appended: [], load: NO_LOAD, ...step };
}

function booted(state: NodeState): Moment {
  return { kind: "booted", node: 1, state, effects: [] };
}

function defragmented(call: number): Effect {
  const header = { clusterId: 1n, memberId: 1n, revision: 2, raftTerm: 1 } as never;
  const result = { ok: true, value: { kind: "defragment", header } } as const;
  return { kind: "call.reply", call: call as CallId, result };
}

function sends(message: Message): readonly Effect[] {
  return [{ kind: "peer.send", to: 2n as NodeId, message }];
}

function answered(revision: number, floor: number, kind: "put" | "range"): Moment {
  const header = { clusterId: 1n, memberId: 1n, revision, raftTerm: 1 };
  return {
    kind: "answered",
    floor,
    operation: {
      id: 7,
      client: 0,
      call: 0,
      return: 1,
      input: { kind, serializable: false },
      outcome: { kind: "ok", output: { kind, header } },
    },
  } as unknown as Moment;
}

/** A ghost that knows all of the leader's log, committed and durable everywhere. */
function ghostOf(): Ghost {
  const ghost = createGhost(3);
  ghost.leaders.set(TERM, 1);
  for (let index = 1; index <= LAST; index++) ghost.committed.set(index, TERM);
  ghost.lastCommitted = LAST;
  ghost.commits.push({ term: TERM, index: LAST });
  for (const node of ghost.nodes) {
    const { durable } = { durable: { term: TERM, vote: 1n as NodeId, until: LAST, log } };
    Object.assign(node, { durable, kvIssued: base.store.applied, kvDurable: base.store.applied });
  }
  ghostNode(ghost, 1).calls.add(5);
  return ghost;
}

const shorter = { ...createLog((LAST - 1) as Index, TERM) };
const entry = { term: TERM, index: LAST, data: new Uint8Array([1, 2, 3]) };
const kv = (applied: number, byte = 0): Effect => ({
  kind: "kv",
  applied: applied as Index,
  writes: [{ kind: "put", table: "keys", key: "k" as never, value: new Uint8Array([byte]) }],
});
const reply = (call: number): Effect => ({
  kind: "call.reply",
  call: call as CallId,
  result: { ok: false, error: {} as never },
});
const install = (index: number, term: number): Effect => ({
  kind: "snapshot.install",
  meta: { index: index as Index, term: term as Term, voters: [], learners: [] },
});
const term = (value: number): Term => value as Term;

/** Without a leader for three elections, and stream 5 wanted one. */
const leaderless = withRaft({ role: "follower", leader: null });
const deserted: Effect = { kind: "call.end", call: 5 as CallId, error: ERRORS.NoLeader };
function withGuarded(_ghost: Ghost, node: GhostNode): void {
  node.guarded.add(5);
  node.leaderlessSince = base.now - 3 * base.config.electionMs;
}
/** What breaks it, and what is close to that and fine. */
type Case = Readonly<{
  ghost?: (ghost: Ghost, first: GhostNode) => void;
  bad: Moment;
  good: Moment;
}>;

const ended = (change: Partial<Extract<Moment, { kind: "ended" }>>): Moment => {
  const follower = withRaft({ role: "follower" });
  const states = [base, follower, follower];
  return {
    kind: "ended",
    states,
    contents: ["a", "a", "a"],
    histories: [],
    unanswered: [],
    ...change,
  };
};

const change = { ...entry, data: Uint8Array.of(MARKS.change) };
/** The last entry is a change of members, and is not applied. */
const changing: NodeState = {
  ...withLog({ chunks: [[...(log.chunks[0] ?? []).slice(0, -1), change]] }),
  store: { ...base.store, applied: (LAST - 1) as Index },
};

const accuse = (id: bigint): Effect => ({
  kind: "trace",
  event: {
    kind: "corrupt",
    check: "history",
    members: [id as NodeId],
    revision: 1,
    showings: [],
  },
});
const comparing: NodeState = {
  ...base,
  config: {
    ...base.config,
    limits: { ...base.config.limits, checks: { historyMs: 1, compactionsMs: 0, atStart: false } },
  },
};

const CASES: Readonly<Record<string, Case>> = {
  "election-safety": { bad: stepped({ node: 2 }), good: stepped() },
  "leader-append-only": {
    bad: stepped({ state: withRaft({ log: shorter }) }),
    good: stepped({ state: withRaft({ log: shorter, role: "follower" }) }),
  },
  "log-matching": {
    ghost: (ghost) => {
      const what = { fingerprint: fingerprint(entry), previousTerm: TERM };
      ghost.entries.set(entryKey(TERM, LAST), what);
    },
    bad: stepped({
      appended: [{ ...entry, data: new Uint8Array([9]) }],
      before: withRaft({ log: shorter }),
    }),
    good: stepped({ appended: [entry], before: withRaft({ log: shorter }) }),
  },
  "leader-completeness": {
    ghost: (ghost) => {
      ghost.leaders.clear();
      ghost.commits[0] = { term: term(TERM - 1), index: LAST };
      ghost.committed.set(LAST, term(TERM - 1));
    },
    bad: stepped({ before: withRaft({ role: "candidate" }) }),
    good: stepped(),
  },
  "state-machine-safety": {
    ghost: (ghost) => void ghost.committed.set(LAST, term(TERM + 1)),
    bad: stepped({ before: withLog({ commit: (LAST - 1) as Index }) }),
    good: stepped(),
  },
  "commit-durable-quorum": {
    ghost: (ghost) => {
      ghost.lastCommitted = (LAST - 1) as Index;
      for (const node of ghost.nodes.slice(1)) {
        Object.assign(node, { durable: { ...node.durable, until: (LAST - 1) as Index } });
      }
    },
    bad: stepped({ before: withLog({ commit: (LAST - 1) as Index }) }),
    good: stepped({ state: withLog({ commit: (LAST - 1) as Index }) }),
  },
  "commit-current-term": {
    ghost: (ghost) => (ghost.lastCommitted = (LAST - 1) as Index),
    bad: stepped({ state: withRaft({ role: "follower" }) }),
    good: stepped(),
  },
  "term-inflation": {
    ghost: (ghost) => {
      ghost.leaders.clear();
      ghost.inflation = { node: 3, untilMs: 100, elections: 1 };
    },
    bad: stepped({ timeMs: 99 }),
    good: stepped({ timeMs: 101 }),
  },
  "pre-vote-asks": {
    bad: stepped({ input: PRE_VOTE, state: withRaft({ term: term(TERM + 1), role: "follower" }) }),
    good: stepped({ input: PRE_VOTE }),
  },
  "hard-state": {
    bad: stepped({ state: withRaft({ term: term(TERM - 1), role: "follower" }) }),
    good: stepped({ state: withRaft({ term: term(TERM + 1), role: "follower", vote: null }) }),
  },
  "durable-survives": { bad: booted(withRaft({ log: shorter })), good: booted(base) },
  "promise-after-sync": {
    ghost: (_ghost, first) => {
      first.durable = { term: TERM, vote: 3n as NodeId, until: (LAST - 1) as Index, log };
    },
    bad: stepped({ effects: sends({ kind: "vote_response", term: TERM, granted: true }) }),
    good: stepped({ effects: sends({ kind: "vote_response", term: TERM, granted: false }) }),
  },
  "kv-behind-wal": {
    ghost: (_ghost, first) => {
      first.durable = { term: TERM, vote: null, until: (LAST - 1) as Index, log };
      first.kvIssued = LAST - 2;
    },
    bad: stepped({ effects: [kv(LAST)] }),
    good: stepped({
      effects: [kv(LAST - 1)],
      state: { ...base, store: { ...base.store, applied: (LAST - 1) as Index } },
    }),
  },
  "trim-behind-kv": {
    ghost: (_ghost, first) => (first.kvDurable = log.commit - 1),
    bad: stepped({ state: withLog({ compactedIndex: log.commit }) }),
    good: stepped({ state: withLog({ compactedIndex: (log.commit - 1) as Index }) }),
  },
  "one-change-at-a-time": {
    bad: stepped({
      state: changing,
      appended: [{ ...change, index: (LAST + 1) as Index }],
    }),
    good: stepped({
      state: { ...changing, store: base.store },
      appended: [{ ...change, index: (LAST + 1) as Index }],
    }),
  },
  "elected-by-members": {
    ghost: (ghost) => {
      for (const node of ghost.nodes.slice(1)) {
        Object.assign(node, { durable: { ...node.durable, vote: null } });
      }
    },
    bad: stepped({ before: withRaft({ role: "candidate" }) }),
    good: stepped(),
  },
  "stands-as-applied": {
    bad: stepped({
      before: { ...changing, raft: { ...changing.raft, role: "follower" } },
      state: { ...changing, raft: { ...changing.raft, role: "pre_candidate" } },
    }),
    good: stepped({
      before: withRaft({ role: "follower" }),
      state: withRaft({ role: "pre_candidate" }),
    }),
  },
  "applied-in-order": {
    bad: stepped({ effects: [kv(LAST)] }), // for the second time
    good: stepped(),
  },
  "kv-agreement": {
    ghost: (ghost, first) => {
      first.kvIssued = LAST - 1;
      first.kvHash = 77;
      const other = ghostNode(ghost, 2);
      Object.assign(other, { kvIssued: LAST - 1, kvHash: 77 });
      record(ghost, stepped({ node: 2, effects: [kv(LAST, 1)] }));
    },
    bad: stepped({ effects: [kv(LAST, 2)] }),
    good: stepped({ effects: [kv(LAST, 1)] }),
  },
  "snapshot-agreement": {
    ghost: (_ghost, first) => (first.kvIssued = 0),
    bad: stepped({
      before: withLog({ commit: 0 as Index }),
      effects: [install(base.store.applied, TERM + 1)],
    }),
    good: stepped({
      before: withLog({ commit: 0 as Index }),
      effects: [install(base.store.applied, TERM)],
    }),
  },
  "answer-once": {
    bad: stepped({ effects: [reply(5), reply(5)] }),
    good: stepped({ effects: [reply(5)] }),
  },
  "nothing-in-vain": {
    bad: stepped({ state: waitingFor(fromText("nobody made it")) }),
    good: stepped({ state: waitingFor(LIVE_KEY) }),
  },
  "fresh-reads": { bad: answered(9, 10, "range"), good: answered(10, 10, "range") },
  "bounded-queues": {
    bad: stepped({
      state: { ...base, appliedDurable: (log.compactedIndex + 5000) as Index },
    }),
    good: stepped(),
  },
  convergence: { bad: ended({ contents: ["a", "a", "b"] }), good: ended({}) },
  availability: { bad: ended({ unanswered: [2] }), good: ended({}) },
  "no-false-alarm": {
    ghost: (ghost) => record(ghost, { kind: "harmed", node: 2 }),
    bad: stepped({ effects: [accuse(1n), accuse(2n)] }),
    good: stepped({ effects: [accuse(2n), accuse(0n)] }),
  },
  "harm-is-found": {
    ghost: (ghost) => record(ghost, { kind: "harmed", node: 2 }),
    bad: ended({ states: [comparing, base, base], histories: ["a", "b", "a"] }),
    good: ended({ states: [comparing, base, base], histories: ["a", "a", "a"] }),
  },
  "not-without-leader": {
    ghost: withGuarded,
    bad: stepped({ state: leaderless }),
    good: stepped({ state: leaderless, effects: [deserted] }),
  },
  "not-for-want-of-leader": {
    ghost: withGuarded,
    bad: stepped({ effects: [deserted] }),
    good: stepped({ state: leaderless, effects: [deserted] }),
  },
  "step-budget": {
    bad: stepped({ load: { ...NO_LOAD, pairs: stepPairs + 1 } }),
    good: stepped({ load: { ...NO_LOAD, pairs: stepPairs, rows: stepPairs, bytes: 1000 } }),
  },
  "steady-office": {
    ghost: (ghost) => {
      record(ghost, { kind: "calm" });
      record(ghost, stepped({ state: leading(1) }));
    },
    bad: stepped({ state: leading(2), timeMs: 60_000 }),
    good: stepped({ state: leading(1), timeMs: 60_000 }),
  },
  "no-idle-resume": {
    bad: stepped({ input: RESUME, before: busy, state: busy, effects: [{ kind: "yield" }] }),
    good: stepped({ input: RESUME, before: busy, state: base }),
  },
  "defragment-answered": {
    ghost: (_ghost, node) => {
      node.defragmentations = { asked: [6], owed: [5] };
      node.calls.add(6);
    },
    bad: stepped({ input: DEFRAGMENTED, effects: [defragmented(6)] }),
    good: stepped({ input: DEFRAGMENTED, effects: [defragmented(5)] }),
  },
};

describe("every invariant fires when it is broken, and only then", () => {
  it("is proven here", () => {
    expect(Object.keys(CASES)).toEqual(INVARIANTS.map((invariant) => invariant.id));
  });

  it("could not fire at a moment at which nobody asks it", () => {
    for (const { ghost: prepare, bad } of Object.values(CASES)) {
      const ghost = ghostOf();
      prepare?.(ghost, ghostNode(ghost, 1));
      const serverEvents = INVARIANTS.filter(({ at }) => !at.includes(bad.kind));
      expect(serverEvents.map(({ check }) => check(ghost, bad))).toEqual(
        serverEvents.map(() => null),
      );
    }
  });

  for (const invariant of INVARIANTS) {
    it(`${invariant.id}: ${invariant.sentence}`, () => {
      const { ghost: prepare, bad, good } = CASES[invariant.id]!;
      const ghost = ghostOf();
      prepare?.(ghost, ghostNode(ghost, 1));
      expect(invariant.check(ghost, bad)).toEqual(expect.any(String));
      expect(firstBroken(ghost, bad)).not.toBe(null);
      expect(invariant.check(ghost, good)).toBe(null);
    });
  }
});

function broken(id: string, moment: Moment, prepare?: Case["ghost"]): string | null {
  const ghost = ghostOf();
  prepare?.(ghost, ghostNode(ghost, 1));
  return INVARIANTS.find((invariant) => invariant.id === id)!.check(ghost, moment);
}

describe("more ways to break them", () => {
  it("a put is newer than all that was told before it, not only as new", () => {
    expect(broken("fresh-reads", answered(10, 10, "put"))).toMatch("revision 10");
    expect(broken("fresh-reads", answered(11, 10, "put"))).toBe(null);
  });

  it("a vote that changed in a crash is found at the next boot", () => {
    const state = withRaft({ vote: 3n as NodeId });
    expect(broken("hard-state", booted(state))).toMatch("the vote in term");
  });

  it("every promise waits for the disk: entries, votes and terms", () => {
    const early: readonly Message[] = [
      {
        kind: "append_response",
        term: TERM,
        rejected: false,
        index: LAST,
        hintIndex: LAST,
        hintTerm: TERM,
      },
      { kind: "vote", term: term(TERM + 1), lastIndex: LAST, lastTerm: TERM, transfer: false },
      { kind: "heartbeat", term: term(TERM + 1), commit: LAST, round: 0 },
      { kind: "timeout_now", term: term(TERM + 1) },
    ];
    for (const message of early) {
      const moment = stepped({ effects: sends(message) });
      const reason = broken("promise-after-sync", moment, (_ghost, first) => {
        first.durable = { term: TERM, vote: null, until: (LAST - 1) as Index, log };
      });
      expect(reason, message.kind).toMatch("on disk");
    }
  });

  it("no leader, two leaders and a node that is down are no happy end", () => {
    const follower = withRaft({ role: "follower" });
    expect(broken("convergence", ended({ states: [follower, follower] }))).toMatch("0 nodes lead");
    expect(broken("convergence", ended({ states: [base, base] }))).toMatch("2 nodes lead");
    expect(broken("convergence", ended({ states: [base, null] }))).toMatch("node 2 is still down");
  });
});

describe("the ghost", () => {
  it("believes the disk: writes without a sync are not durable, whatever the node says", () => {
    const file = "wal-1" as FileName;
    const write = { kind: "write", file, offset: 0, bytes: new Uint8Array(1) } as const;
    const durable = (ops: Extract<Effect, { kind: "disk" }>["ops"]): number => {
      const ghost = createGhost(1);
      const token = 1 as DiskToken;
      const mark = {} as never; // only the node reads it
      const persisting = { token, hard: null, lastIndex: LAST, lastTerm: TERM, mark };
      const state = {
        ...base,
        disk: { ...base.disk, outbox: { ...base.disk.outbox, pending: [persisting] } },
      };
      record(ghost, booted(withRaft({ log: createLog(0 as Index, term(0)) })));
      record(ghost, stepped({ state, effects: [{ kind: "disk", token, ops }] }));
      record(ghost, { kind: "synced", node: 1, token });
      return ghostNode(ghost, 1).durable?.until ?? -1;
    };
    expect(durable([write])).toBe(0);
    expect(durable([write, { kind: "sync", file }])).toBe(LAST);
    expect(durable([{ kind: "sync", file }, write])).toBe(0);
    expect(durable([write, { kind: "sync", file: "wal-2" as FileName }])).toBe(0);
  });
});
