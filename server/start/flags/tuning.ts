// How much and how often: etcd's group "Features", with the switches of single features that have
// become gates since; and what may lose data: etcd's group "Unsafe feature".

import { accepted, booleanFlag, flag, promoted, refused, renamed, type TableOf } from "./flag.ts";
import {
  parseBatch,
  parseCountOr,
  parseDuration,
  parseDurationOr,
  parseInterval,
  parseUnsigned,
} from "./values.ts";

export type TuningFlags = Readonly<{
  "corrupt-check-time": number;
  "compact-hash-check-time": number;
  "compaction-batch-limit": number;
  "compaction-sleep-interval": number;
  "watch-progress-notify-interval": number;
  "warning-apply-duration": number;
  "bootstrap-defrag-threshold-megabytes": number;
  "max-learners": number;
  "downgrade-check-time": number;
  "snapshot-catchup-entries": number;
  "experimental-initial-corrupt-check": boolean;
  "compact-hash-check-enabled": boolean;
  "experimental-enable-lease-checkpoint": boolean;
  "experimental-enable-lease-checkpoint-persist": boolean;
  "experimental-stop-grpc-service-on-defrag": boolean;
  "experimental-txn-mode-write-with-shared-buffer": boolean;
}>;

export const TUNING: TableOf<TuningFlags> = {
  "corrupt-check-time": promoted(
    "corrupt-check-time",
    flag(
      "0s",
      parseInterval,
      "Time between two comparisons of all members' hashes, as the leader makes them (0: none).",
    ),
  ),
  "compact-hash-check-time": promoted(
    "compact-hash-check-time",
    flag("1m0s", parseInterval, "Time between two comparisons of the hashes of compactions."),
  ),
  "compaction-batch-limit": promoted(
    "compaction-batch-limit",
    flag(
      "1000",
      parseBatch,
      "Most rows that one piece of a compaction looks at (at most 1000: others wait for a piece).",
    ),
  ),
  "compaction-sleep-interval": promoted(
    "compaction-sleep-interval",
    accepted(
      "between two pieces of a compaction everything that waits is done",
      flag("10ms", parseDuration, "Time between two pieces of a compaction."),
    ),
  ),
  "watch-progress-notify-interval": promoted(
    "watch-progress-notify-interval",
    flag(
      "10m0s",
      parseDurationOr(10 * 60 * 1000, 100),
      "Time between two progress notices to a watcher that asked for them.",
    ),
  ),
  "warning-apply-duration": promoted(
    "warning-apply-duration",
    flag("100ms", parseDuration, "A step that takes longer, with all that it applies, is logged."),
  ),
  "bootstrap-defrag-threshold-megabytes": promoted(
    "bootstrap-defrag-threshold-megabytes",
    flag("0", parseUnsigned, "Defragment at a start that frees as many megabytes (0: never)."),
  ),
  "max-learners": promoted(
    "max-learners",
    refused(
      "a cluster has one learner at a time here",
      flag("1", parseUnsigned, "Most learners that the cluster has at a time."),
    ),
  ),
  "downgrade-check-time": promoted(
    "downgrade-check-time",
    accepted(
      "a downgrade is noted and shown, and nothing else follows",
      flag("5s", parseDuration, "Time between two looks at a downgrade."),
    ),
  ),
  "snapshot-catchup-entries": renamed(
    ["experimental-snapshot-catchup-entries", "experimental-snapshot-catch-up-entries"],
    flag("5000", parseCountOr(5000), "Entries that are kept for slow members after a trim."),
  ),
  "experimental-initial-corrupt-check": booleanFlag(
    "false",
    "Compare hashes with the other members before serving, and do not serve if they differ.",
  ),
  "compact-hash-check-enabled": promoted(
    "compact-hash-check-enabled",
    booleanFlag("false", "Compare the hashes that all members remember of compactions."),
  ),
  "experimental-enable-lease-checkpoint": booleanFlag(
    "false",
    "Note now and then what leases have left, so that a new leader does not renew them.",
  ),
  "experimental-enable-lease-checkpoint-persist": booleanFlag(
    "false",
    "What is noted outlives restarts: here it always does.",
  ),
  "experimental-stop-grpc-service-on-defrag": accepted(
    "a member that defragments serves on",
    booleanFlag("false", "Serve nobody while the store is defragmented."),
  ),
  "experimental-txn-mode-write-with-shared-buffer": accepted(
    "transactions share what they read anyway",
    booleanFlag("true", "Let transactions share the buffer of what they read."),
  ),
};

export type UnsafeFlags = Readonly<{
  "force-new-cluster": boolean;
  "unsafe-no-fsync": boolean;
}>;

export const UNSAFE: TableOf<UnsafeFlags> = {
  "force-new-cluster": booleanFlag(
    "false",
    "Keep the data, remove all other members: only where they are lost, and at one start only.",
  ),
  "unsafe-no-fsync": booleanFlag(
    "false",
    "Write without syncing: what was acknowledged may be lost when the machine stops.",
  ),
};
