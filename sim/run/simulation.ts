// One run: a world, a cluster, clients and faults, driven event by event until the time is over or
// an oracle objects. `runSimulation` is for judges, `createSimulation` for screens.

import type { NodeId } from "../../core/contract.ts";
import type { Message } from "../../core/raft/message.ts";
import { AssertionError } from "../../core/lib/assert.ts";
import { boot, step } from "../../core/node.ts";
import {
  describeInput,
  describeRequest,
  describeResult,
  describeTraceEvent,
} from "../../core/transcript/transcript.ts";
import { Admin } from "../clients/admin.ts";
import { Client } from "../clients/client.ts";
import type { ClientContext } from "../clients/client.ts";
import { Cluster } from "../cluster/cluster.ts";
import type { Fault } from "../faults/faults.ts";
import { describe } from "../faults/faults.ts";
import type { Flight, Frame, Micros, SimEvent } from "./frame.ts";
import type { Ghost, Moment } from "../invariants/ghost.ts";
import { createGhost, record, recordInitialData } from "../invariants/ghost.ts";
import type { SimOperation, SimOutcome } from "../record/history.ts";
import { Giant } from "../clients/giant.ts";
import { Injector } from "../faults/injector.ts";
import { firstBroken } from "../invariants/invariants.ts";
import { Journal } from "../record/journal.ts";
import { User, Administrator } from "../clients/users.ts";
import { LeaseHolder } from "../clients/lease-holder.ts";
import { StoreHistory } from "../invariants/store-history.ts";
import { Operator } from "../clients/operator.ts";
import type { Flight as Underway } from "../world/network.ts";
import { Network } from "../world/network.ts";
import type { SimOptions } from "../options/options.ts";
import { checkOptions } from "../options/options.ts";
import { createFates } from "../world/random.ts";
import type { Answered } from "../record/recorder.ts";
import { Recorder } from "../record/recorder.ts";
import type { SimResult, Violation } from "./result.ts";
import type { Core, SimNode, Taken } from "../cluster/sim-node.ts";
import { Tally } from "../record/tally.ts";
import { SERVERS, ServerEvents } from "../record/server-events.ts";
import { WatchRecorder } from "../record/watch-recorder.ts";
import { ServicesClient } from "../clients/services-client.ts";
import { StatusClient } from "../clients/status-client.ts";
import { Watcher } from "../clients/watcher.ts";
import { readAll } from "../clients/workload.ts";
import { World } from "../world/world.ts";

export interface Simulation {
  /** One event. False: there was none, because the run is over. */
  readonly step: () => boolean;
  readonly frame: () => Frame;
  /** Let this go wrong now, whatever its `atMs` says. */
  readonly inject: (fault: Fault) => void;
  readonly result: () => SimResult;
}

export function createSimulation(options: SimOptions, core: Core = { boot, step }): Simulation {
  const run = new Run(checkOptions(options), core);
  return {
    step: () => run.step(),
    frame: () => run.frame(),
    inject: (fault) => run.inject(fault),
    result: () => run.result(),
  };
}

export function runSimulation(options: SimOptions, core: Core = { boot, step }): SimResult {
  const run = new Run(checkOptions(options), core);
  while (run.step());
  return run.result();
}

const LOOKS = 3;
const LOOK_MICROS = 700_000;
const flightOf = ({ from, to, ...flight }: Underway<Message>): Flight => ({
  ...flight,
  from: BigInt(from) as NodeId,
  to: BigInt(to) as NodeId,
});
const nameOf = (id: NodeId): string => id.toString();

function describeOutcome(outcome: SimOutcome): string {
  if (outcome.kind === "ok") return describeResult({ ok: true, value: outcome.output });
  if (outcome.error === null) return "nothing in time";
  return describeResult({ ok: false, error: outcome.error });
}

/** Neither the network nor the disks nor an operator could unseat a leader. */
function isCalm({ network, disk, spares, node }: SimOptions): boolean {
  if (spares > 0 || disk.roomBytes > 0) return false; // a leader may be removed, or stop
  const calmMicros = node.electionMs * 250;
  const isSlow = network.tailMicros > calmMicros || disk.tailMicros > calmMicros;
  return network.drop[0] === 0 && !isSlow;
}

