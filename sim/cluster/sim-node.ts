// One node of a simulated cluster and its lives: it boots from what its disk and store hold, takes
// inputs one at a time, and what it asks for is performed here, each effect a place where it may
// crash.

import type { Config } from "../../core/config.ts";
import type { Boot, Effect, Input, Performer, Step, StepFunction } from "../../core/contract.ts";
import { must } from "../../core/lib/assert.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { NodeClock } from "../world/clock.ts";
import type { Keep } from "../world/disk-crash.ts";
import type { DiskFailureKind, SimDisk } from "../world/disk.ts";
import type { RotFault } from "../faults/faults.ts";
import type { Micros, NodeFrame } from "../run/frame.ts";
import type { Moment, StepMoment } from "../invariants/ghost.ts";
import { appendedEntries } from "../invariants/ghost.ts";
import type { SimKv } from "../world/kv.ts";
import type { CpuOptions } from "./load.ts";
import { loadOf, timeOf } from "./load.ts";
import { NodeDevices } from "./node-devices.ts";
import type { Fates } from "../world/random.ts";
import { firstDifference } from "../invariants/double-step.ts";
import type { Ratio } from "../options/options.ts";
import { workOnPassword } from "./passwords.ts";
import type { World } from "../world/world.ts";

/** The product, as the simulator knows it. */
export type Core = Readonly<{ boot: Boot; step: StepFunction }>;

export type EffectOf<K extends Effect["kind"]> = Extract<Effect, { kind: K }>;

/** What leaves a node, and what others want to know of it. */
export type Surroundings = Readonly<{
  world: World;
  fates: Fates;
  core: Core;
  tickMs: number;
  twice: boolean;
  commitMicros: Micros;
  cpu: CpuOptions;
  crowd: Ratio; // of the work on passwords
  peers: (node: SimNode, effect: EffectOf<"peers">) => void;
  send: (node: SimNode, effect: EffectOf<"peer.send">) => void;
  sendSnapshot: (node: SimNode, effect: EffectOf<"snapshot.send">) => void;
  part: (node: SimNode, effect: EffectOf<"call.part">) => void;
  reply: (node: SimNode, effect: EffectOf<"call.reply">) => void;
  push: (node: SimNode, effect: EffectOf<"call.push">) => void;
  end: (node: SimNode, effect: EffectOf<"call.end">) => void;
  begins: (node: SimNode, input: Input | null) => void; // a step, or a boot
  taken: (node: SimNode, taken: Taken) => void;
  crashed: (node: SimNode, report: Readonly<{ lost: number; torn: number }>) => void;
  witness: (moment: Moment) => void;
  broken: (oracle: string, message: string, node: number) => void;
}>;

/** A step, or a boot when there is no input. */
export type Taken = Readonly<{ input: Input | null; effects: readonly Effect[] }>;

type Stepped = Omit<StepMoment, "kind" | "node" | "timeMs" | "appended">;

/** How long others may take until long work goes on. */
const RESUME_MICROS_MAX = 2000;

type Work = Readonly<{ endsAt: Micros; end: () => void }>;
type CrashPlan = { keep: Keep; restartAfterMs: number; effectsLeft: number };

export class SimNode {
  readonly number: number;
  #config: Config;
  readonly clock: NodeClock;
  readonly disk: SimDisk;
  readonly kv: SimKv;
  readonly #around: Surroundings;
  #isEnlisted: boolean; // it is somebody's process: else there is nothing to boot
  #isRetired = false; // it was removed, and does not come back
  #isRefused = false; // it found that its store differs from others', and does not come back
  #isAdmitted = true;
  #status: NodeFrame["status"] = "crashed";
  #since: Micros = 0;
  #state: NodeState | null = null;
  #before: NodeState | null = null; // the state that the last step found
  #life = 0; // boots so far
  #passwords = 0; // worked on so far
  #yields = 0; // to be resumed from, of all lives
  #inbox: Input[] = []; // what came while it was paused, or at work
  #work: Work | null = null; // a step that takes its time
  #crashPlan: CrashPlan | null = null;
  readonly #devices: NodeDevices;
  readonly #performer: Performer = {
    "peer.send": (effect) => this.#around.send(this, effect),
    peers: (effect) => this.#around.peers(this, effect),
    disk: (effect) => this.#devices.write(effect),
    kv: (effect) => this.#devices.store(effect),
    "call.part": (effect) => this.#around.part(this, effect),
    "call.reply": (effect) => this.#around.reply(this, effect),
    "call.push": (effect) => this.#around.push(this, effect),
    "call.end": (effect) => this.#around.end(this, effect),
    password: (effect) => this.#workOnPassword(effect),
    "snapshot.send": (effect) => this.#around.sendSnapshot(this, effect),
    "snapshot.install": (effect) => this.#devices.install(effect.meta),
    "backup.read": (effect) => this.#devices.backup(effect),
    "backup.close": (effect) => this.#devices.closeBackup(effect.call),
    defragment: () => this.#devices.defragment(),
    yield: () => this.#letOthers(),
    admission: ({ refusal }) => (refusal === null ? this.#admit() : this.#refuse()),
    trace: () => {}, // told with the step
  };

