// A member that starts with the check on: what it does before it is admitted, and what keeps it
// out.

import { describe, expect, it } from "vitest";
import { configurationOf, putGenesis, putMember } from "../../membership/membership.ts";
import { putOf } from "../../api/testing.ts";
import { DEFAULT_LIMITS } from "../../config.ts";
import type { CallId, Effect, Index, Input, Millis, NodeId, Term } from "../../contract.ts";
import type { HashAnswer, HashAsk } from "../../corruption/message.ts";
import { createMemoryKv } from "../../kv/memory-kv.ts";
import { putApplied } from "../../kv/tables.ts";
import { loneConfig } from "../../testing/lone-node.ts";
import { boot, step } from "../../node.ts";
import { createMemoryDisk } from "../../storage/memory-disk.ts";
import { createWal, NO_HARD_STATE, resetWal } from "../../storage/wal.ts";

const [SELF, TWO, THREE] = [1n, 2n, 3n] as [NodeId, NodeId, NodeId];
const TERM = 1 as Term;

describe("a member that compares itself before it serves", () => {
  it("serves once the others have the same hash", () => {
    const member = start();
    expect(member.asked.map(({ to }) => to)).toEqual([TWO, THREE]);
    const own = member.ownHash();
    expect(member.hears(TWO, own)).toEqual([]);
    expect(member.hears(THREE, own)).toEqual([null]);
    expect(member.take({ kind: "tick", now: 5000 as Millis }).length).toBeGreaterThan(0); // it stands
  });

  it("serves if one of them has the same: then it is the third that is harmed", () => {
    const member = start();
    const own = member.ownHash();
    member.hears(TWO, own);
    expect(member.hears(THREE, own ^ 1)).toEqual([null]);
  });

  it("does not if none of them has the same, and says what to do", () => {
    const member = start();
    const own = member.ownHash();
    member.hears(TWO, own, { compacted: 1 });
    const [refusal] = member.hears(THREE, own ^ 1);
    expect(refusal).toMatch(/^1 found data inconsistency with peers: at revision 1 its hash/);
    expect(refusal).toContain("1 of the 2 members that answered (3)");
    expect(refusal).toContain("etcdctl member remove 1");
    expect(member.take({ kind: "tick", now: 90_000 as Millis })).toEqual([]);
  });

  it("takes no offence at a hash of another compaction, or at none", () => {
    const member = start();
    const own = member.ownHash();
    member.hears(TWO, own ^ 1, { compacted: 1 });
    expect(member.hears(THREE, own ^ 1, { revision: 9 })).toEqual([null]);
  });

  it("waits for nobody who cannot be reached, and for others not for ever", () => {
    const unreached = start();
    unreached.take({ kind: "peer.unreachable", peer: TWO });
    unreached.take({ kind: "peer.unreachable", peer: THREE });
    expect(unreached.tick(50)).toEqual([null]);
    const silent = start();
    silent.tick(50);
    expect(silent.tick(2000)).toEqual([]);
    expect(silent.tick(8000)).toEqual([null]);
  });

  it("tells who asks, and has no part in anything else meanwhile", () => {
    const member = start();
    const term = 9 as Term;
    const ask: HashAsk = { ...member.ask, id: 77n, index: 5 as Index };
    const told = member.take({ kind: "peer.message", from: TWO, message: ask }).filter(isAnswer);
    expect(told.map(({ message }) => message)).toMatchObject([{ id: 77n, revision: 1 }]);
    const late: HashAsk = { ...ask, id: 78n, index: 6 as Index, revision: 2 };
    const [none] = member.take({ kind: "peer.message", from: THREE, message: late });
    expect(none).toMatchObject({ message: { id: 78n, hashes: [] } });
    const vote = { kind: "vote", term, lastIndex: 9 as Index, lastTerm: term } as const;
    const message = { ...vote, transfer: true };
    expect(member.take({ kind: "peer.message", from: TWO, message })).toEqual([]);
    const context = { deadline: 9e9 as Millis, token: "", requireLeader: false };
    const call: Input = { kind: "call", call: 1 as CallId, request: putOf("a", "1"), context };
    expect(member.take(call)).toMatchObject([{ result: { error: { name: "Stopped" } } }]);
  });
});

type Send = Extract<Effect, { kind: "peer.send" }>;

function isAnswer(effect: Effect): effect is Send & { message: HashAnswer } {
  return effect.kind === "peer.send" && effect.message.kind === "hash_answer";
}

/** One of three, whose store holds something. */
function start() {
  const members = [SELF, TWO, THREE].map((id) => {
    const urls = [`http://p:${id}`];
    return { id, name: `n${id}`, peerUrls: urls, clientUrls: [], isLearner: false };
  });
  const kv = createMemoryKv();
  const applied = { index: 5 as Index, term: TERM, ...configurationOf(members) };
  kv.perform([...members.map(putMember), putGenesis(members), putApplied(applied)]);
  const checks = { historyMs: 0, compactionsMs: 0, atStart: true };
  const config = loneConfig({ members, limits: { ...DEFAULT_LIMITS, checks } });
  const disk = createMemoryDisk();
  const { wal, ops } = createWal(config, DEFAULT_LIMITS.segmentBytes);
  const hard = { ...NO_HARD_STATE, term: TERM, commit: applied.index };
  for (const each of [ops, resetWal(wal, applied, hard).ops]) disk.perform(each);
  const booted = boot(config, 7n, 0 as Millis, disk, kv);
  if (!booted.ok) throw new Error(booted.error);
  let [state, effects] = booted.value;
  const asked = effects.filter((each): each is Send => each.kind === "peer.send");
  const ask = asked[0]?.message as HashAsk;
  const take = (input: Input): readonly Effect[] => {
    [state, effects] = step(state, input, kv);
    return state.isYielding ? [...effects, ...take({ kind: "resume" })] : effects;
  };
  const tick = (now: number): readonly (string | null)[] =>
    take({ kind: "tick", now: now as Millis }).flatMap((effect) =>
      effect.kind === "admission" ? [effect.refusal] : [],
    );
  return {
    asked,
    ask,
    take,
    tick,
    ownHash: (): number => {
      tick(50);
      return state.upkeep.corruption.round?.own ?? -1;
    },
    hears: (from: NodeId, hash: number, at: { revision?: number; compacted?: number } = {}) => {
      const { id, revision } = ask;
      const shown = { revision, compacted: -1, ...at, hash };
      const where = { index: 5 as Index, revision, compacted: -1, hashes: [shown] };
      const message: HashAnswer = { kind: "hash_answer", term: TERM, id, ...where };
      take({ kind: "peer.message", from, message });
      return tick(100);
    },
  };
}
