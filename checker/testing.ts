// Histories for tests: requests in short, histories made by running the model at random moments,
// and ways to spoil an answer. Also the slowest judge of all, which tries every order.

import type { Compare, KeyValue, KvRequest, KvResponse } from "../core/api/request.ts";
import type { Answer, EtcdState } from "./model/etcd-model.ts";
import { EMPTY_STORE, evaluate } from "./model/etcd-model.ts";
import type { Operation } from "./history.ts";
import type { Model } from "./linearizability/linearizability.ts";

type Range = Extract<KvRequest, { kind: "range" }>;
type Put = Extract<KvRequest, { kind: "put" }>;
type Response = Extract<Operation["outcome"], { kind: "ok" }>["output"];

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export function put(key: string, value: string, options: Partial<Put> = {}): Put {
  const flags = { lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false };
  return { kind: "put", key: key as Put["key"], value: bytes(value), ...flags, ...options };
}

export function range(key: string, options: Partial<Range> = {}): Range {
  return {
    kind: "range",
    key: key as Range["key"],
    rangeEnd: "" as Range["key"],
    limit: 0,
    revision: 0,
    sortOrder: "none",
    sortTarget: "key",
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
    ...options,
  };
}

export function remove(key: string, rangeEnd = "", prevKv = false): KvRequest {
  return {
    kind: "delete_range",
    key: key as Range["key"],
    rangeEnd: rangeEnd as Range["key"],
    prevKv,
  };
}

export function txn(
  compare: readonly Compare[],
  success: readonly KvRequest[],
  failure: readonly KvRequest[],
): KvRequest {
  return { kind: "txn", compare, success, failure };
}

export function compareMod(key: string, operand: number): Compare {
  const target = { kind: "mod", operand } as const;
  return { key: key as Range["key"], rangeEnd: "" as Range["key"], result: "equal", target };
}

export function respond(answer: Exclude<Answer, { kind: "error" }>): KvResponse {
  const header = { clusterId: 1n, memberId: 1n, raftTerm: 1, revision: answer.revision } as never;
  switch (answer.kind) {
    case "range": {
      const { shown, keysOnly, more, count } = answer.selection;
      const kvs = keysOnly ? shown.map((pair) => ({ ...pair, value: bytes("") })) : shown;
      return { kind: "range", header, kvs, more, count };
    }
    case "put":
      return { kind: "put", header, prevKv: answer.prevKv };
    case "delete_range": {
      const { deleted, prevKvs } = answer;
      return { kind: "delete_range", header, deleted, prevKvs };
    }
    case "txn": {
      const responses = answer.answers.map((part) =>
        respond(part as Parameters<typeof respond>[0]),
      );
      return { kind: "txn", header, succeeded: answer.succeeded, responses };
    }
  }
}

/** One call as a generator draws it; `point` is when it takes effect, in thirds of its interval. */
export type Draft = Readonly<{
  request: KvRequest;
  call: number;
  length: number;
  point: number;
  fate: "ok" | "unknown_done" | "unknown_never";
  age: number; // how far behind a serializable read is
}>;

/** What a correct store would have answered: linearizable by construction. */
export function enact(drafts: readonly Draft[]): readonly Operation[] {
  const plan = drafts.map((draft, id) => {
    const late = draft.fate === "unknown_done" ? 3 : 1;
    return { ...draft, id, at: draft.call + Math.floor((draft.length * draft.point * late) / 3) };
  });
  const states: EtcdState[] = [EMPTY_STORE];
  const operations: Operation[] = [];
  for (const { id, request, call, length, fate, age } of plan.toSorted((a, b) => a.at - b.at)) {
    const current = states.at(-1) as EtcdState;
    const isStale = request.kind === "range" && request.serializable;
    const seen = isStale ? (states.at(-1 - age) ?? EMPTY_STORE) : current;
    const { state, answer } = evaluate(seen, request);
    if (fate !== "unknown_never" && state.revision > current.revision) states.push(state);
    const base = { id, client: id, input: request, call, return: call + length };
    if (fate !== "ok") {
      operations.push({ ...base, return: null, outcome: { kind: "unknown", error: null } });
    } else if (answer.kind === "error") {
      const error = { name: answer.names[0] ?? "", code: 3, message: "", definite: true } as const;
      operations.push({ ...base, outcome: { kind: "failed", error } });
    } else {
      operations.push({ ...base, outcome: { kind: "ok", output: respond(answer) } });
    }
  }
  return operations.toSorted((a, b) => a.id - b.id);
}

/** Ways to spoil a history: what a broken server might answer. Many leave it legal. */
export type Spoil = Readonly<{ at: number; how: number; by: number }>;

export function spoiled(
  history: readonly Operation[],
  { at, how, by }: Spoil,
): readonly Operation[] {
  const victim = history[at % history.length] as Operation;
  const other = history[(at + by + history.length) % history.length] as Operation;
  const changed = (): Operation => {
    if (how === 0 && victim.input.kind === other.input.kind) {
      return {
        ...victim,
        outcome: other.outcome,
        return: other.return === null ? null : victim.call + 1,
      };
    }
    if (how === 1) {
      const call = victim.call + 5 * by;
      return { ...victim, call, return: victim.return === null ? null : call };
    }
    if (victim.outcome.kind !== "ok") return victim;
    const output = spoiledOutput(victim.outcome.output, how, by);
    return { ...victim, outcome: { kind: "ok", output } };
  };
  return history.map((operation) => (operation === victim ? changed() : operation));
}

function spoiledOutput(output: Response, how: number, by: number): Response {
  const touch = (pair: KeyValue): KeyValue => {
    if (how === 3) return { ...pair, modRevision: pair.modRevision + by };
    if (how === 4) return { ...pair, version: pair.version + by };
    return { ...pair, value: bytes(by > 0 ? "x" : "y") };
  };
  const header = (output as KvResponse).header;
  if (how === 2) return { ...output, header: { ...header, revision: header.revision + by } };
  if (output.kind === "range") {
    if (how === 6) return { ...output, count: 0, kvs: [] };
    return { ...output, kvs: output.kvs.map(touch) };
  }
  if (output.kind === "put" && output.prevKv !== null) {
    return { ...output, prevKv: how === 6 ? null : touch(output.prevKv) };
  }
  if (output.kind === "delete_range")
    return { ...output, deleted: Math.max(0, output.deleted + by) };
  return output;
}

/** Every order that real time allows, with every subset of what may never have happened. */
export function isLinearizable<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
): boolean {
  const explain = (state: S, left: readonly Operation<I, O>[]): boolean => {
    const known = left.filter(({ outcome }) => outcome.kind === "ok");
    if (known.length === 0) return true;
    const firstReturn = known.reduce(
      (first, { return: end }) => Math.min(first, end as number),
      Infinity,
    );
    return left.some((operation) => {
      if (operation.call > firstReturn) return false;
      const rest = left.filter((other) => other !== operation);
      const { input, outcome } = operation;
      if (outcome.kind !== "ok") return explain(model.apply(state, input), rest);
      const next = model.accept(state, input, outcome.output);
      return next !== null && explain(next, rest);
    });
  };
  return explain(
    model.initial,
    history.filter(({ outcome }) => outcome.kind !== "failed"),
  );
}
