// What may go wrong, as data: each fault says when it begins and how long it lasts. A schedule is
// made before the run and never during it, so that a failure shrinks by deleting lines of it.

import type { Harm } from "../world/kv.ts";
import type { StrangerFault } from "../cluster/stranger.ts";
import { strangerText } from "../cluster/stranger.ts";

/** A node by its number, or whoever leads when the fault begins (nobody: the lowest node that is
 *  up). */
export type Target = number | "leader";

export type Fault = Readonly<
  | { kind: "partition"; atMs: number; forMs: number; groups: readonly (readonly number[])[] }
  | { kind: "isolate"; atMs: number; forMs: number; node: Target; direction: Direction }
  | { kind: "cut"; atMs: number; forMs: number; from: number; to: number } // one way only
  | { kind: "clog"; atMs: number; forMs: number; from: number; to: number } // then all at once
  | CrashFault
  | {
      kind: "disk_failure";
      atMs: number;
      node: Target;
      how: "full" | "sync";
      restartAfterMs: number;
    }
  | { kind: "slow_disk"; atMs: number; forMs: number; node: Target; factor: number }
  | { kind: "pause"; atMs: number; forMs: number; node: Target; clock: "runs" | "stops" }
  | { kind: "clock_drift"; atMs: number; forMs: number; node: Target; ppm: number }
  | { kind: "clock_jump"; atMs: number; node: Target; aheadMs: number } // forward: it is monotonic
  | TermInflation
  | { kind: "drop"; atMs: number; forMs: number; ratio: readonly [number, number] }
  | { kind: "duplicate"; atMs: number; forMs: number; ratio: readonly [number, number] }
  | { kind: "corrupt"; atMs: number; forMs: number; ratio: readonly [number, number] } // one bit
  | { kind: "delay"; atMs: number; forMs: number; upToMs: number } // every message, each by its own
  | RotFault
  | StrangerFault
  | { kind: "stop"; atMs: number; node: Target; restartAfterMs: number } // as upon a signal
  | { kind: "restart"; atMs: number; node: number } // a crashed node, before its time
  | { kind: "heal"; atMs: number } // all that lasts ends now, and crashed nodes start
>;
export type FaultKind = Fault["kind"];

export type Direction = "both" | "inbound" | "outbound"; // which messages of the node are lost

/** `keep`: what becomes of writes not yet synced. `boundary`: 0, at the time itself; n, just before
 *  the node's n-th effect from that time on, in the middle of a step's list. */
export type CrashFault = Readonly<{
  kind: "crash";
  atMs: number;
  node: Target;
  keep: "none" | "some" | "all";
  boundary: number;
  restartAfterMs: number;
}>;

/** The store of a node is silently harmed, in its `nth` newest row. `lose`: nothing is told of rows
 *  that a running process knows, so it goes down first, and comes back. */
export type RotFault = Readonly<{
  kind: "rot";
  atMs: number;
  node: Target;
  how: Harm;
  nth: number;
  restartAfterMs: number; // lose only
}>;

/** A node that drives terms up and then disturbs a healthy majority. `isolated`: it hears and is
 *  heard by nobody for a while. `deaf`: it hears nobody, but everybody hears it. `surge`:
 *  isolated, and its clock leaps through `elections` election timeouts, so that it comes back with
 *  a term far above the others'. */
export type TermInflation = Readonly<{
  kind: "term_inflation";
  atMs: number;
  forMs: number;
  node: Target;
  form: "isolated" | "deaf" | "surge";
  elections: number; // surge only
}>;

export const FAULT_KINDS: readonly FaultKind[] = [
  "partition",
  "isolate",
  "cut",
  "clog",
  "crash",
  "disk_failure",
  "slow_disk",
  "pause",
  "clock_drift",
  "clock_jump",
  "term_inflation",
  "drop",
  "duplicate",
  "corrupt",
  "delay",
  "stop",
  "restart",
  "heal",
  "rot",
  "stranger",
];

