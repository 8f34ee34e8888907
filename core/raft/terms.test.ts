// How far others take a member's term, and that honest members meet whatever their terms are.

import { describe, expect, it } from "vitest";
import type { Index, Millis, NodeId, SnapshotMeta, Term } from "../contract.ts";
import type { Message } from "./message.ts";
import { createRaft, stepRaft } from "./raft.ts";
import type { RaftInput, RaftState } from "./state.ts";
import { TERM_STEP_MAX } from "./terms.ts";
import {
  boot,
  CONFIG,
  crash,
  createWorld,
  nodeOf,
  settle,
  step,
  wait,
  type World,
} from "./testing.ts";

const [ONE, TWO, THREE, STRANGER] = [1n, 2n, 3n, 9n] as [NodeId, NodeId, NodeId, NodeId];
const ZERO = 0 as Index;
const LAST = Number.MAX_SAFE_INTEGER as Term;
const { electionMs } = CONFIG;
const META: SnapshotMeta = { index: 9 as Index, term: 1 as Term, voters: [ONE], learners: [] };

/** Every kind that tells its sender's term. */
function claims(term: Term): readonly Message[] {
  const before = { previousIndex: ZERO, previousTerm: 0 as Term, entries: [], commit: ZERO };
  const answer = { rejected: true, index: ZERO, hintIndex: ZERO, hintTerm: 0 as Term };
  return [
    { kind: "vote", term, lastIndex: ZERO, lastTerm: 0 as Term, transfer: true },
    { kind: "vote_response", term, granted: false },
    { kind: "pre_vote_response", term, granted: false },
    { kind: "append", term, ...before },
    { kind: "append_response", term, ...answer },
    { kind: "heartbeat", term, commit: ZERO, round: 0 },
    { kind: "heartbeat_response", term, round: 0 },
    { kind: "read_index", term, context: 1n },
    { kind: "timeout_now", term },
  ];
}

describe("a claimed term", () => {
  it("takes a member one step further, whatever it is said with, and is not heard", () => {
    for (const message of claims(LAST)) {
      const output = hear(follower(5), TWO, message);
      expect(output.state).toMatchObject({ term: 5 + TERM_STEP_MAX, vote: null, leader: null });
      expect(output.hard).toMatchObject({ term: 5 + TERM_STEP_MAX, vote: null });
      expect(output.sends).toEqual([]);
      const highest = 5 + TERM_STEP_MAX;
      expect(output.traces[0]).toEqual({ kind: "term_refused", term: LAST, from: TWO, highest });
    }
  });

  it("is believed if it is within a step", () => {
    const term = (5 + TERM_STEP_MAX) as Term;
    const { state } = hear(follower(5), TWO, { kind: "heartbeat", term, commit: ZERO, round: 0 });
    expect(state).toMatchObject({ term, leader: TWO });
  });

  it("takes a member further only after an election timeout of its own clock", () => {
    let state = hear(follower(5), TWO, claims(LAST)[0] as Message).state;
    for (const message of claims(LAST)) {
      const again = hear(state, STRANGER, message);
      expect([again.state.term, again.hard, again.traces]).toEqual([state.term, null, []]);
    }
    state = stepRaft(state, { kind: "tick", now: (electionMs - 1) as Millis }).state;
    expect(hear(state, TWO, claims(LAST)[3] as Message).state.term).toBe(5 + TERM_STEP_MAX);
    const later = stepRaft(state, { kind: "tick", now: electionMs as Millis }).state;
    expect(hear(later, TWO, claims(LAST)[3] as Message).state.term).toBe(5 + 2 * TERM_STEP_MAX);
  });

  it("is no other for a question that nobody has taken the term of", () => {
    const state = follower(5);
    const granted = { kind: "pre_vote_response", term: LAST, granted: true } as const;
    expect(hear(state, TWO, granted).state).toBe(state);
    const question = {
      kind: "pre_vote",
      term: LAST,
      lastIndex: ZERO,
      lastTerm: 0 as Term,
    } as const;
    expect(hear(state, TWO, question).state.term).toBe(5);
  });

  it("comes with an image, too", () => {
    const state = follower(5);
    const claim = { kind: "snapshot_staged", from: TWO, term: LAST, meta: META } as const;
    const output = stepRaft(state, claim);
    expect([output.state.term, output.restore]).toEqual([5 + TERM_STEP_MAX, null]);
    const honest = stepRaft(state, { ...claim, term: 6 as Term });
    expect(honest.restore).toEqual(META);
  });

  it("may come one by one, by leaders that ask to be followed in office, and no further", () => {
    let state = follower(5);
    state = { ...state, termSpan: { since: 0 as Millis, term: (5 - TERM_STEP_MAX + 2) as Term } };
    const terms: number[] = [];
    for (let round = 0; round < 4; round++) {
      const { term } = state;
      state = hear(state, TWO, { kind: "heartbeat", term, commit: ZERO, round: 0 }).state;
      state = hear(state, TWO, { kind: "timeout_now", term }).state;
      terms.push(state.term);
    }
    expect(terms).toEqual([6, 7, 7, 7]);
  });

  it("never keeps a member from standing by itself", () => {
    const far = { ...follower(5), termSpan: { since: 0 as Millis, term: 0 as Term } };
    const state = {
      ...far,
      config: { ...far.config, preVote: false },
      term: LAST - 5,
    } as RaftState;
    const due = stepRaft(state, { kind: "tick", now: (2 * electionMs) as Millis });
    expect(due.state).toMatchObject({ role: "candidate", term: LAST - 4 });
  });
});

