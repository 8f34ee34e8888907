// Where detcd answers as the newest etcd does and 3.4.23 does not: every difference that is wanted,
// why, and steps that show it, which a test takes. What is not in this list must not happen.

import { KNOWN_ANSWERS } from "./answers.ts";
import { A, asked, PUT, watch } from "./known-difference.ts";
import type { KnownDifference } from "./known-difference.ts";
import { KNOWN_RAW } from "./raw.ts";
import { KNOWN_STORIES } from "./watches.ts";
import { MEMBER } from "../steps/symbols.ts";
import { EVERY_KEY } from "../steps/tidying.ts";

/** They are met by their own proof alone, and nothing can be compared after them. */
const UNSAID: readonly KnownDifference[] = [
  {
    kind: "unsaid",
    name: "a watch from a negative revision",
    reason: "3.4 creates it and cancels it as compacted; the newest refuses to create it",
    proof: [watch({ createRequest: { key: A, startRevision: -1 } })],
  },
  {
    kind: "unsaid",
    name: "ignore_value behind an open-ended delete",
    reason: "validation does not see that the key is gone: 3.4.23 ends, and at every restart again",
    proof: [
      PUT,
      {
        kind: "txn",
        at: 0,
        as: "",
        message: {
          success: [{ deleteRange: EVERY_KEY }, { put: { key: A, ignoreValue: true } }],
        },
      },
    ],
  },
  {
    kind: "unsaid",
    name: "a learner that moves",
    reason: "3.4 forgets that it is a learner, and counts it as a voter",
    proof: [
      asked("member_add", { peerUrls: ["near"], isLearner: true }),
      asked("member_update", { id: MEMBER + 1n, peerUrls: ["far"] }),
    ],
  },
  {
    kind: "unsaid",
    name: "two kinds of alarms",
    reason: "3.4 obeys the last one, and none once one of them is taken back",
    proof: [
      asked("alarm", { action: 1, alarm: 2 }),
      asked("alarm", { action: 1, alarm: 1 }),
      asked("compact", { revision: 1 }),
    ],
  },
];

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  ...KNOWN_ANSWERS,
  ...KNOWN_RAW,
  ...KNOWN_STORIES,
  ...UNSAID,
];
