// Every call of every RPC, at sizes up to the limits, goes the whole way of a member: bytes, plan,
// entry, log, apply, answer, bytes. The member lives, answers with what can be read, and is the
// same when it starts again, from a simulated store and from a real one. DETCD_CALL_RUNS says how
// many lists of calls are tried.

import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Request } from "../../core/api/request.ts";
import { isStreamRequest } from "../../core/api/request.ts";
import { rangeOf } from "../../core/api/testing.ts";
import { DEFAULT_LIMITS } from "../../core/config.ts";
import type { Bytes, Effect, KvReader, Millis } from "../../core/contract.ts";
import { must } from "../../core/lib/assert.ts";
import { hashKv } from "../../core/mvcc/hash/hash.ts";
import * as node from "../../core/node.ts";
import type { NodeState } from "../../core/node-state.ts";
import { contentOf, rowsIn } from "../../core/testing/contents.ts";
import { describeResult } from "../../core/transcript/transcript.ts";
import { decodeResponse, encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import { anyCall, INTRODUCTION } from "../../scenarios/campaign/arbitrary-calls.ts";
import type { Reply } from "../../sim/clients/client.ts";
import { Cluster } from "../../sim/cluster/cluster.ts";
import type { Core } from "../../sim/cluster/sim-node.ts";
import { DEFAULT_OPTIONS } from "../../sim/options/options.ts";
import type { SimOptions } from "../../sim/options/options.ts";
import { Digest } from "../../sim/world/digest.ts";
import { Network } from "../../sim/world/network.ts";
import { createFates } from "../../sim/world/random.ts";
import { World } from "../../sim/world/world.ts";
import { KvStore } from "../storage/kv-store.ts";

const RUNS = Number(process.env["DETCD_CALL_RUNS"] ?? 60);
const SEED = process.env["DETCD_CALL_RUNS"] === undefined ? { seed: 20261201 } : {};
const CALLS_MAX = 25;
const PATIENCE_MS = 2000;
const SHORT_LEASES_MS = 10_000; // and they are gone
/** A store of a few calls is in several pieces, and its log in several segments. */
const LIMITS = {
  ...DEFAULT_LIMITS,
  requestBytes: 64 * 1024,
  overheadBytes: 4096,
  transactionOperations: 40,
  segmentBytes: 100_000,
  applyRows: 20,
  rangeRows: 10,
};
const OPTIONS: SimOptions = {
  ...DEFAULT_OPTIONS,
  nodes: 1,
  node: { ...DEFAULT_OPTIONS.node, limits: LIMITS, snapshotCount: 20 },
};
const ALL = rangeOf("\0", { rangeEnd: "\0" as Bytes });
const QUESTIONS: readonly Request[] = [
  ALL,
  { ...ALL, countOnly: true, serializable: true },
  { kind: "lease_leases" },
  { kind: "hash_kv", revision: 0 },
  { kind: "member_list", linearizable: true },
  { kind: "alarm", action: "get", memberId: 0n as never, alarm: "none" },
  { kind: "auth_status" },
  { kind: "user_list" },
  { kind: "role_list" },
];

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "detcd-calls-"));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

describe("a member", () => {
  it(`takes every call, and starts again as what it was (${RUNS} lists)`, async () => {
    const heard = new Set<string>();
    await fc.assert(property(node, heard), { ...SEED, numRuns: RUNS });
    if (RUNS >= 60) expect(missing(heard)).toEqual([]);
  });

  it("that wrote what no store takes would not pass", async () => {
    const broken: Core = { boot: node.boot, step: (...before) => longNamed(node.step(...before)) };
    const found = await fc.check(property(broken, new Set()), { ...SEED, numRuns: 500 });
    expect(found.errorInstance).toMatchObject({ message: expect.stringMatching(/a store takes/) });
  });
});

type Taken = ReturnType<typeof node.step>;

/** As if names had no limit: a long one is twice as long in the store. */
function longNamed([state, effects]: Taken): Taken {
  const longer = effects.map((effect): Effect => {
    if (effect.kind !== "kv") return effect;
    const writes = effect.writes.map((write) =>
      write.table === "auth" && write.key.length > 1000
        ? { ...write, key: `${write.key}${write.key}` as Bytes }
        : write,
    );
    return { ...effect, writes };
  });
  return [state, longer];
}

let runs = 0;

function property(core: Core, heard: Set<string>): fc.IAsyncProperty<[Request[], boolean]> {
  const calls = fc.array(anyCall(LIMITS), { maxLength: CALLS_MAX, size: "max" });
  return fc.asyncProperty(calls, fc.boolean(), async (list, isIntroduced) => {
    const path = join(directory, `${++runs}`);
    fs.mkdirSync(path);
    const lone = new LoneMember(core, path, heard);
    for (const call of isIntroduced ? [...INTRODUCTION, ...list] : list) lone.ask(call);
    await lone.judge();
    fs.rmSync(path, { recursive: true });
  });
}

/** A cluster of one, beside whose store stands a real one that is told the same. */
class LoneMember {
  readonly #world = new World();
  readonly #real: KvStore;
  readonly #cluster: Cluster;
  readonly #heard: Set<string>;
  #calls = 0;
  #token = "";