describe("an image", () => {
  it("is none if no leader could have made it", () => {
    const bad: readonly Partial<SnapshotMeta>[] = [
      { index: Number.MAX_SAFE_INTEGER as Index }, // nothing could follow on it
      { index: -1 as Index },
      { term: 7 as Term }, // later than the leader's own
      { voters: [] },
    ];
    for (const change of bad) {
      const state = follower(5);
      const meta = { ...META, ...change };
      const claim = { kind: "snapshot_staged", from: TWO, term: 6 as Term, meta } as const;
      expect(stepRaft(state, claim).state).toBe(state);
    }
  });
});

describe("members whose terms have drifted apart", () => {
  for (const preVote of [true, false]) {
    for (const drift of [1, TERM_STEP_MAX - 1, TERM_STEP_MAX + 1, 7 * TERM_STEP_MAX]) {
      it(`meet again, one ahead by ${drift}, ${preVote ? "with" : "without"} pre-votes`, () => {
        const world = createWorld(3, { preVote }, () => {});
        bootAt(world, [3, 3, 3 + drift]);
        expect(commitsWithin(world, 20 + (4 * drift) / TERM_STEP_MAX)).toBe(true);
      });
      it(`meet again, two ahead by ${drift}, ${preVote ? "with" : "without"} pre-votes`, () => {
        const world = createWorld(3, { preVote }, () => {});
        bootAt(world, [3, 3 + drift, 3 + 2 * drift]);
        expect(commitsWithin(world, 20 + (8 * drift) / TERM_STEP_MAX)).toBe(true);
      });
    }
  }

  it("elect a leader when each was told the most, over and over, and restarted", () => {
    const world = createWorld(3, {}, () => {});
    bootAt(world, [3, 3, 3]);
    for (let round = 0; round < 10; round++) {
      for (const { id } of world.nodes) {
        for (const message of claims(LAST))
          step(world, id, { kind: "message", from: STRANGER, message });
        settle(world);
      }
      const asleep = world.nodes[round % 3]?.id as NodeId;
      crash(world, asleep);
      boot(world, asleep);
      for (const { id } of world.nodes) wait(world, id, 100);
    }
    expect(commitsWithin(world, 20)).toBe(true);
    const terms = world.nodes.map(({ state }) => state?.term ?? 0);
    for (const term of terms) expect(term).toBeLessThan(20 * TERM_STEP_MAX);
  });
});

/** Does everybody hold a new entry after so many election timeouts? */
function commitsWithin(world: World, timeouts: number): boolean {
  for (let round = 0; round < 10 * timeouts; round++) {
    settle(world);
    const leader = world.nodes.find(({ state }) => state?.role === "leader");
    const isDone = world.nodes.every(({ applied }) => applied.some(({ data }) => data.length > 0));
    if (isDone) return true;
    if (leader !== undefined) step(world, leader.id, { kind: "propose", data: Uint8Array.of(1) });
    settle(world);
    for (const { id } of world.nodes) wait(world, id, electionMs / 10);
  }
  return false;
}

function bootAt(world: World, terms: readonly number[]): void {
  for (const [at, { id }] of world.nodes.entries()) {
    const node = nodeOf(world, id);
    const term = terms[at] as Term;
    node.disk = { ...node.disk, hard: { term, vote: null, commit: ZERO } };
    boot(world, id);
  }
}

function follower(term: number): RaftState {
  const hard = { term: term as Term, vote: null, commit: ZERO };
  const log = { applied: ZERO, compactedIndex: ZERO, compactedTerm: 0 as Term, entries: [] };
  const members = { voters: [ONE, TWO, THREE], learners: [] };
  const state = createRaft({ ...CONFIG, id: ONE }, { hard, ...members, ...log }, 7n, 0 as Millis);
  const input = { kind: "persisted", hard, lastIndex: ZERO, lastTerm: 0 as Term } as const;
  return stepRaft(state, input).state;
}

function hear(state: RaftState, from: NodeId, message: Message): ReturnType<typeof stepRaft> {
  const input: RaftInput = { kind: "message", from, message };
  return stepRaft(state, input);
}
