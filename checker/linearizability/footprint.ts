// Which keys a request may look at or write. Used to tell which guesses a failure can depend on.

import type { KvRequest, RequestOp } from "../../core/api/request.ts";

/** Half-open ranges of keys; an end of null is the end of all keys. */
export type Span = Readonly<{ start: string; end: string | null }>;

/** Every key that the answer or the effect of a request may depend on. */
export function footprintOf(request: KvRequest): readonly Span[] {
  if (request.kind !== "txn")
    return [spanOf(request.key, request.kind === "put" ? "" : request.rangeEnd)];
  const compared = request.compare.map(({ key, rangeEnd }) => spanOf(key, rangeEnd));
  return [...compared, ...partsOf(request).flatMap(footprintOf)];
}

/** Every key that a request may write, in one state or another. */
export function writeSpansOf(request: KvRequest): readonly Span[] {
  switch (request.kind) {
    case "range":
      return [];
    case "put":
      return [spanOf(request.key, "")];
    case "delete_range":
      return [spanOf(request.key, request.rangeEnd)];
    case "txn":
      return partsOf(request).flatMap(writeSpansOf);
  }
}

export function overlap(some: readonly Span[], others: readonly Span[]): boolean {
  return some.some((a) => others.some((b) => isBelow(a.start, b.end) && isBelow(b.start, a.end)));
}

function partsOf(request: Extract<KvRequest, { kind: "txn" }>): readonly KvRequest[] {
  return [...request.success, ...request.failure].filter(isRequest);
}

function isRequest(op: RequestOp): op is KvRequest {
  return op.kind !== "empty";
}

function spanOf(key: string, rangeEnd: string): Span {
  if (rangeEnd === "") return { start: key, end: `${key}\0` };
  return { start: key, end: rangeEnd === "\0" ? null : rangeEnd };
}

function isBelow(start: string, end: string | null): boolean {
  return end === null || start < end;
}
