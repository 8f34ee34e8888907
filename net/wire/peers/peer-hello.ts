// The first words on a connection between two members, and the answer to them. A member talks only
// to the member that it means, of its own cluster: two clusters that were given each other's
// addresses must never mix their logs.

import type { ClusterId, NodeId, Result, Term } from "../../../core/contract.ts";
import {
  atEnd,
  createReader,
  encoded,
  readByte,
  readFixed64,
  readRun,
  readVarint,
  writeByte,
  writeByteString,
  writeFixed64,
  writeVarint,
} from "../../../core/lib/binary.ts";
import type { Reader } from "../../../core/lib/binary.ts";
import { decodeUtf8, encodeUtf8 } from "../../../core/lib/utf8.ts";

/** A connection carries messages, or one snapshot sent by the leader of `term`, or asks who the
 *  members are. */
export type PeerHello = Readonly<{ cluster: ClusterId; from: NodeId; to: NodeId } & Purpose>;
type Purpose = Readonly<
  { purpose: "messages" } | { purpose: "snapshot"; term: Term } | { purpose: "members" }
>;

/** To one that was a member. etcd's words, and it understands them: it stops. */
export const REMOVED = "the member has been permanently removed from the cluster";

/** Welcome (null), or why not. */
export type PeerAnswer = string | null;

const HELLO_VERSION = 3;
/** No hello and no answer is longer: what a stranger can make a node keep. */
export const HELLO_BYTES_MAX = 4096;

const MAGIC = "detcd-peer";
const PURPOSES = { messages: 1, snapshot: 2, members: 3 } as const;
const REFUSED = 0;
const WELCOME = 1;

export function encodeHello(hello: PeerHello): Uint8Array {
  return encoded((writer) => {
    for (let at = 0; at < MAGIC.length; at++) writeByte(writer, MAGIC.charCodeAt(at));
    writeByte(writer, HELLO_VERSION);
    writeByte(writer, PURPOSES[hello.purpose]);
    writeFixed64(writer, hello.cluster);
    writeFixed64(writer, hello.from);
    writeFixed64(writer, hello.to);
    if (hello.purpose === "snapshot") writeVarint(writer, hello.term);
  });
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
  const rest = readPurpose(reader, purpose);
  if (rest === null || reader.failed || !atEnd(reader)) {
    return { ok: false, error: "its greeting is malformed" };
  }
  return { ok: true, value: { cluster, from, to, ...rest } };
}

function readPurpose(reader: Reader, purpose: number): Purpose | null {
  switch (purpose) {
    case PURPOSES.messages:
      return { purpose: "messages" };
    case PURPOSES.snapshot:
      return { purpose: "snapshot", term: readVarint(reader) as Term };
    case PURPOSES.members:
      return { purpose: "members" };
    default:
      return null;
  }
}

export function encodeAnswer(answer: PeerAnswer): Uint8Array {
  return encoded((writer) => {
    writeByte(writer, answer === null ? WELCOME : REFUSED);
    writeByteString(writer, encodeUtf8(answer ?? ""));
  });
}

export function decodeAnswer(bytes: Uint8Array): PeerAnswer {
  const reader = createReader(bytes);
  if (readByte(reader) === WELCOME) return null;
  const reason = decodeUtf8(readRun(reader));
  return reader.failed || reason === null ? "its reason is not readable" : reason;
}
