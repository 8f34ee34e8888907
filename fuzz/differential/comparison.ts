// One sequence of steps against two servers in lock step. After it both must have told the same to
// their watchers, and hold the same leases, and the same keys and the same hash at every revision
// that is left.

import { pause } from "../../server/live/testing.ts";
import { CODEC } from "../../net/wire/messages/etcd-messages.ts";
import { resolve } from "./steps/bindings.ts";
import type { KnownDifference } from "./known/known-difference.ts";
import { isLasting, Lasting } from "./long-calls.ts";
import { Ledger } from "./record.ts";
import type { Line } from "./record.ts";
import { endOutcome } from "./steps/outcome.ts";
import type { Outcome } from "./steps/outcome.ts";
import type { Servers } from "./pair.ts";
import { Sides } from "./pair.ts";
import type { CallStep, KeepAliveStep, RawStep, Step, WatchStep } from "./steps/step.ts";
import { EVERY_KEY, FENCE_KEY, Tidying } from "./steps/tidying.ts";
import { until } from "./until.ts";
import { Watches } from "./watches.ts";

export type Report = Readonly<{
  lines: readonly Line[];
  differs: boolean;
  taken: number; // steps: none is taken after they differ
  excuses: ReadonlySet<string>; // the known differences that were met
  /** Both servers are empty and equal again. */
  isTidy: boolean;
}>;

const WATCH = "/etcdserverpb.Watch/Watch";
const KEEP_ALIVE = "/etcdserverpb.Lease/LeaseKeepAlive";
/** How long what differs is asked again, where time may make it the same: a hash may change while
 *  etcd compacts in the background. */
const AGAIN_MS = 2000;
const SECOND_MS = 1200; // and a little more
/** Streams that are half closed are kept under the numbers from here on. */
const HALF_CLOSED = 1000;

/** Both servers must be in the same state; they are again, if they could be made so. */
export async function comparison(
  servers: Servers,
  steps: readonly Step[],
  known: readonly KnownDifference[],
): Promise<Report> {
  const run = new Comparison(servers, known);
  await run.begin();
  let taken = 0;
  for (; taken < steps.length && !run.differs; taken++) await run.take(steps[taken] as Step);
  const seesAll = await run.tidying.becomeRoot();
  await run.tidying.disarm();
  if (!run.differs) await run.endLasting();
  if (!run.differs) await run.compareWatches();
  if (!run.differs && seesAll) await run.compareStores();
  run.leave();
  const { lines, excuses, differs } = run.ledger;
  const report = { lines: [...lines], excuses: new Set(excuses), differs, taken };
  return { ...report, isTidy: await run.tidy() };
}

class Comparison {
  readonly ledger: Ledger;
  readonly tidying: Tidying;
  readonly #sides: Sides;
  readonly #lasting: Lasting;
  readonly #streams = new Map<number, Watches>();
  readonly #compacted = new Set<number>();
  #isHasty = false;
  #addedAt = 0; // when a member last was

