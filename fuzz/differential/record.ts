// What was said in one sequence and what both answered, and whether the known differences explain
// where they differ.

import type { KnownDifference } from "./known/known-difference.ts";
import { showOutcome } from "./steps/outcome.ts";
import type { Outcome } from "./steps/outcome.ts";
import { show } from "./steps/show.ts";
import type { Pair } from "./pair.ts";
import type { Step } from "./steps/step.ts";
import { LEADER } from "./steps/symbols.ts";
import { showTold } from "./watches.ts";
import type { Story, Watches } from "./watches.ts";

/** What both said; `isSame` also where the difference is a known one. */
export type Line = Readonly<{ said: string; ours: string; theirs: string; isSame: boolean }>;

export class Ledger {
  readonly lines: Line[] = [];
  /** The known differences that were met. */
  readonly excuses: Set<string> = new Set();
  differs = false;
  readonly #known: readonly KnownDifference[];

  constructor(known: readonly KnownDifference[]) {
    this.#known = known;
  }

  compare(step: Step, outcomes: Pair<Outcome>): void {
    const excuse = this.excuseOf(step, outcomes);
    if (excuse !== null && excuse !== "") this.excuses.add(excuse);
    const { ours, theirs } = outcomes;
    this.note(describe(step), showOutcome(ours), showOutcome(theirs), excuse !== null);
  }

  /** The known difference between the two; "" where there is none, null where it is not known. */
  excuseOf(step: Step, { ours, theirs }: Pair<Outcome>): string | null {
    if (showOutcome(ours) === showOutcome(theirs) && ours.strange === "") return "";
    const answers = { step, ours, theirs };
    const known = this.#known.find((each) => each.kind === "answer" && each.explains(answers));
    return known?.name ?? null;
  }

  /** `compacted`: at which revisions the store was. */
  compareStories(stream: number, watches: Watches, compacted: ReadonlySet<number>): void {
    const { ours, theirs } = watches.stories;
    let told = ours;
    const tell = (story: Story): string => storyText(story, watches).join("\n");
    for (const known of this.#known) {
      if (known.kind !== "story" || tell(told) === tell(theirs)) continue;
      const older = known.older({ ours: told, theirs, compacted });
      if (tell(older) !== tell(told)) this.excuses.add(known.name);
      told = older;
    }
    const [own, other] = [storyText(told, watches), storyText(theirs, watches)];
    const lines = Math.max(own.length, other.length);
    for (let at = 0; at < lines; at++) {
      const [mine = "", its = ""] = [own[at], other[at]];
      this.note(`told on stream ${stream}`, mine, its, mine === its);
    }
  }

  /** What was done, and has no answer. */
  noteDone(step: Step, isDone = true): void {
    this.note(describe(step), "", "", isDone);
  }

  note(said: string, ours: string, theirs: string, isSame: boolean): void {
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
    case "half_close":
      return `stream ${step.stream} is half closed`;
    case "restart":
      return "all are killed and begin again";
    case "raw":
      return `${whence({ at: step.at, as: "" })}raw ${show(step.headers)} ${hex(step.body)}`;
    default:
      return `${whence(step)}${step.kind} ${show(step.message)}`;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function whence({ at, as }: Readonly<{ at: number; as: string }>): string {
  const asked = at === LEADER ? "at the leader: " : `at ${at}: `;
  return `${at === 0 ? "" : asked}${as === "" ? "" : `${as}: `}`;
}
