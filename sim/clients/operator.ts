// Who changes the members of a simulated cluster, as operators do: looks who they are, starts the
// processes of those that were added, and then adds, promotes, removes or updates one. What it asks
// for is no part of the history, because no key depends on it.

import type { ClusterResponse } from "../../core/api/request-membership.ts";
import type { Request } from "../../core/api/request.ts";
import type { Member } from "../../core/membership/membership.ts";
import { encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import type { Call } from "./client.ts";
import { outcomeOf } from "./client.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { peerUrlOf } from "../cluster/members.ts";
import type { SimOptions } from "../options/options.ts";
import type { Fates } from "../world/random.ts";
import type { World } from "../world/world.ts";

export type OperatorContext = Readonly<{
  world: World;
  fates: Fates;
  cluster: Cluster;
  options: SimOptions;
  /** A change that a member says has taken place. */
  changed: () => void;
}>;

const NUMBER = 1000; // among clients
/** With fewer voters none is removed: of two, a leader that goes may leave the other behind. */
const VOTERS_MIN = 4;

export class Operator {
  readonly #context: OperatorContext;
  #acts = 0;
  #calls = 0;

  constructor(context: OperatorContext) {
    this.#context = context;
  }

  start(): void {
    const { world, fates, options } = this.#context;
    const intervalMicros = 1000 * options.operatorMs;
    const jitter = fates.below(intervalMicros, "operator", this.#acts);
    world.after(intervalMicros / 2 + jitter, () => {
      this.#acts += 1;
      this.start();
      this.#act();
    });
  }

  #act(): void {
    const { world, options, cluster } = this.#context;
    cluster.tellRemoved();
    const isHealed = world.now > 1000 * options.healAtMs; // then all that were added must start
    this.#ask({ kind: "member_list", linearizable: !isHealed }, ({ members }) => {
      this.#startAdded(members);
      if (isHealed) return;
      const request = this.#choose(members);
      if (request !== null) this.#ask(request, () => this.#context.changed());
    });
  }

  #startAdded(members: readonly Member[]): void {
    const { cluster } = this.#context;
    for (const number of cluster.spares()) {
      const added = members.find(({ peerUrls }) => peerUrls[0] === peerUrlOf(number));
      if (added !== undefined) cluster.enlist(number, added.id, members);
    }
  }

  #choose(members: readonly Member[]): Request | null {
    const voters = members.filter((member) => !member.isLearner);
    const learner = members.find((member) => member.isLearner);
    const any = members[this.#draw(members.length, "whom")] as Member;
    const isRemovable = any.isLearner || voters.length >= VOTERS_MIN;
    const [spare] = this.#context.cluster.spares();
    if (learner !== undefined && this.#draw(2, "promote") === 0) {
      return { kind: "member_promote", id: learner.id };
    }
    if (isRemovable && this.#draw(2, "remove") === 0) return { kind: "member_remove", id: any.id };
    if (spare !== undefined && this.#draw(6, "add") > 0) {
      const isLearner = this.#draw(2, "learner") === 0;
      return { kind: "member_add", peerUrls: [peerUrlOf(spare)], isLearner };
    }
    return { kind: "member_update", id: any.id, peerUrls: any.peerUrls };
  }

  #ask(request: Request, answered: (response: ClusterResponse) => void): void {
    const { cluster, options } = this.#context;
    const path = pathOf(request);
    const id = -1 - this.#calls++; // in no history
    const timeoutMs = options.clients.timeoutMs;
    const call: Call = {
      id,
      client: NUMBER,
      path,
      bytes: encodeRequest(request),
      timeoutMs,
      token: "",
      requireLeader: false,
    };
    const serving = cluster.numbers().filter((number) => cluster.node(number).status === "up");
    const at = serving[this.#draw(Math.max(1, serving.length), "at")];
    if (at === undefined) return;
    cluster.call(at, call, (reply) => {
      const outcome = outcomeOf(path, reply);
      if (outcome.kind === "ok" && "members" in outcome.output) answered(outcome.output);
    });
  }

  #draw(limit: number, what: string): number {
    return this.#context.fates.below(limit, "operator", this.#acts, this.#calls, what);
  }
}
