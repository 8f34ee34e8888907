// Joins the three: a source that makes frames, the model that a person moves through, and the keys. It
// has no terminal and no clock; app.tsx gives it both, and tests give it neither.

import type { Frame } from "../sim/frame.ts";
import type { Act } from "./acts.ts";
import { frameAt, lastFrame, noteBeyond, upTo, type History } from "./history.ts";
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
  /** So much time has passed before the screen. True: something moved. */
  readonly pass: (ms: number) => boolean;
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
  framesKept: 200_000,
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

type Branch = Readonly<{ source: Source; history: History; position: number }>;

export function createSession(first: Source, options: SessionOptions = SESSION): Session {
  let source = first;
  let model: Model = {
    ...createModel(first.title, first.first, options.framesKept),
    speed: options.speed,
    slowMotion: options.slowMotion,
  };
  // The others; the one on screen is put back when it is left.
  const branches: (Branch | null)[] = [null];

  const tell = (event: Event): void => {
    model = reduce(model, event);
  };
  let saidForMs = 0;
  const say = (text: string): void => {
    saidForMs = 0;
    tell({ kind: "say", text });
  };

  const record = (enough: (frame: Frame) => boolean, limit: number): void => {
    const frames: Frame[] = [];
    let over = false;
    while (frames.length < limit) {
      const frame = source.next();
      over = frame === null;
      if (frame === null) break;
      frames.push(frame);
      if (enough(frame)) break;
    }
    tell({ kind: "frames", frames, over });
  };

  const pass = (ms: number): boolean => {
    if (!model.running) return false;
    saidForMs += ms;
    if (model.message !== "" && saidForMs > SAYING_MS) say("");
    const micros = ms * 1000 * paceOf(model);
    const until = model.now + micros;
    if (lastFrame(model.history).time <= until && !model.over) {
      record((frame) => frame.time > until, options.framesAtOnce);
    }
    tell({ kind: "pass", micros });
    return true;
  };

  const lookAhead = (passes: (note: Note) => boolean): void => {
    let left = options.framesAhead;
    const isKnown = (): boolean =>
      noteBeyond(model.history, model.position, 1, passes) !== null || model.over;
    while (left > 0 && !isKnown()) {
      record(() => false, Math.min(left, 200));
      left -= 200;
    }
  };

  const command = (order: Command): void => {
    const isLast = model.position >= model.history.end - 1;
    if (order.kind === "step" && order.by > 0 && isLast) record(() => true, 1);
    if (order.kind === "event" && order.by > 0) lookAhead(() => true);
    if (order.kind === "election" && order.by > 0) lookAhead(isElection);
    tell({ kind: "command", command: order });
  };

  const fork = (): boolean => {
    const again = source.rerun(shownFrame(model));
    if (again === null) {
      say("too far back: this moment cannot be computed again in a few seconds");
      return false;
    }
    branches[model.branch] = { source, history: model.history, position: model.position };
    branches.push(null);
    source = again;
    const history = upTo(model.history, model.position);
    const { position } = model;
    const branch = branches.length - 1;
    tell({ kind: "branch", history, position, branch, branches: branches.length });
    return true;
  };

  const nextBranch = (): void => {
    if (branches.length === 1) return say("there is one branch only; f forks the run here");
    branches[model.branch] = { source, history: model.history, position: model.position };
    const branch = (model.branch + 1) % branches.length;
    const to = branches[branch];
    if (to === null || to === undefined) return undefined;
    branches[branch] = null;
    source = to.source;
    const { history, position } = to;
    tell({ kind: "branch", history, position, branch, branches: branches.length });
    return say(`branch ${branch + 1} of ${branches.length}`);
  };

  const act = (order: Act): void => {
    const isPast = !isLive(model);
    const forked = isPast && fork();
    // The simulator is one event ahead of a live screen: catch up, then act.
    tell({ kind: "command", command: { kind: "end" } });
    const { text, frame } = source.act(order);
    if (frame !== null) tell({ kind: "frames", frames: [frame], over: model.over });
    tell({ kind: "command", command: { kind: "end" } });
    const where = forked ? " (a new branch)" : " (now: then is too far back)";
    say(isPast ? text + where : text);
  };

  const press = (key: string): boolean => {
    const action = actionOf(key);
    switch (action?.kind) {
      case "quit":
        return false;
      case "command":
        command(action.command);
        return true;
      case "act":
        act(action.act(model.selected));
        return true;
      case "fork":
        if (isLive(model)) say("this is the live end; go back in time to fork");
        else if (fork()) say(`a new branch begins here; b: to the others`);
        return true;
      case "next_branch":
        nextBranch();
        return true;
      case undefined:
        return true;
    }
  };

  const farewell = (): string => {
    const frame = frameAt(model.history, model.position);
    const where = `${timeText(frame.time)}, event ${frame.step}`;
    return `detcd: left ${model.title} at ${where}. To see it again: ${source.command}`;
  };

  return { model: () => model, press, pass, farewell };
}