class Run {
  readonly #options: SimOptions;
  readonly #world = new World();
  readonly #network: Network<Message>;
  readonly #cluster: Cluster;
  readonly #injector: Injector;
  readonly #recorder: Recorder;
  readonly #tally = new Tally();
  readonly #ghost: Ghost;
  readonly #unanswered: Set<number>;
  readonly #serverEvents: ServerEvents;
  readonly #journal = new Journal();
  readonly #storeHistory = new StoreHistory();
  readonly #watches: WatchRecorder;
  readonly #watchers: Watcher[] = [];
  readonly #users: User[] = [];
  readonly #boots: SimResult["boots"][number][] = [];
  #steps = 0;
  #over = false;
  #happened = false; // something worth looking at
  #acting: number | null = null; // the node whose step is under way
  #event: SimEvent = { kind: "start", node: null, text: "the run begins" };
  #violation: Violation | null = null;

  constructor(options: SimOptions, core: Core) {
    this.#options = options;
    const fates = createFates(options.seed);
    const world = this.#world;
    this.#ghost = createGhost(options.nodes);
    this.#watches = new WatchRecorder(() => world.now, this.#tally.counts);
    this.#network = new Network(world, fates, options.network, this.#tally.digest);
    this.#recorder = new Recorder(
      () => world.now,
      (operation) => this.#called(operation),
      (answered) => this.#answered(answered),
    );
    this.#serverEvents = new ServerEvents(() => world.now, this.#recorder, this.#tally.counts);
    this.#cluster = new Cluster({
      options,
      core,
      world,
      fates,
      network: this.#network,
      tickMs: options.node.tickMs,
      twice: options.twice,
      commitMicros: options.disk.commitMicros,
      cpu: options.cpu,
      crowd: options.clients.crowd,
      begins: (node, input) => this.#begins(node, input),
      taken: (node, taken) => this.#taken(node, taken),
      crashed: (node, report) => this.#crashed(node, report),
      witness: (moment) => this.#witness(moment),
      broken: (oracle, message, node) => this.#violate(oracle, message, node),
    });
    this.#injector = new Injector(world, this.#cluster, this.#network, {
      begun: (fault, node) => this.#faultBegins(fault, node),
      inflating: (node, untilMs) => this.#inflating(node, untilMs),
    });
    this.#unanswered = new Set(this.#cluster.numbers());
    this.#restore();
    this.#plan(fates);
  }

  step(): boolean {
    if (this.#over) return false;
    this.#steps += 1;
    this.#happened = false;
    while (!this.#happened && !this.#over) this.#run();
    return true;
  }

  /** One task. Some are nothing to look at, such as the patience of a client that was answered. */
  #run(): void {
    this.#acting = null;
    try {
      if (!this.#world.run()) this.#over = true;
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
      this.#violate("assertion", error.message, this.#acting);
    }
  }

  inject(fault: Fault): void {
    this.#injector.inject(fault);
  }

  frame(): Frame {
    return {
      step: this.#steps,
      time: this.#world.now,
      event: this.#event,
      nodes: this.#cluster.frames(),
      flights: this.#network.flights().map(flightOf),
      cuts: this.#network.cuts().map(({ from, to }) => {
        return { from: this.#cluster.idOf(from), to: this.#cluster.idOf(to) };
      }),
    };
  }

  result(): SimResult {
    const { counts, digest } = this.#tally;
    const { sent, lost, duplicated } = this.#network.counts;
    return {
      hash: digest.hex(),
      events: this.#steps,
      simulatedMs: this.#world.now / 1000,
      faultsInjected: { ...this.#injector.counts },
      history: this.#recorder.operations(),
      calls: this.#recorder.names(),
      shown: this.#users.flatMap((user) => user.shown),
      leaseEnds: this.#serverEvents.leaseEnds(),
      journal: this.#journal.changes(),
      watches: this.#watches.sessions(),
      boots: this.#boots.slice(),
      views: this.#watchers.flatMap((watcher) => watcher.views()),
      violation: this.#violation,
      coverage: {
        ...counts,
        restarts: Math.max(0, counts.restarts - this.#options.nodes),
        committedEntries: this.#ghost.committed.size - 1,
        messagesSent: sent,
        messagesLost: lost,
        messagesDuplicated: duplicated,
        fullDisks: this.#cluster.timesFull,
      },
    };
  }

  /** What members were restored from is everybody's past. */
  #restore(): void {
    const { stock } = this.#cluster;
    if (stock === null) return;
    const { nodes, spares, clients } = this.#options;
    const { origin, writes, past } = stock;
    const batch = { kind: "kv", applied: origin.index, writes } as const;
    recordInitialData(this.#ghost, nodes - spares, origin, writes);
    this.#journal.note(0, [batch]);
    if (clients.servicesClients > 0) this.#storeHistory.note([batch]);
    for (const { input, output } of past) this.#recorder.witness(SERVERS, input, output);
  }

  /** Everything that is known to happen before the run begins. */
  #plan(fates: ClientContext["fates"]): void {
    const { durationMs, healAtMs, clients, nodes } = this.#options;
    const world = this.#world;
    const tailMs = durationMs - healAtMs;
    const endsAt: Micros = 1000 * (healAtMs + Math.ceil(tailMs / 2));
    const context: ClientContext = {
      world,
      fates,
      nodes,
      options: clients,
      line: this.#cluster,
      recorder: this.#recorder,
      endsAt,
      tokens: new Map(),
    };
    for (const number of this.#cluster.numbers()) {
      world.at(0, () => this.#cluster.node(number).boot());
    }
    if (this.#options.spares > 0) {
      const { counts: seen } = this.#tally;
      const changed = (): void => void (seen.memberChanges += 1);
      const cluster = this.#cluster;
      new Operator({ world, fates, cluster, options: this.#options, changed }).start();
    }
    this.#injector.plan(this.#options.faults);
    const isOwed = this.#options.faults.length === 0 && clients.servicesClients === 0;
    if (isOwed && isCalm(this.#options)) this.#witness({ kind: "calm" });
    for (let number = 0; number < clients.count; number++) new Client(number, context).start();
    if (clients.admins > 0) new Admin(context, 1000 * healAtMs).start();
    for (let number = 0; number < clients.leaseHolders; number++)
      new LeaseHolder(number, context).start();
    this.#startUsers(clients.users, context);
    this.#receive(clients.servicesClients, context);
    this.#inquire(clients.statusClients, context);
    this.#admit(context);
    const { counts } = this.#tally;
    const resumed = (): void => void (counts.watchesResumed += 1);
    const watching = { ...context, watches: this.#watches, resumed, promptFrom: 1000 * healAtMs };
    for (let number = 0; number < clients.watchers; number++) {
      const watcher = new Watcher(number, watching);
      this.#watchers.push(watcher);
      watcher.start();
    }
    world.at(durationMs * 1000, () => this.#end(tailMs > 0, LOOKS));
    if (tailMs === 0) return; // no time to show that all is well again
    world.at(healAtMs * 1000, () => this.#injector.close());
    world.at(1000 * (healAtMs + Math.ceil((3 * tailMs) / 4)), () => this.#askAll(context));
  }

  #startUsers(users: number, context: ClientContext): void {
    if (users === 0) return;
    for (let number = 0; number < users; number++) this.#users.push(new User(number, context));
    new Administrator(this.#users, context).start();
    for (const user of this.#users) user.start();
  }

  #admit(context: ClientContext): void {
    const { sizes, node } = this.#options;
    const giants = { ...context, sizes, limits: node.limits, counts: this.#tally.counts };
    for (let number = 0; number < sizes.giants; number++) new Giant(number, giants).start();
  }

  #receive(servicesClients: number, context: ClientContext): void {
    const visiting = {
      ...context,
      wrong: (oracle: string, message: string) => this.#violate(oracle, message, null),
      backup: (file: Uint8Array) => this.#storeHistory.judge(file),
      leaders: this.#ghost.leaders,
      counts: this.#tally.counts,
    };
    for (let number = 0; number < servicesClients; number++)
      new ServicesClient(number, visiting).start();
  }

  #inquire(statusClients: number, context: ClientContext): void {
    const asking = {
      ...context,
      wrong: (message: string) => this.#violate("status", message, null),
      leaders: this.#ghost.leaders,
      lastCommitted: () => this.#ghost.lastCommitted,
      counts: this.#tally.counts,
    };
    for (let number = 0; number < statusClients; number++) new StatusClient(number, asking).start();
  }

  /** One last linearizable read of everything at every node. */
  #askAll(context: ClientContext): void {
    this.#unanswered.clear();
    for (const node of this.#cluster.members("voters")) {
      if (this.#cluster.node(node).isRefused) continue;
      this.#unanswered.add(node);
      const client = new Client(this.#options.clients.count + node - 1, context);
      client.ask(node, readAll(), (outcome) => {
        if (outcome.kind === "ok") this.#unanswered.delete(node);
      });
    }
  }

  /** A lease may run out at the very end: what differs by that is looked at again. */
  #end(judged: boolean, looks: number): void {
    this.#over = true;
    if (!judged) return;
    const members = this.#cluster.members("all");
    const [states, contents] = [this.#cluster.states(), this.#cluster.contents()];
    const histories = this.#cluster.histories();
    const moment: Moment = {
      kind: "ended",
      states: members.map((number) => states[number - 1] ?? null),
      contents: members.map((number) => contents[number - 1] ?? ""),
      histories: members.map((number) => histories[number - 1] ?? ""),
      unanswered: [...this.#unanswered],
    };
    this.#over = looks === 1 || firstBroken(this.#ghost, moment) === null;
    if (this.#over) this.#witness(moment);
    else this.#world.after(LOOK_MICROS, () => this.#end(judged, looks - 1));
  }

  #begins(node: SimNode, input: Taken["input"]): void {
    this.#acting = node.number;
    this.#tell("input", node.number, () => (input ? describeInput(input, nameOf) : "boots"));
  }

  #taken(node: SimNode, { input, effects }: Taken): void {
    this.#journal.note(this.#world.now, effects);
    if (this.#options.clients.servicesClients > 0) this.#storeHistory.note(effects);
    if (input === null) this.#boots.push({ member: node.config.node, at: this.#world.now });
    for (const effect of effects)
      if (effect.kind === "trace") this.#serverEvents.note(effect.event);
    this.#tally.digest.number(this.#world.now);
    this.#tally.taken(node.number, input, effects);
    if (!this.#options.frames) return;
    const traces = effects.filter((effect) => effect.kind === "trace");
    if (traces.length === 0) return;
    const told = traces.map(({ event }) => describeTraceEvent(event, nameOf)).join(", ");
    this.#tell("trace", node.number, () => `${this.#event.text}: ${told}`);
  }

  #crashed(node: SimNode, { lost }: Readonly<{ lost: number }>): void {
    this.#tally.counts.crashes += 1;
    if (lost > 0) this.#tally.counts.lostWrites += 1;
    this.#tell("fault", node.number, () => `crashes upon: ${this.#event.text}`);
  }

  #called({ client, input }: SimOperation): void {
    this.#tell("client", null, () => `client ${client} asks: ${describeRequest(input)}`);
  }

  #answered(answered: Answered): void {
    const { client, outcome } = answered.operation;
    this.#tell("client", null, () => `client ${client} learns: ${describeOutcome(outcome)}`);
    this.#tally.answered(answered.operation);
    this.#witness({ kind: "answered", ...answered });
  }

  #tell(kind: SimEvent["kind"], node: number | null, text: () => string): void {
    this.#happened = true;
    if (this.#options.frames) this.#event = { kind, node, text: text() };
  }

  #faultBegins(fault: Fault, node: number | null): void {
    const text = describe(fault);
    this.#tally.digest.text(text);
    this.#tell("fault", node, () => text);
    this.#witness({ kind: "disturbed" });
  }

  /** Only where nothing else could unseat a leader. */
  #inflating(node: number, untilMs: number): void {
    if (isCalm(this.#options) && this.#cluster.led()) {
      this.#witness({ kind: "inflating", node, untilMs });
    }
  }

  #witness(moment: Moment): void {
    const broken = firstBroken(this.#ghost, moment);
    if (broken !== null) {
      const node = "node" in moment ? moment.node : null;
      this.#violate(broken.id, broken.message, node);
    }
    record(this.#ghost, moment);
  }

  /** The first one counts: what follows may only follow from it. */
  #violate(oracle: string, message: string, node: number | null): void {
    this.#over = true;
    if (this.#violation !== null) return;
    const timeMs = this.#world.now / 1000;
    this.#violation = { oracle, message, step: this.#steps, timeMs, node };
    this.#tell("violation", node, () => `${oracle}: ${message}`);
  }
}
