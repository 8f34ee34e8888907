// Maintenance and the list of members.

import type { NodeId } from "../../contract.ts";
import { deleteOf, putOf, rangeOf } from "../testing.ts";
import type { Case } from "./case.ts";
import { at, call, caseOf, since } from "./case.ts";
import * as words from "./words.ts";

const STATUS =
  "status @1 version=* dbSize=* dbSizeInUse=*" +
  " leader=<leader> raftIndex=* raftTerm=* raftAppliedIndex=*";
const HASHED = "hash_kv @3 hash=<hash> compactRevision=2 hashRevision=3";

export const MAINTENANCE_CASES: readonly Case[] = [
  caseOf(
    "the members are listed, under a header without a revision",
    call(
      { kind: "member_list", linearizable: true },

      "member_list @",
      "  members: id=<id> name=<name> peerUrls=<peers> clientUrls=<clients>",
      "...",
    ),
    call(
      { kind: "member_list", linearizable: false },

      "member_list @",
      "  members: id=<id> name=<name> peerUrls=<peers> clientUrls=<clients>",
      "...",
    ),
  ),
  caseOf("a member tells its status", call({ kind: "status" }, STATUS)),
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
    "the leader keeps the leadership if it is asked to, and gives it to no stranger",
    call({ kind: "move_leader", targetId: 5n as NodeId }, words.BAD_TRANSFEREE),
    call({ kind: "status" }, STATUS),
    call(
      (known) => ({ kind: "move_leader", targetId: BigInt(known("leader")) as NodeId }),
      "move_leader",
    ),
  ),
  caseOf(
    "defragmentation is answered without a header",
    call({ kind: "defragment" }, "defragment"),
  ),
];
