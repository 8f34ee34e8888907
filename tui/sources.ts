// Where frames come from: a simulation that runs as fast as it is asked to, obeys the keyboard, and
// can be run again to any earlier moment, because it is a function of its options and of the faults
// injected.

import type { Fault } from "../sim/faults/faults.ts";
import type { Frame } from "../sim/run/frame.ts";
import { DEFAULT_OPTIONS, type SimOptions } from "../sim/options/options.ts";
import { createSimulation, type Simulation } from "../sim/run/simulation.ts";
import type { Act } from "./acts.ts";
import { leaderOf, timerOf } from "./cluster.ts";

export interface Source {
  readonly title: string;
  readonly command: string; // shows the same run again
  readonly first: Frame;
  /** Null: the run is over. */
  readonly next: () => Frame | null;
  /** Do this now. The answer is a sentence: what was done, or why it was not; and the moment after.
   *  */
  readonly act: (act: Act) => Readonly<{ text: string; frame: Frame | null }>;
  /** The same run with the same acts once more, up to this frame of it. Null: too far, or not to be
   *  reached again. */
  readonly rerun: (to: Frame) => Source | null;
}

/** An injected fault, and after which event. */
type Injection = Readonly<{ step: number; fault: Fault }>;

/** Longer than anybody watches: such a fault lasts until it is healed. */
const FOR_GOOD_MS = 100 * 24 * 3_600_000;
/** Some seconds of computing: beyond it, acting in the past would feel like a hang. */
const RERUN_STEPS = 25_000;
const LOSSY_MS = 3000;
const INFLATE_MS = 2000;

export function watchOptions(seed: number, nodes: number, clients: number): SimOptions {
  return {
    ...DEFAULT_OPTIONS,
    seed,
    nodes,
    durationMs: FOR_GOOD_MS,
    healAtMs: FOR_GOOD_MS,
    // Long delays and short timers, as in the Raft paper: an election is a race that can be
    // watched.
    node: { ...DEFAULT_OPTIONS.node, tickMs: 5, heartbeatMs: 50, electionMs: 250 },
    network: { ...DEFAULT_OPTIONS.network, delayMicros: 10_000, tail: [1, 50] },
    disk: { ...DEFAULT_OPTIONS.disk, syncMicros: 1000 },
    clients: { ...DEFAULT_OPTIONS.clients, count: clients, intervalMs: 400 },
    frames: true,
  };
}

export function createSimulationSource(options: SimOptions): Source {
  return sourceOf(options, createSimulation(options), []);
}

function sourceOf(options: SimOptions, simulation: Simulation, past: readonly Injection[]): Source {
  let injections = past;
  const inject = (fault: Fault): void => {
    injections = [...injections, { step: simulation.frame().step, fault }];
    simulation.inject(fault);
  };
  return {
    title: `seed ${options.seed}`,
    command: commandOf(options),
    first: simulation.frame(),
    next: () => (simulation.step() ? simulation.frame() : null),
    act: (act) => {
      const order = orderOf(act, simulation.frame());
      if (order.fault !== null) inject(order.fault);
      return { text: order.text, frame: order.fault === null ? null : simulation.frame() };
    },
    rerun: (to) => (to.step > RERUN_STEPS ? null : rerunTo(options, injections, to)),
  };
}

function commandOf({ seed, nodes, clients }: SimOptions): string {
  return `npx detcd tui --seed ${seed} --nodes ${nodes} --clients ${clients.count}`;
}

/** An injected fault does not count as a step: of those made at the last step, only as many are
 *  made again as the frame knows of. */
function rerunTo(options: SimOptions, made: readonly Injection[], to: Frame): Source | null {
  const simulation = createSimulation(options);
  let again = 0;
  for (let step = 0; ; step++) {
    for (; made[again] !== undefined && made[again]!.step === step; again++) {
      const isThere = step === to.step && simulation.frame().event.text === to.event.text;
      if (isThere) break;
      simulation.inject(made[again]!.fault);
    }
    if (step === to.step) return sourceOf(options, simulation, made.slice(0, again));
    if (!simulation.step()) return null;
  }
}

