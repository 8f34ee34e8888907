// One follower in the leader's eyes, and every way in which that changes.
//
//              rejected, unreachable                 needs what is compacted
//   replicate ───────────────────────►  probe  ───────────────────────────► snapshot
//       ▲                                │ ▲                                  │  │
//       └────────── accepted ────────────┘ └───── sent, or failed ────────────┘  │
//       └────────────────────────── accepted (the image is in) ──────────────────┘
//
// probe: one append at a time, to find where the logs agree. replicate: a window of appends, each
// sent as if those before had arrived. snapshot: nothing, while an image is under way.

import type { Index, NodeId } from "../contract.ts";
import { assert, assertNever } from "../lib/assert.ts";

/** Invariant: match < next. Entries between the two are on their way. */
export type Progress = Readonly<{
  id: NodeId;
  mode: "probe" | "replicate" | "snapshot";
  match: Index; // the last entry known to be on the follower's disk
  next: Index; // the first entry to send next
  commitSent: Index; // the highest commit index that it was told and can use: below `next`
  active: boolean; // heard from since the last quorum check
  paused: boolean; // an append is out, and no heartbeat has been answered since
  inFlight: readonly Index[]; // replicate: the last index of each append not yet answered
  pendingSnapshot: Index; // snapshot: the index being sent, else 0
}>;

const ZERO = 0 as Index;

export function createProgress(id: NodeId, next: Index): Progress {
  return {
    id,
    mode: "probe",
    match: ZERO,
    next,
    commitSent: ZERO,
    active: false,
    paused: false,
    inFlight: [],
    pendingSnapshot: ZERO,
  };
}

/** The leader's own: it holds what its disk holds. */
export function ownProgress(id: NodeId, durableIndex: Index, lastIndex: Index): Progress {
  return {
    ...createProgress(id, (lastIndex + 1) as Index),
    mode: "replicate",
    match: durableIndex,
    active: true,
  };
}

/** Is there anything to say to this follower now? In replicate mode an append without entries goes
 *  out only for a new commit index, or once per heartbeat while entries are unanswered: all of
 *  them may have been lost. */
export function shouldSend(
  progress: Progress,
  lastIndex: Index,
  commit: Index,
  window: number,
): boolean {
  switch (progress.mode) {
    case "probe":
      return !progress.paused;
    case "replicate":
      if (progress.commitSent < Math.min(commit, progress.next - 1)) return true;
      if (progress.match >= lastIndex) return false;
      return !progress.paused || hasRoom(progress, lastIndex, window);
    case "snapshot":
      return false;
    default:
      return assertNever(progress.mode);
  }
}

/** May the next append carry entries? */
export function hasRoom(progress: Progress, lastIndex: Index, window: number): boolean {
  if (progress.next > lastIndex) return false;
  return progress.mode === "probe" || progress.inFlight.length < window;
}

/** An append with this many entries has left. */
export function sent(progress: Progress, entries: number, commit: Index): Progress {
  const optimistic = progress.mode === "replicate" && entries > 0;
  const next = (optimistic ? progress.next + entries : progress.next) as Index;
  return {
    ...progress,
    next,
    inFlight: optimistic ? [...progress.inFlight, (next - 1) as Index] : progress.inFlight,
    commitSent: Math.min(Math.max(progress.commitSent, commit), next - 1) as Index,
    paused: true,
  };
}

/** It holds everything up to `index`. Null: that is no news. */
export function accepted(progress: Progress, index: Index, compactedIndex: Index): Progress | null {
  const news = index > progress.match;
  if (!news && !(progress.mode === "probe" && index === progress.match)) return null;
  const match = index;
  const next = Math.max(progress.next, match + 1) as Index;
  const told = { ...progress, match, next };
  switch (progress.mode) {
    case "probe":
      return enter(told, "replicate", (match + 1) as Index);
    case "replicate":
      return { ...told, inFlight: progress.inFlight.filter((last) => last > index) };
    case "snapshot":
      // Whatever image it took, its log can be continued from ours again.
      return match >= compactedIndex ? enter(told, "replicate", (match + 1) as Index) : told;
    default:
      return assertNever(progress.mode);
  }
}

/** It refused an append behind `index`; the logs may agree at `hint`. Null: the answer is stale. */
export function rejected(progress: Progress, index: Index, hint: Index): Progress | null {
  if (index <= progress.match) return null; // to probe there again would be refused at once, again
  switch (progress.mode) {
    case "probe": {
      if (index !== progress.next - 1) return null;
      const lower = Math.min(index, hint + 1);
      return enter(progress, "probe", Math.max(lower, progress.match + 1) as Index);
    }
    case "replicate":
      return enter(progress, "probe", (progress.match + 1) as Index);
    case "snapshot":
      return null;
    default:
      return assertNever(progress.mode);
  }
}

/** Any answer proves that it is there; one to a heartbeat also that a lost append is not coming. */
export function heard(progress: Progress, resume: boolean): Progress {
  const paused = progress.paused && !resume;
  if (progress.active && progress.paused === paused) return progress;
  return { ...progress, active: true, paused };
}

/** Messages to it are being lost: do not run ahead. */
export function unreachable(progress: Progress): Progress {
  if (progress.mode !== "replicate") return progress;
  return enter(progress, "probe", (progress.match + 1) as Index);
}

/** It needs entries that only an image of the state still holds. */
export function needsSnapshot(progress: Progress, index: Index): Progress {
  assert(progress.mode !== "snapshot", "an image is under way already");
  assert(index > progress.match, `an image at ${index} is no news (match ${progress.match})`);
  return { ...enter(progress, "snapshot", progress.next), pendingSnapshot: index };
}

/** It needs an image, but has not been heard for long: first see whether it is there. */
export function awaitAnswer(progress: Progress): Progress {
  return { ...enter(progress, "probe", (progress.match + 1) as Index), paused: true };
}

/** The image has left, or could not be sent. Either way wait for a heartbeat's answer before the
 *  next append: the image takes time to install, and a failure should not be repeated at once. */
export function snapshotSent(progress: Progress, ok: boolean): Progress {
  if (progress.mode !== "snapshot") return progress;
  const from = ok ? Math.max(progress.match, progress.pendingSnapshot) : progress.match;
  return { ...enter(progress, "probe", (from + 1) as Index), paused: true };
}

function enter(progress: Progress, mode: Progress["mode"], next: Index): Progress {
  assert(next > progress.match, `next ${next} is not behind match ${progress.match}`);
  return {
    ...progress,
    mode,
    next,
    commitSent: Math.min(progress.commitSent, next - 1) as Index,
    paused: false,
    inFlight: [],
    pendingSnapshot: ZERO,
  };
}
