// What watching clients want to watch: keys, options and where to begin. The n-th wish of a watcher
// is a function of the seed, the watcher, n, and of the highest revision that it has heard of.

import type { WatchAsk } from "../../core/api/request.ts";
import { watchOf } from "../../core/api/testing.ts";
import type { Micros } from "../run/frame.ts";
import type { Fates } from "../world/random.ts";

export type Wish = Extract<WatchAsk, { kind: "create" }>;

/** Questions about the n-th thing that a watcher does. */
export type Draw = (limit: number, what: string) => number;

/** Everything that clients write lies under this prefix. */
export const ALL_KEYS: Readonly<{ key: string; end: string }> = { key: "k", end: "l" };

export function drawOf(fates: Fates, watcher: number, nth: number): Draw {
  return (limit, what) => fates.below(limit, "watcher", watcher, nth, what);
}

export function chooseWish(draw: Draw, keys: number, known: number): Wish {
  const key = `k${draw(keys, "key")}`;
  const forms = [ALL_KEYS, ALL_KEYS, { key, end: "" }, { key, end: "\0" }, { key: "", end: "\0" }];
  const form = forms[draw(forms.length, "form")] ?? ALL_KEYS;
  return watchOf(form.key, form.end, {
    startRevision: chooseStart(draw, known),
    progressNotify: draw(3, "progress") === 0,
    noPut: draw(8, "no put") === 0,
    noDelete: draw(8, "no delete") === 0,
    prevKv: draw(2, "prev") === 0,
    fragment: draw(2, "fragment") === 0,
    watchId: draw(6, "own id") === 0 ? BigInt(1 + draw(3, "id")) : 0n,
  });
}

/** The watch of a client that keeps a copy of all keys. */
export function wishOfCopy(draw: Draw, revision: number): Wish {
  return watchOf(ALL_KEYS.key, ALL_KEYS.end, {
    startRevision: revision + 1,
    progressNotify: true,
    fragment: draw(2, "fragment") === 0,
  });
}

/** Most clients read at once; a few are so slow that watches fall behind. */
export function chooseDawdle(draw: Draw): Micros {
  return [0, 0, 0, 50_000, 400_000][draw(5, "dawdle")] ?? 0;
}

/** What comes next, what has been, all there ever was, or what is not there yet. */
function chooseStart(draw: Draw, known: number): number {
  switch (draw(6, "start")) {
    case 0:
    case 1:
      return 0;
    case 2:
      return 1;
    case 3:
      return known + 1 + draw(8, "ahead");
    default:
      return Math.max(1, known - draw(12, "back"));
  }
}