  constructor(
    number: number,
    config: Config,
    parts: Readonly<{ clock: NodeClock; disk: SimDisk; kv: SimKv }>,
    around: Surroundings,
    isEnlisted: boolean,
  ) {
    this.number = number;
    this.#config = config;
    this.#isEnlisted = isEnlisted;
    this.clock = parts.clock;
    this.disk = parts.disk;
    this.kv = parts.kv;
    this.#around = around;
    this.#devices = new NodeDevices({
      node: number,
      disk: parts.disk,
      kv: parts.kv,
      world: around.world,
      fates: around.fates,
      commitMicros: around.commitMicros,
      witness: around.witness,
      take: (input) => this.take(input),
      failed: (restartAfterMs) => this.#crash("some", restartAfterMs),
    });
  }

  get config(): Config {
    return this.#config;
  }

  get isEnlisted(): boolean {
    return this.#isEnlisted;
  }

  get isRetired(): boolean {
    return this.#isRetired;
  }

  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Clients reach it. */
  get isServing(): boolean {
    return this.#status !== "crashed" && this.#isAdmitted;
  }

  get life(): number {
    return this.#life;
  }

  get status(): NodeFrame["status"] {
    return this.#status;
  }

  /** When it is down, the last one. */
  get state(): NodeState | null {
    return this.#state;
  }

  get before(): NodeState | null {
    return this.#before;
  }

  frame(): NodeFrame {
    const { number, config } = this;
    return {
      id: config.node,
      number,
      status: this.#status,
      since: this.#since,
      state: this.#state,
    };
  }

  /** Its first process starts, as this member. */
  enlist(config: Config): void {
    this.#config = config;
    this.#isEnlisted = true;
    this.boot();
  }

  /** It stops for good. */
  retire(): void {
    this.#isRetired = true;
    if (this.#status !== "crashed") this.#crash("all", 0);
  }

  /** False: it runs already, or has nothing to run. */
  boot(): boolean {
    if (this.#status !== "crashed" || !this.#isEnlisted) return false;
    if (this.#isRetired || this.#isRefused) return false;
    const { world, fates, core } = this.#around;
    this.#life += 1;
    this.#isAdmitted = !this.config.limits.checks.atStart;
    this.#become("up");
    this.#devices.renew();
    const seed = fates.bits64("boot", this.number, this.#life);
    const now = this.clock.read(world.now);
    this.#around.begins(this, null);
    const read = this.kv.rowsRead;
    const booted = core.boot(this.config, seed, now, this.disk, this.kv.reader);
    if (!booted.ok) {
      this.#around.broken("boot", booted.error, this.number);
      return true;
    }
    const [state, effects] = booted.value;
    this.#before = state;
    this.#state = state;
    this.#around.taken(this, { input: null, effects });
    this.#around.witness({ kind: "booted", node: this.number, state, effects });
    this.#perform(effects);
    const takes = timeOf(loadOf(this.kv.rowsRead - read, effects), this.#around.cpu);
    this.#workFor(takes, () => {});
    this.#tickFrom(fates.below(this.#around.tickMs * 1000, "phase", this.number, this.#life));
    return true;
  }

  take(input: Input): void {
    if (this.#status === "crashed") return;
    if (this.#status === "up" && this.#work === null) return this.#begin(input);
    const isMissed = input.kind === "tick" && (this.#status === "paused" || this.#isTickDue());
    if (!isMissed) this.#inbox.push(input);
  }

  /** The step is taken at once; a long one shows, and comes to something, when its time is over. */
  #begin(input: Input): void {
    const { cpu } = this.#around;
    const before = must(this.#state, "a running node has a state");
    this.#around.begins(this, input);
    const read = this.kv.rowsRead;
    const [state, effects] = this.#step(before, input);
    const load = loadOf(this.kv.rowsRead - read, effects);
    const end = (): void => this.#end({ input, before, state, effects, load });
    const takes = timeOf(load, cpu);
    if (takes === 0) return end();
    this.#workFor(takes, () => {
      this.#around.begins(this, input);
      end();
    });
  }

  #end({ input, before, state, effects, load }: Stepped): void {
    this.#before = before;
    this.#state = state;
    this.#around.taken(this, { input, effects });
    const appended = appendedEntries(before.raft.log, state.raft.log);
    const timeMs = this.#around.world.now / 1000;
    const { number: node } = this;
    this.#around.witness({
      kind: "stepped",
      node,
      timeMs,
      input,
      before,
      state,
      effects,
      appended,
      load,
    });
    this.#perform(effects);
  }

  #workFor(takes: Micros, end: () => void): void {
    if (this.#status !== "up" || takes === 0) return;
    const { world } = this.#around;
    const work: Work = { endsAt: world.now + takes, end };
    this.#work = work;
    world.after(takes, () => {
      if (this.#work === work) this.#goOn();
    });
  }

  /** What is done shows, and what waited is taken, unless it waits on. */
  #goOn(): void {
    const { world } = this.#around;
    if (this.#status !== "up" || (this.#work !== null && this.#work.endsAt > world.now)) return;
    const work = this.#work;
    this.#work = null;
    work?.end();
    while (this.#status === "up" && this.#work === null) {
      const next = this.#inbox.shift();
      if (next === undefined) return;
      this.#begin(next.kind === "tick" ? { ...next, now: this.clock.read(world.now) } : next);
    }
  }

  /** A timer that was due more than once while nobody looked fires once. */
  #isTickDue(): boolean {
    return this.#inbox.some(({ kind }) => kind === "tick");
  }

  /** Down at once, or just before its `boundary`-th effect from now on. */
  planCrash(keep: Keep, boundary: number, restartAfterMs: number): boolean {
    if (this.#status === "crashed") return false;
    if (boundary === 0) this.#crash(keep, restartAfterMs);
    else this.#crashPlan = { keep, restartAfterMs, effectsLeft: boundary };
    return true;
  }

  /** The next disk effect fails, which a node does not survive. */
  failDisk(how: DiskFailureKind, restartAfterMs: number): boolean {
    if (this.#status === "crashed") return false;
    this.#devices.planFailure({ how, restartAfterMs });
    return true;
  }

  /** Its store is not any more what it was, and nobody tells it. */
  rot({ how, nth, restartAfterMs }: RotFault): boolean {
    if (how === "lose" && this.#status !== "crashed") this.#crash("all", restartAfterMs);
    if (!this.kv.harm(how, nth)) return false;
    this.#around.witness({ kind: "harmed", node: this.number });
    return true;
  }

  pause(stopClock: boolean): boolean {
    if (this.#status !== "up") return false;
    this.#become("paused");
    if (stopClock) this.clock.stop(this.#around.world.now);
    return true;
  }

  resume(): void {
    this.clock.go(this.#around.world.now);
    if (this.#status !== "paused") return;
    this.#become("up");
    this.#goOn();
  }

  /** Nothing bad is planned any more, and nothing lasts. */
  forgive(): void {
    this.#crashPlan = null;
    this.#devices.forgive();
    this.resume();
  }

  #step(before: NodeState, input: Input): Step {
    const { core, twice } = this.#around;
    const first = core.step(before, input, this.kv.reader);
    if (!twice) return first;
    const read = this.kv.rowsRead;
    const difference = firstDifference(first, core.step(before, input, this.kv.reader));
    this.kv.rowsRead = read;
    if (difference !== null) {
      const message = `two equal steps differ upon ${input.kind}, in ${difference}`;
      this.#around.broken("determinism", message, this.number);
    }
    return first;
  }

  #perform(effects: readonly Effect[]): void {
    const life = this.#life;
    for (const effect of effects) {
      if (effect.kind === "trace") continue;
      const plan = this.#crashPlan;
      if (plan !== null && --plan.effectsLeft === 0) this.#crash(plan.keep, plan.restartAfterMs);
      if (this.#life !== life || this.#status === "crashed") return;
      this.#performer[effect.kind](effect as never);
    }
  }

  #workOnPassword({ call, work }: EffectOf<"password">): void {
    const life = this.#life;
    const who = { node: this.number, life, call, nth: ++this.#passwords };
    const { fates, crowd } = this.#around;
    const { takes, answer } = workOnPassword(fates, work, crowd, who);
    this.#around.world.after(takes, () => {
      if (this.#life === life) this.take({ kind: "password.done", call, answer });
    });
  }

  /** Whatever comes meanwhile is before it. */
  #letOthers(): void {
    const { world, fates } = this.#around;
    const life = this.#life;
    const takes = fates.below(RESUME_MICROS_MAX, "resume", this.number, life, ++this.#yields);
    world.after(takes, () => {
      if (this.#life === life) this.take({ kind: "resume" });
    });
  }

  #admit(): void {
    this.#isAdmitted = true;
  }

  #refuse(): void {
    this.#isRefused = true;
    this.#crash("all", 0);
  }

  #crash(keep: Keep, restartAfterMs: number): void {
    const { world, crashed, witness } = this.#around;
    this.#become("crashed");
    this.clock.go(world.now);
    this.#crashPlan = null;
    this.#inbox = [];
    this.#work = null;
    const report = this.#devices.crash(keep);
    witness({ kind: "crashed", node: this.number });
    crashed(this, report);
    const life = this.#life;
    world.after(restartAfterMs * 1000, () => {
      if (this.#life === life) this.boot();
    });
  }

  #tickFrom(after: Micros): void {
    const life = this.#life;
    const { world, tickMs } = this.#around;
    const tick = (): void => {
      if (this.#life !== life || this.#status === "crashed") return;
      world.after(tickMs * 1000, tick);
      this.take({ kind: "tick", now: this.clock.read(world.now) });
    };
    world.after(after, tick);
  }

  #become(status: NodeFrame["status"]): void {
    this.#status = status;
    this.#since = this.#around.world.now;
  }
}
