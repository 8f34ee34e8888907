import { expect, it } from "vitest";
import { restoreStore } from "../../apply/apply.ts";
import type { Config } from "../../config.ts";
import { DEFAULT_LIMITS } from "../../config.ts";
import type { ClusterId, NodeId } from "../../contract.ts";
import { createMemoryKv } from "../../kv/memory-kv.ts";
import type { RaftState } from "../../raft/state.ts";
import { statusOf } from "./status.ts";

const ID = 5n as NodeId;
const MEMBER = { id: ID, name: "five", peerUrls: [], clientUrls: [], isLearner: true };
const HEADER = { clusterId: 1n as ClusterId, memberId: ID, revision: 1, raftTerm: 2 };
const RAFT = { leader: null, term: 2, log: { commit: 9 } } as unknown as RaftState;

function shown(quotaBytes: number): ReturnType<typeof statusOf> {
  const kv = createMemoryKv();
  const store = {
    ...restoreStore(kv),
    members: [MEMBER],
    downgrade: { major: 3, minor: 6 },
    alarms: [
      { memberId: 7n as NodeId, alarm: "no_space" },
      { memberId: 0n as NodeId, alarm: "corrupt" },
    ],
  } as const;
  const limits = { ...DEFAULT_LIMITS, quotaBytes };
  const config = { node: ID, version: "3.7.1", limits } as Config;
  return statusOf(HEADER, config, RAFT, store, kv);
}

it("a status tells what is wrong with a member, in etcd's words, and what it is", () => {
  expect(shown(4096)).toMatchObject({
    version: "3.7.1",
    storageVersion: "3.6.0",
    leader: 0n,
    isLearner: true,
    dbSize: 1, // etcdctl divides by it
    dbSizeQuota: 4096,
    errors: ["etcdserver: no leader", "memberID:7 alarm:NOSPACE ", "alarm:CORRUPT "],
    downgradeInfo: { enabled: true, targetVersion: "3.6.0" },
  });
  expect(shown(Number.MAX_SAFE_INTEGER).dbSizeQuota).toBe(-1);
});
