// What the state machine and its clients may rely on: every entry applied once and in order, equal
// stores, one answer for each call, no stale read; and that all is well again once the faults are
// over.

import type { Effect } from "../../core/contract.ts";
import { quote } from "../../core/lib/bytes.ts";
import { entries, has } from "../../core/lib/ordered-map.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { GhostNode } from "./ghost.ts";
import { ghostNode, hashWrites, isAnyHarmed } from "./ghost.ts";
import type { SimOperation } from "../record/history.ts";
import type { Invariant } from "./invariants.ts";

const WAITING_MAX = 2000; // disk effects under way, messages held back
const BATCH_MAX = 1000; // entries applied in one step

export const serviceInvariants: readonly Invariant[] = [
  {
    id: "applied-in-order",
    sentence: "Entries are applied once, in order, and only when committed.",
    at: ["booted", "stepped"],
    check: (ghost, moment) => {
      if (moment.kind === "booted") return bootedAt(ghostNode(ghost, moment.node), moment.state);
      if (moment.kind !== "stepped") return null;
      return misapplied(ghostNode(ghost, moment.node), moment.state, moment.effects);
    },
  },
  {
    id: "kv-agreement",
    sentence: "Stores that have applied the same entries hold the same revisions.",
    at: ["stepped"],
    check: (ghost, moment) => {
      if (moment.kind !== "stepped") return null;
      let hash = ghostNode(ghost, moment.node).kvHash;
      for (const effect of moment.effects) {
        if (effect.kind !== "kv" || hash === null) continue;
        hash = hashWrites(hash, effect);
        const other = ghost.kvHashes.get(effect.applied);
        if (other === undefined || other === hash) continue;
        return `after entry ${effect.applied} the store differs from another one's`;
      }
      return null;
    },
  },
  {
    id: "snapshot-agreement",
    sentence: "An image that is installed is a committed state, and newer than what it replaces.",
    at: ["stepped"],
    check: (ghost, moment) => {
      if (moment.kind !== "stepped") return null;
      for (const effect of moment.effects) {
        if (effect.kind !== "snapshot.install") continue;
        const { index, term } = effect.meta;
        const committed = ghost.committed.get(index);
        if (committed !== term) {
          return `an image of (${index}, term ${term}), but term ${committed} is committed there`;
        }
        const { commit } = moment.before.raft.log;
        if (index > commit) continue;
        return `an image of entry ${index} replaces the state after ${commit}`;
      }
      return null;
    },
  },
  {
    id: "answer-once",
    sentence: "Every call is answered at most once, and nothing else is answered.",
    at: ["stepped"],
    check: (ghost, moment) => {
      if (moment.kind !== "stepped") return null;
      const { calls } = ghostNode(ghost, moment.node);
      let answered: Set<number> | null = null;
      for (const effect of moment.effects) {
        if (!isTold(effect)) continue;
        const { kind } = effect;
        const taken = moment.input.kind === "call" && moment.input.call === effect.call;
        if (answered?.has(effect.call)) return `call ${effect.call} is answered twice`;
        if (!taken && !calls.has(effect.call)) return `call ${effect.call} was not waiting`;
        if (kind === "call.reply" || kind === "call.end")
          answered = (answered ?? new Set()).add(effect.call);
      }
      return null;
    },
  },
  {
    id: "nothing-in-vain",
    sentence: "Nobody waits for the end of a key, or follows one, that is gone.",
    at: ["stepped"],
    check: (_ghost, moment) => (moment.kind === "stepped" ? waitingInVain(moment.state) : null),
  },
  {
    id: "fresh-reads",
    sentence: "A linearizable answer knows all that anybody had been told before the call.",
    at: ["answered"],
    check: (ghost, moment) =>
      moment.kind === "answered" && !isAnyHarmed(ghost)
        ? staleness(moment.operation, moment.floor)
        : null,
  },
  {
    id: "bounded-queues",
    sentence: "No queue of a node grows without end.",
    at: ["stepped"],
    check: (_ghost, moment) => {
      if (moment.kind !== "stepped") return null;
      const { raft, appliedDurable, config } = moment.state;
      const { outbox } = moment.state.disk;
      if (outbox.pending.length > WAITING_MAX) return `${outbox.pending.length} disk effects wait`;
      if (outbox.held.length > WAITING_MAX) return `${outbox.held.length} messages are held back`;
      const kept = appliedDurable - raft.log.compactedIndex;
      if (kept <= config.snapshotCount + config.catchUpEntries + BATCH_MAX) return null;
      return `${kept} entries are kept that the store holds already`;
    },
  },
  {
    id: "convergence",
    sentence: "Once the faults are over, all nodes reach the same state under one leader.",
    at: ["ended"],
    check: (ghost, moment) =>
      moment.kind === "ended" && !isAnyHarmed(ghost)
        ? divergence(moment.states, moment.contents)
        : null,
  },
  {
    id: "availability",
    sentence: "Once the faults are over, every node answers a linearizable read.",
    at: ["ended"],
    check: (_ghost, moment) =>
      moment.kind === "ended" && moment.unanswered.length > 0
        ? `the final read failed at node ${moment.unanswered.join(", ")}`
        : null,
  },
];