  constructor(core: Core, path: string, heard: Set<string>) {
    const world = this.#world;
    const fates = createFates(OPTIONS.seed);
    this.#heard = heard;
    this.#real = new KvStore(path, { onDone: () => undefined, onFailure: fail });
    this.#cluster = new Cluster({
      options: OPTIONS,
      core,
      world,
      fates,
      network: new Network(world, fates, OPTIONS.network, new Digest()),
      tickMs: OPTIONS.node.tickMs,
      twice: false,
      commitMicros: OPTIONS.disk.commitMicros,
      cpu: OPTIONS.cpu,
      crowd: OPTIONS.clients.crowd,
      begins: () => {},
      taken: (_, { effects }) => this.#store(effects),
      crashed: () => {},
      witness: () => {},
      broken: (oracle, message) => fail(new Error(`${oracle}: ${message}`)),
    });
    this.#start();
  }

  /** Its answer, as people read it. */
  ask(request: Request): string {
    const path = pathOf(request);
    const bytes = encodeRequest(request);
    const replies: Reply[] = [];
    const leave = isStreamRequest(request)
      ? this.#open(path, bytes, replies)
      : this.#call(path, bytes, replies);
    const until = this.#world.now + 1000 * PATIENCE_MS;
    while (replies.length === 0 && this.#world.now < until) this.#world.run();
    leave();
    const [reply] = replies;
    if (reply?.kind !== "response") return reply?.kind === "status" ? reply.message : "";
    const decoded = decodeResponse(path, reply.bytes);
    const response = must(decoded.ok ? decoded.value : null, "what it says can be read");
    this.#heard.add(response.kind);
    if (response.kind === "authenticate") this.#token = response.token;
    return describeResult({ ok: true, value: response });
  }

  async judge(): Promise<void> {
    this.#pass(SHORT_LEASES_MS);
    const before = this.#examine();
    const [content, hash] = [this.#content(), this.#hash(this.#member().kv.reader)];
    this.#member().planCrash("all", 0, 0);
    this.#start();
    expect(this.#content()).toEqual(content);
    expect(this.#examine()).toEqual(before);
    expect(this.#hash(this.#member().kv.reader)).toBe(hash);
    await this.#real.idle();
    const { reader } = this.#real;
    expect(rowsIn(reader)).toEqual(rowsIn(this.#member().kv.reader));
    const { config, disk } = this.#member();
    const booted = node.boot(config, 2n, 0 as Millis, disk, reader);
    const [state] = must(booted.ok ? booted.value : null, booted.ok ? "" : booted.error);
    expect(contentOf(state.store)).toEqual(contentOf(this.#state().store));
    expect(this.#hash(reader)).toBe(hash);
    await this.#real.close();
  }

  #start(): void {
    this.#member().boot();
    this.#pass(2 * OPTIONS.node.electionMs + PATIENCE_MS);
  }

  #member(): ReturnType<Cluster["node"]> {
    return this.#cluster.node(1);
  }

  /** Tokens are of one life: whoever had one logs in again. And as in etcd, a remembered hash names
   *  the compaction before its own, but another life remembers none; and leases are listed by when
   *  they end, which begins anew. */
  #examine(): readonly string[] {
    if (this.#token !== "") this.ask(must(INTRODUCTION.at(-1), "the last one logs in"));
    return QUESTIONS.map((question) => {
      const told = this.ask(question);
      if (question.kind === "lease_leases") return told.split(" ").toSorted().join(" ");
      return question.kind === "hash_kv" ? told.replace(/ at \d+$/, "") : told;
    });
  }

  #state(): NodeState {
    return must(this.#member().state, "it is up");
  }

  /** A new life is a new term, and an entry or two. */
  #content(): unknown {
    return { ...contentOf(this.#state().store), applied: 0, appliedTerm: 0 };
  }

  #hash(reader: KvReader): number {
    const { mvcc } = this.#state().store;
    return hashKv(mvcc, reader, mvcc.revision);
  }

  #store(effects: readonly Effect[]): void {
    for (const effect of effects)
      if (effect.kind === "kv") this.#real.apply(effect.applied, effect.writes);
  }

  #call(path: string, bytes: Uint8Array, replies: Reply[]): () => void {
    const id = ++this.#calls;
    const common = { client: 1, path, token: this.#token, requireLeader: false };
    const call = { ...common, id, bytes, timeoutMs: PATIENCE_MS };
    this.#cluster.call(1, call, (reply) => void replies.push(reply));
    return () => this.#cluster.cancel(1, call);
  }

  #open(path: string, bytes: Uint8Array, replies: Reply[]): () => void {
    const hears = (reply: Reply): void => void replies.push(reply);
    const common = { client: 1, path, token: this.#token, requireLeader: false };
    const end = this.#cluster.open(1, { ...common, dawdle: () => 0, hears });
    end.say(bytes);
    return () => end.leave();
  }

  #pass(forMs: number): void {
    const until = this.#world.now + 1000 * forMs;
    while (this.#world.now < until) this.#world.run();
  }
}

/** What was asked for so often that it must have been answered. */
function missing(heard: ReadonlySet<string>): readonly string[] {
  return ["put", "range", "txn", "delete_range", "lease_revoke", "user_add", "snapshot"].filter(
    (kind) => !heard.has(kind),
  );
}

function fail(error: Error): never {
  throw error;
}
