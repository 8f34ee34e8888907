// An input, an effect, a trace, a call and its answer, each as one line of text. Goldens, logs and
// screens all print through this file, so that reading one is reading all.

import type { DiskOp, Effect, Input, KvWrite, Result } from "../contract.ts";
import type {
  Compare,
  Request,
  RequestOp,
  Response,
  WatchAsk,
  WatchEvent,
  WatchResponse,
} from "../api/request.ts";
import type { ConcurrencyRequest, LeaderKey, ObserveRequest } from "../api/request-concurrency.ts";
import { fromBytes, quote } from "../lib/bytes.ts";
import { assertNever } from "../lib/assert.ts";
import {
  describeAuthRequest,
  describeAuthResponse,
  describePasswordAnswer,
  describePasswordWork,
} from "./transcript-auth.ts";
import { describeMessage, describeTrace } from "../raft/transcript.ts";
import type { NameOf } from "../raft/transcript.ts";
import type { TraceEvent } from "./trace.ts";

export function describeInput(input: Input, name: NameOf): string {
  switch (input.kind) {
    case "tick":
      return `tick ${input.now}`;
    case "peer.message":
      return `${name(input.from)} → ${describeMessage(input.message)}`;
    case "peer.link":
      return `link ${name(input.peer)} ${input.up ? "up" : "down"}`;
    case "peer.unreachable":
      return `unreachable ${name(input.peer)}`;
    case "call":
      return `call ${input.call} ${describeRequest(input.request)}`;
    case "call.item":
      return `item ${input.call} ${describeRequest(input.request)}`;
    case "call.credit":
      return `credit ${input.call} ${input.items}`;
    case "call.close":
      return `close ${input.call}`;
    case "call.cancel":
      return `cancel ${input.call}`;
    case "password.done":
      return `password.done ${input.call} ${describePasswordAnswer(input.answer)}`;
    case "disk.done":
      return `disk.done t${input.token}`;
    case "kv.done":
      return `kv.done ${input.applied}`;
    case "snapshot.sent":
      return `snapshot.sent ${name(input.peer)} ${input.ok ? "ok" : "failed"}`;
    case "backup.piece":
      return `backup.piece ${input.call} ${input.blob.length} before ${input.remainingBytes}`;
    case "defragment.done":
      return `defragment.done ${input.error ?? "ok"}`;
    case "snapshot.staged":
      return `snapshot.staged ${input.meta.term}/${input.meta.index} from ${name(input.from)}`;
    case "stopping":
      return "stopping";
    case "resume":
      return "resume";
    default:
      return assertNever(input);
  }
}

export function describeEffect(effect: Effect, name: NameOf): string {
  switch (effect.kind) {
    case "peer.send":
      return `→ ${name(effect.to)} ${describeMessage(effect.message)}`;
    case "peers":
      return `peers ${effect.members.map((member) => name(member.id)).join(" ")}`;
    case "disk":
      return `disk t${effect.token} ${effect.ops.map(describeDiskOp).join(", ")}`;
    case "kv":
      return `kv applied=${effect.applied} ${effect.writes.map(describeWrite).join(" ")}`;
    case "call.reply":
      return `reply ${effect.call} ${describeResult(effect.result)}`;
    case "call.part": {
      const { call, operation, kvs, isFirst } = effect;
      return `part ${call} of ${operation} keys=${kvs.length}${isFirst ? " first" : ""}`;
    }
    case "call.push":
      return `push ${effect.call} ${describeResult({ ok: true, value: effect.response })}`;
    case "call.end":
      return `end ${effect.call} ${effect.error?.message ?? "ok"}`;
    case "password":
      return `password ${effect.call} ${describePasswordWork(effect.work)}`;
    case "snapshot.send":
      return `snapshot.send ${name(effect.to)} ${effect.meta.term}/${effect.meta.index}`;
    case "snapshot.install":
      return `snapshot.install ${effect.meta.term}/${effect.meta.index}`;
    case "backup.read":
      return `backup.read ${effect.call} ${effect.pieces}`;
    case "backup.close":
      return `backup.close ${effect.call}`;
    case "defragment":
      return "defragment";
    case "admission":
      return `admission ${effect.refusal ?? "granted"}`;
    case "yield":
      return "yield";
    case "trace":
      return describeTraceEvent(effect.event, name);
    default:
      return assertNever(effect);
  }
}

