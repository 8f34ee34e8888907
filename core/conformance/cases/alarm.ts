// Alarms: raised, listed, cleared, and what is refused meanwhile.

import type { LeaseId, NodeId } from "../../contract.ts";
import type { AlarmRequest } from "../../api/request-maintenance.ts";
import { deleteOf, putOf, rangeOf, txnOf } from "../../api/testing.ts";
import type { Case } from "./case.ts";
import { at, call, caseOf, since } from "./case.ts";
import * as words from "./words.ts";

const alarm = (action: AlarmRequest["action"], type: AlarmRequest["alarm"]): AlarmRequest => {
  return { kind: "alarm", action, memberId: 7n as NodeId, alarm: type };
};
const ANSWER = "..."; // whatever it says
const GRANT = { kind: "lease_grant", id: 5n as LeaseId, ttlSeconds: 600 } as const;

export const ALARM_CASES: readonly Case[] = [
  since(
    "3.5", // before, such answers had no header
    caseOf(
      "an alarm is raised once, seen by all members, and cleared",
      call(alarm("get", "none"), "alarm @1"),
      call(alarm("activate", "no_space"), "alarm @1", "  alarms: memberId=7 alarm=no_space"),
      call(alarm("get", "none"), "alarm @1", "  alarms: memberId=7 alarm=no_space"),
      at(1, call(rangeOf("a"), "range @1")),
      at(1, call(alarm("get", "no_space"), "alarm @1", "  alarms: memberId=7 alarm=no_space")),
      call(alarm("get", "corrupt"), "alarm @1"),
      call(alarm("deactivate", "no_space"), "alarm @1", "  alarms: memberId=7 alarm=no_space"),
      call(alarm("deactivate", "no_space"), "alarm @1"),
      call(alarm("get", "none"), "alarm @1"),
    ),
  ),
  caseOf(
    "without space nothing is written, but keys are read and deleted",
    call(putOf("a", "1"), "put @2"),
    call(alarm("activate", "no_space"), ANSWER),
    call(putOf("a", "2"), words.NO_SPACE),
    at(2, call(putOf("a", "2"), words.NO_SPACE)),
    call(GRANT, words.NO_SPACE),
    call({ ...GRANT, ttlSeconds: 9_000_000_001 }, words.NO_SPACE),
    call(txnOf([], [putOf("b", "1")]), words.NO_SPACE),
    call(txnOf([], [rangeOf("b")], [putOf("b", "1")]), words.NO_SPACE),
    call(rangeOf("a"), "range @2 count=1", "  kvs: a=1 create=2 mod=2 version=1"),
    call(txnOf([], [deleteOf("a")]), "txn @3 succeeded", "  responses: delete_range ~3 deleted=1"),
    call(deleteOf("a"), "delete_range @3"),
    call({ kind: "compact", revision: 3, physical: false }, "compact @3"),
    call(alarm("deactivate", "no_space"), ANSWER),
    call(putOf("a", "2"), "put @4"),
  ),
  caseOf(
    "to a corrupt store nothing is written; it can be read, but not in the middle of a write",
    call(alarm("activate", "corrupt"), ANSWER),
    call(putOf("a", "1"), words.CORRUPT),
    call(rangeOf("a"), "range @1"),
    call(txnOf([], [rangeOf("a")]), "txn @1 succeeded", "  responses: range ~1"),
    call(txnOf([], [rangeOf("a"), deleteOf("a")]), words.CORRUPT),
    call(deleteOf("a"), words.CORRUPT),
    call(txnOf([], [putOf("b", "1")]), words.CORRUPT),
    call({ kind: "compact", revision: 1, physical: false }, words.CORRUPT),
    call(GRANT, words.CORRUPT),
    call(alarm("deactivate", "corrupt"), ANSWER),
    call(rangeOf("a"), "range @1"),
  ),
];
