// A large answer, made in parts. The parts wait as bytes until the last, because gRPC tells the
// length of a message before the message. Put together they are the very bytes that the whole
// answer has in one go: fields ascending, and what is repeated piece by piece.

import type { KeyValue, Response } from "../../../core/api/request.ts";
import { encoded, writeVarint } from "../../../core/lib/binary.ts";
import type { ResponseOf } from "../convert/convert-response.ts";
import { CODEC } from "../messages/etcd-messages.ts";
import { encodeResponse } from "./methods.ts";

/** What is known of an answer so far: the pieces of each of its ranges. */
export type AnswerParts = readonly (readonly Uint8Array[])[];

export type AnswerPart = Readonly<{
  operation: number;
  kvs: readonly KeyValue[];
  isFirst: boolean;
}>;

/** Of TxnResponse: responses = 3; of ResponseOp: response_range = 1. */
const RESPONSES_TAG = (3 << 3) | 2;
const RANGE_TAG = (1 << 3) | 2;

export const NO_PARTS: AnswerParts = [];

export function addPart(parts: AnswerParts, { operation, kvs, isFirst }: AnswerPart): AnswerParts {
  const before = isFirst ? NO_PARTS : parts;
  const ranges = Array.from({ length: Math.max(before.length, operation + 1) }, (_, at) => {
    return before[at] ?? [];
  });
  const own = [...(ranges[operation] ?? []), CODEC.encode("RangeResponse", { kvs })];
  return ranges.with(operation, own);
}

/** The message, as pieces one behind the other. */
export function encodeInParts(response: Response, parts: AnswerParts): readonly Uint8Array[] {
  if (parts.length === 0) return [encodeResponse(response)];
  if (response.kind === "range") return rangePieces(response, parts[0] ?? []);
  if (response.kind === "txn") return txnPieces(response, parts);
  return [encodeResponse(response)];
}

function rangePieces(
  { header, kvs, more, count }: ResponseOf<"range">,
  own: readonly Uint8Array[],
): readonly Uint8Array[] {
  const begin = CODEC.encode("RangeResponse", { header });
  return [begin, ...own, CODEC.encode("RangeResponse", { kvs, more, count })];
}

function txnPieces(
  { header, succeeded, responses }: ResponseOf<"txn">,
  parts: AnswerParts,
): readonly Uint8Array[] {
  const begin = CODEC.encode("TxnResponse", { header, succeeded });
  const inside = responses.map((response, operation) => {
    if (response.kind !== "range") return [encodeResponse(response)];
    const range = rangePieces(response, parts[operation] ?? []);
    const rangeHead = headOf(RANGE_TAG, lengthOf(range));
    return [headOf(RESPONSES_TAG, rangeHead.length + lengthOf(range)), rangeHead, ...range];
  });
  return [begin, ...inside.flat()];
}

function headOf(tag: number, length: number): Uint8Array {
  return encoded((writer) => {
    writeVarint(writer, tag);
    writeVarint(writer, length);
  });
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