export function describeTraceEvent(event: TraceEvent, name: NameOf): string {
  switch (event.kind) {
    case "booted": {
      const { term, commit, applied, lastIndex } = event;
      return `booted term=${term} commit=${commit} applied=${applied} last=${lastIndex}`;
    }
    case "log_cut": {
      const { file, offset, bytes, copy } = event;
      return `log_cut ${file} at=${offset} bytes=${bytes} kept in ${copy}`;
    }
    case "published":
      return "published";
    case "member_changed":
      return `${event.change.kind} ${name(event.change.member.id)}`;
    case "lease_ended": {
      const { revision, keys } = event.ended;
      const why = event.ranOut ? "ran out" : "revoked";
      return `lease_ended ${hex(event.lease)} ${why} revision=${revision} keys=${keys.size}`;
    }
    case "inner_write": {
      const answered = describeResult({ ok: true, value: event.response });
      return `inner_write index=${event.index} ${describeRequest(event.request)}: ${answered}`;
    }
    case "auto_compaction":
      return `auto_compaction ${event.revision} ${event.completed ? "completed" : "begun"}`;
    case "compacted":
      return `compacted ${event.revision}`;
    case "defragmenting":
      return "defragmenting";
    case "defragmented":
      return `defragmented ${event.error ?? "ok"}`;
    case "hashes_compared":
      return `hashes_compared ${event.check} with ${event.members}`;
    case "corrupt": {
      const shown = event.showings.map(({ member, what }) => `${name(member)}:${what}`);
      const named = event.members.map(name).join(" ");
      return `corrupt ${named} ${event.check} revision=${event.revision} ${shown.join(" ")}`;
    }
    case "log_trimmed":
      return `log_trimmed through=${event.through}`;
    case "snapshot_installed":
      return `snapshot_installed ${event.term}/${event.index}`;
    case "snapshot_sending":
      return `snapshot_sending to=${name(event.to)} index=${event.index}`;
    default:
      return describeTrace(event, name);
  }
}

export function describeRequest(request: Request): string {
  switch (request.kind) {
    case "range":
    case "put":
    case "delete_range":
    case "txn":
      return describeOperation(request);
    case "lease_grant":
      return `lease_grant ${hex(request.id)} ttl=${request.ttlSeconds}`;
    case "lease_revoke":
    case "lease_keep_alive":
    case "lease_time_to_live":
      return `${request.kind} ${hex(request.id)}`;
    case "lease_leases":
    case "member_list":
    case "status":
    case "hash":
    case "defragment":
    case "snapshot":
      return request.kind;
    case "alarm":
      return `alarm ${request.action} ${request.alarm} of ${request.memberId.toString(16)}`;
    case "downgrade":
      return `downgrade ${request.action} ${request.version}`.trimEnd();
    case "compact":
      return `compact ${request.revision}${request.physical ? " physical" : ""}`;
    case "hash_kv":
      return request.revision > 0 ? `hash_kv at ${request.revision}` : "hash_kv";
    case "member_add":
      return `member_add ${request.peerUrls.join(",")}${request.isLearner ? " learner" : ""}`;
    case "member_update":
      return `member_update ${hex(request.id)} ${request.peerUrls.join(",")}`;
    case "member_remove":
    case "member_promote":
      return `${request.kind} ${hex(request.id)}`;
    case "move_leader":
      return `move_leader ${request.targetId.toString(16)}`;
    case "watch":
      return describeWatchAsk(request.ask);
    case "health_check":
    case "health_watch":
      return `${request.kind} ${JSON.stringify(request.service)}`;
    case "health_list":
      return request.kind;
    case "range_stream":
      return `${request.kind} ${describeOperation(request.range)}`;
    case "lock":
    case "unlock":
    case "campaign":
    case "proclaim":
    case "leader":
    case "resign":
    case "observe":
      return describeConcurrency(request);
    default:
      return describeAuthRequest(request);
  }
}