  constructor(servers: Servers, known: readonly KnownDifference[]) {
    this.ledger = new Ledger(known);
    this.#sides = new Sides(servers);
    this.#lasting = new Lasting(this.#sides, this.ledger);
    this.tidying = new Tidying(this.#sides, (step) => this.#call(step));
  }

  get differs(): boolean {
    return this.ledger.differs;
  }

  /** Revisions are counted from here on. */
  async begin(): Promise<void> {
    const now = await this.#ask("range", { ...EVERY_KEY, countOnly: true });
    this.#sides.base = revisionOf(now);
    this.#compacted.add(this.#sides.base); // by whoever tidied up before
    await this.#sides.meet();
  }

  async take(step: Step): Promise<void> {
    await this.#takeOne(step);
    await this.#lasting.rest();
  }

  async #takeOne(step: Step): Promise<void> {
    switch (step.kind) {
      case "watch":
        return this.#watch(step);
      case "keep_alive":
        return this.#keepAlive(step);
      case "raw":
        return this.#raw(step);
      case "restart":
        return this.#restart();
      case "half_close":
        return this.#halfClose(step.stream);
      case "leave":
        this.#streams.get(step.stream)?.leave();
        this.#streams.delete(step.stream);
        return this.ledger.noteDone(step);
      case "compact":
        await this.#calmDown();
        break;
      case "member_remove":
        await this.#sides.servers.acquainted();
        break;
      case "member_add": // the next id is another one (sides.ts, strangeUrl)
        await pause(Math.max(0, this.#addedAt + SECOND_MS - Date.now()));
        await this.#sides.servers.acquainted();
        this.#addedAt = Date.now();
        break;
      default:
    }
    this.tidying.note(step);
    if (isLasting(step)) return this.#lasting.begin(step);
    const { code } = await this.#call(step);
    if (step.kind === "auth_disable" && code === 0) this.leave(); // 3.4 knows no tokens then
    await this.#level();
  }

  /** Whoever waits for a lock waits no more when no key is left. */
  async endLasting(): Promise<void> {
    if (this.#lasting.isWaiting) await this.#ask("delete", EVERY_KEY);
    await this.#lasting.rest();
    this.#lasting.leave();
  }

  async compareWatches(): Promise<void> {
    if (this.#streams.size === 0) return;
    await this.#sides.servers.settled();
    for (const [number, watches] of this.#streams) {
      if (number < HALF_CLOSED) await watches.raiseFence(FENCE_KEY);
    }
    await this.#ask("put", { key: FENCE_KEY });
    for (const [number, watches] of this.#streams) {
      const isReached = await watches.reachFence();
      if (!isReached) this.ledger.note(`stream ${number} ends in time`, "", "", false);
      this.ledger.compareStories(number, watches, this.#compacted);
    }
  }

  async compareStores(): Promise<void> {
    await this.#level();
    for (let at = 0; at < this.#sides.members; at++) await this.#compareStore(at);
  }

  leave(): void {
    this.#lasting.leave();
    for (const watches of this.#streams.values()) watches.leave();
    this.#streams.clear();
    this.#isHasty = false;
  }

  /** Deletes everything on both. False: they are not equal any more. */
  async tidy(): Promise<boolean> {
    this.ledger.differs = false;
    const isEmpty = await this.tidying.empty();
    await this.#level();
    return isEmpty && !this.differs;
  }

  async #compareStore(at: number): Promise<void> {
    const now = await this.#ask("hash", {}, at);
    await this.#ask("leases", {}, at);
    const count = revisionOf(now) - this.#sides.base + 1;
    const revisions = Array.from({ length: count }, (_, index) => index + 1);
    await Promise.all(
      revisions.flatMap((revision) => [
        this.#ask("range", { ...EVERY_KEY, revision }, at),
        this.#ask("hash", { revision }, at),
      ]),
    );
  }

  /** As whoever tidies up. */
  #ask<C extends CallStep["kind"]>(
    kind: C,
    message: Extract<CallStep, { kind: C }>["message"],
    at = 0,
  ): Promise<Outcome> {
    return this.#call({ kind, at, as: this.tidying.self, message } as CallStep);
  }

  async #call(step: CallStep): Promise<Outcome> {
    let outcomes = await this.#sides.call(step);
    const isExcused = (): boolean => this.ledger.excuseOf(step, outcomes) !== null;
    if (step.kind === "hash" && !isExcused()) {
      await until(async () => {
        outcomes = await this.#sides.call(step);
        return isExcused();
      }, AGAIN_MS);
    }
    if (step.kind === "compact" && outcomes.ours.code === 0) {
      const { revision } = resolve(step.message, this.#sides.base, this.#sides.given.ours);
      this.#compacted.add(Number(revision));
    }
    this.ledger.compare(step, outcomes);
    return outcomes.ours;
  }

  async #keepAlive(step: KeepAliveStep): Promise<void> {
    const streams = await this.#sides.open(step.at, KEEP_ALIVE, step.as);
    const { base, given } = this.#sides;
    for (const side of ["ours", "theirs"] as const) {
      const message = resolve(step.message, base, given[side]);
      streams[side].say(CODEC.encode("LeaseKeepAliveRequest", message));
      streams[side].halfClose();
    }
    await until(() => streams.ours.end() !== null && streams.theirs.end() !== null);
    for (const number of [0, 1]) {
      const outcome = (side: keyof typeof streams): Outcome =>
        endOutcome("LeaseKeepAliveResponse", streams[side], number, given[side]);
      this.ledger.compare(step, { ours: outcome("ours"), theirs: outcome("theirs") });
    }
  }

  async #raw(step: RawStep): Promise<void> {
    let outcomes = await this.#sides.raw(step);
    const isExcused = (): boolean => this.ledger.excuseOf(step, outcomes) !== null;
    const isOpen = ({ ours, theirs }: typeof outcomes): boolean =>
      [ours, theirs].some(({ words }) => words.startsWith("open"));
    if (isOpen(outcomes) && !isExcused()) {
      await until(async () => {
        outcomes = await this.#sides.raw(step); // the other one may only have been slow
        return isExcused();
      }, AGAIN_MS);
    }
    this.ledger.compare(step, outcomes);
    await this.#level();
  }

  async #watch(step: WatchStep): Promise<void> {
    const watches = await this.#streamOf(step.stream, step.as);
    const { base, given, servers } = this.#sides;
    const message = resolve(step.message, base, given.ours);
    if (message.cancelRequest) await this.#calmDown();
    const isAnswered = await watches.say(message, step.isHasty);
    this.ledger.noteDone(step, isAnswered);
    const start = message.createRequest?.startRevision ?? 0;
    if (start !== 0 && step.isHasty) this.#isHasty = true;
    if (start !== 0 && !step.isHasty) await servers.settled();
  }

  /** A fence can be raised only before. */
  async #halfClose(stream: number): Promise<void> {
    const isNew = !this.#streams.has(stream);
    const watches = await this.#streamOf(stream, "");
    if (!isNew) {
      await this.#calmDown();
      await watches.raiseFence(FENCE_KEY);
    }
    await watches.halfClose();
    this.#streams.delete(stream);
    this.#streams.set(HALF_CLOSED + this.#streams.size, watches);
    this.ledger.noteDone({ kind: "half_close", stream });
  }

  async #streamOf(number: number, as: string): Promise<Watches> {
    const known = this.#streams.get(number);
    if (known !== undefined) return known;
    const { ours, theirs } = await this.#sides.open(number, WATCH, as);
    const watches = new Watches(ours, theirs);
    this.#streams.set(number, watches);
    return watches;
  }

  async #restart(): Promise<void> {
    await this.tidying.disarm();
    await this.endLasting();
    await this.compareWatches();
    this.leave();
    // etcd applies again what it refused since its last write to disk, and may find another answer:
    // a write, and a hash that flushes it, leave nothing to apply again
    await this.#ask("put", { key: FENCE_KEY });
    await this.#level();
    for (let at = 0; at < this.#sides.members; at++) await this.#ask("hash", {}, at);
    await this.#sides.servers.restart();
    this.ledger.noteDone({ kind: "restart" });
  }

  /** What a watch is still to be told when it ends, or when history does, is a matter of pace. */
  async #calmDown(): Promise<void> {
    if (this.#isHasty) await this.#sides.servers.settled();
    this.#isHasty = false;
    for (const watches of this.#streams.values()) await watches.drain();
  }

  /** Resolves when all members have applied what one of them has answered. */
  async #level(): Promise<void> {
    if (this.#sides.members > 1) await this.#sides.level({ key: FENCE_KEY });
  }
}

/** At which an answer was given. */
function revisionOf(outcome: Outcome): number {
  const { revision } = (outcome.message?.["header"] ?? {}) as { revision?: number };
  return revision ?? 0;
}
