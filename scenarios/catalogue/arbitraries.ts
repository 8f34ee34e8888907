// Fault schedules as fast-check arbitraries: absolute times, small sizes, every number simpler when
// it is smaller. A failure therefore shrinks by deleting faults and by simplifying those that are
// left.

import fc from "fast-check";
import type {
  Direction,
  Fault,
  FaultKind,
  Target,
  TermInflation,
} from "../../sim/faults/faults.ts";
import type { SimOptions } from "../../sim/options/options.ts";
import { CLAIMS, FAR_TERMS, frameText } from "../../sim/cluster/stranger.ts";

export type Faults = fc.Arbitrary<readonly Fault[]>;
type One<K extends FaultKind = FaultKind> = fc.Arbitrary<Extract<Fault, { kind: K }>>;

/** When a schedule may begin to disturb: a cluster without a leader has nothing to lose. */
const FIRST_MS = 2000;
const GRAIN_MS = 50;

/** Up to `max` of these, in order of time. None at all is the simplest trouble. */
export function schedule(max: number, ...kinds: readonly fc.Arbitrary<Fault>[]): Faults {
  return scheduleOf(max, kinds);
}

export function scheduleOf(max: number, kinds: readonly fc.Arbitrary<Fault>[]): Faults {
  return fc
    .array(fc.oneof(...kinds), { maxLength: max, size: "max" })
    .map((faults) => faults.toSorted((a, b) => a.atMs - b.atMs));
}

/** Both schedules together. */
export function both(some: Faults, others: Faults): Faults {
  return fc.tuple(some, others).map((parts) => parts.flat().toSorted((a, b) => a.atMs - b.atMs));
}

export function at({ healAtMs }: SimOptions): fc.Arbitrary<number> {
  const last = Math.floor((healAtMs - 500) / GRAIN_MS);
  return fc.integer({ min: FIRST_MS / GRAIN_MS, max: last }).map((grains) => grains * GRAIN_MS);
}

export function lasting(minMs: number, maxMs: number): fc.Arbitrary<number> {
  const grains = { min: Math.ceil(minMs / GRAIN_MS), max: Math.floor(maxMs / GRAIN_MS) };
  return fc.integer(grains).map((number) => number * GRAIN_MS);
}

export function anyNode({ nodes }: SimOptions): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: nodes });
}

/** The leader half of the time: it is where most of the promises are made. */
export function anyTarget(options: SimOptions): fc.Arbitrary<Target> {
  return fc.oneof(fc.constant("leader" as const), anyNode(options));
}

export function isolate(
  options: SimOptions,
  target: fc.Arbitrary<Target>,
  directions: readonly Direction[],
  forMs: fc.Arbitrary<number>,
): One<"isolate"> {
  const direction = fc.constantFrom(...directions);
  return fc.record({ ...named("isolate"), atMs: at(options), forMs, node: target, direction });
}

/** Two sides; with `bridge`, one node that both sides reach. */
export function partition(options: SimOptions, forMs: fc.Arbitrary<number>): One<"partition"> {
  const sides = fc.array(fc.constantFrom("left", "right", "bridge", "left", "right"), {
    minLength: options.nodes,
    maxLength: options.nodes,
  });
  return fc.record({ atMs: at(options), forMs, sides }).map((drawn) => {
    const side = (name: string): readonly number[] =>
      drawn.sides.flatMap((own, place) => (own === name ? [place + 1] : []));
    const groups = [side("left"), side("right")].filter((group) => group.length > 0);
    return { kind: "partition", atMs: drawn.atMs, forMs: drawn.forMs, groups };
  });
}

export function link<K extends "cut" | "clog">(
  kind: K,
  options: SimOptions,
  forMs: fc.Arbitrary<number>,
): One<K> {
  const { nodes } = options;
  const from = anyNode(options);
  const away = fc.integer({ min: 1, max: Math.max(1, nodes - 1) });
  return fc.record({ atMs: at(options), forMs, from, away }).map((drawn) => {
    const to = 1 + ((drawn.from - 1 + drawn.away) % nodes);
    return { kind, atMs: drawn.atMs, forMs: drawn.forMs, from: drawn.from, to };
  }) as One<K>;
}

export function crash(
  options: SimOptions,
  target: fc.Arbitrary<Target>,
  keeps: readonly ("none" | "some" | "all")[],
  downMs: fc.Arbitrary<number>,
): One<"crash"> {
  return fc.record({
    ...named("crash"),
    atMs: at(options),
    node: target,
    keep: fc.constantFrom(...keeps),
    boundary: fc.integer({ min: 0, max: 20 }),
    restartAfterMs: downMs,
  });
}

export function failDisk(options: SimOptions, downMs: fc.Arbitrary<number>): One<"disk_failure"> {
  return fc.record({
    ...named("disk_failure"),
    atMs: at(options),
    node: anyTarget(options),
    how: fc.constantFrom("full" as const, "sync" as const),
    restartAfterMs: downMs,
  });
}

