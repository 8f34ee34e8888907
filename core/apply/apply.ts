// One committed entry → new replicated state, writes, and an answer for whoever waits.
//
// Apply is total: whatever bytes an entry holds, every replica does the same thing with them, and
// none of them fails. An entry that is no command changes nothing.

import type { ClusterId, Index, KvReader, KvWrite, NodeId, Result, Term } from "../contract.ts";
import type { Response } from "../api/request.ts";
import type { Overlay } from "../kv/overlay.ts";
import { createOverlay, overlaid, pushWrites } from "../kv/overlay.ts";
import { readApplied } from "../kv/tables.ts";
import { scheduleCompaction, walkCompaction } from "../mvcc/compaction.ts";
import type { Mvcc } from "../mvcc/store.ts";
import { restoreMvcc } from "../mvcc/store.ts";
import { applyKv } from "../mvcc/txn.ts";
import type { Entry } from "../raft/message.ts";
import type { Command, Origin, WriteRequest } from "./command.ts";
import { decodeCommand } from "./command.ts";
import type { Member } from "./membership.ts";
import { putMember, readMembers } from "./membership.ts";

/** Everything that entries have built so far. The values themselves live in the KV, under the
 *  overlay. */
export type Store = Readonly<{
  mvcc: Mvcc;
  members: readonly Member[]; // sorted by id
  overlay: Overlay;
  applied: Index;
  appliedTerm: Term;
}>;

/** Who applies: these three fill the headers of answers. */
export type Replica = Readonly<{ clusterId: ClusterId; memberId: NodeId; raftTerm: Term }>;

export type Applied = Readonly<{
  store: Store;
  writes: readonly KvWrite[];
  outcome: Outcome | null;
}>;
export type Outcome = Readonly<
  { kind: "kv"; origin: Origin; result: Result<Response> } | { kind: "published"; origin: Origin }
>;

/** The state that a durable KV holds. */
export function restoreStore(kv: KvReader): Store {
  const { index, term } = readApplied(kv);
  return {
    mvcc: restoreMvcc(kv),
    members: readMembers(kv),
    overlay: createOverlay(),
    applied: index,
    appliedTerm: term,
  };
}

export function applyEntry(store: Store, entry: Entry, kv: KvReader, replica: Replica): Applied {
  const next: Store = { ...store, applied: entry.index, appliedTerm: entry.term };
  const command = decodeCommand(entry.data);
  if (command === null) return { store: next, writes: [], outcome: null };
  switch (command.kind) {
    case "kv": {
      const view = overlaid(store.overlay, kv);
      const { mvcc, writes, result } = applyRequest(store.mvcc, view, command.request, replica);
      const outcome: Outcome = { kind: "kv", origin: command.origin, result };
      return { store: withWrites({ ...next, mvcc }, writes), writes, outcome };
    }
    case "publish":
      return applyPublish(next, command);
    case "compact_step": {
      const view = overlaid(store.overlay, kv);
      const { mvcc, writes } = walkCompaction(store.mvcc, view, command.next, command.rows);
      return { store: withWrites({ ...next, mvcc }, writes), writes, outcome: null };
    }
  }
}

type AppliedRequest = Readonly<{
  mvcc: Mvcc;
  writes: readonly KvWrite[];
  result: Result<Response>;
}>;

function applyRequest(
  mvcc: Mvcc,
  view: KvReader,
  request: WriteRequest,
  replica: Replica,
): AppliedRequest {
  if (request.kind !== "compact") return applyKv(mvcc, view, request, replica);
  const scheduled = scheduleCompaction(mvcc, request.revision);
  if (!scheduled.ok) return { mvcc, writes: [], result: scheduled };
  const header = { ...replica, revision: mvcc.revision };
  return { ...scheduled.value, result: { ok: true, value: { kind: "compact", header } } };
}

function applyPublish(store: Store, command: Extract<Command, { kind: "publish" }>): Applied {
  const { origin, name, clientUrls } = command;
  const member = store.members.find((candidate) => candidate.id === origin.node);
  if (member === undefined) return { store, writes: [], outcome: null }; // it was removed meanwhile
  const published: Member = { ...member, name, clientUrls };
  const members = store.members.map((other) => (other === member ? published : other));
  const writes = [putMember(published)];
  const outcome: Outcome = { kind: "published", origin };
  return { store: withWrites({ ...store, members }, writes), writes, outcome };
}

function withWrites(store: Store, writes: readonly KvWrite[]): Store {
  if (writes.length === 0) return store;
  return { ...store, overlay: pushWrites(store.overlay, store.applied, writes) };
}
