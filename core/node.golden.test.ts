// Whole nodes, played by hand: each file in testdata/ is a script and what came of it. Lines above
// `----` are orders, lines below are what the nodes did. `npm run golden -- -u` rewrites the
// answers; nobody commits a rewrite that they cannot explain.
//
// Nothing happens by itself on this stage: a disk effect ends at `disk`, mail arrives at `deliver`,
// time passes at `tick`. `settle` lets everything happen until nothing is left, and shows what
// clients hear only.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deleteOf, putOf, rangeOf, watchOf } from "./api/testing.ts";
import type { Request } from "./api/request.ts";
import type { ConcurrencyRequest } from "./api/request-concurrency.ts";
import { DEFAULT_LIMITS } from "./config.ts";
import type {
  Bytes,
  CallId,
  Effect,
  Input,
  LeaseId,
  Millis,
  NodeId,
  SnapshotMeta,
  Term,
} from "./contract.ts";
import type { MemoryKv, MemoryTables } from "./kv/memory-kv.ts";
import { createMemoryKv } from "./kv/memory-kv.ts";
import { readApplied } from "./kv/tables.ts";
import { fromText, toBytes } from "./lib/bytes.ts";
import { loneConfig } from "./testing/lone-node.ts";
import { boot, step } from "./node.ts";
import type { NodeState } from "./node-state.ts";
import type { Message } from "./raft/message.ts";
import { describeLog, describeRole } from "./raft/transcript.ts";
import { createMemoryDisk } from "./storage/memory-disk.ts";
import type { MemoryDisk } from "./storage/memory-disk.ts";
import { describeEffect } from "./transcript/transcript.ts";

const folder = join(import.meta.dirname, "testdata");

describe("a script of whole nodes", () => {
  for (const file of readdirSync(folder).toSorted((a, b) => (a < b ? -1 : 1))) {
    it(file.replace(".txt", "").replaceAll("-", " "), async () => {
      const script = readFileSync(join(folder, file), "utf8");
      await expect(play(script)).toMatchFileSnapshot(`testdata/${file}`);
    });
  }
});

/** The script again, with the answers that it gets today. */
function play(script: string): string {
  const stage = new Stage();
  const played = script
    .trimEnd()
    .split("\n\n")
    .map((stanza) => {
      const orders = (stanza.split("\n----")[0] as string).split("\n");
      const answers = orders.filter((line) => !line.startsWith("#")).flatMap((o) => stage.play(o));
      return answers.length === 0 ? orders.join("\n") : [...orders, "----", ...answers].join("\n");
    });
  return `${played.join("\n\n")}\n`;
}

type Disk = Extract<Effect, { kind: "disk" }>;
type Kv = Extract<Effect, { kind: "kv" }>;
type Letter = Readonly<
  | { kind: "message"; from: NodeId; to: NodeId; message: Message }
  | { kind: "image"; from: NodeId; to: NodeId; term: Term; image: MemoryTables }
>;
type Actor = {
  id: NodeId;
  state: NodeState | null; // null: crashed
  disk: MemoryDisk; // what is synced
  kv: MemoryKv; // what is durable
  staged: MemoryTables | null;
  writing: readonly Disk[];
  applying: readonly Kv[];
  life: bigint;
};

/** Hexadecimal, as etcdctl shows it. */
function lease(words: Readonly<Record<string, string>>): LeaseId {
  return BigInt(`0x${words["lease"] ?? "0"}`) as LeaseId;
}

type Verb = ConcurrencyRequest["kind"] | "observe";

function concurrencyOf(verb: Verb, words: Readonly<Record<string, string>>): Request {
  const [name, key] = [fromText(words["name"] ?? ""), fromText(words["key"] ?? "")];
  const [value, revision] = [toBytes(fromText(words["value"] ?? "")), Number(words["rev"])];
  const leader = words["key"] === undefined ? null : { name, key, revision, lease: lease(words) };
  switch (verb) {
    case "lock":
      return { kind: verb, name, lease: lease(words) };
    case "unlock":
      return { kind: verb, key };
    case "campaign":
      return { kind: verb, name, lease: lease(words), value };
    case "proclaim":
      return { kind: verb, leader, value };
    case "resign":
      return { kind: verb, leader };
    case "leader":
    case "observe":
      return { kind: verb, name };
  }
}

class Stage {
  private readonly actors: Actor[] = [];
  private mail: readonly Letter[] = [];
  private now = 0;
  private calls = 0;
  private requireLeader = false;
  private cut: readonly NodeId[] = [];
  private lines: string[] = [];

  /** One order; the lines that it led to. */
  play(order: string): readonly string[] {
    this.lines = [];
    const [verb = "", who = "", ...rest] = order.split("#")[0]?.trim().split(/\s+/) ?? [];
    this.carryOut(
      verb,
      who,
      Object.fromEntries(rest.map((word) => word.split("=")) as [string, string][]),
    );
    return this.lines;
  }

