// Changes of members through whole nodes: what clients are told, what every member then knows, and
// how a new one comes in. Disks and stores do at once what they are told.

import { describe, expect, it } from "vitest";
import type { Member } from "../../membership/membership.ts";
import { findMember, readGenesis } from "../../membership/membership.ts";
import type { Request } from "../../api/request.ts";
import { putOf, rangeOf } from "../../api/testing.ts";
import type { CallId, Effect, Input, Millis, NodeId } from "../../contract.ts";
import type { MemoryKv } from "../../kv/memory-kv.ts";
import { createMemoryKv } from "../../kv/memory-kv.ts";
import { must } from "../../lib/assert.ts";
import { loneConfig, settle } from "../../testing/lone-node.ts";
import { boot, step } from "../../node.ts";
import type { NodeState } from "../../node-state.ts";
import { createMemoryDisk } from "../../storage/memory-disk.ts";

type Node = {
  state: NodeState;
  readonly disk: ReturnType<typeof createMemoryDisk>;
  readonly kv: MemoryKv;
  readonly peers: Extract<Effect, { kind: "peers" }>[];
  readonly told: Map<CallId, string>;
};

const CONTEXT = { deadline: 9e15 as Millis, token: "", requireLeader: false };
const HEALTHY_MS = 6000;

class Cluster {
  readonly nodes: Map<string, Node> = new Map();
  readonly cut: Set<string> = new Set(); // names of whom nobody hears
  readonly #genesis: readonly Member[];
  #queue: { to: string; input: Input }[] = [];
  #now = 0;
  #calls = 0;

  constructor(count: number) {
    const ids = Array.from({ length: count }, (_, at) => BigInt(at + 1) as NodeId);
    this.#genesis = ids.map((id) => memberOf(id, `n${id}`));
    for (const id of ids) this.boot(`n${id}`, id);
    this.pass(HEALTHY_MS);
  }

  boot(name: string, id: NodeId, contacts: readonly Member[] = []): void {
    const disk = createMemoryDisk();
    const kv = createMemoryKv();
    const clientUrls = [`http://${name}:2379`];
    const config = loneConfig({ node: id, members: this.#genesis, contacts, name, clientUrls });
    const booted = boot(config, id, this.#now as Millis, disk, kv);
    if (!booted.ok) throw new Error(booted.error);
    const [state, effects] = booted.value;
    this.nodes.set(name, { state, disk, kv, peers: [], told: new Map() });
    this.#settle(name, effects);
    this.#run();
    for (const other of this.nodes.keys()) {
      if (other !== name) this.#link(name, other);
    }
  }

  /** What the client hears, in a few words. */
  ask(name: string, request: Request): string {
    const call = ++this.#calls as CallId;
    this.input(name, { kind: "call", call, request, context: CONTEXT });
    const { told } = this.node(name);
    for (let waited = 0; !told.has(call) && waited < 60; waited++) this.pass(100);
    return told.get(call) ?? "nothing";
  }

  pass(ms: number): void {
    for (const end = this.#now + ms; this.#now < end;) {
      this.#now += 50;
      for (const name of this.nodes.keys()) {
        this.input(name, { kind: "tick", now: this.#now as Millis });
      }
    }
  }

  node(name: string): Node {
    return must(this.nodes.get(name), `there is no ${name}`);
  }

  leader(): string {
    const leads = [...this.nodes].filter(([, { state }]) => state.raft.role === "leader");
    const latest = leads.toSorted(([, a], [, b]) => b.state.raft.term - a.state.raft.term)[0];
    return must(latest, "nobody leads")[0];
  }

  follower(): string {
    const leader = this.leader();
    return must(
      [...this.nodes.keys()].find((name) => name !== leader),
      "it is alone",
    );
  }

  id(name: string): NodeId {
    return this.node(name).state.config.node;
  }

  /** The names of the members, a learner's with a question mark, as this node knows them. */
  members(name: string): readonly string[] {
    const { members } = this.node(name).state.store;
    return members.map((each) => `${each.name || "unstarted"}${each.isLearner ? "?" : ""}`);
  }

  /** As an operator does: add it, then start it. */
  join(name: string, isLearner: boolean): void {
    const at = this.leader();
    const peerUrls = [`http://${name}:2380`];
    expect(this.ask(at, { kind: "member_add", peerUrls, isLearner })).toBe("member_add");
    const { members } = this.node(at).state.store;
    const added = members.find((member) => member.peerUrls[0] === peerUrls[0]);
    this.boot(name, must(added, "it was added").id, members);
    this.pass(HEALTHY_MS);
  }

  input(name: string, input: Input): void {
    this.#queue.push({ to: name, input });
    this.#run();
  }

  #run(): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#settle(next.to, this.#step(next.to, next.input));
    }
  }

  #step(name: string, input: Input): readonly Effect[] {
    const node = this.node(name);
    const [state, effects] = step(node.state, input, node.kv);
    node.state = state;
    return effects;
  }

  #settle(name: string, effects: readonly Effect[]): void {
    const told = settle(this.node(name), effects, (input) => this.#step(name, input));
    for (const effect of told) this.#perform(name, effect);
  }

  #perform(name: string, effect: Effect): void {
    const node = this.node(name);
    switch (effect.kind) {
      case "peer.send": {
        const [to] = [...this.nodes].find(([, { state }]) => state.config.node === effect.to) ?? [];
        if (to === undefined || this.cut.has(to) || this.cut.has(name)) return;
        const from = node.state.config.node;
        this.#queue.push({ to, input: { kind: "peer.message", from, message: effect.message } });
        return;
      }
      case "peers":
        node.peers.push(effect);
        return;
      case "call.reply": {
        const { result } = effect;
        node.told.set(effect.call, result.ok ? result.value.kind : result.error.name);
        return;
      }
      default:
    }
  }

  #link(a: string, b: string): void {
    this.input(a, { kind: "peer.link", peer: this.id(b), up: true });
    this.input(b, { kind: "peer.link", peer: this.id(a), up: true });
  }
}

