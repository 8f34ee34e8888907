// What the node tells people, in etcd's words.

import type { MemberChange } from "../../core/apply/apply.ts";
import type { NodeId } from "../../core/contract.ts";
import { ANYBODY } from "../../core/corruption/blame.ts";
import type { RaftTrace } from "../../core/raft/state.ts";
import type { TraceEvent } from "../../core/transcript/trace.ts";
import { hex } from "./log.ts";
import type { Identity } from "../start/boot.ts";
import type { Log } from "./log.ts";
import { authorityOf } from "../urls.ts";
import { CLUSTER_VERSION } from "./version.ts";

export type TraceLogOptions = Readonly<{
  identity: Identity;
  name: string;
  listenClientUrls: readonly string[];
  advertiseClientUrls: readonly string[];
  log: Log;
}>;

export function createTraceLog(options: TraceLogOptions): (event: TraceEvent) => void {
  const { identity, log } = options;
  const member = hex(identity.member);
  const ids = { "cluster-id": hex(identity.cluster), "local-member-id": member };
  const raftLog = createRaftLog(member, log);
  return (event) => {
    switch (event.kind) {
      case "booted": {
        const { term, commit, applied, lastIndex } = event;
        const shown = { "commit-index": commit, "applied-index": applied, "last-index": lastIndex };
        return log("info", "starting local member", { ...ids, term, ...shown });
      }
      case "log_cut":
        return log("warn", CUT_OFF, {
          file: event.file,
          offset: event.offset,
          bytes: event.bytes,
          copy: event.copy,
        });
      case "published": {
        const urls = options.advertiseClientUrls.join(" ");
        const attributes = `{Name:${options.name} ClientURLs:[${urls}]}`;
        const shown = { ...ids, "local-member-attributes": attributes };
        log("info", "published local member to cluster through raft", shown);
        log("info", "enabled capabilities for version", { "cluster-version": CLUSTER_VERSION });
        for (const url of options.listenClientUrls) {
          log("info", "ready to serve client requests", { address: authorityOf(url) });
        }
        return;
      }
      case "lease_ended":
        return log("debug", event.ranOut ? "lease expired" : "lease revoked", {
          "lease-id": hex(BigInt.asUintN(64, event.lease)),
          "attached-keys": event.ended.keys.size,
        });
      case "inner_write": // like every other write, not worth a line
        return;
      case "auto_compaction":
        return log("info", `${event.completed ? "completed" : "starting"} auto compaction`, {
          revision: event.revision,
        });
      case "compacted":
        return log("info", "finished scheduled compaction", { "compact-revision": event.revision });
      case "defragmenting":
        return log("info", "starting defragment");
      case "defragmented":
        if (event.error === null) return log("info", "finished defragment");
        return log("error", "failed to defragment", { error: event.error });
      case "hashes_compared":
        return log("info", COMPARED[event.check], { "number-of-peers-checked": event.members });
      case "corrupt":
        return logCorrupt(log, event);
      case "member_changed":
        return logChange(log, event.change);
      case "log_trimmed":
        return log("info", "compacted Raft logs", { "compact-index": event.through });
      case "snapshot_installed":
        return log("info", "applied snapshot", { "incoming-snapshot-index": event.index });
      case "snapshot_sending":
        return log("info", "sending database snapshot", {
          "remote-peer-id": hex(event.to),
          "snapshot-index": event.index,
        });
      default:
        return raftLog(event);
    }
  };
}

