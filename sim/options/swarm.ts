// A seed becomes a whole run: a random subset of the kinds of faults, random timing, a random
// schedule. Leaving kinds out matters: one kind of fault can hide what another would show.
//
// Drawn before the run and printed with it: the run itself is made of the options alone.

import seedrandom from "seedrandom";
import { must } from "../../core/lib/assert.ts";
import type { Direction, Fault, FaultKind, Target, TermInflation } from "../faults/faults.ts";
import { FAULT_KINDS } from "../faults/faults.ts";
import type { ClockOptions, Mix, NetworkOptions, NodeOptions, SimOptions } from "./options.ts";
import { checkOptions, DEFAULT_OPTIONS, SMALL_LIMITS } from "./options.ts";
import { CLAIMS, FAR_TERMS, frameText } from "../cluster/stranger.ts";
import { SMALL } from "./sizes.ts";
import { drawModestSizes } from "./swarm-sizes.ts";

/** Members come and go in one run of so many. */
const MOVING = 5;
/** And one in so many is larger than the others. */
const LARGE = 16;
/** And applies even small entries in pieces. */
const PIECEMEAL = 4;
/** And stops a member as operators do. */
const STOPPING = 6;
const QUIET_MS = 12_000; // long enough for the slowest elections, and for twice a full snapshot

/** A store that is harmed is no trouble to live through: it makes clients hear what is not true.
 *  Strangers have a scenario of their own, and stops are drawn by themselves. */
export const SWARM_KINDS: readonly FaultKind[] = FAULT_KINDS.filter(
  (kind) => kind !== "rot" && kind !== "stranger" && kind !== "stop",
);

/** Integers from a seed, in order. */
type Dice = Readonly<{
  below: (limit: number) => number;
  between: (low: number, high: number) => number; // both included
  pick: <T>(choices: readonly T[]) => T;
  one: (inHowMany: number) => boolean;
}>;

export function swarmOptions(seed: number, chaosMs = 18_000): SimOptions {
  const dice = createDice(`${seed}`);
  const { servicesClients, rangeRows, ...moves } = drawExtras(seed);
  const isLarge = createDice(`${seed} sizes`).one(LARGE);
  const nodes = dice.pick([3, 3, 3, 5]) + moves.spares;
  const drawn = withPieces(drawNode(dice), createDice(`${seed} pieces`));
  const node = { ...drawn, limits: { ...drawn.limits, rangeRows } };
  const clocks = Array.from({ length: nodes }, () => drawClock(dice));
  const kinds = SWARM_KINDS.filter(() => dice.one(3));
  const context = { dice, nodes, node, chaosMs };
  const count = dice.between(2, 14);
  const single = Array.from({ length: kinds.length === 0 ? 0 : count }, () => {
    const fault = drawFault(dice.pick(kinds), context);
    return fault.kind === "restart" ? [downUntil(fault), fault] : [fault];
  }).flat();
  const storm = dice.one(3) ? drawStorm(context) : [];
  const faults = [...single, ...storm, ...drawStops(createDice(`${seed} stops`), context)];
  return checkOptions({
    ...DEFAULT_OPTIONS,
    seed,
    nodes,
    ...moves,
    durationMs: chaosMs + QUIET_MS,
    healAtMs: chaosMs,
    node,
    network: drawNetwork(dice),
    disk: {
      syncMicros: dice.pick([100, 500, 2000]),
      tailMicros: dice.pick([0, 20_000, 200_000]),
      tail: [1, dice.pick([20, 100, 1000])],
      commitMicros: dice.pick([500, 2000, 20_000]),
      roomBytes: 0,
    },
    clocks,
    clients: {
      count: dice.between(1, 6),
      intervalMs: dice.pick([50, 100, 200, 400]),
      timeoutMs: dice.pick([500, 1000, 3000]),
      keys: dice.between(1, 8),
      mix: drawMix(dice),
      watchers: dice.pick([0, 1, 1, 2]),
      servicesClients,
      statusClients: 0,
      leaseHolders: dice.pick([0, 0, 1, 2]),
      admins: 0,
      users: 0,
      crowd: [0, 1],
      only: null,
    },
    sizes: isLarge ? drawModestSizes(seed) : SMALL,
    faults: faults.toSorted((a, b) => a.atMs - b.atMs),
  });
}

