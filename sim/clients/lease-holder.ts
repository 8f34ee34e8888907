// A client that holds a lease, as etcd's own client does: it puts keys on it and keeps it alive
// three times within its time, at another member when the stream breaks. Now and then it forgets
// to, or gives it up, and begins anew.

import type { Request } from "../../core/api/request.ts";
import type { LeaseId } from "../../core/contract.ts";
import { fromText, toBytes } from "../../core/lib/bytes.ts";
import { encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import type { ClientContext, Reply } from "./client.ts";
import { makeCall, outcomeOf } from "./client.ts";
import type { SimOutcome } from "../record/history.ts";
import type { ClientEnd } from "../cluster/streams.ts";
import { putOf } from "./workload.ts";

/** Behind the numbers of all other clients. */
const FIRST = 200;
/** Leases that clients name themselves, far from those of other clients. */
const FIRST_ID = 1000;
const RETRY_MICROS = 300_000;
const PATIENCE_MICROS = 1_000_000;

type Lease = Readonly<{ id: LeaseId; ttlSeconds: number }>;
type Question = Readonly<{ call: number; lease: Lease; line: ClientEnd }>;

export class LeaseHolder {
  readonly #number: number;
  readonly #context: ClientContext;
  #acts = 0;
  #node: number;
  #line: ClientEnd | null = null;
  #question: Question | null = null; // a keep-alive that is not answered yet

  constructor(number: number, context: ClientContext) {
    this.#number = number;
    this.#context = context;
    this.#node = 1 + context.fates.below(context.nodes, "keeper", number, "node");
  }

  start(): void {
    this.#after(this.#draw(1_500_000, "phase"), () => this.#acquire());
  }

  #acquire(): void {
    const named = this.#draw(3, "named") === 0;
    const id = BigInt(named ? FIRST_ID * (1 + this.#number) + this.#acts : 0) as LeaseId;
    const ttlSeconds = 1 + this.#draw(4, "ttl");
    this.#ask({ kind: "lease_grant", id, ttlSeconds }, (outcome) => {
      if (outcome.kind !== "ok" || outcome.output.kind !== "lease_grant") return this.#start();
      const { id: granted, ttlSeconds: lasts } = outcome.output;
      this.#attach({ id: granted, ttlSeconds: lasts });
    });
  }

  /** Anew, after a while. */
  #start(): void {
    this.#after(RETRY_MICROS, () => this.#acquire());
  }

  #attach(lease: Lease): void {
    const own = this.#draw(2, "own") === 0;
    const name = own ? `kl${this.#number}` : `k${this.#draw(this.#context.options.keys, "key")}`;
    const value = toBytes(fromText(`l${this.#number}.${this.#acts}`));
    const put = { ...putOf(fromText(name), value), lease: lease.id };
    this.#ask(put, () => this.#keep(lease));
  }

  /** One question at a time: the answer to it is the next that comes. */
  #keep(lease: Lease): void {
    const { recorder, world, options } = this.#context;
    const line = (this.#line ??= this.#open());
    const request: Request = { kind: "lease_keep_alive", id: lease.id };
    const question = { call: recorder.begin(FIRST + this.#number, request, null), lease, line };
    this.#question = question;
    line.say(encodeRequest(request));
    world.after(Math.min(options.timeoutMs * 1000, PATIENCE_MICROS), () => {
      if (this.#question === question) this.#elsewhere(line);
    });
  }

  #open(): ClientEnd {
    const path = pathOf({ kind: "lease_keep_alive", id: 0n as LeaseId });
    const line = this.#context.line.open(this.#node, {
      client: FIRST + this.#number,
      path,
      token: "",
      requireLeader: false,
      dawdle: () => 0,
      hears: (reply) => this.#hear(line, path, reply),
    });
    return line;
  }

  #hear(line: ClientEnd, path: string, reply: Reply): void {
    if (this.#line !== line) return; // it has gone elsewhere
    const question = this.#question;
    if (reply.kind !== "response" || question === null) return this.#elsewhere(line);
    const outcome = outcomeOf(path, reply);
    this.#question = null;
    this.#context.recorder.end(question.call, outcome);
    const { output } = outcome as Extract<SimOutcome, { kind: "ok" }>;
    if (outcome.kind !== "ok" || output.kind !== "lease_keep_alive") return this.#start();
    if (output.ttlSeconds === 0) return this.#start(); // it is over
    this.#after((output.ttlSeconds * 1_000_000) / 3, () => this.#act(question.lease));
  }

  /** The stream is of no use any more; what was asked on it may have been done. */
  #elsewhere(line: ClientEnd): void {
    if (this.#line !== line) return;
    line.leave();
    this.#line = null;
    const { nodes, recorder } = this.#context;
    this.#node = 1 + ((this.#node + this.#draw(Math.max(1, nodes - 1), "next")) % nodes);
    const question = this.#question;
    if (question === null) return;
    this.#question = null;
    recorder.end(question.call, { kind: "unknown", error: null });
    this.#after(RETRY_MICROS / 3, () => this.#keep(question.lease));
  }

  #act(lease: Lease): void {
    const { id, ttlSeconds } = lease;
    switch (this.#draw(16, "act")) {
      case 0:
        return this.#ask({ kind: "lease_revoke", id }, () => this.#start());
      case 1:
      case 2: {
        const lapse = ttlSeconds * this.#draw(3_000_000, "lapse");
        return this.#after(lapse, () => this.#keep(lease));
      }
      case 3:
        return this.#ask({ kind: "lease_time_to_live", id, keys: true }, () => this.#keep(lease));
      case 4:
      case 5:
        return this.#attach(lease);
      default:
        return this.#keep(lease);
    }
  }

  #ask(request: Request, done: (outcome: SimOutcome) => void): void {
    const { fates, nodes } = this.#context;
    const node = 1 + fates.below(nodes, "keeper", this.#number, this.#acts++, "member");
    makeCall(this.#context, FIRST + this.#number, node, request, null, done);
  }

  /** Nothing begins when the clients' time is over: what is held then, runs out. */
  #after(micros: number, act: () => void): void {
    const { world, endsAt } = this.#context;
    const time = world.now + Math.floor(micros);
    if (time < endsAt) world.at(time, act);
  }

  #draw(limit: number, what: string): number {
    return this.#context.fates.below(limit, "keeper", this.#number, this.#acts++, what);
  }
}