/** Remembers the leader, to say who followed whom. */
function createRaftLog(member: string, log: Log): (event: RaftTrace) => void {
  let known: NodeId | null = null;
  const follow = (leader: NodeId | null, term: number): void => {
    if (leader === known) return;
    const [from, to] = [known, leader];
    known = leader;
    if (from === null && to !== null) {
      log("info", `raft.node: ${member} elected leader ${hex(to)} at term ${term}`);
    } else if (from !== null && to !== null) {
      log(
        "info",
        `raft.node: ${member} changed leader from ${hex(from)} to ${hex(to)} at term ${term}`,
      );
    } else if (from !== null) {
      log("info", `raft.node: ${member} lost leader ${hex(from)} at term ${term}`);
    }
  };
  return (event) => {
    switch (event.kind) {
      case "become_follower":
        log("info", `${member} became follower at term ${event.term}`);
        return follow(event.leader, event.term);
      case "become_pre_candidate":
        log("info", `${member} became pre-candidate at term ${event.term}`);
        return follow(null, event.term);
      case "become_candidate":
        log("info", `${member} became candidate at term ${event.term}`);
        return follow(null, event.term);
      case "become_leader":
        log("info", `${member} became leader at term ${event.term}`);
        return follow(BigInt(`0x${member}`) as NodeId, event.term);
      case "election_timeout":
        return log("info", `${member} is starting a new election at term ${event.term}`);
      case "vote_granted":
      case "vote_refused": {
        const kind = event.pre ? "MsgPreVote" : "MsgVote";
        const verb = event.kind === "vote_granted" ? "cast" : "rejected";
        const why = event.kind === "vote_refused" ? ` (${event.reason})` : "";
        const preposition = event.kind === "vote_granted" ? "for" : "from";
        const what = `${verb} ${kind} ${preposition} ${hex(event.to)} at term ${event.term}${why}`;
        return log("info", `${member} ${what}`);
      }
      case "quorum_lost":
        return log("warn", `${member} stepped down to follower since quorum is not active`);
      case "stuck":
        return log("warn", `${member} stepped down to follower since it commits nothing`, {
          "commit-index": event.commit,
        });
      case "term_refused":
        return log("warn", `${member} does not believe that ${hex(event.from)} is so far ahead`, {
          "claimed-term": event.term,
          term: event.highest,
        });
      case "append_refused":
        return log("error", `${member} refused entries that contradict what is committed`, {
          "remote-peer-id": hex(event.from),
          index: event.index,
        });
      case "commit":
        return; // too many to read
      case "log_truncated":
        return log("info", `${member} found conflict, truncates its log`, { from: event.from });
      case "snapshot_refused":
        return log("warn", `${member} ignored a snapshot`, {
          index: event.index,
          commit: event.commit,
        });
    }
  };
}

const CUT_OFF =
  "cut off the end of the log, which is not whole: a write that a crash left half done, or, if " +
  "the file was harmed since, one that was acknowledged and that this member has lost";

const COMPARED = {
  history: "finished peer corruption check",
  compactions: "finished compaction hash check",
  start: "finished initial corruption check",
} as const;
const DIFFER = {
  history: "same compact revision then hashes must match",
  compactions: "Detected compaction hash mismatch",
  start: "found different hash values from remote peer",
} as const;

/** Who differs, and what each member shows: a hash, or that it is ahead or behind. */
function logCorrupt(log: Log, event: Extract<TraceEvent, { kind: "corrupt" }>): void {
  const named = event.members.filter((id) => id !== ANYBODY).map(hex);
  log("error", DIFFER[event.check], {
    revision: event.revision,
    shown: event.showings.map(({ member, what }) => `${hex(member)}=${what}`),
    "corrupt-member-ids": named,
    hint:
      named.length === 0
        ? "no majority agrees: compare with etcdctl endpoint hashkv, and restore from a backup"
        : "etcdctl member remove <id>, then add it anew with an empty --data-dir; " +
          "then etcdctl alarm disarm",
  });
}

/** In etcd's words. */
function logChange(log: Log, { kind, member }: MemberChange): void {
  const ids = { "member-id": hex(member.id), "peer-urls": member.peerUrls };
  switch (kind) {
    case "member_add":
      return log("info", "added member", { ...ids, "is-learner": member.isLearner });
    case "member_remove":
      return log("info", "removed member", ids);
    case "member_update":
      return log("info", "updated member", ids);
    case "member_promote":
      return log("info", "promote member", { "promoted-member-id": hex(member.id) });
  }
}
