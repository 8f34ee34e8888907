// Somebody who asks members how they are. What a member says of itself must fit what is known of
// all: who was elected in that term, what is committed, and what others said of the same entry.

import type { StatusResponse } from "../../core/api/request.ts";
import type { Index, Term } from "../../core/contract.ts";
import { encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import type { Counts } from "../record/tally.ts";
import type { Call, ClientContext } from "./client.ts";
import { outcomeOf } from "./client.ts";

export type StatusContext = ClientContext &
  Readonly<{
    wrong: (message: string) => void;
    counts: Pick<Counts, "statuses">;
    leaders: ReadonlyMap<Term, number>; // by term: who led, by number
    lastCommitted: () => Index;
  }>;

/** Behind the numbers of all other clients. */
const FIRST = 600;
const INTERVAL_MICROS = 150_000;
const REQUEST = { kind: "status" } as const;

export class StatusClient {
  readonly #number: number;
  readonly #context: StatusContext;
  readonly #revisions = new Map<number, number>(); // by applied index, as members have said
  #calls = 0;

  constructor(number: number, context: StatusContext) {
    this.#number = FIRST + number;
    this.#context = context;
  }

  start(): void {
    const { world, endsAt } = this.#context;
    const time = world.now + INTERVAL_MICROS / 2 + this.#draw(INTERVAL_MICROS);
    if (time >= endsAt) return;
    world.at(time, () => {
      this.start();
      this.#ask();
    });
  }

  #ask(): void {
    const { line, nodes, options, counts, wrong } = this.#context;
    const node = 1 + this.#draw(nodes);
    const path = pathOf(REQUEST);
    const call: Call = {
      id: -1 - 1000 * this.#number - this.#calls, // in no history
      client: this.#number,
      path,
      bytes: encodeRequest(REQUEST),
      token: "",
      requireLeader: false,
      timeoutMs: options.timeoutMs,
    };
    line.call(node, call, (reply) => {
      const outcome = outcomeOf(path, reply);
      if (outcome.kind !== "ok" || outcome.output.kind !== "status") return;
      counts.statuses += 1;
      const complaint = this.#complaintOf(outcome.output);
      if (complaint !== null) wrong(`node ${node} says that ${complaint}`);
    });
  }

  /** Null: all of it may be so. */
  #complaintOf(status: StatusResponse): string | null {
    const { leaders, line, lastCommitted } = this.#context;
    const { leader, raftTerm, raftIndex, raftAppliedIndex, errors, header } = status;
    const elected = leaders.get(raftTerm as Term);
    if (leader !== 0n && (elected === undefined || line.idOf(elected) !== leader)) {
      return `${leader} leads in term ${raftTerm}, in which ${elected ?? "nobody"} was elected`;
    }
    if (errors.length === 0 && leader === 0n) return "nothing is wrong, and that nobody leads";
    if (raftIndex > lastCommitted()) {
      return `entry ${raftIndex} is committed, and the last one is ${lastCommitted()}`;
    }
    if (raftAppliedIndex > raftIndex) {
      return `${raftAppliedIndex} is applied, and ${raftIndex} is committed`;
    }
    const known = this.#revisions.get(raftAppliedIndex) ?? header.revision;
    this.#revisions.set(raftAppliedIndex, known);
    if (known === header.revision) return null;
    return `entry ${raftAppliedIndex} left revision ${header.revision}, and elsewhere ${known}`;
  }

  #draw(limit: number): number {
    return this.#context.fates.below(limit, "status", this.#number, this.#calls++);
  }
}
