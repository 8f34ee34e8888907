// Backups: the whole store at one moment, given to a client piece by piece (Maintenance.Snapshot).
//
// The node decides when: once everything that was applied when the client asked is durable, the
// driver pins its view of the store. From then on the driver makes as many pieces as the node asks
// for, and the node asks for no more than the client has taken. So a slow client costs some pieces
// on their way and a pinned view, and writes go on beside it.

import type { CallContext, CallId, Index, Input, Millis } from "../../contract.ts";
import type { ApiError } from "../../api/errors.ts";
import { ERRORS } from "../../api/errors.ts";
import { NO_HEADER } from "../../turn/header.ts";
import type { SnapshotResponse } from "../../api/request.ts";
import { createOrderedMap, entries, get, has, remove, set } from "../../lib/ordered-map.ts";
import type { OrderedMap } from "../../lib/ordered-map.ts";
import type { Turn } from "../../turn/turn.ts";
import { setStreams } from "../../turn/set-state.ts";
import { endStream } from "../../turn/turn.ts";

export type Backups = OrderedMap<CallId, Backup>;
export type Backup = Readonly<{
  deadline: Millis;
  from: Index; // the view must show this entry
  isPinned: boolean;
}>;

/** What the driver makes of the store is as this release of etcd keeps it, and says so, as the
 *  status of a member does. Releases until 3.5 do not look, newer ones bring it up to theirs. */
export const STORAGE_VERSION = "3.7.0";

/** Each is 32 KiB: a slow client holds up no more than a MiB. */
const PIECES_ON_THEIR_WAY = 32;

export function createBackups(): Backups {
  return createOrderedMap();
}

export function openBackup(turn: Turn, call: CallId, { deadline }: CallContext): void {
  const { store, installing } = turn.state;
  const applied = installing === null ? store.applied : installing.index;
  const from = Math.max(applied, 1) as Index; // a store begins with its first entry
  keep(turn, call, { deadline, from, isPinned: false });
}

/** Begins those whose moment is durable. */
export function startBackups(turn: Turn): void {
  const { installing, appliedDurable } = turn.state;
  const { backups } = turn.state.streams;
  if (installing !== null) return;
  for (const [call, backup] of entries(backups)) {
    if (backup.isPinned || backup.from > appliedDurable) continue;
    keep(turn, call, { ...backup, isPinned: true });
    turn.effects.push({ kind: "backup.read", call, pieces: PIECES_ON_THEIR_WAY });
  }
}

export function takePiece(turn: Turn, input: Extract<Input, { kind: "backup.piece" }>): void {
  const { call, blob, remainingBytes, isLast } = input;
  if (!has(turn.state.streams.backups, call)) return; // the client has gone
  const told = { header: NO_HEADER, version: STORAGE_VERSION };
  const response: SnapshotResponse = { kind: "snapshot", ...told, remainingBytes, blob };
  turn.effects.push({ kind: "call.push", call, response });
  if (!isLast) return;
  dropBackup(turn, call);
  endStream(turn, call, null);
}

export function giveBackupCredit(turn: Turn, call: CallId, items: number): void {
  if (!has(turn.state.streams.backups, call)) return;
  turn.effects.push({ kind: "backup.read", call, pieces: items });
}

/** It is complete, or its client has gone. */
export function dropBackup(turn: Turn, call: CallId): void {
  const backup = get(turn.state.streams.backups, call);
  if (backup === null) return;
  setStreams(turn, { ...turn.state.streams, backups: remove(turn.state.streams.backups, call) });
  if (backup.isPinned) turn.effects.push({ kind: "backup.close", call });
}

export function tickBackups(turn: Turn, end: (call: CallId, error: ApiError) => void): void {
  for (const [call, { deadline }] of entries(turn.state.streams.backups)) {
    if (turn.state.now >= deadline) end(call, ERRORS.DeadlineExceeded);
  }
}

function keep(turn: Turn, call: CallId, backup: Backup): void {
  setStreams(turn, {
    ...turn.state.streams,
    backups: set(turn.state.streams.backups, call, backup),
  });
}
