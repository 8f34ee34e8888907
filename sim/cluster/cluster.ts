// The nodes of a run and what lies between them: peer messages and client calls as bytes on the
// network, images of the store in one flight each.

import { messageTooLarge } from "../../core/api/errors.ts";
import type { CallId, Millis, NodeId } from "../../core/contract.ts";
import type { Message } from "../../core/raft/message.ts";
import type { Member } from "../../core/membership/membership.ts";
import { broken, must } from "../../core/lib/assert.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { AnswerParts } from "../../net/wire/methods/answer-parts.ts";
import { addPart, encodeInParts, NO_PARTS } from "../../net/wire/methods/answer-parts.ts";
import { decodeRequest } from "../../net/wire/methods/methods.ts";
import { encodePeerMessage } from "../../net/wire/peers/peer-frames.ts";
import type { Call, Line, Reply } from "../clients/client.ts";
import { digestBytes } from "../world/digest.ts";
import type { NodeFrame } from "../run/frame.ts";
import type { Network } from "../world/network.ts";
import { CLIENTS } from "../world/network.ts";
import { nameOf } from "./message-name.ts";
import type { SimOptions } from "../options/options.ts";
import { imageOf, stage } from "./images.ts";
import { configOf, createNode, foundersOf } from "./members.ts";
import type { EffectOf, SimNode, Surroundings } from "./sim-node.ts";
import { stockOf } from "./initial-data.ts";
import type { InitialData } from "./initial-data.ts";
import { digestHistory, digestStore } from "../invariants/store-digests.ts";
import type { ClientEnd, SimStream } from "./streams.ts";
import { SimStreams } from "./streams.ts";
import { hear } from "./stranger.ts";

/** A removed member stops so long after it has heard of it: it may lead still. */
const FAREWELL_MICROS = 1_000_000;

/** What a cluster tells and asks of the run around it. */
export type ClusterContext = Omit<
  Surroundings,
  "peers" | "send" | "sendSnapshot" | "part" | "reply" | "push" | "end"
> &
  Readonly<{ options: SimOptions; network: Network<Message> }>;

type OpenCall = Readonly<{ call: Call; answer: (reply: Reply) => void; parts: AnswerParts }>;

export class Cluster implements Line {
  readonly #context: ClusterContext;
  /** What the members were restored from; null: nothing. */
  readonly stock: InitialData | null;
  readonly #nodes: readonly SimNode[];
  readonly #open: readonly Map<CallId, OpenCall>[]; // by node: calls not yet answered
  readonly #streams: SimStreams;
  readonly #dialled = new Map<NodeId, ReadonlySet<NodeId>>(); // whom each knows to be a member
  #callsTaken = 0;

  constructor(context: ClusterContext) {
    this.#context = context;
    const mint = (): CallId => ++this.#callsTaken as CallId;
    this.#streams = new SimStreams(context.world, context.network, mint);
    const numbers = Array.from({ length: context.options.nodes }, (_, at) => at + 1);
    const around: Surroundings = {
      ...context,
      peers: (node, effect) => this.#peers(node, effect),
      send: (node, effect) => this.#send(node, effect),
      sendSnapshot: (node, effect) => this.#sendSnapshot(node, effect),
      part: (node, effect) => this.#part(node, effect),
      reply: (node, effect) => this.#reply(node, effect),
      push: (node, effect) => this.#streams.push(node, effect),
      end: (node, effect) => this.#streams.end(node, effect),
      crashed: (node, report) => {
        this.#hangUp(node);
        this.#streams.crashed(node);
        context.crashed(node, report);
      },
    };
    this.#open = numbers.map(() => new Map());
    this.stock = stockOf(context.options.sizes, foundersOf(context.options));
    this.#nodes = numbers.map((number) => createNode(number, around, context.options, this.stock));
  }

  /** Who has no process yet. */
  spares(): readonly number[] {
    return this.#nodes.filter((node) => !node.isEnlisted).map((node) => node.number);
  }

