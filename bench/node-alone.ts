// The core without a world: a one-member node whose disk and store answer at once, in memory. What
// is left is the price of the steps themselves.

import { boot, step } from "../core/node.ts";
import { createConfig, DEFAULT_LIMITS, WATCH_PROGRESS_MS } from "../core/config.ts";
import type {
  Bytes,
  CallId,
  ClusterId,
  Effect,
  Input,
  KvReader,
  KvWrite,
  Millis,
  NodeId,
  Table,
} from "../core/contract.ts";
import type { Request } from "../core/api/request.ts";
import type { NodeState } from "../core/node-state.ts";
import type { OrderedMap } from "../core/lib/ordered-map.ts";
import {
  createOrderedMap,
  entries,
  entriesDescending,
  get,
  remove,
  set,
} from "../core/lib/ordered-map.ts";

type Rows = OrderedMap<Bytes, Uint8Array>;

export interface NodeAlone {
  /** One call, with everything that follows from it. Answers with the number of steps it took. */
  readonly call: (request: Request) => number;
  readonly state: () => NodeState;
}

export function startNodeAlone(): NodeAlone {
  const tables: Record<Table, Rows> = {
    meta: createOrderedMap(),
    keys: createOrderedMap(),
    leases: createOrderedMap(),
    members: createOrderedMap(),
    alarms: createOrderedMap(),
    auth: createOrderedMap(),
  };
  const kv = readerOf(tables);
  const node = 1n as NodeId;
  const config = createConfig({
    cluster: 1n as ClusterId,
    node,
    members: [{ id: node, name: "alone", peerUrls: [], clientUrls: [], isLearner: false }],
    name: "alone",
    clientUrls: [],
    contacts: [],
    strictReconfig: true,
    version: "0",
    watchProgressMs: WATCH_PROGRESS_MS,
    heartbeatMs: 100,
    electionMs: 1000,
    snapshotCount: 10_000,
    preVote: true,
    limits: DEFAULT_LIMITS,
  });
  const booted = boot(
    config,
    1n,
    0 as Millis,
    { list: () => [], read: () => new Uint8Array() },
    kv,
  );
  if (!booted.ok) throw new Error(booted.error);
  let [state, effects] = booted.value;
  const queue: Input[] = [];
  const perform = (effect: Effect): void => {
    if (effect.kind === "disk") queue.push({ kind: "disk.done", token: effect.token });
    if (effect.kind !== "kv") return;
    for (const write of effect.writes) writeRow(tables, write);
    queue.push({ kind: "kv.done", applied: effect.applied });
  };
  const drain = (): number => {
    let steps = 0;
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
      [state, effects] = step(state, input, kv);
      effects.forEach(perform);
      steps += 1;
    }
    return steps;
  };
  effects.forEach(perform);
  drain();
  for (let now = 0; now < 5000; now += 100) {
    queue.push({ kind: "tick", now: now as Millis });
    drain();
  }
  let calls = 0;
  const context = { deadline: Number.MAX_SAFE_INTEGER as Millis, token: "", requireLeader: false };
  return {
    call: (request) => {
      calls += 1;
      queue.push({ kind: "call", call: calls as CallId, request, context });
      return drain();
    },
    state: () => state,
  };
}

function readerOf(tables: Record<Table, Rows>): KvReader {
  return {
    get: (table, key) => get(tables[table], key),
    scan: (table, from, to, reverse = false) =>
      reverse ? entriesDescending(tables[table], from, to) : entries(tables[table], from, to),
    sizeBytes: () => 1,
    sizeInUseBytes: () => 1,
  };
}

function writeRow(tables: Record<Table, Rows>, write: KvWrite): void {
  const rows = tables[write.table];
  tables[write.table] =
    write.kind === "put" ? set(rows, write.key, write.value) : remove(rows, write.key);
}