function memberOf(id: NodeId, name: string): Member {
  return { id, name, peerUrls: [`http://${name}:2380`], clientUrls: [], isLearner: false };
}

function add(url: string, isLearner = false): Request {
  return { kind: "member_add", peerUrls: [url], isLearner };
}

describe("members", () => {
  it("are added, learn, are promoted by way of any member, and removed", () => {
    const cluster = new Cluster(1);
    cluster.ask("n1", putOf("a", "1"));
    cluster.join("n2", true);
    expect(cluster.members("n2")).toEqual(cluster.members("n1"));
    expect(cluster.members("n1").toSorted()).toEqual(["n1", "n2?"]);
    const id = cluster.id("n2");
    expect(cluster.ask("n1", { kind: "member_promote", id })).toBe("member_promote");
    expect(cluster.members("n1").toSorted()).toEqual(["n1", "n2"]);
    cluster.join("n3", true);
    const follower = cluster.leader() === "n1" ? "n2" : "n1";
    const promote: Request = { kind: "member_promote", id: cluster.id("n3") };
    expect(cluster.ask(follower, promote)).toBe("member_promote");
    expect(cluster.ask(follower, promote)).toBe("MemberNotLearner");
    expect(cluster.ask("n3", rangeOf("a"))).toBe("range");
    expect(cluster.ask("n1", { kind: "member_remove", id })).toBe("member_remove");
    expect(cluster.members("n3").toSorted()).toEqual(["n1", "n3"]);
    expect(cluster.node("n1").peers.at(-1)).toMatchObject({ removed: [id] });
  });

  it("all start from the same first members, whenever they come", () => {
    const cluster = new Cluster(3);
    cluster.join("n4", false);
    cluster.ask(cluster.leader(), { kind: "member_remove", id: cluster.id("n1") });
    cluster.cut.add("n1");
    cluster.pass(HEALTHY_MS);
    cluster.join("n5", false);
    expect(readGenesis(cluster.node("n5").kv)).toEqual(readGenesis(cluster.node("n2").kv));
    expect(cluster.members("n5")).toEqual(cluster.members("n2"));
    expect(cluster.node("n5").peers[0]?.members.map(({ name }) => name)).toContain("n4");
  });

  it("keep what is theirs when their peer URLs change, and are dialled there", () => {
    const cluster = new Cluster(3);
    const [id, peerUrls] = [cluster.id("n2"), ["http://elsewhere:1"]];
    expect(cluster.ask("n1", { kind: "member_update", id, peerUrls })).toBe("member_update");
    const known = cluster.node("n3").peers.at(-1)?.members ?? [];
    expect(findMember(known, id)).toMatchObject({ name: "n2", peerUrls, isLearner: false });
  });

  it("are led on when the leader is removed, and it hears that it was", () => {
    const cluster = new Cluster(3);
    const leader = cluster.leader();
    const id = cluster.id(leader);
    expect(cluster.ask(cluster.follower(), { kind: "member_remove", id })).toBe("member_remove");
    cluster.pass(3000);
    expect(cluster.leader()).not.toBe(leader);
    expect(cluster.node(leader).peers.at(-1)).toMatchObject({ removed: [id] });
    expect(cluster.node(leader).state.raft.role).toBe("follower");
    expect(cluster.ask(cluster.leader(), putOf("a", "1"))).toBe("put");
  });

  it("do not listen to one that was removed and does not know it", () => {
    const cluster = new Cluster(3);
    const name = cluster.follower();
    cluster.cut.add(name);
    cluster.pass(HEALTHY_MS);
    const lost: Request = { kind: "member_remove", id: cluster.id(name) };
    expect(cluster.ask(cluster.leader(), lost)).toBe("member_remove");
    const { term } = cluster.node(cluster.leader()).state.raft;
    cluster.cut.clear();
    cluster.pass(30_000);
    expect(cluster.node(cluster.leader()).state.raft.term).toBe(term);
    expect(cluster.node(name).state.raft.role).not.toBe("leader");
  });
});

