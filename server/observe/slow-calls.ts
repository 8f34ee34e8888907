// etcd's line of a call that took long (--warning-unary-request-duration), with its fields: seen at
// the one seam that all calls go through. Values are not shown, only how large they are.

import type { Request, RequestOp, Response } from "../../core/api/request.ts";
import type { Result } from "../../core/contract.ts";
import type { CallSink } from "../../net/socket/call-sink.ts";
import { encodeInParts } from "../../net/wire/methods/answer-parts.ts";
import type { AnswerParts } from "../../net/wire/methods/answer-parts.ts";
import { encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import type { Log } from "./log.ts";

/** As etcd says it of calls that are no business of keys. */
const UNCOUNTED = -1;

/** The same sink, watched. As in etcd, 0 tells of every call. */
export function tellSlow(sink: CallSink, longestMs: number, log: Log): CallSink {
  return {
    openStream: sink.openStream,
    open: (request, caller, reply) => {
      const begunMs = performance.now();
      return sink.open(request, caller, (result, parts) => {
        reply(result, parts);
        const spentMs = performance.now() - begunMs;
        if (spentMs <= longestMs) return;
        log("warn", "request stats", {
          "start time": new Date(Date.now() - spentMs).toISOString(),
          "time spent": `${spentMs.toFixed(6)}ms`,
          "response type": pathOf(request),
          ...sizesOf(request, result, parts),
          "request content": contentOf(request),
        });
      });
    },
  };
}

function sizesOf(
  request: Request,
  result: Result<Response>,
  parts: AnswerParts,
): Readonly<Record<string, number>> {
  const counted = isOfKeys(request);
  const answer = result.ok && counted ? encodeInParts(result.value, parts) : [];
  return {
    "request count": counted ? writesOf(request) : UNCOUNTED,
    "request size": counted ? encodeRequest(request).length : UNCOUNTED,
    "response count": counted && result.ok ? pairsOf(result.value) : UNCOUNTED,
    "response size": counted ? answer.reduce((sum, { length }) => sum + length, 0) : UNCOUNTED,
  };
}

type KeyRequest = Exclude<RequestOp, { kind: "empty" }>;

function isOfKeys(request: Request): request is KeyRequest {
  return ["range", "put", "delete_range", "txn"].includes(request.kind);
}

/** Like etcd, of what was put. */
function writesOf(request: Request): number {
  if (request.kind === "put") return 1;
  if (request.kind !== "txn") return 0;
  return [...request.success, ...request.failure].filter(({ kind }) => kind === "put").length;
}

function pairsOf(response: Response): number {
  if (response.kind === "range") return response.count;
  if (response.kind === "delete_range") return response.deleted;
  return 0;
}

function contentOf(request: Request | RequestOp): string {
  switch (request.kind) {
    case "put":
      return `key:${quoted(request.key)} value_size:${request.value.length} `;
    case "range":
    case "delete_range": {
      const { key, rangeEnd } = request;
      return `key:${quoted(key)}${rangeEnd === "" ? "" : ` range_end:${quoted(rangeEnd)}`}`;
    }
    case "txn": {
      const compared = request.compare.map(({ key, target }) => {
        return `compare:<target:${target.kind.toUpperCase()} key:${quoted(key)} >`;
      });
      return [
        ...compared,
        ...named("success", request.success),
        ...named("failure", request.failure),
      ].join(" ");
    }
    default:
      return "";
  }
}

function named(branch: string, operations: readonly RequestOp[]): readonly string[] {
  return operations.map((each) => `${branch}:<request_${each.kind}:<${contentOf(each)}>>`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
