// The calls as JSON: text → Request, Response → pieces of text as bytes. The other side of the same
// rows that gRPC goes by.

import { ERRORS, GRPC } from "../../core/api/errors.ts";
import type { ApiError } from "../../core/api/errors.ts";
import type { Request, Response } from "../../core/api/request.ts";
import type { Result } from "../../core/contract.ts";
import { assert } from "../../core/lib/assert.ts";
import { CODEC } from "../wire/messages/etcd-messages.ts";
import type { ToWire } from "../wire/messages/etcd-messages.ts";
import type { AnswerParts } from "../wire/methods/answer-parts.ts";
import { REQUEST_ITEMS_MAX } from "../wire/methods/method-row.ts";
import type { AnyRow } from "../wire/methods/method-row.ts";
import { TOO_MANY_ITEMS } from "../wire/protobuf/protobuf.ts";
import { readJson } from "./json-read.ts";
import {
  beginField,
  beginList,
  createJsonWriter,
  takePieces,
  writeFields,
  writeItems,
  writeJson,
} from "./json-write.ts";
import type { JsonWriter } from "./json-write.ts";

/** What the client asks, in JSON that is well-formed. */
export function decodeJson(row: AnyRow, text: string): Result<Request> {
  const wire = readJson(row.requestName, text, REQUEST_ITEMS_MAX);
  if (wire.ok) return row.requestOf(wire.value);
  const error = wire.error === TOO_MANY_ITEMS ? ERRORS.TooManyOps : noJson(wire.error);
  return { ok: false, error };
}

/** How many bytes a request has as gRPC's message, by which it is measured. */
export function messageSize(row: AnyRow, request: Request): number {
  return row.encodeRequest(request).length;
}

export function noJson(words: string): ApiError {
  return { name: "NoJson", code: GRPC.INVALID_ARGUMENT, message: words, definite: true };
}

/** A text where it is short; else pieces of it as bytes. */
export function encodeJson(row: AnyRow, response: Response): string | readonly Uint8Array[] {
  const writer = createJsonWriter();
  writeJson(writer, row.responseName, row.wireOf(response));
  return writer.pieces.length === 0 ? writer.text : takePieces(writer);
}

/** One line of a stream. */
export function encodeJsonLine(row: AnyRow, response: Response): readonly Uint8Array[] {
  const writer = createJsonWriter();
  writer.text = '{"result":';
  writeJson(writer, row.responseName, row.wireOf(response));
  writer.text += "}\n";
  return takePieces(writer);
}

/** A large answer, piece by piece as somebody asks for them: what of it was made before is there
 *  as bytes of protobuf, and becomes text part by part. */
export function* encodeJsonInParts(
  row: AnyRow,
  response: Response,
  parts: AnswerParts,
): Generator<Uint8Array> {
  const writer = createJsonWriter();
  const wire = row.wireOf(response);
  if (response.kind === "range") yield* rangePieces(writer, wire, parts[0] ?? []);
  else yield* txnPieces(writer, wire, parts);
  yield* takePieces(writer);
}

function* rangePieces(
  writer: JsonWriter,
  { header, kvs, more, count }: ToWire<"RangeResponse">,
  parts: readonly Uint8Array[],
): Generator<Uint8Array> {
  writer.text += "{";
  const isEmpty = writeFields(writer, "RangeResponse", { header }, true);
  let isFirst = true;
  for (const part of [...parts, CODEC.encode("RangeResponse", { kvs: kvs ?? [] })]) {
    const decoded = CODEC.decode("RangeResponse", part);
    assert(decoded.ok, "a part of an answer is a message");
    const items = decoded.value.kvs;
    if (items.length === 0) continue;
    if (isFirst) beginList(writer, "RangeResponse", "kvs", isEmpty);
    else writer.text += ",";
    writeItems(writer, "KeyValue", items);
    isFirst = false;
    yield* takePieces(writer);
  }
  if (!isFirst) writer.text += "]";
  writeFields(writer, "RangeResponse", { more, count }, isEmpty && isFirst);
  writer.text += "}";
}

function* txnPieces(
  writer: JsonWriter,
  { responses, ...rest }: ToWire<"TxnResponse">,
  parts: AnswerParts,
): Generator<Uint8Array> {
  writer.text += "{";
  const isEmpty = writeFields(writer, "TxnResponse", rest, true);
  beginList(writer, "TxnResponse", "responses", isEmpty);
  for (const [at, each] of (responses ?? []).entries()) {
    if (at > 0) writer.text += ",";
    if (each.range) {
      writer.text += "{";
      beginField(writer, "ResponseOp", "range", true);
      yield* rangePieces(writer, each.range, parts[at] ?? []);
      writer.text += "}";
    } else writeJson(writer, "ResponseOp", each);
  }
  writer.text += "]}";
}
