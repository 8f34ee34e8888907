// For tests: the core with one client more on every life of every node, whom no simulated client
// knows of. It speaks at ticks, and what it is told is heard by nobody else.

import type { Request } from "../../core/api/request.ts";
import type { CallId, Effect, Input, Millis } from "../../core/contract.ts";
import { pushAll } from "../../core/lib/lists.ts";
import { boot, step } from "../../core/node.ts";
import type { NodeState } from "../../core/node-state.ts";
import type { Core } from "./sim-node.ts";

export type Told = Extract<Effect, { kind: "call.reply" | "call.push" | "call.end" }>;

export type ShadowClient = Readonly<{
  /** What it says before a tick. */
  say: (state: NodeState) => readonly Input[];
  /** What one step told it, after that step. */
  hear: (state: NodeState, told: readonly Told[]) => void;
}>;

/** Its calls have this number or a higher one: no other client's do. */
export const FIRST_CALL = 1_000_000_000;

const NEVER = Number.MAX_SAFE_INTEGER as Millis;

export function withShadowClient({ say, hear }: ShadowClient): Core {
  return {
    boot,
    step: (before, input, kv) => {
      let state = before;
      const effects: Effect[] = [];
      for (const each of [...(input.kind === "tick" ? say(before) : []), input]) {
        const [next, more] = step(state, each, kv);
        state = next;
        pushAll(effects, more);
      }
      hear(state, effects.filter(isTold));
      return [state, effects.filter((effect) => !isTold(effect))];
    },
  };
}

export function callOf(request: Request, call: number = FIRST_CALL): Input {
  const context = { deadline: NEVER, token: "", requireLeader: false };
  return { kind: "call", call: call as CallId, request, context };
}

/** One who reads what it is owed at every so many ticks. */
export function readNow(
  reader: { ticks: number; owed: number },
  everyTicks: number,
  call: number = FIRST_CALL,
): readonly Input[] {
  const items = reader.owed;
  if (items === 0 || reader.ticks % everyTicks !== 0) return [];
  reader.owed = 0;
  return [{ kind: "call.credit", call: call as CallId, items }];
}

function isTold(effect: Effect): effect is Told {
  switch (effect.kind) {
    case "call.reply":
    case "call.push":
    case "call.end":
      return effect.call >= FIRST_CALL;
    default:
      return false;
  }
}