/** The revision tells most of an answer; what was read is shown short. */
export function describeResult(result: Result<Response>): string {
  if (!result.ok) return `${result.error.name}: ${result.error.message}`;
  const response = result.value;
  const head = `${response.kind} revision=${response.header.revision}`;
  if ("members" in response) return head;
  switch (response.kind) {
    case "range": {
      const shown = response.kvs.map((kv) => `${quote(kv.key)}=${describeValue(kv.value)}`);
      return `${head} count=${response.count} ${shown.join(" ")}`.trimEnd();
    }
    case "delete_range":
      return `${head} deleted=${response.deleted}`;
    case "txn":
      return `${head} ${response.succeeded ? "succeeded" : "failed"}`;
    case "lease_keep_alive":
    case "lease_grant":
      return `${head} ${hex(response.id)} ttl=${response.ttlSeconds}`;
    case "lease_time_to_live": {
      const { ttlSeconds, grantedTtlSeconds, keys } = response;
      const left = `left=${ttlSeconds} of=${grantedTtlSeconds}`;
      return `${head} ${left} ${keys.map(quote).join(" ")}`.trimEnd();
    }
    case "lease_leases":
      return `${head} ${response.leases.map(hex).join(" ")}`.trimEnd();
    case "watch":
      return describeWatchResponse(response);
    case "health_check":
    case "health_watch":
      return `${response.kind} ${response.status}`;
    case "health_list":
      return `health_list ${response.services.map(({ status }) => status).join(" ")}`;
    case "range_stream": {
      const keys = `keys=${response.kvs.length}`;
      return response.isLast ? `${head} ${keys} count=${response.count}` : `range_stream ${keys}`;
    }
    case "lock":
      return `${head} ${quote(response.key)}`;
    case "campaign":
      return `${head} ${describeLeader(response.leader)}`;
    case "leader":
    case "observe":
      return `${head} ${quote(response.kv.key)}=${describeValue(response.kv.value)}`;
    case "unlock":
    case "proclaim":
    case "resign":
    case "put":
    case "lease_revoke":
    case "status":
    case "compact":
    case "move_leader":
    case "defragment":
      return head;
    case "snapshot":
      return `snapshot ${response.blob.length} before ${response.remainingBytes}`;
    case "alarm": {
      const shown = response.alarms.map((each) => `${each.alarm} of ${each.memberId.toString(16)}`);
      return `${head} ${shown.join(", ")}`.trimEnd();
    }
    case "downgrade":
      return `${head} version=${response.version}`;
    case "hash":
      return `${head} hash=${response.hash}`;
    case "hash_kv":
      return `${head} hash=${response.hash} at ${response.hashRevision}`;
    default:
      return describeAuthResponse(response);
  }
}

function describeConcurrency(request: ConcurrencyRequest | ObserveRequest): string {
  switch (request.kind) {
    case "lock":
      return `lock ${quote(request.name)} lease=${hex(request.lease)}`;
    case "unlock":
      return `unlock ${quote(request.key)}`;
    case "campaign": {
      const { name, value, lease } = request;
      return `campaign ${quote(name)}=${describeValue(value)} lease=${hex(lease)}`;
    }
    case "proclaim":
      return `proclaim ${describeLeader(request.leader)} ${describeValue(request.value)}`;
    case "resign":
      return `resign ${describeLeader(request.leader)}`;
    case "leader":
    case "observe":
      return `${request.kind} ${quote(request.name)}`;
    default:
      return assertNever(request);
  }
}

function describeLeader(leader: LeaderKey | null): string {
  return leader === null ? "nobody" : `${quote(leader.key)}@${leader.revision}`;
}

