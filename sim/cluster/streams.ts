// Streams between clients and nodes: bytes both ways, in order, or the connection breaks and both
// sides learn of it. What arrived at the client is given back to the node as credit; a client that
// dawdles lets it wait.

import type { CallId, Input, Millis } from "../../core/contract.ts";
import type { Message } from "../../core/raft/message.ts";
import { encodeResponse, decodeRequest } from "../../net/wire/methods/methods.ts";
import { isStreamRequest } from "../../core/api/request.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { Reply } from "../clients/client.ts";
import { digestBytes } from "../world/digest.ts";
import type { Micros } from "../run/frame.ts";
import type { Network } from "../world/network.ts";
import { CLIENTS } from "../world/network.ts";
import type { EffectOf, SimNode } from "./sim-node.ts";
import type { World } from "../world/world.ts";

export type SimStream = Readonly<{
  client: number;
  path: string;
  token: string; // "": the client shows none
  requireLeader: boolean;
  dawdle: (bytes: number) => Micros; // from hearing so much to having room for more
  hears: (reply: Reply, sent: Sent) => void; // the last one is no response
}>;

/** When a node said something, and up to where its store was compacted then. */
export type Sent = Readonly<{ at: Micros; compacted: readonly [from: number, to: number] }>;

/** What a client may do with its stream. */
export type ClientEnd = Readonly<{
  say: (bytes: Uint8Array) => void;
  close: () => void; // says no more, but listens
  leave: () => void;
}>;

type Open = {
  readonly stream: SimStream;
  readonly node: SimNode;
  readonly life: number;
  readonly up: Pipe;
  readonly down: Pipe;
  call: CallId | null; // null: the opening is under way
  over: boolean;
};

const NOTHING = new Uint8Array(0);
const NEVER = Number.MAX_SAFE_INTEGER as Millis;

export class SimStreams {
  readonly #world: World;
  readonly #network: Network<Message>;
  readonly #mint: () => CallId;
  readonly #open = new Set<Open>();

  constructor(world: World, network: Network<Message>, mint: () => CallId) {
    this.#world = world;
    this.#network = network;
    this.#mint = mint;
  }

  open(node: SimNode, stream: SimStream): ClientEnd {
    const client = CLIENTS + stream.client;
    const broken = (): void => this.#break(open);
    const open: Open = {
      stream,
      node,
      life: node.life,
      up: new Pipe(this.#network, client, node.number, broken),
      down: new Pipe(this.#network, node.number, client, broken),
      call: null,
      over: false,
    };
    this.#open.add(open);
    return {
      say: (bytes) => open.up.send(bytes, (arrived) => this.#said(open, arrived)),
      close: () => {
        open.up.send(NOTHING, () => this.#tell(open, (call) => ({ kind: "call.close", call })));
      },
      leave: () => {
        open.down.close();
        this.#open.delete(open);
        open.up.send(NOTHING, () => this.#tell(open, (call) => ({ kind: "call.cancel", call })));
      },
    };
  }

  push(node: SimNode, { call, response }: EffectOf<"call.push">): void {
    const open = this.#find(node, call);
    const sent = this.#sent(node);
    open?.down.send(encodeResponse(response), (bytes) => {
      this.#world.after(open.stream.dawdle(bytes.length), () =>
        this.#tell(open, (own) => ({ kind: "call.credit", call: own, items: 1 })),
      );
      open.stream.hears({ kind: "response", bytes }, sent);
    });
  }

  end(node: SimNode, { call, error }: EffectOf<"call.end">): void {
    const open = this.#find(node, call);
    if (open === undefined) return;
    const { code, message } = error ?? { code: 0, message: "" };
    open.over = true;
    open.down.send(NOTHING, () => this.#hangUp(open, { kind: "status", code, message }));
  }

  /** The node is no more. */
  crashed(node: SimNode): void {
    for (const open of this.#open) if (open.node === node) this.#break(open);
  }

  /** What is said in one step is said before, between or behind what it applies. */
  #sent({ before, state }: SimNode): Sent {
    return { at: this.#world.now, compacted: [compactedAt(before), compactedAt(state)] };
  }

  #said(open: Open, bytes: Uint8Array): void {
    const { node, stream } = open;
    if (node.status === "crashed" || node.life !== open.life) return this.#break(open);
    const decoded = decodeRequest(stream.path, bytes);
    if (!decoded.ok || !isStreamRequest(decoded.value)) return this.#break(open);
    const request = decoded.value;
    if (open.call !== null)
      return this.#tell(open, (call) => ({ kind: "call.item", call, request }));
    open.call = this.#mint();
    const { token, requireLeader } = stream;
    node.take({
      kind: "call",
      call: open.call,
      request,
      context: { deadline: NEVER, token, requireLeader },
    });
  }

  #tell(open: Open, input: (call: CallId) => Input): void {
    const { node, call } = open;
    if (call === null || open.over || node.life !== open.life) return;
    node.take(input(call));
  }

  #find(node: SimNode, call: CallId): Open | undefined {
    for (const open of this.#open) {
      if (open.node === node && open.call === call && !open.over) return open;
    }
    return undefined; // the client has gone
  }

  #break(open: Open): void {
    if (!this.#open.has(open)) return;
    open.up.close();
    this.#world.after(0, () => this.#tell(open, (call) => ({ kind: "call.cancel", call })));
    this.#hangUp(open, { kind: "reset" });
  }

  #hangUp(open: Open, reply: Reply): void {
    if (!this.#open.delete(open)) return;
    open.down.close();
    open.stream.hears(reply, this.#sent(open.node));
  }
}

function compactedAt(state: NodeState | null): number {
  return state?.store.mvcc.compaction.scheduled ?? -1;
}

/** One direction: what arrives early waits for what comes before it; what is lost breaks it. */
class Pipe {
  readonly #network: Network<Message>;
  readonly #from: number;
  readonly #to: number;
  readonly #broken: () => void;
  readonly #early = new Map<number, () => void>();
  #sent = 0;
  #next = 0;
  #closed = false;

  constructor(network: Network<Message>, from: number, to: number, broken: () => void) {
    this.#network = network;
    this.#from = from;
    this.#to = to;
    this.#broken = broken;
  }

  send(bytes: Uint8Array, arrive: (bytes: Uint8Array) => void): void {
    if (this.#closed) return;
    const at = this.#sent++;
    this.#network.send({
      from: this.#from,
      to: this.#to,
      name: ["stream", at, digestBytes(bytes)],
      bytes,
      message: null,
      once: true,
      weightMicros: 0,
      arrive: (arrived) => this.#arrived(at, () => arrive(arrived)),
      lose: () => this.#broken(),
    });
  }

  close(): void {
    this.#closed = true;
  }

  #arrived(at: number, deliver: () => void): void {
    this.#early.set(at, deliver);
    for (;;) {
      const next = this.#early.get(this.#next);
      if (next === undefined || this.#closed) return;
      this.#early.delete(this.#next);
      this.#next += 1;
      next();
    }
  }
}
