// Entries that may be too much for one step: what they change is as much as clients have stored.
// They are applied in pieces, upon a store that nobody sees until it is done; then it takes the
// place of the other at once. What is half done is lost in a crash, and the log has it whole.

import type { Bytes, KvReader, KvWrite, LeaseId, Result, Revision } from "../contract.ts";
import type { Response } from "../api/request.ts";
import { overlaid } from "../kv/overlay.ts";
import { attachAll, deleteLease, drop, findLease, hasLease } from "../lease/lessor.ts";
import { must } from "../lib/assert.ts";
import { EMPTY } from "../lib/bytes.ts";
import { entries } from "../lib/ordered-map.ts";
import { type Budget, isSpent, spend } from "../mvcc/budget.ts";
import { beginKv, continueKv, type KvWork } from "../mvcc/txn/kv-work.ts";
import { nextRevision } from "../mvcc/revision.ts";
import { deleteListed, openChange } from "../mvcc/store.ts";
import type { Entry } from "../raft/message.ts";
import { nothing, withWrites } from "./applied.ts";
import type { Applied, Replica, Store } from "./apply.ts";
import type { Command, Origin, WriteRequest } from "./commands/command.ts";
import { NOBODY } from "./commands/command.ts";

/** The entry that is being applied. */
export type Applying = Readonly<{
  entry: Entry;
  origin: Origin;
  work: Work;
  store: Store; // as it will be
  writes: readonly (readonly KvWrite[])[]; // a list for each piece
}>;
type Work = Readonly<
  | { kind: "request"; of: KvWork }
  // `rows` were written so far; the next key of the lease is the first one from `from` on.
  | { kind: "revoke"; lease: LeaseId; main: Revision; rows: number; from: Bytes }
>;

export type Progress = Readonly<
  { kind: "done"; applied: Applied } | { kind: "going"; applying: Applying }
>;

export type LargeCommand =
  | Readonly<{ kind: "kv"; origin: Origin; request: LargeRequest }>
  | Extract<Command, { kind: "lease_revoke" }>;
type LargeRequest = Exclude<WriteRequest, { kind: "compact" }>;

/** `store` is as it was before, but for the index of the entry. */
export function beginLarge(
  store: Store,
  entry: Entry,
  command: LargeCommand,
  isAsked: boolean,
): Applying {
  const { origin } = command;
  const { mvcc } = store;
  const work: Work =
    command.kind === "kv"
      ? { kind: "request", of: beginKv(mvcc, command.request, isAsked) }
      : {
          kind: "revoke",
          lease: command.lease,
          main: nextRevision(mvcc.revision),
          rows: 0,
          from: EMPTY,
        };
  return { entry, origin, work, store, writes: [] };
}

/** One piece more. `before`: the store as everybody sees it, but for the index of the entry. */
export function continueLarge(
  before: Store,
  applying: Applying,
  kv: KvReader,
  replica: Replica,
  budget: Budget,
): Progress {
  const view = overlaid(applying.store.overlay, kv);
  const { work } = applying;
  return work.kind === "request"
    ? continueRequest(before, applying, work.of, view, replica, budget)
    : continueRevoke(before, applying, work, view, replica, budget);
}

function continueRequest(
  before: Store,
  applying: Applying,
  work: KvWork,
  view: KvReader,
  replica: Replica,
  budget: Budget,
): Progress {
  const { store, origin } = applying;
  const leaseExists = (id: bigint): boolean => hasLease(before.lessor, id);
  const { work: further, ...piece } = continueKv(work, view, replica, leaseExists, budget);
  const lessor = attachAll(store.lessor, piece.attachments);
  const next = withWrites({ ...store, mvcc: further.mvcc, lessor }, piece.writes);
  const writes = [...applying.writes, piece.writes];
  const { result } = piece;
  if (result === null) {
    const left: Work = { kind: "request", of: further };
    return { kind: "going", applying: { ...applying, work: left, store: next, writes } };
  }
  const outcome = { kind: "call", origin, result } as const;
  if (!result.ok) return { kind: "done", applied: { ...nothing(before), outcome } };
  return { kind: "done", applied: { ...nothing(next), writes: joined(writes), outcome } };
}

/** The keys of the lease go with it, all at one revision: those that hung on it before. */
function continueRevoke(
  before: Store,
  applying: Applying,
  work: Extract<Work, { kind: "revoke" }>,
  view: KvReader,
  replica: Replica,
  budget: Budget,
): Progress {
  const { store, origin } = applying;
  const { lease: id, main, rows, from } = work;
  const change = openChange(store.mvcc, view, main, rows);
  const keys: Bytes[] = [];
  let further: Bytes | null = null;
  for (const [key] of entries(leaseOf(before, id).keys, from)) {
    if (isSpent(budget)) {
      further = key;
      break;
    }
    keys.push(key);
    spend(budget, 1);
  }
  deleteListed(change, keys);
  const lessor = attachAll(store.lessor, change.attachments);
  const next = withWrites({ ...store, mvcc: change.mvcc, lessor }, change.writes);
  const writes = [...applying.writes, change.writes];
  if (further !== null) {
    const left: Work = { ...work, rows: rows + change.writes.length, from: further };
    return { kind: "going", applying: { ...applying, work: left, store: next, writes } };
  }
  spend(budget, 1);
  const last = [deleteLease(id)];
  const { revision } = next.mvcc;
  const header = { ...replica, revision };
  const result: Result<Response> = { ok: true, value: { kind: "lease_revoke", header } };
  const ended = { revision, keys: leaseOf(before, id).keys };
  const applied: Applied = {
    ...nothing(withWrites({ ...next, lessor: drop(lessor, id) }, last)),
    writes: joined([...writes, last]),
    lease: { kind: "ended", id, ranOut: origin.call === NOBODY, ended },
    outcome: { kind: "call", origin, result },
  };
  return { kind: "done", applied };
}

function leaseOf({ lessor }: Store, id: LeaseId) {
  return must(findLease(lessor, id), `lease ${id} is there while it is being revoked`);
}

function joined(pieces: Applying["writes"]): readonly KvWrite[] {
  const [only] = pieces;
  return only !== undefined && pieces.length === 1 ? only : pieces.flat();
}