/** What an act means in the terms of the simulator, now. */
export function orderOf(act: Act, frame: Frame): Readonly<{ text: string; fault: Fault | null }> {
  const atMs = Math.floor(frame.time / 1000);
  const lasting = { atMs, forMs: FOR_GOOD_MS };
  switch (act.kind) {
    case "crash":
      return statusOf(frame, act.node) === "crashed"
        ? { text: `n${act.node} is down already; r restarts it`, fault: null }
        : { text: `n${act.node} crashes`, fault: crash(act.node, atMs, FOR_GOOD_MS) };
    case "restart":
      return statusOf(frame, act.node) === "crashed"
        ? { text: `n${act.node} restarts`, fault: { kind: "restart", atMs, node: act.node } }
        : { text: `n${act.node} restarts: a crash and a start`, fault: crash(act.node, atMs, 0) };
    case "isolate":
      return {
        text: isolationText(act.node, act.direction),
        fault: { kind: "isolate", ...lasting, node: act.node, direction: act.direction },
      };
    case "split":
      return splitOrder(frame, atMs);
    case "freeze":
      return {
        text: `n${act.node} is frozen until h heals`,
        fault: { kind: "pause", ...lasting, node: act.node, clock: "runs" },
      };
    case "fire":
      return fireOrder(frame, act.node, atMs);
    case "inflate":
      return {
        text: `n${act.node} campaigns alone, and comes back with a high term`,
        fault: {
          kind: "term_inflation",
          atMs,
          forMs: INFLATE_MS,
          node: act.node,
          form: "surge",
          elections: 3,
        },
      };
    case "lossy":
      return {
        text: "half of all messages are lost, for three seconds",
        fault: { kind: "drop", atMs, forMs: LOSSY_MS, ratio: [1, 2] },
      };
    case "heal":
      return { text: "everything heals", fault: { kind: "heal", atMs } };
  }
}

function statusOf(frame: Frame, node: number): string {
  return frame.nodes[node - 1]?.status ?? "up";
}

function crash(node: number, atMs: number, restartAfterMs: number): Fault {
  return { kind: "crash", atMs, node, keep: "none", boundary: 0, restartAfterMs };
}

function isolationText(node: number, direction: "both" | "inbound" | "outbound"): string {
  switch (direction) {
    case "both":
      return `n${node} is cut off until h heals`;
    case "outbound":
      return `nobody hears n${node} until h heals`;
    case "inbound":
      return `n${node} hears nobody until h heals`;
  }
}

function splitOrder(frame: Frame, atMs: number): Readonly<{ text: string; fault: Fault | null }> {
  const count = frame.nodes.length;
  const leader = leaderOf(frame)?.number ?? 1;
  // The leader first, then those after it, around: the smaller half goes with it.
  const around = frame.nodes.map((_, at) => ((leader - 1 + at) % count) + 1);
  const smaller = around.slice(0, Math.floor((count - 1) / 2));
  const groups = [smaller, around.slice(smaller.length)].map((group) => group.toSorted(ascending));
  if (smaller.length === 0) return { text: "too few nodes to split", fault: null };
  const sides = groups.map((group) => group.map((node) => `n${node}`).join(" ")).join(" | ");
  return {
    text: `the network splits: ${sides}`,
    fault: { kind: "partition", atMs, forMs: FOR_GOOD_MS, groups },
  };
}

function fireOrder(
  frame: Frame,
  node: number,
  atMs: number,
): Readonly<{ text: string; fault: Fault | null }> {
  const of = frame.nodes[node - 1];
  const timer = of === undefined ? null : timerOf(of);
  if (timer === null) return { text: `n${node} is not running`, fault: null };
  if (timer.kind === "heartbeat") {
    return { text: `n${node} leads: it has no election timer`, fault: null };
  }
  const aheadMs = Math.max(1, Math.ceil(timer.limitMs - timer.elapsedMs) + 1);
  return {
    text: `the clock of n${node} leaps ${aheadMs} ms: its timer fires`,
    fault: { kind: "clock_jump", atMs, node, aheadMs },
  };
}

function ascending(a: number, b: number): number {
  return a - b;
}
