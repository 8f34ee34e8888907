// What an answer gives away about keys: which write somebody saw, and which writes an answered
// operation made. No search and no replay: only what two answers say about each other.

import type { KeyValue, KvRequest, KvResponse, RequestOp } from "../../core/api/request.ts";
import { changes } from "../model/history-of-keys.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";

/** `reader` saw `key` in this state as of revision `at`. */
export type Observation = Readonly<{
  reader: number;
  key: string;
  pair: KeyValue | null; // null: there was no such key
  hasValue: boolean; // false: the read left values out
  at: number;
}>;

/** A write that certainly happened, to keys that are certain. */
export type KnownWrite = Readonly<{
  writer: number;
  key: string;
  revision: number;
  isPut: boolean;
  value: Uint8Array | null; // null: not known from the request
}>;

/** `base` is the revision that the operation found, `made` the one that it made, or the same. */
type Frame = Readonly<{ reader: number; base: number; made: number }>;

export function observationsOf(operation: KeyOperation): readonly Observation[] {
  const { input, outcome } = operation;
  if (outcome.kind !== "ok" || outcome.output.kind === "error") return [];
  return observationsIn(frameOf(operation.id, outcome.output), input, outcome.output);
}

export function knownWritesOf(operation: KeyOperation): readonly KnownWrite[] {
  const { input, outcome } = operation;
  if (outcome.kind !== "ok" || outcome.output.kind === "error") return [];
  return writesIn(frameOf(operation.id, outcome.output), input, outcome.output);
}

function frameOf(reader: number, response: KvResponse): Frame {
  const made = response.header.revision;
  return { reader, base: changes(response) ? made - 1 : made, made };
}

function observationsIn(
  frame: Frame,
  request: RequestOp,
  response: KvResponse,
): readonly Observation[] {
  const { base, made, reader } = frame;
  const see = (pair: KeyValue, hasValue: boolean, at: number): Observation => {
    // Within a transaction, what it wrote itself is of the revision that it makes.
    return { reader, key: pair.key, pair, hasValue, at: pair.modRevision === made ? made : at };
  };
  const miss = (key: string, at: number): Observation => {
    return { reader, key, pair: null, hasValue: false, at };
  };
  if (request.kind === "range" && response.kind === "range") {
    const at = request.revision > 0 ? request.revision : base;
    const isSettled = request.revision > 0 || base === made; // nothing was deleted on the way
    if (isSettled && request.rangeEnd === "" && response.count === 0)
      return [miss(request.key, at)];
    return response.kvs.map((pair) => see(pair, !request.keysOnly, at));
  }
  if (request.kind === "put" && response.kind === "put") {
    if (!request.prevKv) return [];
    return [response.prevKv === null ? miss(request.key, base) : see(response.prevKv, true, base)];
  }
  if (request.kind === "delete_range" && response.kind === "delete_range") {
    const isMiss = base === made && request.rangeEnd === "" && response.deleted === 0;
    return isMiss ? [miss(request.key, base)] : response.prevKvs.map((p) => see(p, true, base));
  }
  return partsOf(request, response).flatMap(([op, part]) => observationsIn(frame, op, part));
}

function writesIn(frame: Frame, request: RequestOp, response: KvResponse): readonly KnownWrite[] {
  const base = { writer: frame.reader, revision: frame.made };
  if (request.kind === "put") {
    const value = request.ignoreValue ? null : request.value;
    return [{ ...base, key: request.key, isPut: true, value }];
  }
  if (request.kind === "delete_range" && response.kind === "delete_range") {
    const isSingle = request.rangeEnd === "" && response.deleted === 1;
    const keys = isSingle ? [request.key] : response.prevKvs.map(({ key }) => key);
    return keys.map((key) => ({ ...base, key, isPut: false, value: null }));
  }
  return partsOf(request, response).flatMap(([op, part]) => writesIn(frame, op, part));
}

/** The operations of a transaction that ran, with their answers. */
function partsOf(
  request: RequestOp,
  response: KvResponse,
): readonly (readonly [KvRequest, KvResponse])[] {
  if (request.kind !== "txn" || response.kind !== "txn") return [];
  const branch = response.succeeded ? request.success : request.failure;
  return branch.flatMap((op, at) => {
    const part = response.responses[at];
    return op.kind === "empty" || part === undefined ? [] : [[op, part] as const];
  });
}
