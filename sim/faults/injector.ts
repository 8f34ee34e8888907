// Makes faults happen and ends them again. What lasts is counted, so that faults may overlap: a
// link is whole when the last fault that cut it has ended.

import type { Cluster } from "../cluster/cluster.ts";
import type { Fault, FaultKind, Target } from "./faults.ts";
import { FAULT_KINDS } from "./faults.ts";
import type { Network, Weather } from "../world/network.ts";
import { stopNode } from "../cluster/stopping.ts";
import { hearStranger } from "../cluster/stranger.ts";
import type { World } from "../world/world.ts";

type Link = readonly [from: number, to: number];

export type FaultListener = Readonly<{
  begun: (fault: Fault, node: number | null) => void;
  /** A node begins to drive terms up while everything else is well. */
  inflating: (node: number, untilMs: number) => void;
}>;

export class Injector {
  readonly counts: Record<FaultKind, number>;
  readonly #world: World;
  readonly #cluster: Cluster;
  readonly #network: Network<unknown>;
  readonly #listener: FaultListener;
  readonly #lasting = new Set<() => void>(); // how to end what lasts
  #over = false;

  constructor(world: World, cluster: Cluster, network: Network<unknown>, listener: FaultListener) {
    this.#world = world;
    this.#cluster = cluster;
    this.#network = network;
    this.#listener = listener;
    this.counts = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as typeof this.counts;
  }

  plan(faults: readonly Fault[]): void {
    for (const fault of faults) this.#world.at(fault.atMs * 1000, () => this.inject(fault));
  }

  /** Now, whatever its `atMs` says. */
  inject(fault: Fault): void {
    if (this.#over) return;
    const calm = this.#lasting.size === 0 && this.#cluster.allUp();
    const node = "node" in fault ? this.#resolve(fault.node) : null;
    this.#listener.begun(fault, node);
    if (this.#begin(fault, node ?? 0)) this.counts[fault.kind] += 1;
    if (fault.kind === "term_inflation" && calm) {
      const settledMs = 2 * this.#cluster.electionMs;
      this.#listener.inflating(node ?? 0, this.#world.now / 1000 + fault.forMs + settledMs);
    }
  }

  /** Ends all that lasts and starts what is down. */
  heal(): void {
    for (const end of this.#lasting) end(); // each takes itself away
    this.#cluster.healAll();
  }

  /** Heals for good: nothing can be injected any more. */
  close(): void {
    this.#over = true;
    this.heal();
    this.#network.calm();
  }

  /** False: it made no difference. */
  #begin(fault: Fault, node: number): boolean {
    const cluster = this.#cluster;
    switch (fault.kind) {
      case "partition":
        return this.#cutAll(fault.forMs, between(fault.groups));
      case "isolate":
        return this.#cutAll(fault.forMs, this.#around(node, fault.direction));
      case "cut":
        return this.#cutAll(fault.forMs, [[fault.from, fault.to]]);
      case "clog": {
        const { from, to } = fault;
        this.#network.clog(from, to);
        return this.#lasts(fault.forMs, () => this.#network.unclog(from, to));
      }
      case "crash": {
        const { keep, boundary, restartAfterMs } = fault;
        return cluster.node(node).planCrash(keep, boundary, restartAfterMs);
      }
      case "disk_failure":
        return cluster.node(node).failDisk(fault.how, fault.restartAfterMs);
      case "slow_disk": {
        const { disk } = cluster.node(node);
        disk.slowFactor *= fault.factor;
        return this.#lasts(fault.forMs, () => (disk.slowFactor /= fault.factor));
      }
      case "pause": {
        const paused = cluster.node(node);
        if (!paused.pause(fault.clock === "stops")) return false;
        return this.#lasts(fault.forMs, () => paused.resume());
      }
      case "clock_drift": {
        const { clock } = cluster.node(node);
        clock.drift(this.#world.now, fault.ppm);
        return this.#lasts(fault.forMs, () => clock.drift(this.#world.now, -fault.ppm));
      }
      case "clock_jump":
        cluster.node(node).clock.leap(this.#world.now, fault.aheadMs);
        return true;
      case "term_inflation":
        return this.#inflate(fault, node);
      case "drop":
      case "duplicate":
      case "corrupt":
        return this.#weather(fault.forMs, { kind: fault.kind, ratio: fault.ratio });
      case "delay":
        return this.#weather(fault.forMs, { kind: "delay", upToMicros: fault.upToMs * 1000 });
      case "rot":
        return cluster.node(node).rot(fault);
      case "stranger":
        return hearStranger(cluster.node(node), fault, cluster.idOf(fault.as));
      case "stop":
        return stopNode(this.#world, cluster, node, fault.restartAfterMs);
      case "restart":
        return cluster.node(node).boot();
      case "heal":
        this.heal();
        return true;
    }
  }

  #inflate(fault: Extract<Fault, { kind: "term_inflation" }>, node: number): boolean {
    const direction = fault.form === "deaf" ? "inbound" : "both";
    if (fault.form === "surge") {
      const leaps = fault.elections;
      for (let nth = 1; nth <= leaps; nth++) {
        const after = Math.floor((fault.forMs * 1000 * nth) / (leaps + 1));
        const { clock } = this.#cluster.node(node);
        const aheadMs = 2 * this.#cluster.electionMs;
        this.#world.after(after, () => clock.leap(this.#world.now, aheadMs));
      }
    }
    return this.#cutAll(fault.forMs, this.#around(node, direction));
  }

  #weather(forMs: number, weather: Weather): boolean {
    this.#network.begin(weather);
    return this.#lasts(forMs, () => this.#network.end(weather));
  }

  #cutAll(forMs: number, links: readonly Link[]): boolean {
    for (const [from, to] of links) this.#network.cut(from, to);
    this.#lasts(forMs, () => {
      for (const [from, to] of links) this.#network.mend(from, to);
    });
    return links.length > 0;
  }

  #lasts(forMs: number, undo: () => void): true {
    const end = (): void => {
      if (this.#lasting.delete(end)) undo();
    };
    this.#lasting.add(end);
    this.#world.after(forMs * 1000, end);
    return true;
  }

  #around(node: number, direction: "both" | "inbound" | "outbound"): readonly Link[] {
    const others = this.#cluster.numbers().filter((number) => number !== node);
    const inbound = others.map((other): Link => [other, node]);
    const outbound = others.map((other): Link => [node, other]);
    if (direction === "inbound") return inbound;
    return direction === "outbound" ? outbound : [...inbound, ...outbound];
  }

  #resolve(target: Target): number {
    return target === "leader" ? this.#cluster.leader() : target;
  }
}

function between(groups: readonly (readonly number[])[]): readonly Link[] {
  return groups.flatMap((group, at) =>
    groups
      .filter((_, other) => other !== at)
      .flatMap((others) => group.flatMap((from) => others.map((to): Link => [from, to]))),
  );
}
