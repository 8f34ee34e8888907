// One committed entry → new replicated state, writes, and an answer for whoever waits.
//
// Apply is total: whatever bytes an entry holds, every replica does the same thing with them, and
// none of them fails. An entry that is no command changes nothing.

import type {
  ClusterId,
  Index,
  KvReader,
  KvWrite,
  LeaseId,
  NodeId,
  Result,
  Term,
} from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import { ERRORS } from "../api/errors.ts";
import type { Response } from "../api/request.ts";
import type { Auth } from "../auth/store.ts";
import { restoreAuth } from "../auth/store.ts";
import type { TokenChange } from "../auth/tokens.ts";
import type { Overlay } from "../kv/overlay.ts";
import { createOverlay, overlaid } from "../kv/overlay.ts";
import { readApplied } from "../kv/tables.ts";
import { scheduleCompaction, walkCompaction } from "../mvcc/compaction.ts";
import type { Lessor } from "../lease/lessor.ts";
import { grant, hasLease, noteLeases, putLease, restoreLessor } from "../lease/lessor.ts";
import { assert, broken } from "../lib/assert.ts";
import { shortVersion } from "../lib/version.ts";
import { type Budget, spend, UNLIMITED } from "../mvcc/budget.ts";
import type { Mvcc } from "../mvcc/store.ts";
import { restoreAttached } from "../mvcc/store.ts";
import type { Entry } from "../raft/message.ts";
import type { Ended } from "../transcript/trace.ts";
import { nothing, refused, withWrites } from "./applied.ts";
import { applyAuth, refusalWhenApplied } from "./apply-auth.ts";
import type { Alarms } from "./alarms.ts";
import { clear, deleteAlarm, putAlarm, raise, readAlarms, refusalOf } from "./alarms.ts";
import type { Command, Origin } from "./commands/command.ts";
import { decodeCommand } from "./commands/command.ts";
import type { Applying, LargeCommand, Progress } from "./large.ts";
import { beginLarge, continueLarge } from "./large.ts";
import type { Downgrade } from "./downgrade.ts";
import { putDowngrade, readDowngrade, refusalOfDowngrade } from "./downgrade.ts";
import { changeMembers } from "../membership/change-members.ts";
import type { MembershipCommand } from "./commands/command-membership.ts";
import type { Member } from "../membership/membership.ts";
import { findMember, putMember, readMembership, withMember } from "../membership/membership.ts";

const LEASE_TTL_MAX_SECONDS = 9_000_000_000; // etcd's

/** Everything that entries have built so far. The values themselves live in the KV, under the
 *  overlay. */
export type Store = Readonly<{
  mvcc: Mvcc;
  lessor: Lessor;
  auth: Auth;
  members: readonly Member[]; // sorted by id
  alarms: Alarms;
  downgrade: Downgrade;
  removed: readonly NodeId[]; // members that were
  overlay: Overlay;
  applied: Index;
  appliedTerm: Term;
}>;

/** Who applies: these three fill the headers of answers. */
export type Replica = Readonly<{ clusterId: ClusterId; memberId: NodeId; raftTerm: Term }>;

export type Applied = Readonly<{
  store: Store;
  writes: readonly KvWrite[];
  lease: LeaseChange | null;
  change: MemberChange | null;
  outcome: Outcome | null;
}>;
export type AppliedEntry = Applied & Readonly<{ tokens: TokenChange | null }>;
export type EntryProgress = Progress & Readonly<{ tokens: TokenChange | null }>;
/** What a leader must know to keep its deadlines. */
export type LeaseChange = Readonly<
  | { kind: "granted"; id: LeaseId; ttlSeconds: number }
  | { kind: "kept"; id: LeaseId } // its end was refused
  | { kind: "ended"; id: LeaseId; ranOut: boolean; ended: Ended }
>;
/** What became of a change of members, for people. */
export type MemberChange = Readonly<{ kind: MembershipCommand["kind"]; member: Member }>;
export type Outcome = Readonly<
  { kind: "call"; origin: Origin; result: Result<Response> } | { kind: "published"; origin: Origin }
>;

/** The state that a durable KV holds. */
export function restoreStore(kv: KvReader): Store {
  const { index, term } = readApplied(kv);
  const [mvcc, attachments] = restoreAttached(kv);
  return {
    mvcc,
    lessor: restoreLessor(kv, attachments),
    auth: restoreAuth(kv),
    alarms: readAlarms(kv),
    downgrade: readDowngrade(kv),
    ...readMembership(kv),
    overlay: createOverlay(),
    applied: index,
    appliedTerm: term,
  };
}