  /** The process of a member that was added: it knows the first members, and who is there now. */
  enlist(number: number, id: NodeId, contacts: readonly Member[]): void {
    this.node(number).enlist(configOf(number, id, contacts, this.#context.options));
  }

  /** Those that the leader knows; without spares all. */
  members(which: "all" | "voters"): readonly number[] {
    if (this.#context.options.spares === 0) return this.numbers();
    const members = this.node(this.leader()).state?.store.members ?? [];
    const wanted = members.filter((member) => which === "all" || !member.isLearner);
    return wanted.flatMap(({ id }) => this.#numberOf(id) ?? []);
  }

  get electionMs(): number {
    return this.#context.options.node.electionMs;
  }

  numbers(): readonly number[] {
    return this.#nodes.map((node) => node.number);
  }

  node(number: number): SimNode {
    return this.#nodes[number - 1] ?? broken(`there is no node ${number}`);
  }

  idOf(number: number): NodeId {
    return this.node(number).config.node;
  }

  /** By number; null: down. */
  states(): readonly (NodeState | null)[] {
    return this.#nodes.map((node) => (node.status === "crashed" ? null : node.state));
  }

  /** A digest of what each store holds. */
  contents(): readonly string[] {
    return this.#nodes.map((node) => digestStore(node.kv));
  }

  /** A digest of the history of each store. */
  histories(): readonly string[] {
    return this.#nodes.map((node) => digestHistory(node.kv));
  }

  frames(): readonly NodeFrame[] {
    return this.#nodes.map((node) => node.frame());
  }

  /** Who leads in the highest term; nobody: the lowest node that is up. */
  leader(): number {
    const up = this.#nodes.filter((node) => node.status !== "crashed");
    const leading = up.filter((node) => node.state?.raft.role === "leader");
    const byTerm = leading.toSorted((a, b) => termOf(b) - termOf(a));
    return (byTerm[0] ?? up[0])?.number ?? 1;
  }

  /** How often a disk was. */
  get timesFull(): number {
    return this.#nodes.reduce((sum, { disk }) => sum + disk.timesFull, 0);
  }

  led(): boolean {
    return this.states().some((state) => state?.raft.role === "leader");
  }

  allUp(): boolean {
    return this.#nodes.every((node) => node.status === "up" || !node.isEnlisted || node.isRetired);
  }

  healAll(): void {
    for (const node of this.#nodes) {
      node.forgive();
      node.boot();
    }
  }

  // The line of a client: its call is carried at most once each way, as on one connection.

  call(number: number, call: Call, answer: (reply: Reply) => void): void {
    const back = (reply: Reply): void => {
      const bytes = reply.kind === "response" ? reply.bytes : NO_BYTES;
      this.#carry(number, CLIENTS + call.client, "answer", call, bytes, () => answer(reply));
    };
    this.#carry(CLIENTS + call.client, number, "call", call, call.bytes, (bytes) => {
      const node = this.node(number);
      if (!node.isServing) return back({ kind: "refused" });
      const { requestBytes, overheadBytes } = node.config.limits;
      const most = requestBytes + overheadBytes;
      if (bytes.length > most) {
        return back({ kind: "status", ...messageTooLarge(bytes.length, most) });
      }
      const decoded = decodeRequest(call.path, bytes);
      if (!decoded.ok) return back({ kind: "status", ...decoded.error });
      const id = ++this.#callsTaken as CallId;
      const open = must(this.#open[number - 1], "every node has calls");
      open.set(id, { call, answer: back, parts: NO_PARTS });
      const deadline = (node.clock.read(this.#context.world.now) + call.timeoutMs) as Millis;
      const request = decoded.value;
      node.take({
        kind: "call",
        call: id,
        request,
        context: { deadline, token: call.token, requireLeader: call.requireLeader },
      });
    });
  }

  cancel(number: number, call: Call): void {
    this.#carry(CLIENTS + call.client, number, "cancel", call, NO_BYTES, () => {
      const open = must(this.#open[number - 1], "every node has calls");
      for (const [id, { call: waiting }] of open) {
        if (waiting.id !== call.id) continue;
        open.delete(id);
        this.node(number).take({ kind: "call.cancel", call: id });
      }
    });
  }

  open(number: number, stream: SimStream): ClientEnd {
    return this.#streams.open(this.node(number), stream);
  }

  #carry(
    from: number,
    to: number,
    kind: string,
    call: Call,
    bytes: Uint8Array,
    arrive: (bytes: Uint8Array) => void,
  ): void {
    this.#context.network.send({
      from,
      to,
      name: [kind, digestBytes(call.bytes)],
      bytes,
      message: null,
      once: true,
      weightMicros: 0,
      lose: nobodyMinds,
      arrive,
    });
  }

  #part(node: SimNode, part: EffectOf<"call.part">): void {
    const open = must(this.#open[node.number - 1], "every node has calls");
    const waiting = open.get(part.call);
    if (waiting !== undefined) {
      open.set(part.call, { ...waiting, parts: addPart(waiting.parts, part) });
    }
  }

  #reply(node: SimNode, { call, result }: EffectOf<"call.reply">): void {
    const open = must(this.#open[node.number - 1], "every node has calls");
    const waiting = open.get(call);
    open.delete(call);
    if (waiting === undefined) return; // its oracle has spoken
    if (!result.ok) waiting.answer({ kind: "status", ...result.error });
    else {
      const bytes = joined(encodeInParts(result.value, waiting.parts));
      waiting.answer({ kind: "response", bytes });
    }
  }

  #hangUp(node: SimNode): void {
    const open = must(this.#open[node.number - 1], "every node has calls");
    for (const { answer } of open.values()) answer({ kind: "reset" });
    open.clear();
  }

  // Between nodes.

  /** Where members change, connections matter: they are there at once. */
  #peers(node: SimNode, { members, removed }: EffectOf<"peers">): void {
    const { world, options } = this.#context;
    this.#dialled.set(node.config.node, new Set(members.map(({ id }) => id)));
    if (options.spares === 0) return;
    const { life } = node;
    world.after(0, () => {
      if (node.life !== life) return;
      for (const { id } of members) {
        const isKnown = node.state?.leadership.links.some((link) => link.peer === id);
        if (id !== node.config.node && !isKnown)
          node.take({ kind: "peer.link", peer: id, up: true });
      }
    });
    if (removed.includes(node.config.node)) world.after(FAREWELL_MICROS, () => node.retire());
  }

