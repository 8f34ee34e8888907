// A member that is asked for the keys of a lease and has the leader's answer: it tells the keys
// that it knows itself, once it knows all that the leader did.

import { expect, it } from "vitest";
import type { Command } from "../../apply/commands/command.ts";
import { encodeCommand, NOBODY } from "../../apply/commands/command.ts";
import { putOf } from "../../api/testing.ts";
import type {
  CallId,
  Effect,
  Index,
  Input,
  LeaseId,
  Millis,
  NodeId,
  Term,
} from "../../contract.ts";
import { createMemoryKv } from "../../kv/memory-kv.ts";
import { loneConfig, settle } from "../../testing/lone-node.ts";
import { boot, step } from "../../node.ts";
import { createMemoryDisk } from "../../storage/memory-disk.ts";

const [SELF, LEADER] = [1n, 2n] as [NodeId, NodeId];
const TERM = 1 as Term;
const LEASE = 7n as LeaseId;
const ORIGIN = { node: LEADER, life: 1n, call: NOBODY };

it("the keys of a lease are told once they are as new as the leader's answer", () => {
  const take = startFollower();
  append(take, 1, { kind: "lease_grant", origin: ORIGIN, lease: LEASE, ttlSeconds: 60 });
  append(take, 2, put("a")); // revision 2
  const request = { kind: "lease_time_to_live", id: LEASE, keys: true } as const;
  const context = { deadline: 9e15 as Millis, token: "", requireLeader: false };
  const asked = take({ kind: "call", call: 1 as CallId, request, context });
  const id = asked.flatMap((effect) =>
    effect.kind === "peer.send" && effect.message.kind === "lease_ask" ? effect.message.id : [],
  )[0];
  if (id === undefined) return expect.unreachable("it asks the leader");
  const left = { ttlSeconds: 9, grantedTtlSeconds: 60, revision: 3 };
  const message = { kind: "lease_answer", term: TERM, id, ...left } as const;
  expect(repliesIn(take({ kind: "peer.message", from: LEADER, message }))).toEqual([]);
  const [reply] = repliesIn(append(take, 3, put("b"))); // revision 3
  expect(reply?.result).toMatchObject({ ok: true, value: { ttlSeconds: 9, keys: ["a", "b"] } });
});

type Take = (input: Input) => readonly Effect[];

function startFollower(): Take {
  const stores = { disk: createMemoryDisk(), kv: createMemoryKv() };
  const members = [SELF, LEADER].map((id) => {
    return { id, name: `${id}`, peerUrls: [`http://${id}:2380`], clientUrls: [], isLearner: false };
  });
  const booted = boot(loneConfig({ members }), 5n, 0 as Millis, stores.disk, stores.kv);
  if (!booted.ok) throw new Error(booted.error);
  let [state] = booted.value;
  const takeOne: Take = (input) => {
    const [next, effects] = step(state, input, stores.kv);
    state = next;
    return effects;
  };
  settle(stores, booted.value[1], takeOne);
  return (input) => settle(stores, takeOne(input), takeOne);
}

/** The leader's next entry, committed at once. */
function append(take: Take, at: number, command: Command): readonly Effect[] {
  const [index, previousIndex] = [at, at - 1] as [Index, Index];
  const previousTerm = (at === 1 ? 0 : TERM) as Term;
  const entries = [{ term: TERM, index, data: encodeCommand(command) }];
  const place = { previousIndex, previousTerm, entries, commit: index };
  const message = { kind: "append", term: TERM, ...place } as const;
  return take({ kind: "peer.message", from: LEADER, message });
}

function put(key: string): Command {
  return { kind: "kv", origin: ORIGIN, request: putOf(key, "v", { lease: LEASE }) };
}

function repliesIn(effects: readonly Effect[]) {
  return effects.flatMap((effect) => (effect.kind === "call.reply" ? [effect] : []));
}
