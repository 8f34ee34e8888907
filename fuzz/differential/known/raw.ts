// What comes of the Go libraries below: etcd 3.7 reads gRPC with grpc-go 1.82 and messages with
// protobuf-go, 3.4.23 with grpc-go 1.26 and gogo/protobuf.

import { CODEC } from "../../../net/wire/messages/etcd-messages.ts";
import { A } from "./known-difference.ts";
import type { KnownDifference } from "./known-difference.ts";
import { CALLS } from "../steps/calls.ts";
import type { RawStep, Step } from "../steps/step.ts";

const UNREADABLE = "grpc: error unmarshalling request: ";
const NO_UTF8 = `${UNREADABLE}string field contains invalid UTF-8`;
const NO_MESSAGE = /^cardinality violation: received no request message/;
const MALFORMED_NAME = /^malformed method name: /;
const REFUSED_AT_ONCE = /^ended http=4\d\d /;
const INTERNAL = 13;
/** The last byte of a number that does not fit into 64 bits. */
const TOO_MUCH = 0x7f;

export const KNOWN_RAW: readonly KnownDifference[] = [
  {
    kind: "answer",
    name: "why bytes are no message",
    reason: "each library has its own words",
    proof: [range([0x0a])],
    explains: ({ step, ours, theirs }) =>
      step.kind === "raw" &&
      ours.code === theirs.code &&
      ours.words.startsWith(UNREADABLE) &&
      theirs.words.startsWith(UNREADABLE),
  },
  {
    kind: "answer",
    name: "a string that is no UTF-8",
    reason: "gogo/protobuf lets it through",
    proof: [raw({ ":path": CALLS.user_get[0] }, framed([0x0a, 1, 0xff]))],
    explains: ({ step, ours }) =>
      step.kind === "raw" && ours.code === INTERNAL && ours.words === NO_UTF8,
  },
  {
    kind: "answer",
    name: "a field of another type",
    reason: "protobuf-go takes it for a field that it does not know",
    proof: [range([0x08, 1])],
    explains: ({ step, ours, theirs }) =>
      step.kind === "raw" &&
      ours.code === 0 &&
      theirs.words.startsWith(`${UNREADABLE}proto: wrong wireType`),
  },
  {
    kind: "answer",
    name: "a number of more than 64 bits",
    reason: "gogo/protobuf drops what does not fit",
    proof: [range([0x18, ...Array<number>(9).fill(0xff), TOO_MUCH])],
    explains: ({ step, ours, theirs }) =>
      step.kind === "raw" &&
      step.body.at(-1) === TOO_MUCH &&
      ours.words.startsWith(UNREADABLE) &&
      theirs.code === 0,
  },
  {
    kind: "answer",
    name: "headers that are no call",
    reason: "grpc-go resets the stream; since 1.40 it says why",
    proof: [raw({ ":path": CALLS.range[0], "content-type": "text/html" }, framed([]))],
    explains: ({ step, ours, theirs }) =>
      step.kind === "raw" && REFUSED_AT_ONCE.test(ours.words) && theirs.words.startsWith("reset"),
  },
  {
    kind: "answer",
    name: "a timeout below zero",
    reason: "grpc-go took it for a time that is over; now it is no number",
    proof: [raw({ ":path": CALLS.range[0], "grpc-timeout": "-1S" }, framed([]))],
    explains: ({ step, ours }) =>
      step.kind === "raw" &&
      step.headers["grpc-timeout"]?.startsWith("-") === true &&
      REFUSED_AT_ONCE.test(ours.words),
  },
  {
    kind: "answer",
    name: "a stream of answers to no question",
    reason: "for a stream grpc-go has words now",
    proof: [raw({ ":path": CALLS.observe[0] }, [])],
    explains: ({ step, ours, theirs }) =>
      step.kind === "raw" && NO_MESSAGE.test(ours.words) && theirs.words === "EOF",
  },
  {
    kind: "answer",
    name: "a path that is no method",
    reason: "grpc-go has another code for it now",
    proof: [raw({ ":path": "/nothing" }, framed([]))],
    explains: ({ step, ours, theirs }) =>
      step.kind === "raw" && MALFORMED_NAME.test(ours.words) && ours.words === theirs.words,
  },
];

/** Of a key, with these bytes behind. */
function range(more: readonly number[]): Step {
  const message = [...CODEC.encode("RangeRequest", { key: A }), ...more];
  return raw({ ":path": CALLS.range[0] }, framed(message));
}

function framed(message: readonly number[]): readonly number[] {
  return [0, 0, 0, 0, message.length, ...message];
}

function raw(headers: RawStep["headers"], body: readonly number[]): Step {
  return { kind: "raw", at: 0, headers, body: Uint8Array.from(body) };
}
