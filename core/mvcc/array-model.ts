// What etcd's store promises, said as naively as can be: a list of every state that there ever was,
// each a sorted array of keys. For tests; it shares no logic with the store that they test.

import type {
  Compare,
  KeyValue,
  KvRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from "../api/request.ts";
import { fromBytes } from "../lib/bytes.ts";

/** states[revision] is what a reader at that revision sees. */
export type Model = { states: (readonly KeyValue[])[] };

/** An answer without identities: for each header its revision alone. */
export type Answer = Readonly<Record<string, unknown>>;

export function createModel(): Model {
  return { states: [[], []] };
}

/** Executes a request; an error by its name. */
export function execute(model: Model, request: KvRequest): Answer | string {
  const before = now(model);
  const operation: Operation = request.kind === "txn" ? choose(before, request) : request;
  if (request.kind === "range" && request.revision <= 0) return perform(model, before, request);
  const error = refuse(model, before, operation);
  if (error !== null) return error;
  const scratch: Scratch = { state: before, wrote: false, lost: false };
  const answer = perform(model, before, operation, scratch);
  if (scratch.lost) return "KeyNotFound";
  if (scratch.wrote) model.states.push(scratch.state);
  return { ...answer, revision: model.states.length - 1 };
}

type Scratch = { state: readonly KeyValue[]; wrote: boolean; lost: boolean };
type Chosen = Readonly<{ kind: "chosen"; succeeded: boolean; operations: readonly Operation[] }>;
type Operation = Exclude<RequestOp, TxnRequest> | Chosen;

function now(model: Model): readonly KeyValue[] {
  return model.states[model.states.length - 1] ?? [];
}

function choose(state: readonly KeyValue[], txn: TxnRequest): Chosen {
  const succeeded = txn.compare.every((compare) => compares(state, compare));
  const branch = succeeded ? txn.success : txn.failure;
  const operations = branch.map((each) => (each.kind === "txn" ? choose(state, each) : each));
  return { kind: "chosen", succeeded, operations };
}

function compares(state: readonly KeyValue[], compare: Compare): boolean {
  const { target, result } = compare;
  const kvs = state.filter((kv) => covers(compare.key, compare.rangeEnd, kv.key));
  if (kvs.length === 0 && target.kind === "value") return false;
  const zero = { createRevision: 0, modRevision: 0, version: 0, lease: 0n };
  return (kvs.length > 0 ? kvs : [{ ...zero, value: new Uint8Array(0) }]).every((kv) => {
    const [left, right] = ((): [string, string] | [number | bigint, number | bigint] => {
      if (target.kind === "version") return [kv.version, target.operand];
      if (target.kind === "create") return [kv.createRevision, target.operand];
      if (target.kind === "mod") return [kv.modRevision, target.operand];
      if (target.kind === "lease") return [kv.lease, target.operand];
      if (target.kind === "value") return [text(kv.value), text(target.operand)];
      return [0, 0];
    })();
    if (result === "equal") return left === right;
    if (result === "not_equal") return left !== right;
    if (result === "greater") return left > right;
    return result === "less" ? left < right : true;
  });
}

/** The first part that cannot be done decides; a put's lease counts before its key. */
function refuse(model: Model, state: readonly KeyValue[], operation: Operation): string | null {
  const errors = partsOf(operation).flatMap((part) => {
    if (part.kind === "empty") return ["KeyNotFound"];
    if (part.kind === "range") {
      if (part.revision > model.states.length - 1) return ["FutureRevision"];
      return part.revision < -1 ? ["Compacted"] : [];
    }
    if (part.kind !== "put") return [];
    const missing = state.every((kv) => kv.key !== part.key);
    const lost = missing && (part.ignoreValue || part.ignoreLease) ? ["KeyNotFound"] : [];
    const loose = part.lease === 0n ? [] : ["LeaseNotFound"];
    return [...loose, ...lost];
  });
  return errors[0] ?? null;
}

function partsOf(operation: Operation): readonly Exclude<Operation, Chosen>[] {
  return operation.kind === "chosen" ? operation.operations.flatMap(partsOf) : [operation];
}

function perform(
  model: Model,
  before: readonly KeyValue[],
  operation: Operation | RequestOp,
  scratch: Scratch = { state: before, wrote: false, lost: false },
): Answer {
  const begun = model.states.length - 1;
  const revision = (): number => begun + (scratch.wrote ? 1 : 0);
  switch (operation.kind) {
    case "range": {
      const past =
        operation.revision > 0 && operation.revision <= begun ? operation.revision : null;
      const state = past === null ? scratch.state : (model.states[past] ?? []);
      return { kind: "range", revision: revision(), ...select(state, operation) };
    }
    case "put": {
      const old = scratch.state.find((kv) => kv.key === operation.key) ?? null;
      scratch.lost ||= old === null && (operation.ignoreValue || operation.ignoreLease);
      const kv: KeyValue = {
        key: operation.key,
        createRevision: old?.createRevision ?? begun + 1,
        modRevision: begun + 1,
        version: (old?.version ?? 0) + 1,
        value: operation.ignoreValue && old !== null ? old.value : operation.value,
        lease: operation.ignoreLease && old !== null ? old.lease : operation.lease,
      };
      const others = scratch.state.filter(({ key }) => key !== operation.key);
      scratch.state = [...others, kv].toSorted((a, b) => (a.key < b.key ? -1 : 1));
      scratch.wrote = true;
      return { kind: "put", revision: revision(), prevKv: operation.prevKv ? old : null };
    }
    case "delete_range": {
      const gone = (kv: KeyValue): boolean => covers(operation.key, operation.rangeEnd, kv.key);
      const deleted = scratch.state.filter(gone);
      scratch.state = scratch.state.filter((kv) => !gone(kv));
      scratch.wrote ||= deleted.length > 0;
      const prevKvs = operation.prevKv ? deleted : [];
      return { kind: "delete_range", revision: revision(), deleted: deleted.length, prevKvs };
    }
    case "chosen": {
      const { succeeded, operations } = operation;
      const responses = operations.map((each) => perform(model, before, each, scratch));
      return { kind: "txn", revision: 0, succeeded, responses };
    }
    default:
      return {};
  }
}

function select(state: readonly KeyValue[], request: RangeRequest): Answer {
  const all = state.filter((kv) => covers(request.key, request.rangeEnd, kv.key));
  if (request.countOnly) return { kvs: [], more: false, count: all.length };
  const limit = request.limit > 0 ? request.limit : Infinity;
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  let kvs = all
    .filter((kv) => maxModRevision === 0 || kv.modRevision <= maxModRevision)
    .filter((kv) => minModRevision === 0 || kv.modRevision >= minModRevision)
    .filter((kv) => maxCreateRevision === 0 || kv.createRevision <= maxCreateRevision)
    .filter((kv) => minCreateRevision === 0 || kv.createRevision >= minCreateRevision);
  const filters = [minModRevision, maxModRevision, minCreateRevision, maxCreateRevision];
  const quirk = request.sortOrder === "none" && filters.every((filter) => filter === 0);
  if (quirk) kvs = kvs.slice(0, limit + 1);
  const by = (kv: KeyValue): number | string => {
    if (request.sortTarget === "version") return kv.version;
    if (request.sortTarget === "create") return kv.createRevision;
    if (request.sortTarget === "mod") return kv.modRevision;
    return request.sortTarget === "value" ? text(kv.value) : kv.key;
  };
  const sign = request.sortOrder === "descend" ? -1 : 1;
  kvs.sort((a, b) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : 0));
  const cut = kvs.slice(0, limit);
  const shown = request.keysOnly ? cut.map((kv) => bare(kv, request)) : cut;
  return { kvs: shown, more: kvs.length > limit, count: all.length };
}

/** What the index knows of it. */
function bare(kv: KeyValue, { sortTarget }: RangeRequest): KeyValue {
  const lease = sortTarget === "value" ? kv.lease : 0n;
  return { ...kv, value: new Uint8Array(0), lease };
}

function covers(key: string, rangeEnd: string, candidate: string): boolean {
  if (rangeEnd === "") return candidate === key;
  return candidate >= key && (rangeEnd === "\0" || candidate < rangeEnd);
}

function text(bytes: Uint8Array): string {
  return fromBytes(bytes);
}
