// One sequence of steps against two servers in lock step. After it both must have told the same to
// their watchers, and hold the same leases, and the same keys and the same hash at every revision
// that is left.

import { ERRORS } from "../../core/api/errors.ts";
import type { Bytes } from "../../core/contract.ts";
import { CODEC } from "../../net/wire/etcd-messages.ts";
import type { MessageName } from "../../net/wire/etcd-messages.ts";
import type { KnownDifference } from "./known-differences.ts";
import { outcomeOf, showOutcome } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import type { RawAnswer, RawClient } from "./raw-client.ts";
import { show } from "./show.ts";
import { CALLS, PASSWORDS, resolve, ROOT } from "./step.ts";
import type { CallStep, KeepAliveStep, Step, WatchStep } from "./step.ts";
import { until } from "./until.ts";
import { showTold, Watches } from "./watches.ts";
import type { Story } from "./watches.ts";

export type Servers = Readonly<{
  ours: readonly RawClient[];
  theirs: readonly RawClient[];
  /** Resolves when etcd has looked through history for every watch. */
  settled: () => Promise<void>;
  restart: () => Promise<void>;
}>;

/** What both said; `isSame` also where the difference is a known one. */
export type Line = Readonly<{ said: string; ours: string; theirs: string; isSame: boolean }>;

export type Report = Readonly<{
  lines: readonly Line[];
  differs: boolean;
  taken: number; // steps: none is taken after they differ
  excuses: ReadonlySet<string>; // the known differences that were met
  /** Both servers are empty and equal again. */
  isTidy: boolean;
}>;

/** What one side gave: the ids of leases that it chose, and the last token of each user. */
type Given = Readonly<{ chosen: bigint[]; tokens: Map<string, string> }>;

const WATCH = "/etcdserverpb.Watch/Watch";
const KEEP_ALIVE = "/etcdserverpb.Lease/LeaseKeepAlive";
const FENCE_KEY = "\u00ff\u00ff" as Bytes;
const EVERY_KEY = { key: "\0" as Bytes, rangeEnd: "\0" as Bytes };
/** How long a hash may change: etcd compacts in the background. */
const HASH_MS = 2000;

/** Both servers must be in the same state; they are again, if they could be made so. */
export async function duel(
  servers: Servers,
  steps: readonly Step[],
  known: readonly KnownDifference[],
): Promise<Report> {
  const run = new Duel(servers, known);
  await run.begin();
  let taken = 0;
  for (; taken < steps.length && !run.differs; taken++) await run.take(steps[taken] as Step);
  const seesAll = await run.becomeRoot();
  if (!run.differs) await run.compareWatches();
  if (!run.differs && seesAll) await run.compareStores();
  run.leave();
  const { lines, excuses, differs } = run;
  const report = { lines: [...lines], excuses: new Set(excuses), differs, taken };
  return { ...report, isTidy: await run.tidy() };
}

class Duel {
  readonly lines: Line[] = [];
  readonly excuses = new Set<string>();
  differs = false;
  readonly #servers: Servers;
  readonly #known: readonly KnownDifference[];
  readonly #given = { ours: nothingGiven(), theirs: nothingGiven() };
  readonly #streams = new Map<number, Watches>();
  readonly #compacted = new Set<number>();
  #base = 1;
  #self = ""; // as whom it asks for itself
  #isHasty = false;
  #namesUsers = false;

  constructor(servers: Servers, known: readonly KnownDifference[]) {
    this.#servers = servers;
    this.#known = known;
  }

  /** Revisions are counted from here on. */
  async begin(): Promise<void> {
    const step: Step = {
      kind: "range",
      at: 0,
      as: this.#self,
      message: { ...EVERY_KEY, countOnly: true },
    };
    const now = await this.#call(step);
    this.#base = revisionOf(now);
    this.#compacted.add(this.#base); // by whoever tidied up before
  }

  async take(step: Step): Promise<void> {
    if (step.kind === "watch") return this.#watch(step);
    if (step.kind === "keep_alive") return this.#keepAlive(step);
    if (step.kind === "leave") {
      this.#streams.get(step.stream)?.leave();
      this.#streams.delete(step.stream);
      return this.#note(describe(step), "", "", true);
    }
    if (step.kind === "restart") return this.#restart();
    if (/^(user|role|auth)/.test(step.kind)) this.#namesUsers = true;
    if (step.kind === "compact") await this.#calmDown();
    const { code } = await this.#call(step);
    if (step.kind === "auth_disable" && code === 0) this.leave(); // 3.4 knows no tokens then
    await this.#level();
  }