  private carryOut(verb: string, who: string, words: Readonly<Record<string, string>>): void {
    switch (verb) {
      case "nodes":
        return this.open(Number(who));
      case "elect":
        return this.elect(this.actor(who));
      case "put":
        return this.call(
          this.actor(who),
          putOf(words["key"] ?? "", words["value"] ?? "", { lease: lease(words) }),
        );
      case "delete":
        return this.call(this.actor(who), deleteOf(words["key"] ?? ""));
      case "grant": {
        const ttlSeconds = Number(words["ttl"]);
        return this.call(this.actor(who), { kind: "lease_grant", id: lease(words), ttlSeconds });
      }
      case "revoke":
        return this.call(this.actor(who), { kind: "lease_revoke", id: lease(words) });
      case "left":
        return this.call(this.actor(who), {
          kind: "lease_time_to_live",
          id: lease(words),
          keys: true,
        });
      case "leases":
        return this.call(this.actor(who), { kind: "lease_leases" });
      case "get":
        return this.call(
          this.actor(who),
          rangeOf(words["key"] ?? "", { rangeEnd: (words["end"] ?? "") as Bytes }),
        );
      case "compact": {
        const [revision, physical] = [Number(words["revision"]), words["physical"] === "yes"];
        return this.call(this.actor(who), { kind: "compact", revision, physical });
      }
      case "stopping":
        return this.input(this.actor(who), { kind: "stopping" });
      case "hand": {
        const targetId = BigInt(words["to"] ?? "") as NodeId;
        return this.call(this.actor(who), { kind: "move_leader", targetId });
      }
      case "lock":
      case "unlock":
      case "campaign":
      case "proclaim":
      case "resign":
      case "leader":
      case "observe":
        return this.call(this.actor(who), concurrencyOf(verb, words));
      case "cancel": {
        const call = Number(words["call"]) as CallId;
        return this.input(this.actor(who), { kind: "call.cancel", call });
      }
      case "credit": {
        const [call, items] = [Number(words["call"]) as CallId, Number(words["items"])];
        return this.input(this.actor(who), { kind: "call.credit", call, items });
      }
      case "watch":
        return this.call(this.actor(who), { kind: "watch", ask: watchOf(words["key"] ?? "") });
      case "renew":
        return this.call(this.actor(who), { kind: "lease_keep_alive", id: lease(words) });
      case "demanding": // callers say so from here on
        this.requireLeader = who === "yes";
        return;
      case "disk":
        return this.finishDisk(this.actor(who));
      case "deliver":
        return this.deliver(BigInt(who) as NodeId);
      case "tick":
        return this.tick(Number(who));
      case "settle":
        return this.settle();
      case "crash":
        return this.crash(this.actor(who));
      case "boot":
        return this.start(this.actor(who));
      case "cut":
        this.cut = [...this.cut, BigInt(who) as NodeId];
        return;
      case "heal":
        this.cut = [];
        return;
      case "show":
        return this.show(this.actor(who));
      default:
        throw new Error(`no such order: ${verb}`);
    }
  }

  private open(count: number): void {
    for (let n = 1; n <= count; n++) {
      const id = BigInt(n) as NodeId;
      const fresh = { state: null, staged: null, writing: [], applying: [], life: 0n };
      this.actors.push({ ...fresh, id, disk: createMemoryDisk(), kv: createMemoryKv() });
    }
    this.quietly(() => {
      for (const actor of this.actors) this.start(actor);
      this.settle();
    });
  }

  private start(actor: Actor): void {
    actor.life += 1n;
    const members = this.actors.map(({ id }) => ({
      id,
      name: "",
      peerUrls: [],
      clientUrls: [],
      isLearner: false,
    }));
    const config = loneConfig({
      node: actor.id,
      members,
      name: `n${actor.id}`,
      clientUrls: [],
      version: "0",
      snapshotCount: 3,
      limits: { ...DEFAULT_LIMITS, segmentBytes: 256, compactionRows: 2, streamPushes: 2 },
    });
    const seed = actor.id * 100n + actor.life;
    const booted = boot(config, seed, this.now as Millis, actor.disk, actor.kv);
    if (!booted.ok) {
      this.lines.push(`${actor.id} ${booted.error}`);
      return;
    }
    const [state, effects] = booted.value;
    actor.state = state;
    this.perform(actor, effects);
  }

  /** Time passes for this one alone, so its timer is the first to fire. */
  private elect(actor: Actor): void {
    this.now += 2000;
    this.quietly(() => this.input(actor, { kind: "tick", now: this.now as Millis }));
    this.settle();
    this.quietly(() => this.tick(100));
    this.settle();
    this.show(actor);
  }

