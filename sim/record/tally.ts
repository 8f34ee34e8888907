// Counts what a run has seen, and chains all of it into one digest. Bytes are hashed as they are;
// nothing is printed or encoded for it.

import type { Effect, Input } from "../../core/contract.ts";
import { Digest } from "../world/digest.ts";
import type { SimOperation } from "./history.ts";
import type { Coverage } from "../run/result.ts";

export type Counts = { -readonly [K in keyof Coverage]: Coverage[K] };

/** Part of what a hash means: append only. */
const INPUT_CODES: Readonly<Record<Input["kind"], number>> = {
  tick: 1,
  "peer.message": 2,
  "peer.unreachable": 3,
  call: 4,
  "call.cancel": 5,
  "disk.done": 6,
  "kv.done": 7,
  "snapshot.sent": 8,
  "snapshot.staged": 9,
  "call.item": 10,
  "call.credit": 11,
  "call.close": 12,
  "backup.piece": 13,
  "password.done": 14,
  "peer.link": 15,
  resume: 16,
  "defragment.done": 17,
  stopping: 18,
};
const BOOT = 0;

export class Tally {
  readonly digest: Digest = new Digest();
  readonly counts: Counts = {
    elections: 0,
    leaderChanges: 0,
    highestTerm: 0,
    committedEntries: 0,
    crashes: 0,
    memberChanges: 0,
    restarts: 0,
    tornTails: 0,
    lostWrites: 0,
    snapshotsSent: 0,
    snapshotsInstalled: 0,
    logTruncations: 0,
    logTrims: 0,
    messagesSent: 0,
    messagesLost: 0,
    messagesDuplicated: 0,
    callsOk: 0,
    callsFailed: 0,
    callsUnknown: 0,
    linearizableReads: 0,
    writes: 0,
    compactions: 0,
    hashes: 0,
    defragmentations: 0,
    refusedForSpace: 0,
    corruptionsFound: 0,
    refusedToServe: 0,
    locks: 0,
    autoCompactions: 0,
    authenticated: 0,
    refusedForPermission: 0,
    authChanges: 0,
    keepAlives: 0,
    leasesRanOut: 0,
    watchEvents: 0,
    watchFragments: 0,
    watchProgress: 0,
    watchesCompacted: 0,
    watchesResumed: 0,
    rangesInPieces: 0,
    rangeParts: 0,
    backups: 0,
    endedWithoutLeader: 0,
    fullDisks: 0,
    statuses: 0,
    largeCalls: 0,
    crowds: 0,
  };
  #leader = 0;

  /** A boot, or a step upon `input`. What the network carries is hashed where it is sent. */
  taken(node: number, input: Input | null, effects: readonly Effect[]): void {
    const { digest } = this;
    digest.number(node);
    digest.number(input === null ? BOOT : INPUT_CODES[input.kind]);
    if (input !== null) this.#input(input);
    for (const effect of effects) this.#effect(node, effect);
    if (input === null && effects.some(repairsTail)) this.counts.tornTails += 1;
  }

  answered({ input, outcome }: SimOperation): void {
    const { counts, digest } = this;
    digest.text(outcome.kind);
    if (outcome.kind === "failed") {
      counts.callsFailed += 1;
      if (outcome.error.name === "NoSpace") counts.refusedForSpace += 1;
      if (outcome.error.name === "PermissionDenied") counts.refusedForPermission += 1;
    }
    if (outcome.kind === "unknown") counts.callsUnknown += 1;
    if (outcome.kind !== "ok") return;
    counts.callsOk += 1;
    digest.number(outcome.output.header.revision);
    const { output } = outcome;
    if (/^(auth|user|role)_/.test(input.kind)) counts.authChanges += 1;
    if (input.kind === "lock" || input.kind === "campaign") counts.locks += 1;
    if (input.kind === "authenticate") counts.authenticated += 1;
    if (input.kind === "hash_kv") counts.hashes += 1;
    if (input.kind === "compact") counts.compactions += 1;
    else if (output.kind === "lease_keep_alive") counts.keepAlives += Number(output.ttlSeconds > 0);
    else if (input.kind === "alarm" || input.kind === "hash_kv") return;
    else if (input.kind !== "range") counts.writes += 1;
    else if (!input.serializable) counts.linearizableReads += 1;
  }

  #input(input: Input): void {
    const { digest } = this;
    switch (input.kind) {
      case "tick":
        return digest.number(input.now);
      case "peer.message":
      case "peer.unreachable":
      case "peer.link":
      case "resume":
      case "stopping":
        return;
      case "call":
      case "call.item":
      case "call.credit":
      case "call.close":
      case "call.cancel":
      case "backup.piece":
      case "password.done":
        return digest.number(input.call);
      case "disk.done":
        return digest.number(input.token);
      case "kv.done":
        return digest.number(input.applied);
      case "defragment.done":
        if (input.error === null) this.counts.defragmentations += 1;
        return digest.text(input.error ?? "");
      case "snapshot.sent":
        return digest.number(input.ok ? 1 : 0);
      case "snapshot.staged":
        return digest.number(input.meta.index);
    }
  }

  #effect(node: number, effect: Effect): void {
    const { digest, counts } = this;
    switch (effect.kind) {
      case "peer.send":
      case "peers":
      case "yield":
      case "defragment":
        return;
      case "disk":
        digest.number(effect.token);
        for (const op of effect.ops) if (op.kind === "write") digest.bytes(op.bytes);
        return;
      case "kv":
        digest.number(effect.applied);
        for (const write of effect.writes) {
          digest.text(write.key);
          if (write.kind === "put") digest.bytes(write.value);
        }
        return;
      case "call.part":
        counts.rangeParts += 1;
        return digest.number(effect.call);
      case "call.reply":
      case "call.push":
      case "call.end":
      case "backup.read":
      case "backup.close":
      case "password":
        return digest.number(effect.call);
      case "admission":
        if (effect.refusal !== null) counts.refusedToServe += 1;
        return;
      case "snapshot.send":
        counts.snapshotsSent += 1;
        return digest.number(effect.meta.index);
      case "snapshot.install":
        return digest.number(effect.meta.index);
      case "trace":
        return this.#trace(node, effect.event);
    }
  }

  #trace(node: number, event: Extract<Effect, { kind: "trace" }>["event"]): void {
    const { counts } = this;
    switch (event.kind) {
      case "become_leader":
        counts.elections += 1;
        counts.highestTerm = Math.max(counts.highestTerm, event.term);
        if (this.#leader !== 0 && this.#leader !== node) counts.leaderChanges += 1;
        this.#leader = node;
        return;
      case "booted":
        counts.restarts += 1;
        return;
      case "log_truncated":
        counts.logTruncations += 1;
        return;
      case "log_trimmed":
        counts.logTrims += 1;
        return;
      case "corrupt":
        counts.corruptionsFound += 1;
        return;
      case "snapshot_installed":
        counts.snapshotsInstalled += 1;
        return;
      default: // the rest is for people
    }
  }
}

function repairsTail(effect: Effect): boolean {
  return effect.kind === "disk" && effect.ops.some((op) => op.kind === "truncate");
}