export function slowDisk(options: SimOptions, forMs: fc.Arbitrary<number>): One<"slow_disk"> {
  const factor = fc.constantFrom(10, 100, 1000);
  return fc.record({
    ...named("slow_disk"),
    atMs: at(options),
    forMs,
    node: anyTarget(options),
    factor,
  });
}

export function pause(options: SimOptions, forMs: fc.Arbitrary<number>): One<"pause"> {
  const clock = fc.constantFrom("runs" as const, "stops" as const);
  return fc.record({
    ...named("pause"),
    atMs: at(options),
    forMs,
    node: anyTarget(options),
    clock,
  });
}

export function drift(options: SimOptions, forMs: fc.Arbitrary<number>): One<"clock_drift"> {
  const ppm = fc.constantFrom(1000, 50_000, 200_000, -50_000, -200_000);
  return fc.record({
    ...named("clock_drift"),
    atMs: at(options),
    forMs,
    node: anyTarget(options),
    ppm,
  });
}

export function jump(options: SimOptions): One<"clock_jump"> {
  const aheadMs = fc.constantFrom(100, 1000, 5000, 60_000);
  return fc.record({
    ...named("clock_jump"),
    atMs: at(options),
    node: anyTarget(options),
    aheadMs,
  });
}

export function inflate(options: SimOptions, forMs: fc.Arbitrary<number>): One<"term_inflation"> {
  const form = fc.constantFrom<TermInflation["form"][]>("isolated", "deaf", "surge");
  const elections = fc.integer({ min: 1, max: 50 });
  const node = anyTarget(options);
  return fc.record({ ...named("term_inflation"), atMs: at(options), forMs, node, form, elections });
}

export function weather<K extends "drop" | "duplicate" | "corrupt">(
  kind: K,
  options: SimOptions,
  forMs: fc.Arbitrary<number>,
): One<K> {
  const ratio = fc.constantFrom([1, 20] as const, [1, 5] as const, [1, 2] as const);
  return fc.record({ ...named(kind), atMs: at(options), forMs, ratio }) as One<K>;
}

export function delay(options: SimOptions, forMs: fc.Arbitrary<number>): One<"delay"> {
  return fc.record({
    ...named("delay"),
    atMs: at(options),
    forMs,
    upToMs: fc.constantFrom(20, 200, 2000),
  });
}

export function rot(options: SimOptions, downMs: fc.Arbitrary<number>): One<"rot"> {
  return fc.record({
    ...named("rot"),
    atMs: at(options),
    node: anyTarget(options),
    how: fc.constantFrom("flip" as const, "lose" as const),
    nth: fc.integer({ min: 0, max: 30 }),
    restartAfterMs: downMs,
  });
}

/** A term that nobody came to by elections, in every kind of message whose sender's term counts. */
export function stranger(options: SimOptions): One<"stranger"> {
  const claim = fc.tuple(fc.constantFrom(...CLAIMS), fc.constantFrom(...FAR_TERMS));
  const frame = claim.map(([words, term]) => frameText({ ...words, term }));
  const [node, as] = [anyTarget(options), anyNode(options)];
  return fc.record({ ...named("stranger"), atMs: at(options), node, as, frame });
}

/** Any fault of one kind. */
export function anyFault(kind: FaultKind, options: SimOptions): fc.Arbitrary<Fault> {
  const forMs = lasting(100, 6000);
  const downMs = lasting(0, 5000);
  switch (kind) {
    case "partition":
      return partition(options, forMs);
    case "isolate":
      return isolate(options, anyTarget(options), ["both", "inbound", "outbound"], forMs);
    case "cut":
    case "clog":
      return link(kind, options, forMs);
    case "crash":
      return crash(options, anyTarget(options), ["all", "some", "none"], downMs);
    case "disk_failure":
      return failDisk(options, downMs);
    case "slow_disk":
      return slowDisk(options, forMs);
    case "pause":
      return pause(options, forMs);
    case "clock_drift":
      return drift(options, forMs);
    case "clock_jump":
      return jump(options);
    case "term_inflation":
      return inflate(options, forMs);
    case "drop":
    case "duplicate":
    case "corrupt":
      return weather(kind, options, forMs);
    case "delay":
      return delay(options, forMs);
    case "rot":
      return rot(options, downMs);
    case "stranger":
      return stranger(options);
    case "stop": {
      const place = { atMs: at(options), node: anyTarget(options) };
      return fc.record({ ...named(kind), ...place, restartAfterMs: downMs });
    }
    case "restart":
      return fc.record({ ...named(kind), atMs: at(options), node: anyNode(options) });
    case "heal":
      return fc.record({ ...named(kind), atMs: at(options) });
  }
}

function named<K extends FaultKind>(kind: K): Readonly<{ kind: fc.Arbitrary<K> }> {
  return { kind: fc.constant(kind) };
}