  /** Whoever was removed dials the others still, and hears from them that it was. */
  tellRemoved(): void {
    for (const node of this.#nodes) {
      for (const id of node.status === "up" ? (node.state?.store.removed ?? []) : []) {
        const number = this.#numberOf(id);
        if (number === null || this.node(number).status === "crashed") continue;
        this.#context.network.send({
          from: node.number,
          to: number,
          name: ["removed"],
          bytes: NO_BYTES,
          message: null,
          once: false,
          weightMicros: 0,
          lose: nobodyMinds,
          arrive: () => this.node(number).retire(),
        });
      }
    }
  }

  /** Null: no process answers to this id. */
  #numberOf(id: NodeId): number | null {
    const node = this.#nodes.find((each) => each.isEnlisted && each.config.node === id);
    return node?.number ?? null;
  }

  /** A member dials whom it knows to be one, and nobody else; who was dialled answers there. */
  #areConnected(from: NodeId, to: NodeId): boolean {
    const dials = (one: NodeId, other: NodeId): boolean =>
      this.#dialled.get(one)?.has(other) === true;
    return dials(from, to) || dials(to, from);
  }

  #send(node: SimNode, { to, message }: EffectOf<"peer.send">): void {
    const number = this.#numberOf(to);
    const from = node.config.node;
    if (number === null || !this.#areConnected(from, to)) return;
    const receiver = this.node(number);
    this.#context.network.send({
      from: node.number,
      to: number,
      name: nameOf(message),
      bytes: encodePeerMessage(message),
      message,
      once: false,
      weightMicros: 0,
      lose: nobodyMinds,
      arrive: (arrived) => hear(receiver, from, arrived),
    });
  }

  /** One flight, which is lost or arrives whole. The sender learns which. */
  #sendSnapshot(node: SimNode, { to, term }: EffectOf<"snapshot.send">): void {
    const { world, network, options } = this.#context;
    const { life } = node;
    const number = this.#numberOf(to);
    const receiver = this.node(number ?? node.number); // nobody: it is lost on its way
    const [meta, bytes] = imageOf(node.kv);
    let told = false;
    const tell = (ok: boolean): void => {
      if (told) return;
      told = true;
      world.after(options.node.heartbeatMs * 1000, () => {
        if (node.life === life) node.take({ kind: "snapshot.sent", peer: to, ok });
      });
    };
    network.send({
      from: node.number,
      to: receiver.number,
      name: ["snapshot", term, meta.index],
      bytes,
      message: null,
      once: false,
      weightMicros: bytes.length >> 3,
      lose: () => tell(false),
      arrive: (arrived) => {
        const staged = number === null ? null : stage(receiver, arrived);
        if (staged !== null) {
          const from = node.config.node;
          receiver.take({ kind: "snapshot.staged", from, term, meta: staged });
        }
        tell(staged !== null);
      },
    });
  }
}

const NO_BYTES = new Uint8Array(0);
const nobodyMinds = (): void => {};

function termOf(node: SimNode): number {
  return node.state?.raft.term ?? 0;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
