// The core without a world: a one-member node whose disk and store answer at once, in memory. What
// is left is the price of the steps themselves.

import { boot, step } from "../core/node.ts";
import type { CallId, Effect, Input, Millis } from "../core/contract.ts";
import type { Request } from "../core/api/request.ts";
import { createMemoryKv } from "../core/kv/memory-kv.ts";
import { loneConfig, settle } from "../core/testing/lone-node.ts";
import type { NodeState } from "../core/node-state.ts";

export interface NodeAlone {
  /** One call, with everything that follows from it. Answers with the number of steps it took. */
  readonly call: (request: Request) => number;
  readonly state: () => NodeState;
}

export function startNodeAlone(): NodeAlone {
  const disk = { list: () => [], read: () => new Uint8Array(), perform: () => undefined };
  const kv = createMemoryKv();
  const booted = boot(loneConfig({ snapshotCount: 10_000 }), 1n, 0 as Millis, disk, kv);
  if (!booted.ok) throw new Error(booted.error);
  let [state] = booted.value;
  let steps = 0;
  const takeOne = (input: Input): readonly Effect[] => {
    const [next, effects] = step(state, input, kv);
    state = next;
    steps += 1;
    return effects;
  };
  const take = (input: Input): number => {
    const before = steps;
    settle({ disk, kv }, takeOne(input), takeOne);
    return steps - before;
  };
  settle({ disk, kv }, booted.value[1], takeOne);
  for (let now = 0; now < 5000; now += 100) take({ kind: "tick", now: now as Millis });
  let calls = 0;
  const context = { deadline: Number.MAX_SAFE_INTEGER as Millis, token: "", requireLeader: false };
  return {
    call: (request) => {
      calls += 1;
      return take({ kind: "call", call: calls as CallId, request, context });
    },
    state: () => state,
  };
}
