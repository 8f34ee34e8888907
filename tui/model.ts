// What the person sees and where they stand in the run, as a pure reducer. It knows no terminal, no
// simulator and no clock of the wall: the session (session.ts) tells it how much time has passed.

import type { Frame, Micros } from "../sim/run/frame.ts";
import { isDecisive } from "./cluster.ts";
import {
  append,
  clamp,
  createHistory,
  frameAt,
  lastFrame,
  noteBeyond,
  positionAt,
  type History,
} from "./history.ts";
import type { Note } from "./notes.ts";

export type Pane = "cluster" | "why" | "events" | "help";

export type Model = Readonly<{
  title: string; // which run this is
  history: History;
  position: number; // of the frame on screen
  now: Micros; // the moment on screen: that frame's, or later but before the next one
  running: boolean;
  speed: number; // a place in SPEEDS
  slowMotion: boolean; // elections pass slowly by themselves
  selected: number; // a node, by number
  pane: Pane;
  message: string; // the answer to the last key
  over: boolean; // the run has no more events
  branch: number; // which of the branches, from 0
  branches: number;
}>;

export type Command = Readonly<
  | { kind: "run" }
  | { kind: "speed"; by: 1 | -1 }
  | { kind: "slow_motion" }
  | { kind: "step"; by: 1 | -1 }
  | { kind: "event"; by: 1 | -1 }
  | { kind: "election"; by: 1 | -1 }
  | { kind: "scrub"; by: number } // in parts of the timeline
  | { kind: "start" }
  | { kind: "end" }
  | { kind: "select"; node: number }
  | { kind: "select_next"; by: 1 | -1 }
  | { kind: "pane"; pane: Pane }
  | { kind: "back" }
>;

export type Event = Readonly<
  | { kind: "command"; command: Command }
  | { kind: "frames"; frames: readonly Frame[]; over: boolean }
  | { kind: "pass"; micros: Micros } // of the run's time
  | { kind: "say"; text: string }
  | { kind: "branch"; history: History; position: number; branch: number; branches: number }
>;

/** How much of a second of the run passes in a second before the screen. */
export const SPEEDS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20,
] as const;
export const NORMAL_SPEED = 6;
/** No faster than this while votes travel: an election of 30 ms becomes a second to watch. */
const SLOW_MOTION: number = 1 / 40;
const TIMELINE_PARTS = 60;

export function createModel(title: string, frame: Frame, limit?: number): Model {
  return {
    title,
    history: createHistory(frame, limit),
    position: 0,
    now: frame.time,
    running: true,
    speed: NORMAL_SPEED,
    slowMotion: true,
    selected: 1,
    pane: "cluster",
    message: "",
    over: false,
    branch: 0,
    branches: 1,
  };
}

export function reduce(model: Model, event: Event): Model {
  switch (event.kind) {
    case "command":
      return obey({ ...model, message: "" }, event.command);
    case "frames": {
      const history = append(model.history, event.frames);
      const grown = { ...model, history, over: event.over };
      // What was on screen may have been dropped.
      return model.position < history.first ? jump(grown, history.first) : grown;
    }
    case "pass": {
      const end = lastFrame(model.history).time;
      return moveTo(model, Math.min(model.now + event.micros, Math.max(end, model.now)));
    }
    case "say":
      return { ...model, message: event.text };
    case "branch": {
      const { history, branch, branches } = event;
      return jump({ ...model, history, branch, branches, over: false }, event.position);
    }
  }
}

export function shownFrame(model: Model): Frame {
  return frameAt(model.history, model.position);
}

/** Nothing newer is known, but for the one frame that is needed to know when it comes. */
export function isLive(model: Model): boolean {
  return model.position >= model.history.end - 2;
}

/** Seconds of the run in a second, here and now. */
export function paceOf(model: Model): number {
  return isSlowed(model) ? SLOW_MOTION : fullPace(model);
}

export function isSlowed(model: Model): boolean {
  const pace = fullPace(model);
  return model.slowMotion && pace > SLOW_MOTION && pace <= 1 && isDecisive(shownFrame(model));
}

function fullPace(model: Model): number {
  return SPEEDS[model.speed] ?? 1;
}

export function isElection(note: Note): boolean {
  return note.kind === "election" || note.kind === "leader";
}

function obey(model: Model, command: Command): Model {
  const { history, position } = model;
  switch (command.kind) {
    case "run":
      return { ...model, running: !model.running };
    case "speed": {
      const speed = Math.max(0, Math.min(SPEEDS.length - 1, model.speed + command.by));
      return { ...model, speed };
    }
    case "slow_motion": {
      const slowMotion = !model.slowMotion;
      const text = slowMotion ? "elections pass in slow motion" : "elections pass at full speed";
      return { ...model, slowMotion, message: text };
    }
    case "step":
      return jump({ ...model, running: false }, position + command.by);
    case "event":
      return toNote(
        model,
        noteBeyond(history, position, command.by, () => true),
        command.by,
      );
    case "election":
      return toNote(model, noteBeyond(history, position, command.by, isElection), command.by);
    case "scrub":
      return scrub({ ...model, running: false }, command.by);
    case "start":
      return jump({ ...model, running: false }, history.first);
    case "end":
      return jump(model, history.end - 1);
    case "select":
      return select(model, command.node);
    case "select_next":
      return select(model, model.selected + command.by);
    case "pane":
      return { ...model, pane: model.pane === command.pane ? "cluster" : command.pane };
    case "back":
      return { ...model, pane: "cluster" };
  }
}

function jump(model: Model, position: number): Model {
  const at = clamp(model.history, position);
  return { ...model, position: at, now: frameAt(model.history, at).time };
}

function moveTo(model: Model, now: Micros): Model {
  return { ...model, now, position: positionAt(model.history, now) };
}

function toNote(model: Model, note: Note | null, by: 1 | -1): Model {
  const stopped = { ...model, running: false };
  if (note !== null) return jump(stopped, note.position);
  return { ...stopped, message: by < 0 ? "there is none before this" : "there is none after this" };
}

function scrub(model: Model, by: number): Model {
  const first = frameAt(model.history, model.history.first).time;
  const part = Math.max(1, (lastFrame(model.history).time - first) / TIMELINE_PARTS);
  const target = positionAt(model.history, Math.round(model.now + by * part));
  // A part may be shorter than the distance to the next frame: an arrow always moves.
  const least = model.position + Math.sign(by);
  return jump(model, by > 0 ? Math.max(target, least) : Math.min(target, least));
}

function select(model: Model, node: number): Model {
  const count = shownFrame(model).nodes.length;
  return { ...model, selected: Math.max(1, Math.min(count, node)) };
}
