// Every key in one table. It drives the keyboard, the help screen and the line of hints, so that
// none of them can promise what another does not do.

import type { Act } from "./acts.ts";
import type { Command } from "./model.ts";

export type Action = Readonly<
  | { kind: "command"; command: Command }
  | { kind: "act"; act: (selected: number) => Act }
  | { kind: "fork" } // from the moment shown, keep the rest as another branch
  | { kind: "next_branch" }
  | { kind: "quit" }
>;

export type Binding = Readonly<{
  label: string; // the keys, as people read them
  text: string; // what they do
  hint: string; // in a word, for the bottom line; empty: not there
  group: "time" | "view" | "selected node" | "network and all";
  presses: readonly Readonly<{ key: string; action: Action }>[];
}>;

/** What Ink says was pressed. */
export type Pressed = Readonly<
  Record<
    | "upArrow"
    | "downArrow"
    | "leftArrow"
    | "rightArrow"
    | "home"
    | "end"
    | "pageUp"
    | "pageDown"
    | "escape"
    | "ctrl",
    boolean
  >
>;

const ON_NODE = "selected node";
const ON_NETWORK = "network and all";

export const KEYS: readonly Binding[] = [
  line("time", "space", "run", "run or pause", [["space", show({ kind: "run" })]]),
  line("time", ", .", "step", "one event back, on", [
    [",", show({ kind: "step", by: -1 })],
    [".", show({ kind: "step", by: 1 })],
  ]),
  line("time", "[ ]", "election", "election before, after", [
    ["[", show({ kind: "election", by: -1 })],
    ["]", show({ kind: "election", by: 1 })],
  ]),
  line("time", "< >", "event", "event before, after", [
    ["<", show({ kind: "event", by: -1 })],
    [">", show({ kind: "event", by: 1 })],
  ]),
  line("time", "left right", "", "along the timeline", [
    ["left", show({ kind: "scrub", by: -1 })],
    ["right", show({ kind: "scrub", by: 1 })],
    ["pageup", show({ kind: "scrub", by: -10 })],
    ["pagedown", show({ kind: "scrub", by: 10 })],
  ]),
  line("time", "Home End", "", "the start, the live end", [
    ["home", show({ kind: "start" })],
    ["end", show({ kind: "end" })],
  ]),
  line("time", "- +", "speed", "slower, faster", [
    ["-", show({ kind: "speed", by: -1 })],
    ["+", show({ kind: "speed", by: 1 })],
    ["=", show({ kind: "speed", by: 1 })],
  ]),
  line("time", "s", "", "slow motion of elections", [["s", show({ kind: "slow_motion" })]]),
  line("time", "f", "", "fork: a new branch here", [["f", { kind: "fork" }]]),
  line("time", "b", "", "the next branch", [["b", { kind: "next_branch" }]]),
  line("view", "1-9 up dn", "", "select a node", [
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((node): [string, Action] => [
      String(node),
      show({ kind: "select", node }),
    ]),
    ["up", show({ kind: "select_next", by: -1 })],
    ["down", show({ kind: "select_next", by: 1 })],
  ]),
  line("view", "w", "why", "why, node by node", [["w", show({ kind: "pane", pane: "why" })]]),
  line("view", "e", "", "every single event", [["e", show({ kind: "pane", pane: "events" })]]),
  line("view", "?", "help", "this help", [["?", show({ kind: "pane", pane: "help" })]]),
  line("view", "Esc", "", "back to the cluster", [["escape", show({ kind: "back" })]]),
  line("view", "q", "quit", "quit", [
    ["q", { kind: "quit" }],
    ["ctrl-c", { kind: "quit" }],
  ]),
  line(ON_NODE, "c", "crash", "crash it", [["c", onNode((node) => ({ kind: "crash", node }))]]),
  line(ON_NODE, "r", "restart", "restart it", [
    ["r", onNode((node) => ({ kind: "restart", node }))],
  ]),
  line(ON_NODE, "p", "cut", "partition it", [
    ["p", onNode((node) => ({ kind: "isolate", node, direction: "both" }))],
  ]),
  line(ON_NODE, "o", "", "one-way: nobody hears it", [
    ["o", onNode((node) => ({ kind: "isolate", node, direction: "outbound" }))],
  ]),
  line(ON_NODE, "i", "", "one-way: it hears nobody", [
    ["i", onNode((node) => ({ kind: "isolate", node, direction: "inbound" }))],
  ]),
  line(ON_NODE, "t", "timer", "its timer fires now", [
    ["t", onNode((node) => ({ kind: "fire", node }))],
  ]),
  line(ON_NODE, "T", "", "inflate its term", [
    ["T", onNode((node) => ({ kind: "inflate", node }))],
  ]),
  line(ON_NODE, "z", "", "freeze it", [["z", onNode((node) => ({ kind: "freeze", node }))]]),
  line(ON_NETWORK, "x", "", "split, in unequal halves", [["x", onNode(() => ({ kind: "split" }))]]),
  line(ON_NETWORK, "l", "", "lose half of it, for 3 s", [["l", onNode(() => ({ kind: "lossy" }))]]),
  line(ON_NETWORK, "h", "heal", "heal everything", [["h", onNode(() => ({ kind: "heal" }))]]),
];

const ACTIONS: ReadonlyMap<string, Action> = new Map(
  KEYS.flatMap(({ presses }) => presses.map(({ key, action }) => [key, action])),
);

export function actionOf(key: string): Action | null {
  return ACTIONS.get(key) ?? null;
}

/** The names of the keys in one report of the terminal. Keys struck fast come together; what is
 *  longer is pasted text, and nobody wants a cluster to obey that. */
export function keyNames(input: string, pressed: Pressed): readonly string[] {
  const special = specialName(pressed);
  if (special !== null) return [special];
  if (pressed.ctrl) return [`ctrl-${input}`];
  if (input.length > FAST_TYPING) return [];
  return input.split("").map((key) => (key === " " ? "space" : key));
}

const FAST_TYPING = 6;

function specialName(pressed: Pressed): string | null {
  if (pressed.upArrow) return "up";
  if (pressed.downArrow) return "down";
  if (pressed.leftArrow) return "left";
  if (pressed.rightArrow) return "right";
  if (pressed.home) return "home";
  if (pressed.end) return "end";
  if (pressed.pageUp) return "pageup";
  if (pressed.pageDown) return "pagedown";
  return pressed.escape ? "escape" : null;
}

function line(
  group: Binding["group"],
  label: string,
  hint: string,
  text: string,
  presses: readonly (readonly [key: string, action: Action])[],
): Binding {
  return { label, text, hint, group, presses: presses.map(([key, action]) => ({ key, action })) };
}

function show(command: Command): Action {
  return { kind: "command", command };
}

function onNode(act: (selected: number) => Act): Action {
  return { kind: "act", act };
}