type Extras = Pick<SimOptions, "spares" | "operatorMs" | "strictReconfig"> &
  Readonly<{ servicesClients: number; rangeRows: number }>;

/** Of a seed of its own: what else is drawn stays as it is. */
function drawExtras(seed: number): Extras {
  const dice = createDice(`${seed} moves`);
  return {
    spares: dice.one(MOVING) ? dice.between(1, 3) : 0,
    operatorMs: dice.pick([800, 1500, 4000]),
    strictReconfig: dice.one(2),
    servicesClients: dice.pick([0, 0, 1]),
    rangeRows: dice.pick([1000, 1000, 1000, 1, 2]),
  };
}

function createDice(seed: string): Dice {
  const generator = seedrandom(`detcd ${seed}`);
  const below = (limit: number): number => (generator.int32() >>> 0) % limit;
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    pick: (choices) => must(choices[below(choices.length)], "something to choose from"),
    one: (inHowMany) => below(inHowMany) === 0,
  };
}

function drawNode(dice: Dice): NodeOptions {
  const heartbeatMs = dice.pick([50, 100, 100]);
  return {
    tickMs: dice.pick([20, 50, 50]),
    heartbeatMs,
    electionMs: heartbeatMs * dice.pick([5, 10, 10]),
    preVote: !dice.one(4),
    snapshotCount: dice.pick([5, 20, 100]),
    progressMs: 2000,
    limits: {
      ...SMALL_LIMITS,
      appendBytes: dice.pick([256, 1024, 16 * 1024]),
      appendsInFlight: dice.pick([1, 4, 64]),
      uncommittedBytes: dice.pick([16 * 1024, 1024 * 1024]),
      segmentBytes: dice.pick([2048, 8192, 65_536]),
    },
  };
}

function withPieces(node: NodeOptions, dice: Dice): NodeOptions {
  if (!dice.one(PIECEMEAL)) return node;
  return { ...node, limits: { ...node.limits, applyRows: dice.between(1, 6) } };
}

/** One that is stopped as operators stop it, in one run of six. */
function drawStops(dice: Dice, context: Context): readonly Fault[] {
  return dice.one(STOPPING) ? [drawFault("stop", { ...context, dice })] : [];
}

function drawClock(dice: Dice): ClockOptions {
  return {
    offsetMs: dice.one(2) ? dice.below(100_000) : 0,
    driftPpm: dice.pick([0, 0, 200, -200, 20_000, -20_000]),
  };
}

function drawNetwork(dice: Dice): NetworkOptions {
  return {
    delayMicros: dice.pick([200, 500, 2000, 10_000]),
    tailMicros: dice.pick([0, 20_000, 100_000, 500_000]),
    tail: [1, dice.pick([20, 100, 1000])],
    drop: [dice.pick([0, 0, 1, 10, 50]), 1000],
    duplicate: [dice.pick([0, 0, 5, 50]), 1000],
    lateMicros: dice.pick([10_000, 1_000_000, 8_000_000]),
    frameBytes: DEFAULT_OPTIONS.network.frameBytes,
    reorder: [dice.pick([0, 0, 10, 200]), 1000],
    kilobyteMicros: 0,
  };
}

/** Puts there are always; of the rest, any part may be missing. */
function drawMix(dice: Dice): Mix {
  const { mix } = DEFAULT_OPTIONS.clients;
  const drawn: Record<string, number> = { put: mix.put, alarm: 0, choice: 0 };
  for (const kind of ["get", "range", "serializable", "historical", "delete", "swap", "txn"]) {
    drawn[kind] = dice.one(4) ? 0 : mix[kind as keyof Mix];
  }
  for (const [kind, weight] of RARER) drawn[kind] = dice.one(2) ? weight : 0;
  return drawn as Mix;
}

/** What clients do in half of the runs only. */
const RARER: readonly (readonly [kind: keyof Mix, weight: number])[] = [
  ["lease", 4],
  ["compact", 1],
  ["select", 2],
  ["nested", 1],
  ["hash", 1],
  ["lock", 2],
];

type Context = Readonly<{ dice: Dice; nodes: number; node: NodeOptions; chaosMs: number }>;

