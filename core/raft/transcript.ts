// Raft's words as one line of text each: for goldens, logs and screens alike. Ids are printed by
// the caller's own function, because people call nodes by short names. An entry is written
// term/index.

import type { NodeId } from "../contract.ts";
import { assertNever } from "../lib/assert.ts";
import { positionOf } from "./forwards.ts";
import { entriesBetween, type Log } from "./log.ts";
import type { Entry, Message } from "./message.ts";
import type { Progress } from "./progress.ts";
import type { RaftState, RaftTrace } from "./state.ts";

export type NameOf = (id: NodeId) => string;

export function describeMessage(message: Message): string {
  const head = `${message.kind} term=${message.term}`;
  switch (message.kind) {
    case "pre_vote":
      return `${head} last=${message.lastTerm}/${message.lastIndex}`;
    case "vote": {
      const transfer = message.transfer ? " transfer" : "";
      return `${head} last=${message.lastTerm}/${message.lastIndex}${transfer}`;
    }
    case "pre_vote_response":
    case "vote_response":
      return `${head} ${message.granted ? "granted" : "refused"}`;
    case "append": {
      const after = `after=${message.previousTerm}/${message.previousIndex}`;
      const entries = message.entries.length > 0 ? ` ${describeEntries(message.entries)}` : "";
      return `${head} ${after}${entries} commit=${message.commit}`;
    }
    case "append_response": {
      if (!message.rejected) return `${head} index=${message.index}`;
      return `${head} rejected=${message.index} hint=${message.hintTerm}/${message.hintIndex}`;
    }
    case "heartbeat":
      return `${head} commit=${message.commit}${inRound(message.round)}`;
    case "heartbeat_response":
      return `${head}${inRound(message.round)}`;
    case "propose":
      return `${head} #${positionOf(message.sequence)} ${message.data.length} bytes`;
    case "read_index":
      return `${head} context=${message.context.toString(16)}`;
    case "read_index_response":
      return `${head} context=${message.context.toString(16)} index=${message.index}`;
    case "timeout_now":
      return head;
    case "lease_ask":
      return `${head} ${message.id.toString(16)} lease=${message.lease.toString(16)}`;
    case "lease_answer":
      return `${head} ${message.id.toString(16)} left=${message.ttlSeconds}`;
    case "promotion_ask":
      return `${head} member=${message.member.toString(16)}`;
    case "promotion_refused":
      return `${head} ${message.reason}`;
    case "hash_ask":
      return `${head} ${message.topic} revision=${message.revision} index=${message.index}`;
    case "hash_answer": {
      const shown = message.hashes.map(({ revision, hash }) => `${revision}:${hash.toString(16)}`);
      return `${head} revision=${message.revision} ${shown.join(" ")}`.trimEnd();
    }
    default:
      return assertNever(message);
  }
}

/** What this node is: `follower term=2 leader=1`. */
export function describeRole(state: RaftState, name: NameOf): string {
  const leader = state.leader === null ? "none" : name(state.leader);
  const following = state.role === "follower" ? ` leader=${leader}` : "";
  const handing = state.transferee === null ? "" : ` transferring to ${name(state.transferee)}`;
  return `${state.role} term=${state.term}${following}${handing}`;
}

/** What this node holds: runs of one term, what is behind it in the KV, how far it is safe. */
export function describeLog(log: Log): string {
  const from = (log.compactedIndex + 1) as Log["lastIndex"];
  const held = from > log.lastIndex ? [] : entriesBetween(log, from, log.lastIndex, Infinity);
  const base = log.compactedIndex === 0 ? "" : `(${log.compactedTerm}/${log.compactedIndex})`;
  const runs = [base, describeEntries(held)].filter((part) => part !== "").join(" ");
  const durable = log.durableIndex === log.lastIndex ? "" : ` durable=${log.durableIndex}`;
  return `log=${runs === "" ? "empty" : runs} commit=${log.commit}${durable}`;
}

/** `3/7..9 4/10`: entries 7 to 9 of term 3, entry 10 of term 4. */
export function describeEntries(entries: readonly Entry[]): string {
  const runs: string[] = [];
  for (let at = 0; at < entries.length;) {
    const { term, index } = entries[at] as Entry;
    let end = at + 1;
    while (entries[end]?.term === term) end++;
    runs.push(end - at === 1 ? `${term}/${index}` : `${term}/${index}..${index + end - at - 1}`);
    at = end;
  }
  return runs.join(" ");
}

/** How the leader sees one follower. */
export function describeProgress(progress: Progress, name: NameOf): string {
  const { id, mode, match, next, inFlight, pendingSnapshot } = progress;
  const paused = progress.paused && mode === "probe" ? " paused" : "";
  const flying = inFlight.length > 0 ? ` in-flight=${inFlight.length}` : "";
  const image = mode === "snapshot" ? ` image=${pendingSnapshot}` : "";
  const silent = progress.active ? "" : " silent";
  return `${name(id)} ${mode} match=${match} next=${next}${flying}${image}${paused}${silent}`;
}

export function describeTrace(trace: RaftTrace, name: NameOf): string {
  switch (trace.kind) {
    case "become_follower": {
      const leader = trace.leader === null ? "" : ` leader=${name(trace.leader)}`;
      return `${trace.kind} term=${trace.term}${leader}`;
    }
    case "become_pre_candidate":
    case "become_candidate":
    case "become_leader":
    case "quorum_lost":
      return `${trace.kind} term=${trace.term}`;
    case "stuck":
      return `${trace.kind} term=${trace.term} commit=${trace.commit}`;
    case "term_refused": {
      const { term, highest } = trace;
      return `${trace.kind} term=${term} from=${name(trace.from)} highest=${highest}`;
    }
    case "append_refused":
      return `${trace.kind} term=${trace.term} from=${name(trace.from)} index=${trace.index}`;
    case "election_timeout":
      return `${trace.kind} term=${trace.term} after=${trace.afterMs}ms`;
    case "vote_granted":
      return `${trace.kind} term=${trace.term} to=${name(trace.to)}${trace.pre ? " pre" : ""}`;
    case "vote_refused": {
      const pre = trace.pre ? " pre" : "";
      return `${trace.kind} term=${trace.term} to=${name(trace.to)}${pre}: ${trace.reason}`;
    }
    case "commit":
      return `${trace.kind} index=${trace.index}`;
    case "log_truncated":
      return `${trace.kind} from=${trace.from}`;
    case "snapshot_refused":
      return `${trace.kind} index=${trace.index} commit=${trace.commit}`;
    default:
      return assertNever(trace);
  }
}

function inRound(round: number): string {
  return round === 0 ? "" : ` round=${round}`;
}