function describeWatchAsk(ask: WatchAsk): string {
  switch (ask.kind) {
    case "create": {
      const from = ask.startRevision === 0 ? "" : ` from ${ask.startRevision}`;
      const flags = [
        ask.watchId === 0n ? "" : ` id=${ask.watchId}`,
        ask.noPut ? " no_put" : "",
        ask.noDelete ? " no_delete" : "",
        ask.prevKv ? " prev_kv" : "",
        ask.fragment ? " fragment" : "",
        ask.progressNotify ? " progress_notify" : "",
      ];
      return `watch ${describeKeys(ask)}${from}${flags.join("")}`;
    }
    case "cancel":
      return `watch cancel id=${ask.watchId}`;
    case "progress":
    case "nothing":
      return `watch ${ask.kind}`;
    default:
      return assertNever(ask);
  }
}

function describeWatchResponse(response: WatchResponse): string {
  const { watchId, header, created, canceled, compactRevision, cancelReason } = response;
  const flags = [
    created ? " created" : "",
    canceled ? " canceled" : "",
    compactRevision === 0 ? "" : ` compacted=${compactRevision}`,
    cancelReason === "" ? "" : ` (${cancelReason})`,
    response.fragment ? " fragment" : "",
  ];
  const events = response.events.map((event) => ` ${describeEvent(event)}`);
  return `watch id=${watchId} revision=${header.revision}${flags.join("")}${events.join("")}`;
}

function describeEvent({ kind, kv, prevKv }: WatchEvent): string {
  const before = prevKv === null ? "" : ` was ${describeValue(prevKv.value)}`;
  const after = kind === "put" ? `=${describeValue(kv.value)}` : "";
  return `${kv.modRevision}:${kind} ${quote(kv.key)}${after}${before}`;
}

function describeOperation(operation: RequestOp): string {
  switch (operation.kind) {
    case "put":
      return `put ${quote(operation.key)}=${describeValue(operation.value)}${onLease(operation)}`;
    case "delete_range":
      return `delete ${describeKeys(operation)}`;
    case "range": {
      const at = operation.revision > 0 ? ` at ${operation.revision}` : "";
      const how = operation.serializable ? " serializable" : "";
      return `range ${describeKeys(operation)}${at}${how}`;
    }
    case "txn": {
      const [success, failure] = [operation.success, operation.failure].map((branch) =>
        branch.map(describeOperation).join("; "),
      );
      const when = operation.compare.map(describeCompare).join(" and ");
      return `txn if (${when}) then (${success}) else (${failure})`;
    }
    case "empty":
      return "nothing";
    default:
      return assertNever(operation);
  }
}

function onLease({ lease }: Readonly<{ lease: bigint }>): string {
  return lease === 0n ? "" : ` lease=${hex(lease)}`;
}

function hex(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}

function describeCompare({ key, rangeEnd, result, target }: Compare): string {
  const operand = "operand" in target ? target.operand : "";
  const shown = operand instanceof Uint8Array ? describeValue(operand) : String(operand);
  return `${target.kind}(${describeKeys({ key, rangeEnd })}) ${result} ${shown}`;
}

function describeKeys({ key, rangeEnd }: Pick<Compare, "key" | "rangeEnd">): string {
  return rangeEnd === "" ? quote(key) : `[${quote(key)}, ${quote(rangeEnd)})`;
}

function describeValue(value: Uint8Array): string {
  if (value.length > 24) return `(${value.length} bytes)`;
  return quote(fromBytes(value));
}

function describeDiskOp(op: DiskOp): string {
  switch (op.kind) {
    case "write":
      return `write ${op.file}@${op.offset} +${op.bytes.length}`;
    case "sync":
      return "sync";
    case "truncate":
      return `truncate ${op.file} to ${op.length}`;
    case "remove":
      return `remove ${op.file}`;
    default:
      return assertNever(op);
  }
}

function describeWrite(write: KvWrite): string {
  return `${write.kind} ${write.table}/${quote(write.key)}`;
}