/** Applies an entry, or the first piece of it. `isAsked`: whether whoever made it waits here for
 *  the answer. */
export function beginEntry(
  store: Store,
  entry: Entry,
  kv: KvReader,
  replica: Replica,
  isAsked: (origin: Origin) => boolean,
  budget: Budget,
): EntryProgress {
  const next: Store = { ...store, applied: entry.index, appliedTerm: entry.term };
  const envelope = decodeCommand(entry.data);
  if (envelope === null) return done(nothing(next), budget);
  const { command, caller } = envelope;
  const { origin } = command;
  const alarm = refusalOf(store.alarms, command);
  const error = alarm ?? refusalWhenApplied(store.auth, store.lessor, caller, command);
  if (error !== null) {
    const lease = command.kind === "lease_revoke" ? kept(command.lease) : null;
    return done({ ...refused(next, origin, error), lease }, budget);
  }
  if (command.kind === "auth") {
    const { auth, writes, tokens, result } = applyAuth(next, command.change, replica);
    const outcome: Outcome = { kind: "call", origin, result };
    const applied = { ...nothing(withWrites({ ...next, auth }, writes)), writes, outcome };
    return { ...done(applied, budget), tokens };
  }
  const large = largeOf(command);
  if (large === null) {
    return done(applyCommand(next, command, kv, replica), budget, rowsLookedAt(command));
  }
  if (large.kind === "lease_revoke" && !hasLease(store.lessor, large.lease)) {
    return done(refused(next, origin, ERRORS.LeaseNotFound), budget);
  }
  const applying = beginLarge(next, entry, large, isAsked(origin));
  return { ...continueLarge(next, applying, kv, replica, budget), tokens: null };
}

/** One piece more of an entry. */
export function continueEntry(
  store: Store,
  applying: Applying,
  kv: KvReader,
  replica: Replica,
  budget: Budget,
): EntryProgress {
  const { index: applied, term: appliedTerm } = applying.entry;
  const before: Store = { ...store, applied, appliedTerm };
  return { ...continueLarge(before, applying, kv, replica, budget), tokens: null };
}

/** All of an entry at once. */
export function applyEntry(
  store: Store,
  entry: Entry,
  kv: KvReader,
  replica: Replica,
): AppliedEntry {
  const progress = beginEntry(store, entry, kv, replica, () => true, { ...UNLIMITED });
  assert(progress.kind === "done", "without a limit, all is done");
  return { ...progress.applied, tokens: progress.tokens };
}

function done(applied: Applied, budget: Budget, rows = 1): EntryProgress {
  spend(budget, rows);
  return { kind: "done", applied, tokens: null };
}

function largeOf(command: Command): LargeCommand | null {
  if (command.kind === "lease_revoke") return command;
  if (command.kind !== "kv" || command.request.kind === "compact") return null;
  return { kind: "kv", origin: command.origin, request: command.request };
}

function rowsLookedAt(command: Command): number {
  if (command.kind === "compact_step") return command.rows;
  return command.kind === "lease_checkpoint" ? Math.max(1, command.checkpoints.length) : 1;
}

function applyCommand(
  store: Store,
  command: Exclude<Command, { kind: "auth" }>,
  kv: KvReader,
  replica: Replica,
): Applied {
  switch (command.kind) {
    case "kv":
      return applyCompaction(store, command, replica);
    case "lease_grant":
      return applyGrant(store, command, replica);
    case "lease_revoke":
      return broken("the end of a lease is a large entry");
    case "publish":
      return applyPublish(store, command);
    case "compact_step": {
      const view = overlaid(store.overlay, kv);
      const { mvcc, writes } = walkCompaction(store.mvcc, view, command.next, command.rows);
      return { ...nothing(withWrites({ ...store, mvcc }, writes)), writes };
    }
    case "alarm":
      return applyAlarm(store, command, replica);
    case "downgrade":
      return applyDowngrade(store, command, replica);
    case "lease_checkpoint": {
      const { lessor, writes } = noteLeases(store.lessor, command.checkpoints);
      return { ...nothing(store), store: withWrites({ ...store, lessor }, writes), writes };
    }
    default:
      return applyMembership(store, command, replica);
  }
}

function kept(id: LeaseId): LeaseChange {
  return { kind: "kept", id };
}

