// What a start says of flags that do what they say, where that is not all that there is to know.

import { parseDuration } from "./values.ts";
import { notice, type Notice, type Settings } from "./settings.ts";
import type { Flags } from "./table.ts";

const LEAST_PROGRESS_MS = 100;

export function warningsAbout(flags: Flags, settings: Settings): readonly Notice[] {
  return [...ofProgress(settings), ...ofForce(flags), ...ofSyncs(flags)];
}

/** In etcd's words. 0 means the usual, and is not adjusted. */
function ofProgress(settings: Settings): readonly Notice[] {
  const given = parseDuration(settings.get("watch-progress-notify-interval")?.text ?? "0s");
  if (!given.ok || given.value <= 0 || given.value >= LEAST_PROGRESS_MS) return [];
  return [
    notice("adjusting watch progress notify interval to minimum period", {
      "min-watch-progress-notify-interval": `${LEAST_PROGRESS_MS}ms`,
    }),
  ];
}

function ofForce(flags: Flags): readonly Notice[] {
  if (!flags["force-new-cluster"]) return [];
  return [
    notice("all other members are removed: start without this flag from now on", {
      flag: "--force-new-cluster",
    }),
  ];
}

function ofSyncs(flags: Flags): readonly Notice[] {
  if (!flags["unsafe-no-fsync"]) return [];
  return [
    notice("nothing is synced: what was acknowledged may be lost when the machine stops", {
      flag: "--unsafe-no-fsync",
    }),
  ];
}