  /** Takes root's part where there are users, for only root may see everything. False: root
   *  cannot be had. */
  async becomeRoot(): Promise<boolean> {
    if (!this.#namesUsers) return true;
    this.#self = ROOT;
    for (const password of PASSWORDS) {
      const message = { name: ROOT, password };
      const { code, words } = await this.#call({ kind: "authenticate", at: 0, as: "", message });
      if (code === 0 || words === ERRORS.AuthNotEnabled.message) return true;
    }
    return false;
  }

  /** Without users again, if there are any. */
  async #forgetUsers(): Promise<boolean> {
    if (!this.#namesUsers) return true;
    const said = { at: 0, as: ROOT };
    if (!(await this.becomeRoot())) return false;
    await this.#call({ kind: "auth_disable", ...said, message: {} });
    const users = await this.#call({ kind: "user_list", ...said, message: {} });
    for (const name of (users.message?.["users"] ?? []) as readonly string[]) {
      await this.#call({ kind: "user_delete", ...said, message: { name } });
    }
    const roles = await this.#call({ kind: "role_list", ...said, message: {} });
    for (const role of (roles.message?.["roles"] ?? []) as readonly string[]) {
      await this.#call({ kind: "role_delete", ...said, message: { role } });
    }
    this.#self = "";
    return true;
  }

  async compareWatches(): Promise<void> {
    if (this.#streams.size === 0) return;
    await this.#servers.settled();
    for (const watches of this.#streams.values()) await watches.raiseFence(FENCE_KEY);
    await this.#call({ kind: "put", at: 0, as: this.#self, message: { key: FENCE_KEY } });
    for (const [number, watches] of this.#streams) {
      const isReached = await watches.reachFence();
      if (!isReached) this.#note(`stream ${number} ends in time`, "", "", false);
      this.#compareStories(number, watches);
    }
  }

  async compareStores(): Promise<void> {
    await this.#level();
    for (let at = 0; at < this.#servers.ours.length; at++) await this.#compareStore(at);
  }

  leave(): void {
    for (const watches of this.#streams.values()) watches.leave();
    this.#streams.clear();
    this.#isHasty = false;
  }

  /** Deletes everything on both. False: they are not equal any more. */
  async tidy(): Promise<boolean> {
    this.differs = false;
    if (!(await this.#forgetUsers())) return false;
    const { code, message } = await this.#call({
      kind: "leases",
      at: 0,
      as: this.#self,
      message: {},
    });
    if (code !== 0) return false;
    const leases = (message?.["leases"] ?? []) as readonly Readonly<{ id: bigint }>[];
    for (const { id } of leases) {
      await this.#call({ kind: "revoke", at: 0, as: this.#self, message: { id } });
    }
    // there is always something to delete, and with that something to compact
    await this.#call({ kind: "put", at: 0, as: this.#self, message: { key: FENCE_KEY } });
    const gone = await this.#call({ kind: "delete", at: 0, as: this.#self, message: EVERY_KEY });
    const revision = revisionOf(gone) - this.#base + 1;
    await this.#call({
      kind: "compact",
      at: 0,
      as: this.#self,
      message: { revision, physical: true },
    });
    await this.#level();
    return !this.differs;
  }

  async #compareStore(at: number): Promise<void> {
    const now = await this.#call({ kind: "hash", at, as: this.#self, message: {} });
    await this.#call({ kind: "leases", at, as: this.#self, message: {} });
    const count = revisionOf(now) - this.#base + 1;
    const revisions = Array.from({ length: count }, (_, index) => index + 1);
    await Promise.all(
      revisions.flatMap((revision) => [
        this.#call({ kind: "range", at, as: this.#self, message: { ...EVERY_KEY, revision } }),
        this.#call({ kind: "hash", at, as: this.#self, message: { revision } }),
      ]),
    );
  }

  async #call(step: CallStep): Promise<Outcome> {
    const { path, request, response } = CALLS[step.kind];
    const ask = (): Promise<readonly [Outcome, Outcome]> =>
      this.#both(step.at, response, async (client, { chosen, tokens }) => {
        const message = CODEC.encode<MessageName>(
          request,
          resolve(step.message, this.#base, chosen),
        );
        const answer = await client.call(path, message, tokens.get(step.as) ?? null);
        if (step.kind === "grant" && !step.message.id) chosen.push(...idsIn(answer));
        if (step.kind === "auth_disable" && answer.code === 0) tokens.clear();
        if (step.kind === "authenticate") keepToken(tokens, step.message.name ?? "", answer);
        return answer;
      });
    let [ours, theirs] = await ask();
    if (step.kind === "hash") {
      await until(async () => {
        if (this.#excuse(step, ours, theirs) !== null) return true;
        [ours, theirs] = await ask();
        return false;
      }, HASH_MS);
    }
    if (step.kind === "compact" && ours.code === 0) {
      this.#compacted.add(Number(resolve(step.message, this.#base, []).revision));
    }
    this.#compare(step, ours, theirs);
    return ours;
  }

  async #keepAlive(step: KeepAliveStep): Promise<void> {
    const name = "LeaseKeepAliveResponse";
    const [ours, theirs] = await this.#both(step.at, name, async (client, { chosen, tokens }) => {
      const stream = client.open(KEEP_ALIVE, tokens.get(step.as) ?? null);
      const message = resolve(step.message, this.#base, chosen);
      stream.say(CODEC.encode("LeaseKeepAliveRequest", message));
      await until(() => stream.heard.length > 0 || stream.end() !== null);
      stream.leave();
      const [bytes] = stream.heard;
      if (bytes !== undefined) return { code: 0, words: "", bytes };
      return stream.end() ?? { code: -1, words: "no answer", bytes: new Uint8Array(0) };
    });
    this.#compare(step, ours, theirs);
  }

  async #watch(step: WatchStep): Promise<void> {
    const { ours, theirs } = this.#clientsOf(step.stream);
    const tokenOf = ({ tokens }: Given): string | null => tokens.get(step.as) ?? null;
    const watches =
      this.#streams.get(step.stream) ??
      new Watches(
        ours.open(WATCH, tokenOf(this.#given.ours)),
        theirs.open(WATCH, tokenOf(this.#given.theirs)),
      );
    this.#streams.set(step.stream, watches);
    const message = resolve(step.message, this.#base, []);
    if (message.cancelRequest) await this.#calmDown();
    const isAnswered = await watches.say(message, step.isHasty);
    this.#note(describe(step), "", "", isAnswered);
    const start = message.createRequest?.startRevision ?? 0;
    if (start !== 0 && step.isHasty) this.#isHasty = true;
    if (start !== 0 && !step.isHasty) await this.#servers.settled();
  }

  async #restart(): Promise<void> {
    await this.compareWatches();
    this.leave();
    // etcd applies again what it refused since its last write to disk, and may find another answer:
    // a write, and a hash that flushes it, leave nothing to apply again
    await this.#call({ kind: "put", at: 0, as: this.#self, message: { key: FENCE_KEY } });
    await this.#level();
    for (let at = 0; at < this.#servers.ours.length; at++) {
      await this.#call({ kind: "hash", at, as: this.#self, message: {} });
    }
    await this.#servers.restart();
    this.#note(describe({ kind: "restart" }), "", "", true);
  }

  /** What a watch is still to be told when it ends, or when history does, is a matter of pace. */
  async #calmDown(): Promise<void> {
    if (this.#isHasty) await this.#servers.settled();
    this.#isHasty = false;
    for (const watches of this.#streams.values()) await watches.drain();
  }

  /** Resolves when all members have applied what one of them has answered. */
  async #level(): Promise<void> {
    const { ours, theirs } = this.#servers;
    if (ours.length === 1) return;
    const ask = CODEC.encode("RangeRequest", { key: FENCE_KEY });
    const { path } = CALLS.range;
    await Promise.all([...ours, ...theirs].map((client) => client.call(path, ask, null)));
  }

  #clientsOf(at: number): Readonly<{ ours: RawClient; theirs: RawClient }> {
    const { ours, theirs } = this.#servers;
    const number = at % ours.length;
    return { ours: ours[number] as RawClient, theirs: theirs[number] as RawClient };
  }

  async #both(
    at: number,
    name: MessageName,
    ask: (client: RawClient, given: Given) => Promise<RawAnswer>,
  ): Promise<readonly [ours: Outcome, theirs: Outcome]> {
    const { ours, theirs } = this.#clientsOf(at);
    const answers = await Promise.all([
      ask(ours, this.#given.ours),
      ask(theirs, this.#given.theirs),
    ]);
    return [
      outcomeOf(name, answers[0], this.#given.ours.chosen),
      outcomeOf(name, answers[1], this.#given.theirs.chosen),
    ];
  }

  #compare(step: CallStep | KeepAliveStep, ours: Outcome, theirs: Outcome): void {
    const excuse = this.#excuse(step, ours, theirs);
    if (excuse !== null && excuse !== "") this.excuses.add(excuse);
    this.#note(describe(step), showOutcome(ours), showOutcome(theirs), excuse !== null);
  }

  /** The known difference between the two; "" where there is none, null where it is not known. */
  #excuse(step: CallStep | KeepAliveStep, ours: Outcome, theirs: Outcome): string | null {
    if (showOutcome(ours) === showOutcome(theirs) && ours.strange === "") return "";
    const answers = { step, ours, theirs };
    const known = this.#known.find((each) => each.kind === "answer" && each.explains(answers));
    return known?.name ?? null;
  }

  #compareStories(stream: number, watches: Watches): void {
    const { ours, theirs } = watches.stories;
    let told = ours;
    const tell = (story: Story): string => storyText(story, watches).join("\n");
    for (const known of this.#known) {
      if (known.kind !== "story" || tell(told) === tell(theirs)) continue;
      const older = known.older({ ours: told, theirs, compacted: this.#compacted });
      if (tell(older) !== tell(told)) this.excuses.add(known.name);
      told = older;
    }
    const [own, other] = [storyText(told, watches), storyText(theirs, watches)];
    const lines = Math.max(own.length, other.length);
    for (let at = 0; at < lines; at++) {
      const [mine = "", its = ""] = [own[at], other[at]];
      this.#note(`told on stream ${stream}`, mine, its, mine === its);
    }
  }

  #note(said: string, ours: string, theirs: string, isSame: boolean): void {
    this.lines.push({ said, ours, theirs, isSame });
    if (!isSame) this.differs = true;
  }
}

function storyText(story: Story, watches: Watches): readonly string[] {
  return [
    `answers: ${story.controls.map(showTold).join(" ")}`,
    ...story.events.map((told, number) => `watch ${number}: ${watches.told(number, told)}`),
    `progress: ${story.progress.map(showTold).join(" ")}`,
    `strange: ${story.strange}`,
  ];
}

function describe(step: Step): string {
  switch (step.kind) {
    case "watch": {
      const stream = `stream ${step.stream}${step.isHasty ? " (hasty)" : ""}`;
      return `${whence({ at: 0, as: step.as })}${stream}: ${show(step.message)}`;
    }
    case "leave":
      return `stream ${step.stream} is left`;
    case "restart":
      return "all are killed and begin again";
    default:
      return `${whence(step)}${step.kind} ${show(step.message)}`;
  }
}

function whence({ at, as }: Readonly<{ at: number; as: string }>): string {
  return `${at === 0 ? "" : `at ${at}: `}${as === "" ? "" : `${as}: `}`;
}

function nothingGiven(): Given {
  return { chosen: [], tokens: new Map() };
}

function keepToken(tokens: Map<string, string>, name: string, { code, bytes }: RawAnswer): void {
  const granted = code === 0 ? CODEC.decode("AuthenticateResponse", bytes) : null;
  if (granted?.ok === true) tokens.set(name, granted.value.token);
}

/** The id of a lease that was granted. */
function idsIn({ code, bytes }: RawAnswer): readonly bigint[] {
  const granted = code === 0 ? CODEC.decode("LeaseGrantResponse", bytes) : null;
  return granted?.ok === true ? [BigInt(granted.value.id)] : [];
}

function revisionOf(outcome: Outcome): number {
  const { revision } = (outcome.message?.["header"] ?? {}) as { revision?: number };
  return revision ?? 0;
}
