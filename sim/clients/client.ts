// A client: one call at a time, in bytes, to a member chosen per call. It never retries. Silence
// beyond its patience is an unknown outcome, and so is every error that does not rule the call out.

import type { ApiError } from "../../core/api/errors.ts";
import type { Request } from "../../core/api/request.ts";
import type { NodeId } from "../../core/contract.ts";
import {
  decodeResponse,
  encodeRequest,
  errorFromStatus,
  pathOf,
} from "../../net/wire/methods/methods.ts";
import type { Micros } from "../run/frame.ts";
import type { SimOutcome } from "../record/history.ts";
import type { CallName, ClientOptions } from "../options/options.ts";
import type { Fates } from "../world/random.ts";
import type { Recorder } from "../record/recorder.ts";
import type { Memory } from "./workload.ts";
import { chooseRequest, createMemory, plannedAt, remember } from "./workload.ts";
import type { ClientEnd, SimStream } from "../cluster/streams.ts";
import type { World } from "../world/world.ts";

/** What a server answers: the bytes of a response, or a gRPC status; or the connection broke. */
export type Reply = Readonly<
  | { kind: "response"; bytes: Uint8Array }
  | { kind: "status"; code: number; message: string }
  | { kind: "refused" } // nobody listened: the call never began
  | { kind: "reset" } // somebody listened, and is no more
>;

export type Call = Readonly<{
  id: number; // in the history
  client: number;
  path: string;
  bytes: Uint8Array;
  token: string; // "": the client shows none
  requireLeader: boolean;
  timeoutMs: number;
}>;

/** The way to a member and back. */
export interface Line {
  readonly call: (node: number, call: Call, answer: (reply: Reply) => void) => void;
  readonly cancel: (node: number, call: Call) => void;
  readonly open: (node: number, stream: SimStream) => ClientEnd;
  readonly idOf: (node: number) => NodeId;
}

export type ClientContext = Readonly<{
  world: World;
  fates: Fates;
  options: ClientOptions;
  nodes: number;
  line: Line;
  recorder: Recorder;
  endsAt: Micros; // no call begins later
  tokens: Map<number, string>; // by client: who it says it is
}>;

/** One call of a client, from its bytes to what became of it. Answers with its place in the
 *  history. */
export function makeCall(
  { world, options, line, recorder, tokens }: ClientContext,
  client: number,
  node: number,
  request: Request,
  name: CallName | null,
  done: (outcome: SimOutcome) => void,
): number {
  const id = recorder.begin(client, request, name);
  const path = pathOf(request);
  const bytes = encodeRequest(request);
  const token = tokens.get(client) ?? "";
  const { timeoutMs } = options;
  const call: Call = { id, client, path, bytes, token, requireLeader: false, timeoutMs };
  let waiting = true;
  const settle = (outcome: SimOutcome): void => {
    if (!waiting) return; // it gave up before
    waiting = false;
    recorder.end(id, outcome);
    done(outcome);
  };
  line.call(node, call, (reply) => settle(outcomeOf(path, reply)));
  world.after(options.timeoutMs * 1000, () => {
    if (waiting) line.cancel(node, call);
    settle({ kind: "unknown", error: null });
  });
  return id;
}

export class Client {
  readonly #number: number;
  readonly #context: ClientContext;
  readonly #ordinals: readonly number[] | null; // the calls to make, null: all
  readonly #memory: Memory = createMemory();
  #next = 0; // an ordinal, or a position in the list of them
  #busy = false;

  constructor(number: number, context: ClientContext) {
    this.#number = number;
    this.#context = context;
    const only = context.options.only?.filter((name) => name.client === number);
    this.#ordinals = only?.map((name) => name.ordinal).toSorted((a, b) => a - b) ?? null;
  }

  start(): void {
    const name = this.#upcoming();
    if (name === null) return;
    const { world, fates, options, endsAt } = this.#context;
    const time = plannedAt(fates, options, name);
    if (time < endsAt) world.at(Math.max(time, world.now), () => this.#make(name));
  }

  /** Asks this node for all that is known to this client, and remembers nothing of it. */
  ask(node: number, request: Request, done: (outcome: SimOutcome) => void): void {
    makeCall(this.#context, this.#number, node, request, null, done);
  }

  #make(name: CallName): void {
    this.#next += 1;
    this.start();
    if (this.#busy) return; // its time passes while another is under way
    const { fates, options, nodes } = this.#context;
    const node = 1 + fates.below(nodes, "member", name.client, name.ordinal);
    const request = chooseRequest(fates, options, name, this.#memory);
    this.#busy = true;
    makeCall(this.#context, this.#number, node, request, name, (outcome) => {
      this.#busy = false;
      if (outcome.kind === "ok") remember(this.#memory, request, outcome.output);
    });
  }

  #upcoming(): CallName | null {
    const ordinal = this.#ordinals === null ? this.#next : this.#ordinals[this.#next];
    return ordinal === undefined ? null : { client: this.#number, ordinal };
  }
}

/** A connection that nobody accepted: as gRPC says it, and certainly nothing happened. */
const REFUSED: ApiError = {
  name: "ConnectionRefused",
  code: 14,
  message: "connection refused",
  definite: true,
};
const RESET: ApiError = {
  ...REFUSED,
  name: "ConnectionReset",
  message: "connection reset by peer",
  definite: false,
};

export function outcomeOf(path: string, reply: Reply): SimOutcome {
  switch (reply.kind) {
    case "response": {
      const decoded = decodeResponse(path, reply.bytes);
      if (decoded.ok) return { kind: "ok", output: decoded.value };
      return { kind: "unknown", error: decoded.error };
    }
    case "status": {
      const error = errorFromStatus(reply.code, reply.message);
      return error.definite ? { kind: "failed", error } : { kind: "unknown", error };
    }
    case "refused":
      return { kind: "failed", error: REFUSED };
    case "reset":
      return { kind: "unknown", error: RESET };
  }
}