describe("a change is refused", () => {
  it("when URLs are unusable or taken, or the member is unknown, known or no learner", () => {
    const cluster = new Cluster(1);
    const [id, gone] = [cluster.id("n1"), 7n as NodeId];
    const ask = (request: Request): string => cluster.ask("n1", request);
    for (const url of ["x", "ftp://a:1", "http://a", "http://a:1/path", ""]) {
      expect(ask(add(url)), url).toBe("MemberBadURLs");
    }
    expect(ask({ kind: "member_add", peerUrls: [], isLearner: false })).toBe("MemberBadURLs");
    expect(ask(add("http://n1:2380", true))).toBe("PeerURLExist");
    expect(ask({ kind: "member_remove", id: gone })).toBe("MemberNotFound");
    expect(ask({ kind: "member_update", id: gone, peerUrls: ["x"] })).toBe("MemberNotFound");
    expect(ask({ kind: "member_promote", id: gone })).toBe("MemberNotFound");
    expect(ask({ kind: "member_promote", id })).toBe("MemberNotLearner");
    expect(ask({ kind: "member_update", id, peerUrls: ["x"] })).toBe("member_update"); // as in etcd
  });

  it("when too few members have started, or the last voter would go", () => {
    const cluster = new Cluster(1);
    const remove: Request = { kind: "member_remove", id: cluster.id("n1") };
    expect(cluster.ask("n1", remove)).toBe("MemberNotEnoughStarted");
    expect(cluster.ask("n1", add("http://n2:2380", true))).toBe("member_add");
    expect(cluster.ask("n1", add("http://n3:2380", true))).toBe("TooManyLearners");
    expect(cluster.ask("n1", remove)).toBe("MemberNotEnoughStarted");
    expect(cluster.ask("n1", add("http://n3:2380"))).toBe("member_add");
    expect(cluster.ask("n1", add("http://n4:2380"))).toBe("MemberNotEnoughStarted");
    const removeStranger: Request = { kind: "member_remove", id: 7n as NodeId };
    expect(cluster.ask("n1", removeStranger)).toBe("MemberNotEnoughStarted"); // as in etcd
  });

  it("while members are not connected for long enough", () => {
    const cluster = new Cluster(3);
    const leader = cluster.leader();
    const [lost, kept] = [...cluster.nodes.keys()].filter((name) => name !== leader) as [
      string,
      string,
    ];
    cluster.input(leader, { kind: "peer.link", peer: cluster.id(lost), up: false });
    expect(cluster.ask(leader, add("http://n4:2380"))).toBe("Unhealthy");
    const remove = (name: string): Request => ({ kind: "member_remove", id: cluster.id(name) });
    expect(cluster.ask(leader, remove(kept))).toBe("Unhealthy");
    cluster.input(leader, { kind: "peer.link", peer: cluster.id(lost), up: true });
    expect(cluster.ask(leader, add("http://n4:2380"))).toBe("Unhealthy");
    cluster.pass(5000);
    expect(cluster.ask(leader, remove(kept))).toBe("member_remove");
  });

  it("while too few of many are connected, the new one not among them", () => {
    const cluster = new Cluster(5);
    const leader = cluster.leader();
    const lose = (name: string | undefined): void =>
      cluster.input(leader, { kind: "peer.link", peer: cluster.id(name ?? ""), up: false });
    const [first, second] = [...cluster.nodes.keys()].filter((name) => name !== leader);
    lose(first);
    lose(second);
    expect(cluster.ask(leader, add("http://n6:2380"))).toBe("Unhealthy");
    cluster.input(leader, { kind: "peer.link", peer: cluster.id(second ?? ""), up: true });
    cluster.pass(5000);
    expect(cluster.ask(leader, add("http://n6:2380"))).toBe("member_add");
  });

  it("when a learner has too little of the log to become a voter", () => {
    const cluster = new Cluster(1);
    for (let nth = 0; nth < 20; nth++) cluster.ask("n1", putOf("a", `${nth}`));
    expect(cluster.ask("n1", add("http://n2:2380", true))).toBe("member_add");
    const { members } = cluster.node("n1").state.store;
    const id = must(
      members.find((member) => member.isLearner),
      "there is a learner",
    ).id;
    expect(cluster.ask("n1", { kind: "member_promote", id })).toBe("LearnerNotReady");
    expect(cluster.ask("n1", { kind: "member_remove", id })).toBe("member_remove");
    expect(cluster.ask("n1", { kind: "member_promote", id })).toBe("MemberNotFound");
  });
});

it("a learner answers about itself and from its own store, and nothing else", () => {
  const cluster = new Cluster(1);
  cluster.ask("n1", putOf("a", "1"));
  cluster.join("n2", true);
  const ask = (request: Request): string => cluster.ask("n2", request);
  expect(ask(rangeOf("a", { serializable: true }))).toBe("range");
  expect(ask({ kind: "status" })).toBe("status");
  expect(ask(rangeOf("a"))).toBe("NotSupportedForLearner");
  expect(ask(putOf("a", "2"))).toBe("NotSupportedForLearner");
  expect(ask({ kind: "member_list", linearizable: false })).toBe("NotSupportedForLearner");
});
