// What a member says of itself, from its own state alone.

import type { Store } from "../../apply/apply.ts";
import type { Config } from "../../config.ts";
import type { KvReader, NodeId } from "../../contract.ts";
import { fullVersion, parseVersion } from "../../lib/version.ts";
import type { RaftState } from "../../raft/state.ts";
import { clusterVersion } from "./downgrade.ts";
import { ERRORS } from "../../api/errors.ts";
import type { Alarm } from "../../api/request-maintenance.ts";
import type { Header, StatusResponse } from "../../api/request.ts";

const UNLIMITED = -1; // as a flag of etcd says it

export function statusOf(
  header: Header,
  config: Config,
  raft: RaftState,
  store: Store,
  kv: KvReader,
): StatusResponse {
  const own = parseVersion(config.version);
  const { quotaBytes } = config.limits;
  return {
    kind: "status",
    header,
    version: config.version,
    dbSize: Math.max(1, kv.sizeBytes()), // etcdctl divides by it
    dbSizeInUse: Math.max(1, kv.sizeInUseBytes()),
    leader: raft.leader ?? (0n as NodeId),
    raftIndex: raft.log.commit,
    raftTerm: raft.term,
    raftAppliedIndex: store.applied,
    errors: [
      ...(raft.leader === null ? [ERRORS.NoLeader.message] : []),
      ...store.alarms.map(describeAlarm),
    ],
    isLearner: store.members.some(({ id, isLearner }) => id === config.node && isLearner),
    storageVersion: own === null ? "" : fullVersion(clusterVersion(own, store)),
    dbSizeQuota: quotaBytes === Number.MAX_SAFE_INTEGER ? UNLIMITED : quotaBytes,
    downgradeInfo: {
      enabled: store.downgrade !== null,
      targetVersion: store.downgrade === null ? "" : fullVersion(store.downgrade),
    },
  };
}

/** As protobuf prints an alarm, without what is zero, down to the space at its end. */
function describeAlarm({ memberId, alarm }: Alarm): string {
  const member = memberId === 0n ? "" : `memberID:${memberId} `;
  return `${member}alarm:${alarm === "corrupt" ? "CORRUPT" : "NOSPACE"} `;
}