function bootedAt(node: GhostNode, { store }: NodeState): string | null {
  if (store.applied >= node.kvDurable && store.applied <= node.kvIssued) return null;
  return `the store holds ${store.applied}, it was given ${node.kvDurable} to ${node.kvIssued}`;
}

function waitingInVain({ store, installing, calls, streams }: NodeState): string | null {
  if (installing !== null) return null;
  const { live } = store.mvcc.index;
  for (const [key, [call]] of entries(calls.concurrencyCalls.waiters)) {
    if (!has(live, key)) return `call ${call} waits for the end of ${quote(key)}, which is gone`;
  }
  for (const [call, { observer }] of entries(streams.observers)) {
    if (observer.at.kind !== "following" || has(live, observer.at.key)) continue;
    return `call ${call} follows ${quote(observer.at.key)}, which is gone`;
  }
  return null;
}

function misapplied(
  node: GhostNode,
  { raft, store, installing }: NodeState,
  effects: readonly Effect[],
): string | null {
  const { commit, lastIndex } = raft.log;
  if (commit > lastIndex) return `entry ${commit} is committed, the log ends at ${lastIndex}`;
  if (store.applied > commit) return `entry ${store.applied} is applied, ${commit} is committed`;
  let applied = node.kvIssued;
  for (const effect of effects) {
    if (effect.kind === "snapshot.install") applied = effect.meta.index;
    if (effect.kind !== "kv") continue;
    if (effect.applied <= applied) return `entry ${effect.applied} is applied after ${applied}`;
    applied = effect.applied;
  }
  if (installing !== null || store.applied === applied) return null;
  return `the store stands at ${store.applied}, what was written at ${applied}`;
}

function staleness(operation: SimOperation, floor: number): string | null {
  const { input, outcome, id } = operation;
  if (outcome.kind !== "ok" || (input.kind === "range" && input.serializable)) return null;
  if (input.kind === "hash_kv" || input.kind === "defragment") return null; // one member's own
  const { revision } = outcome.output.header;
  const writes = input.kind === "put";
  if (writes ? revision > floor : revision >= floor) return null;
  return `call ${id} (${input.kind}) shows revision ${revision}, but ${floor} had been told before`;
}

function divergence(
  states: readonly (NodeState | null)[],
  contents: readonly string[],
): string | null {
  const down = states.indexOf(null);
  if (down !== -1) return `node ${down + 1} is still down`;
  const lines = states.map((state) => (state === null ? "" : summary(state)));
  const leaders = states.filter((state) => state?.raft.role === "leader");
  if (leaders.length !== 1) return `${leaders.length} nodes lead: ${lines.join("; ")}`;
  if (new Set(lines).size !== 1) return `the nodes differ: ${lines.join("; ")}`;
  if (new Set(contents).size !== 1) return `the stores differ: ${contents.join(", ")}`;
  return null;
}

function summary({ raft, store }: NodeState): string {
  const { log, term, leader } = raft;
  const { lastIndex, commit } = log;
  const held = `log to ${lastIndex}, commit ${commit}, applied ${store.applied}`;
  return `term ${term} under ${leader}, ${held}`;
}

type Told = Extract<Effect, { kind: "call.part" | "call.push" | "call.reply" | "call.end" }>;

function isTold(effect: Effect): effect is Told {
  return effect.kind.startsWith("call.");
}
