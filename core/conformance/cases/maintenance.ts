// Maintenance: the status, hashes, the leadership, downgrades.

import type { NodeId } from "../../contract.ts";
import type { DowngradeRequest } from "../../api/request-maintenance.ts";
import { deleteOf, putOf, rangeOf } from "../../api/testing.ts";
import type { Case } from "./case.ts";
import { at, call, caseOf, since } from "./case.ts";
import * as words from "./words.ts";

const STATUS = [
  "status @1 version=* dbSize=* dbSizeInUse=*" +
    " leader=<leader> raftIndex=* raftTerm=* raftAppliedIndex=* storageVersion=* dbSizeQuota=*",
  "  downgradeInfo: ",
];
const HASHED = "hash_kv @3 hash=<hash> compactRevision=2 hashRevision=3";

function downgradeOf(action: DowngradeRequest["action"], version: string): DowngradeRequest {
  return { kind: "downgrade", action, version };
}

export const MAINTENANCE_CASES: readonly Case[] = [
  since("3.6", caseOf("a member tells its status", call({ kind: "status" }, ...STATUS))),
  caseOf(
    "HashKV is of any revision that can be read",
    call(putOf("a", "1"), "put @2"),
    call(putOf("b", "1"), "put @3"),
    call({ kind: "hash_kv", revision: 4 }, words.FUTURE),
    call({ kind: "compact", revision: 3, physical: true }, "compact @3"),
    call({ kind: "hash_kv", revision: 2 }, words.COMPACTED),
  ),
  since(
    "3.6",
    caseOf(
      "HashKV is the same at every member",
      call(putOf("a", "1"), "put @2"),
      call({ kind: "compact", revision: 2, physical: true }, "compact @2"),
      call(deleteOf("a"), "delete_range @3 deleted=1"),
      call({ kind: "hash_kv", revision: 0 }, HASHED),
      call({ kind: "hash_kv", revision: 3 }, HASHED),
      at(1, call(rangeOf("a"), "range @3")),
      at(1, call({ kind: "hash_kv", revision: 3 }, HASHED)),
    ),
  ),
  caseOf(
    "the leader gives the leadership to no stranger",
    call({ kind: "move_leader", targetId: 5n as NodeId }, words.BAD_TRANSFEREE),
  ),
  since(
    "3.6",
    caseOf(
      "the leader keeps the leadership if it is asked to",
      call({ kind: "status" }, ...STATUS),
      call(
        (known) => ({ kind: "move_leader", targetId: BigInt(known("leader")) as NodeId }),
        "move_leader",
      ),
    ),
  ),
  since(
    "3.7", // and not later: the versions are those below it
    caseOf(
      "a downgrade goes one version down, once",
      call(downgradeOf("validate", "x"), words.DOWNGRADE_FORMAT),
      call(downgradeOf("validate", "3.7.0"), words.DOWNGRADE_TARGET),
      call(downgradeOf("enable", "3.5"), words.DOWNGRADE_TARGET),
      call(downgradeOf("validate", "3.6"), "downgrade @1 version=3.7"),
      call(downgradeOf("enable", "3.6"), "downgrade @1 version=3.7"),
      call(downgradeOf("enable", "3.5"), words.DOWNGRADE_IN_PROCESS),
      call(downgradeOf("validate", "3.6"), words.DOWNGRADE_TARGET),
      call(downgradeOf("cancel", ""), "downgrade @1 version=3.6"),
      call(downgradeOf("cancel", ""), "downgrade @1 version=3.7"),
    ),
  ),
  caseOf(
    "defragmentation is answered without a header",
    call({ kind: "defragment" }, "defragment"),
  ),
];
