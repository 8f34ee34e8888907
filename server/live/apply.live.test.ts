// Apply is total: whatever entries a log holds, a member takes them, stores what follows from them,
// and a member that starts from what is stored is the same. Every write goes into a simulated store
// and into a real one, which agree row by row. DETCD_APPLY_RUNS says how many logs are tried.

import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeCommand } from "../../core/apply/commands/command.ts";
import type { Effect, Index, Input, Millis, NodeId, Term } from "../../core/contract.ts";
import { must } from "../../core/lib/assert.ts";
import { contentOf, rowsIn } from "../../core/testing/contents.ts";
import { loneConfig, settle } from "../../core/testing/lone-node.ts";
import { hashKv } from "../../core/mvcc/hash/hash.ts";
import { boot, step } from "../../core/node.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { Entry } from "../../core/raft/message.ts";
import { createMemoryDisk } from "../../core/storage/memory-disk.ts";
import { describeEffect } from "../../core/transcript/transcript.ts";
import { anyCommand } from "../../scenarios/campaign/arbitrary-commands.ts";
import { SimKv } from "../../sim/world/kv.ts";
import { createFates } from "../../sim/world/random.ts";
import { KvStore } from "../storage/kv-store.ts";

const RUNS = Number(process.env["DETCD_APPLY_RUNS"] ?? 60);
const SEED = process.env["DETCD_APPLY_RUNS"] === undefined ? { seed: 20261130 } : {};

const LEADER = 2n as NodeId;
const TERM = 1 as Term;
const CONFIG = loneConfig({
  members: [1n, 2n, 3n].map((id) => {
    const peerUrls = [`http://${id}:2380`];
    return { id: id as NodeId, name: `${id}`, peerUrls, clientUrls: [], isLearner: false };
  }),
});

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "detcd-apply-"));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

describe("a follower", () => {
  it(`takes whatever its leader committed, and starts again from it (${RUNS} logs)`, async () => {
    let run = 0;
    const logs = fc.array(fc.array(anyEntryData, { maxLength: 8 }), { maxLength: 6, size: "max" });
    const property = fc.asyncProperty(logs, async (log) => {
      const path = join(directory, `${++run}`);
      fs.mkdirSync(path);
      await followAndRestart(path, log);
      fs.rmSync(path, { recursive: true });
    });
    await fc.assert(property, { ...SEED, numRuns: RUNS });
  });
});

function fail(error: Error): never {
  throw error;
}

/** A command, or bytes that came to harm. */
const anyEntryData = fc.oneof(
  {
    weight: 9,
    arbitrary: anyCommand.map(({ command, caller }) => encodeCommand(command, caller)),
  },
  fc.record({ given: anyCommand, at: fc.nat(), byte: fc.nat(255) }).map(({ given, at, byte }) => {
    const data = encodeCommand(given.command, given.caller);
    return data.with(at % data.length, byte);
  }),
);

async function followAndRestart(path: string, log: readonly (readonly Uint8Array[])[]) {
  const disk = createMemoryDisk();
  const sim = new SimKv(1, createFates(1), "any");
  const real = new KvStore(path, { onDone: () => undefined, onFailure: fail });
  let state = null as NodeState | null;
  const kv = { perform: () => undefined };
  const takeOne = (input: Input): readonly Effect[] => {
    if (input.kind === "kv.done") sim.commit(input.applied);
    const [next, effects] = step(must(state, "it is booted"), input, sim.reader);
    state = next;
    return store(effects);
  };
  const store = (effects: readonly Effect[]): readonly Effect[] => {
    for (const effect of effects) {
      describeEffect(effect, String);
      if (effect.kind !== "kv") continue;
      sim.apply(effect.applied, effect.writes);
      real.apply(effect.applied, effect.writes);
    }
    return effects;
  };
  const booted = boot(CONFIG, 1n, 0 as Millis, disk, sim.reader);
  const [first, effects] = must(booted.ok ? booted.value : null, "a new member boots");
  state = first;
  settle({ disk, kv }, store(effects), takeOne);
  for (const datas of log) settle({ disk, kv }, takeOne(append(state, datas)), takeOne);

  const after: NodeState = state;
  await real.idle();
  expect(rowsIn(real.reader)).toEqual(rowsIn(sim.reader));
  const again = boot(CONFIG, 2n, 0 as Millis, disk, real.reader);
  const [restored] = must(again.ok ? again.value : null, again.ok ? "" : again.error);
  expect(contentOf(restored.store)).toEqual(contentOf(after.store));
  const { mvcc } = after.store;
  const hash = hashKv(mvcc, sim.reader, mvcc.revision);
  expect(hashKv(restored.store.mvcc, real.reader, mvcc.revision)).toBe(hash);
  await real.close();
}

/** The leader of the first term, and all that it says is committed at once. */
function append(state: NodeState, datas: readonly Uint8Array[]): Input {
  const { log } = state.raft;
  const { lastIndex } = log;
  const said = datas.map((data, at): Entry => {
    return { term: TERM, index: (lastIndex + 1 + at) as Index, data };
  });
  const previousTerm = (lastIndex === 0 ? 0 : TERM) as Term;
  const commit = (lastIndex + datas.length) as Index;
  const message = { kind: "append", term: TERM, previousIndex: lastIndex, previousTerm } as const;
  return { kind: "peer.message", from: LEADER, message: { ...message, entries: said, commit } };
}