/** One fault in a sentence without its end mark. */
export function describe(fault: Fault): string {
  const span = `at ${seconds(fault.atMs)}`;
  const until = "forMs" in fault ? `${span} for ${seconds(fault.forMs)}` : span;
  switch (fault.kind) {
    case "partition":
      return `${until}: the network splits into ${groupsText(fault.groups)}`;
    case "isolate":
      return `${until}: ${who(fault.node)} loses its ${LOST[fault.direction]}`;
    case "cut":
      return `${until}: messages from ${fault.from} to ${fault.to} are lost`;
    case "clog":
      return `${until}: messages from ${fault.from} to ${fault.to} wait, then come all at once`;
    case "crash":
      return `${span}: ${who(fault.node)} ${crashText(fault)}`;
    case "disk_failure":
      return `${span}: the disk of ${who(fault.node)} ${diskText(fault)}`;
    case "slow_disk":
      return `${until}: the disk of ${who(fault.node)} is ${fault.factor} times slower`;
    case "pause":
      return `${until}: ${who(fault.node)} is paused; its clock ${fault.clock}`;
    case "clock_drift":
      return `${until}: the clock of ${who(fault.node)} drifts by ${fault.ppm} ppm`;
    case "clock_jump":
      return `${span}: the clock of ${who(fault.node)} leaps ahead by ${seconds(fault.aheadMs)}`;
    case "term_inflation":
      return `${until}: ${who(fault.node)} ${inflationText(fault)}`;
    case "drop":
      return `${until}: ${fault.ratio.join(" of ")} messages are lost`;
    case "duplicate":
      return `${until}: ${fault.ratio.join(" of ")} messages arrive twice`;
    case "corrupt":
      return `${until}: ${fault.ratio.join(" of ")} messages arrive with a wrong bit`;
    case "delay":
      return `${until}: every message takes up to ${seconds(fault.upToMs)} more`;
    case "rot":
      return `${span}: the store of ${who(fault.node)} ${rotText(fault)}`;
    case "stranger":
      return `${span}: ${who(fault.node)} hears ${strangerText(fault)}`;
    case "stop":
      return `${span}: ${who(fault.node)} is stopped, and starts again later`;
    case "restart":
      return `${span}: node ${fault.node} starts again`;
    case "heal":
      return `${span}: everything heals`;
  }
}

const LOST: Readonly<Record<Direction, string>> = {
  both: "links in both directions",
  inbound: "inbound links",
  outbound: "outbound links",
};

function inflationText({ form, elections }: TermInflation): string {
  if (form === "isolated") return "campaigns alone, heard by nobody";
  if (form === "deaf") return "hears nobody, campaigns, and everybody hears it";
  return `leaps through ${elections} election timeouts alone`;
}

function groupsText(groups: readonly (readonly number[])[]): string {
  return groups.map((group) => group.join(",")).join(" | ");
}

function crashText({ boundary, keep, restartAfterMs }: CrashFault): string {
  const when = boundary === 0 ? "" : ` before its effect number ${boundary} from then on`;
  const back = `restarts after ${seconds(restartAfterMs)}`;
  return `crashes${when}, keeps ${keep} of its unsynced writes, and ${back}`;
}

function diskText({ how, restartAfterMs }: Extract<Fault, { kind: "disk_failure" }>): string {
  const what = how === "full" ? "is full" : "fails to sync";
  return `${what}; it restarts after ${seconds(restartAfterMs)}`;
}

function rotText({ how, nth, restartAfterMs }: RotFault): string {
  const row = `the value written ${nth + 1} before the end`;
  if (how === "flip") return `has a wrong bit in ${row}`;
  return `loses ${row} while it is down; it restarts after ${seconds(restartAfterMs)}`;
}

function who(node: Target): string {
  return node === "leader" ? "the leader" : `node ${node}`;
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