function applyCompaction(
  store: Store,
  { origin, request }: Extract<Command, { kind: "kv" }>,
  replica: Replica,
): Applied {
  assert(request.kind === "compact", `a ${request.kind} is a large entry`);
  const scheduled = scheduleCompaction(store.mvcc, request.revision);
  if (!scheduled.ok) return refused(store, origin, scheduled.error);
  const { mvcc, writes } = scheduled.value;
  const header = { ...replica, revision: mvcc.revision };
  const value: Response = { kind: "compact", header };
  const outcome: Outcome = { kind: "call", origin, result: { ok: true, value } };
  return { ...nothing(withWrites({ ...store, mvcc }, writes)), writes, outcome };
}

function applyGrant(
  store: Store,
  command: Extract<Command, { kind: "lease_grant" }>,
  replica: Replica,
): Applied {
  const { origin, lease: id, ttlSeconds } = command;
  const error = refusalOfGrant(store.lessor, id, ttlSeconds);
  if (error !== null) return refused(store, origin, error);
  const writes = [putLease({ id, ttlSeconds, remainingSeconds: 0 })];
  const lessor = grant(store.lessor, id, ttlSeconds);
  const header = { ...replica, revision: store.mvcc.revision };
  const value: Response = { kind: "lease_grant", header, id, ttlSeconds };
  return {
    ...nothing(withWrites({ ...store, lessor }, writes)),
    writes,
    lease: { kind: "granted", id, ttlSeconds },
    outcome: { kind: "call", origin, result: { ok: true, value } },
  };
}

function refusalOfGrant(lessor: Lessor, id: LeaseId, ttlSeconds: number): ApiError | null {
  if (id === 0n) return ERRORS.LeaseNotFound; // it means none
  if (ttlSeconds > LEASE_TTL_MAX_SECONDS) return ERRORS.LeaseTTLTooLarge;
  return hasLease(lessor, id) ? ERRORS.LeaseExist : null;
}

function applyPublish(store: Store, command: Extract<Command, { kind: "publish" }>): Applied {
  const { origin, name, clientUrls } = command;
  const member = findMember(store.members, origin.node);
  if (member === null) return nothing(store); // it was removed meanwhile
  const published: Member = { ...member, name, clientUrls };
  const { members } = withMember(store, published);
  const writes = [putMember(published)];
  const outcome: Outcome = { kind: "published", origin };
  return { ...nothing(withWrites({ ...store, members }, writes)), writes, outcome };
}

function applyMembership(store: Store, command: MembershipCommand, replica: Replica): Applied {
  const { kind, origin } = command;
  const changed = changeMembers(store, command);
  if (!changed.ok) return { ...nothing(store), outcome: { kind: "call", origin, result: changed } };
  const { membership, member, writes } = changed.value;
  const { members } = membership;
  const header = { ...replica, revision: 0 };
  const value: Response =
    kind === "member_add" ? { kind, header, member, members } : { kind, header, members };
  return {
    ...nothing(withWrites({ ...store, ...membership }, writes)),
    writes,
    change: { kind, member },
    outcome: { kind: "call", origin, result: { ok: true, value } },
  };
}

function applyAlarm(
  store: Store,
  { origin, raised, alarm }: Extract<Command, { kind: "alarm" }>,
  replica: Replica,
): Applied {
  const alarms = raised ? raise(store.alarms, alarm) : clear(store.alarms, alarm);
  const writes = alarms === null ? [] : [raised ? putAlarm(alarm) : deleteAlarm(alarm)];
  const header = { ...replica, revision: store.mvcc.revision };
  const told = raised || alarms !== null ? [alarm] : []; // there was nothing to clear
  const result: Result<Response> = { ok: true, value: { kind: "alarm", header, alarms: told } };
  return {
    ...nothing(withWrites({ ...store, alarms: alarms ?? store.alarms }, writes)),
    writes,
    outcome: { kind: "call", origin, result },
  };
}

/** Ending one that nobody began is well, too, as in etcd. */
function applyDowngrade(
  store: Store,
  { origin, own, target }: Extract<Command, { kind: "downgrade" }>,
  replica: Replica,
): Applied {
  const error = target === null ? null : refusalOfDowngrade(store.downgrade, own, target);
  if (error !== null) return refused(store, origin, error);
  const header = { ...replica, revision: store.mvcc.revision };
  const version = shortVersion(store.downgrade ?? own);
  const value: Response = { kind: "downgrade", header, version };
  const writes = [putDowngrade(target)];
  return {
    ...nothing(withWrites({ ...store, downgrade: target }, writes)),
    writes,
    outcome: { kind: "call", origin, result: { ok: true, value } },
  };
}
