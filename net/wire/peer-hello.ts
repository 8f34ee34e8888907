// The first words on a connection between two members, and the answer to them. A member talks only
// to the member that it means, of its own cluster: two clusters that were given each other's
// addresses must never mix their logs.

import type { ClusterId, NodeId, Result, Term } from "../../core/contract.ts";
import {
  atEnd,
  createReader,
  createWriter,
  readByte,
  readFixed64,
  readRun,
  readVarint,
  writeByte,
  writeByteString,
  writeFixed64,
  writeVarint,
  written,
} from "../../core/lib/binary.ts";
import { decodeUtf8, encodeUtf8 } from "../../core/lib/utf8.ts";

/** A connection carries messages, or one snapshot sent by the leader of `term`. */
export type PeerHello = Readonly<
  { cluster: ClusterId; from: NodeId; to: NodeId } & (
    { purpose: "messages" } | { purpose: "snapshot"; term: Term }
  )
>;

/** Welcome (null), or why not. */
export type PeerAnswer = string | null;

export const HELLO_VERSION = 1;
/** No hello and no answer is longer: what a stranger can make a node keep. */
export const HELLO_BYTES_MAX = 1024;

const MAGIC = "detcd-peer";
const MESSAGES = 1;
const SNAPSHOT = 2;
const REFUSED = 0;
const WELCOME = 1;

export function encodeHello(hello: PeerHello): Uint8Array {
  const writer = createWriter();
  for (let at = 0; at < MAGIC.length; at++) writeByte(writer, MAGIC.charCodeAt(at));
  writeByte(writer, HELLO_VERSION);
  writeByte(writer, hello.purpose === "messages" ? MESSAGES : SNAPSHOT);
  writeFixed64(writer, hello.cluster);
  writeFixed64(writer, hello.from);
  writeFixed64(writer, hello.to);
  writeVarint(writer, hello.purpose === "messages" ? 0 : hello.term);
  return written(writer);
}

/** The hello, or what is wrong with it in a sentence for both operators. */
export function decodeHello(bytes: Uint8Array): Result<PeerHello, string> {
  const reader = createReader(bytes);
  let magic = "";
  while (magic.length < MAGIC.length) magic += String.fromCharCode(readByte(reader));
  const version = readByte(reader);
  if (reader.failed || magic !== MAGIC) return { ok: false, error: "it is no detcd member" };
  if (version !== HELLO_VERSION) {
    const error = `it speaks version ${version} of the peer protocol, this member ${HELLO_VERSION}`;
    return { ok: false, error };
  }
  const purpose = readByte(reader);
  const cluster = readFixed64(reader) as ClusterId;
  const from = readFixed64(reader) as NodeId;
  const to = readFixed64(reader) as NodeId;
  const term = readVarint(reader) as Term;
  const isKnown = purpose === MESSAGES || purpose === SNAPSHOT;
  if (reader.failed || !atEnd(reader) || !isKnown) {
    return { ok: false, error: "its greeting is malformed" };
  }
  const ids = { cluster, from, to };
  if (purpose === MESSAGES) return { ok: true, value: { ...ids, purpose: "messages" } };
  return { ok: true, value: { ...ids, purpose: "snapshot", term } };
}

export function encodeAnswer(answer: PeerAnswer): Uint8Array {
  const writer = createWriter();
  writeByte(writer, answer === null ? WELCOME : REFUSED);
  writeByteString(writer, encodeUtf8(answer ?? ""));
  return written(writer);
}

export function decodeAnswer(bytes: Uint8Array): PeerAnswer {
  const reader = createReader(bytes);
  if (readByte(reader) === WELCOME) return null;
  const reason = decodeUtf8(readRun(reader));
  return reader.failed || reason === null ? "its reason is not readable" : reason;
}