function drawFault(kind: FaultKind, context: Context): Fault {
  const { dice, nodes, node, chaosMs } = context;
  const atMs = dice.between(500, chaosMs - 500);
  const forMs = dice.pick([node.electionMs >> 1, node.electionMs, 3 * node.electionMs, 6000]);
  const when = { atMs, forMs };
  const number = dice.between(1, nodes);
  const target: Target = dice.one(2) ? "leader" : number;
  const other = 1 + (number % nodes);
  const restartAfterMs = dice.pick([0, 100, 1000, 5000]);
  switch (kind) {
    case "partition":
      return { kind, ...when, groups: drawGroups(dice, nodes) };
    case "isolate": {
      const direction: Direction = dice.pick(["both", "inbound", "outbound"]);
      return { kind, ...when, node: target, direction };
    }
    case "cut":
    case "clog":
      return { kind, ...when, from: number, to: other };
    case "crash": {
      const keep = dice.pick(["none", "some", "some", "all"] as const);
      const boundary = dice.pick([0, 1, 2, 3, 5, 8, 13, 21]);
      return { kind, atMs, node: target, keep, boundary, restartAfterMs };
    }
    case "disk_failure":
      return { kind, atMs, node: target, how: dice.pick(["full", "sync"]), restartAfterMs };
    case "slow_disk":
      return { kind, ...when, node: target, factor: dice.pick([10, 100]) };
    case "pause":
      return { kind, ...when, node: target, clock: dice.pick(["runs", "stops"]) };
    case "clock_drift":
      return { kind, ...when, node: target, ppm: dice.pick([50_000, 200_000, -200_000]) };
    case "clock_jump":
      return { kind, atMs, node: target, aheadMs: dice.pick([100, 2 * node.electionMs, 60_000]) };
    case "term_inflation": {
      const form: TermInflation["form"] = dice.pick(["isolated", "deaf", "surge"]);
      return { kind, ...when, node: target, form, elections: dice.between(1, 50) };
    }
    case "drop":
    case "duplicate":
    case "corrupt":
      return {
        kind,
        ...when,
        ratio: dice.pick([
          [1, 20],
          [1, 3],
          [9, 10],
        ] as const),
      };
    case "delay":
      return { kind, ...when, upToMs: dice.pick([20, 200, 2 * node.electionMs]) };
    case "rot":
      return { kind, atMs, node: target, how: "flip", nth: 0, restartAfterMs };
    case "stranger": {
      const frame = frameText({ ...dice.pick(CLAIMS), term: dice.pick(FAR_TERMS) });
      return { kind, atMs, node: target, as: other, frame };
    }
    case "stop":
      return { kind, atMs, node: target, restartAfterMs };
    case "restart":
      return { kind, atMs, node: number };
    case "heal":
      return { kind, atMs };
  }
}

/** There must be something to start: a node that would stay down until all heals. */
function downUntil({ atMs, node }: Extract<Fault, { kind: "restart" }>): Fault {
  const crash = { kind: "crash", keep: "some", boundary: 0, restartAfterMs: 60_000 } as const;
  return { ...crash, atMs: Math.max(0, atMs - 3000), node };
}

/** One leader after another is taken away as soon as it leads, so that logs end in entries which
 *  only a deposed leader has. */
function drawStorm(context: Context): readonly Fault[] {
  const { dice, node, chaosMs } = context;
  const everyMs = dice.pick([2, 3, 5]) * node.electionMs;
  const model = drawFault(dice.pick(["isolate", "isolate", "crash", "pause"] as const), context);
  const strikes = Math.floor(chaosMs / everyMs);
  return Array.from({ length: strikes }, (_, nth): Fault => {
    const atMs = nth * everyMs + dice.below(everyMs);
    return { ...model, atMs, node: "leader" } as Fault;
  });
}

/** Two sides, a bridge that both can reach, or everybody alone. */
function drawGroups(dice: Dice, nodes: number): readonly (readonly number[])[] {
  const numbers = Array.from({ length: nodes }, (_, at) => at + 1);
  if (dice.one(5)) return numbers.map((number) => [number]);
  const sides = numbers.map(() => dice.below(2));
  const bridge = dice.one(4) ? dice.between(1, nodes) : 0;
  return [0, 1].map((side) =>
    numbers.filter((number) => number !== bridge && sides[number - 1] === side),
  );
}