  private call(actor: Actor, request: Request): void {
    this.calls += 1;
    const context = {
      deadline: Number.MAX_SAFE_INTEGER as Millis,
      token: "",
      requireLeader: this.requireLeader,
    };
    this.input(actor, { kind: "call", call: this.calls as CallId, request, context });
  }

  private tick(ms: number): void {
    this.now += ms;
    for (const actor of this.actors) {
      if (actor.state !== null) this.input(actor, { kind: "tick", now: this.now as Millis });
    }
  }

  private finishDisk(actor: Actor): void {
    const [effect, ...rest] = actor.writing;
    if (effect === undefined) return;
    actor.writing = rest;
    actor.disk.perform(effect.ops);
    this.input(actor, { kind: "disk.done", token: effect.token });
  }

  private finishKv(actor: Actor): void {
    const [effect, ...rest] = actor.applying;
    if (effect === undefined) return;
    actor.applying = rest;
    actor.kv.perform(effect.writes);
    this.input(actor, { kind: "kv.done", applied: effect.applied });
  }

  private deliver(to: NodeId): void {
    const arriving = this.mail.filter((letter) => letter.to === to);
    this.mail = this.mail.filter((letter) => letter.to !== to);
    const actor = this.actor(String(to));
    for (const letter of arriving) {
      const lost = this.cut.includes(letter.from) || this.cut.includes(to);
      if (letter.kind === "image") this.deliverImage(actor, letter, lost);
      else if (!lost && actor.state !== null) {
        this.input(actor, { kind: "peer.message", from: letter.from, message: letter.message });
      }
    }
  }

  private deliverImage(
    actor: Actor,
    letter: Extract<Letter, { kind: "image" }>,
    lost: boolean,
  ): void {
    const arrived = !lost && actor.state !== null;
    if (arrived) {
      actor.staged = letter.image;
      const meta = readApplied(createMemoryKv(letter.image));
      this.input(actor, { kind: "snapshot.staged", from: letter.from, term: letter.term, meta });
    }
    const sender = this.actor(String(letter.from));
    if (sender.state !== null) {
      this.input(sender, { kind: "snapshot.sent", peer: actor.id, ok: arrived });
    }
  }

  private settle(): void {
    const before = this.lines.length;
    for (let busy = true; busy;) {
      busy = this.mail.length > 0;
      for (const actor of this.actors) {
        if (this.mail.some((letter) => letter.to === actor.id)) this.deliver(actor.id);
        while (actor.writing.length > 0) [busy] = [true, this.finishDisk(actor)];
        while (actor.applying.length > 0) [busy] = [true, this.finishKv(actor)];
        if (actor.state?.isYielding) [busy] = [true, this.input(actor, { kind: "resume" })];
      }
    }
    const told = this.lines
      .splice(before)
      .filter((line) => / (reply|push|end|snapshot)/.test(line));
    this.lines.push(...told);
  }

  private crash(actor: Actor): void {
    actor.state = null;
    actor.writing = [];
    actor.applying = [];
    actor.staged = null;
  }

  private show({ id, state }: Actor): void {
    if (state === null) this.lines.push(`${id} crashed`);
    else {
      const role = describeRole(state.raft, String);
      this.lines.push(
        `${id} ${role} ${describeLog(state.raft.log)} applied=${state.store.applied}`,
      );
    }
  }

  private input(actor: Actor, input: Input): void {
    const state = actor.state as NodeState;
    const [next, effects] = step(state, input, actor.kv);
    actor.state = next;
    this.perform(actor, effects);
  }

  private perform(actor: Actor, effects: readonly Effect[]): void {
    for (const effect of effects) {
      this.lines.push(`${actor.id} ${describeEffect(effect, String)}`);
      switch (effect.kind) {
        case "disk":
          actor.writing = [...actor.writing, effect];
          break;
        case "kv":
          actor.applying = [...actor.applying, effect];
          break;
        case "peer.send":
          this.post({ kind: "message", from: actor.id, to: effect.to, message: effect.message });
          break;
        case "snapshot.send": {
          const { to, term } = effect;
          this.post({ kind: "image", from: actor.id, to, term, image: actor.kv.image() });
          break;
        }
        case "snapshot.install":
          this.install(actor, effect.meta);
          break;
        default: // peers, replies and traces are only told
      }
    }
  }

  private post(letter: Letter): void {
    this.mail = [...this.mail, letter];
  }

  private install(actor: Actor, meta: SnapshotMeta): void {
    actor.kv = createMemoryKv(actor.staged as MemoryTables);
    actor.applying = [{ kind: "kv", applied: meta.index, writes: [] }];
  }

  private actor(who: string): Actor {
    const found = this.actors.find((actor) => String(actor.id) === who);
    if (found === undefined) throw new Error(`no node ${who}`);
    return found;
  }

  private quietly(what: () => void): void {
    const before = this.lines.length;
    what();
    this.lines.splice(before);
  }
}
