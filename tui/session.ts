// Joins the three: a source that makes frames, the model that a person moves through, and the keys.
// It has no terminal and no clock; app.tsx gives it both, and tests give it neither.

import type { Frame } from "../sim/run/frame.ts";
import type { Act } from "./acts.ts";
import { FRAMES_KEPT, lastFrame, noteBeyond, upTo, type History } from "./history.ts";
import { actionOf } from "./keys.ts";
import {
  NORMAL_SPEED,
  createModel,
  isElection,
  isLive,
  paceOf,
  reduce,
  shownFrame,
  SPEEDS,
  type Command,
  type Event,
  type Model,
} from "./model.ts";
import type { Note } from "./notes.ts";
import type { Source } from "./sources.ts";
import { timeText } from "./words.ts";

export interface Session {
  readonly model: () => Model;
  /** False: the person wants to leave. */
  readonly press: (key: string) => boolean;
  /** So much time has passed before the screen. */
  readonly pass: (ms: number) => void;
  /** The command that shows this again, and where we stood. */
  readonly farewell: () => string;
}

export type SessionOptions = Readonly<{
  speed: number; // a place in SPEEDS
  slowMotion: boolean;
  framesKept: number;
  /** Frames made at one go: the screen must not wait for a fast run. */
  framesAtOnce: number;
  /** Frames searched for the next event before giving up. */
  framesAhead: number;
}>;

export const SESSION: SessionOptions = {
  speed: NORMAL_SPEED,
  slowMotion: true,
  framesKept: FRAMES_KEPT,
  framesAtOnce: 2000,
  framesAhead: 20_000,
};

/** A millisecond is a millisecond, whatever happens. */
export const REAL_TIME: SessionOptions = {
  ...SESSION,
  speed: SPEEDS.indexOf(1),
  slowMotion: false,
};

/** How long an answer stays on a running screen. */
const SAYING_MS = 6000;
const LOOKED_AT_ONCE = 200;

type Branch = Readonly<{ source: Source; history: History; position: number }>;

export function createSession(source: Source, options: SessionOptions = SESSION): Session {
  return new LiveSession(source, options);
}

class LiveSession implements Session {
  readonly #options: SessionOptions;
  readonly #branches: (Branch | null)[] = [null]; // null: the one on screen
  #source: Source;
  #model: Model;
  #saidForMs = 0;

  constructor(source: Source, options: SessionOptions) {
    const { framesKept, speed, slowMotion } = options;
    this.#options = options;
    this.#source = source;
    this.#model = { ...createModel(source.title, source.first, framesKept), speed, slowMotion };
  }

  model(): Model {
    return this.#model;
  }

  press(key: string): boolean {
    const action = actionOf(key);
    switch (action?.kind) {
      case "quit":
        return false;
      case "command":
        this.#command(action.command);
        return true;
      case "act":
        this.#act(action.act(this.#model.selected));
        return true;
      case "fork":
        if (isLive(this.#model)) this.#say("this is the live end; go back in time to fork");
        else if (this.#fork()) this.#say("a new branch begins here; b: to the others");
        return true;
      case "next_branch":
        this.#nextBranch();
        return true;
      case undefined:
        return true;
    }
  }

  pass(ms: number): void {
    if (!this.#model.running) return;
    this.#saidForMs += ms;
    if (this.#model.message !== "" && this.#saidForMs > SAYING_MS) this.#say("");
    const micros = ms * 1000 * paceOf(this.#model);
    const until = this.#model.now + micros;
    if (lastFrame(this.#model.history).time <= until && !this.#model.over) {
      this.#record((frame) => frame.time > until, this.#options.framesAtOnce);
    }
    this.#tell({ kind: "pass", micros });
  }

  farewell(): string {
    const frame = shownFrame(this.#model);
    const where = `${timeText(frame.time)}, event ${frame.step}`;
    const { title, command } = this.#source;
    return `detcd: left ${title} at ${where}. To see it again: ${command}`;
  }

  #tell(event: Event): void {
    this.#model = reduce(this.#model, event);
  }

  #say(text: string): void {
    this.#saidForMs = 0;
    this.#tell({ kind: "say", text });
  }

  #record(enough: (frame: Frame) => boolean, limit: number): void {
    const frames: Frame[] = [];
    let over = false;
    while (frames.length < limit) {
      const frame = this.#source.next();
      over = frame === null;
      if (frame === null) break;
      frames.push(frame);
      if (enough(frame)) break;
    }
    this.#tell({ kind: "frames", frames, over });
  }

  #command(order: Command): void {
    const { position, history } = this.#model;
    const isLast = position >= history.end - 1;
    if (order.kind === "step" && order.by > 0 && isLast) this.#record(() => true, 1);
    if (order.kind === "event" && order.by > 0) this.#lookAhead(() => true);
    if (order.kind === "election" && order.by > 0) this.#lookAhead(isElection);
    this.#tell({ kind: "command", command: order });
  }

  /** Run on until such a note is known, or for long enough. */
  #lookAhead(passes: (note: Note) => boolean): void {
    for (let left = this.#options.framesAhead; left > 0; left -= LOOKED_AT_ONCE) {
      const { history, position, over } = this.#model;
      if (over || noteBeyond(history, position, 1, passes) !== null) return;
      this.#record(() => false, Math.min(left, LOOKED_AT_ONCE));
    }
  }

  #act(order: Act): void {
    const isPast = !isLive(this.#model);
    const forked = isPast && this.#fork();
    // The simulator is one event ahead of a live screen: catch up, then act.
    this.#tell({ kind: "command", command: { kind: "end" } });
    const { text, frame } = this.#source.act(order);
    if (frame !== null) this.#tell({ kind: "frames", frames: [frame], over: this.#model.over });
    this.#tell({ kind: "command", command: { kind: "end" } });
    const where = forked ? " (a new branch)" : " (now: then is too far back)";
    this.#say(isPast ? text + where : text);
  }

  /** From the moment shown. What came later stays as another branch. */
  #fork(): boolean {
    const again = this.#source.rerun(shownFrame(this.#model));
    if (again === null) {
      this.#say("too far back: this moment cannot be computed again in a few seconds");
      return false;
    }
    const { history, position } = this.#model;
    this.#leave();
    this.#branches.push(null);
    this.#enter({ source: again, history: upTo(history, position), position });
    return true;
  }

  #nextBranch(): void {
    const count = this.#branches.length;
    if (count === 1) return this.#say("there is one branch only; f forks the run here");
    const next = (this.#model.branch + 1) % count;
    const branch = this.#branches[next] ?? null;
    if (branch === null) return undefined;
    this.#leave();
    this.#branches[next] = null;
    this.#enter(branch);
    return this.#say(`branch ${next + 1} of ${count}`);
  }

  #leave(): void {
    const { history, position, branch } = this.#model;
    this.#branches[branch] = { source: this.#source, history, position };
  }

  #enter({ source, history, position }: Branch): void {
    this.#source = source;
    const branch = this.#branches.indexOf(null);
    const branches = this.#branches.length;
    this.#tell({ kind: "branch", history, position, branch, branches });
  }
}
