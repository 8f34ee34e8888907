// What no gRPC library would say: headers, framing and messages that are wrong, or right in an
// unusual way. Whatever may be taken in different ways asks for something, and changes nothing.

import fc from "fast-check";
import { fromText } from "../../../core/lib/bytes.ts";
import { CODEC } from "../../../net/wire/messages/etcd-messages.ts";
import type { ToWire } from "../../../net/wire/messages/etcd-messages.ts";
import { CALLS } from "../steps/calls.ts";
import type { RawStep } from "../steps/step.ts";

type Arbitrary<T> = fc.Arbitrary<T>;
type Headers = RawStep["headers"];

const RANGE = CODEC.encode("RangeRequest", { key: fromText("a"), limit: 3 });
const RANGE_PATH = CALLS.range[0];
const COMPRESSED = 1;
const member = fc.constantFrom(0, 1, 2);

/** Of calls whose only field is a string. */
const WITH_STRING: readonly string[] = [
  CALLS.user_get[0],
  CALLS.role_get[0],
  CALLS.health[0],
  CALLS.user_delete[0],
];

const STREAMS: readonly string[] = [
  "/etcdserverpb.Watch/Watch",
  "/etcdserverpb.Lease/LeaseKeepAlive",
  "/v3electionpb.Election/Observe",
];

const usual = framed(RANGE);

const paths: Arbitrary<RawStep> = fc
  .constantFrom(
    "/etcdserverpb.KV/Nothing",
    "/etcdserverpb.KV/",
    "/etcdserverpb.KV",
    "/etcdserverpb.kv/Range",
    "/etcdserverpb.KV/range",
    "/etcdserverpb.KV/Range?x=1",
    "/etcdserverpb.KV//Range",
    "/etcdserverpb.Auth/AuthStatus",
    "/v3lockpb.Lock/Nothing",
    "/grpc.health.v1.Health/Nothing",
    "/KV/Range",
    "/x/y/z",
    "/a%20b/c",
    "/",
    "//",
    '/"/\u007f',
  )
  .map((path) => raw({ ":path": path }, usual));

const headers: Arbitrary<RawStep> = fc
  .constantFrom<Headers>(
    { "content-type": "application/grpc+proto" },
    { "content-type": "application/grpc;charset=utf-8" },
    { "content-type": "application/grpc+json" },
    { "content-type": "application/grpcx" },
    { "content-type": "application/json" },
    { "content-type": "APPLICATION/GRPC" },
    { "content-type": "" },
    { te: "" },
    { "grpc-encoding": "identity" },
    { "grpc-encoding": "gzip" },
    { "grpc-encoding": "snappy" },
    { "grpc-accept-encoding": "gzip" },
    { "grpc-accept-encoding": "nonsense" },
    { "grpc-timeout": "10S" },
    { "grpc-timeout": "99999999H" },
    { "grpc-timeout": "1" },
    { "grpc-timeout": "x" },
    { "grpc-timeout": "10x" },
    { "grpc-timeout": "-1S" },
    { "grpc-timeout": "1.5S" },
    { "grpc-timeout": "123456789S" },
    { hasleader: "true" },
    { hasleader: "false" },
    { hasleader: "yes" },
    { "client-api-version": "3.4.0" },
    { "client-api-version": "" },
    { "x-anything": "at all" },
    { "user-agent": "nobody" },
    { "grpc-tags-bin": "AAAA" },
    { "grpc-tags-bin": "=!" },
  )
  .map((each) => raw({ ":path": RANGE_PATH, ...each }, usual));

const framing: Arbitrary<RawStep> = fc
  .constantFrom(
    new Uint8Array(0),
    usual.subarray(0, 1),
    usual.subarray(0, 5),
    usual.subarray(0, usual.length - 1),
    joined(usual, usual),
    joined(usual, usual.subarray(0, 3)),
    framed(RANGE, COMPRESSED),
    framed(RANGE, 2),
    framed(RANGE, 255),
    Uint8Array.of(0, 255, 255, 255, 255),
    Uint8Array.of(0, 0, 64, 0, 0),
    framed(new Uint8Array(0)),
  )
  .chain((body) => {
    const stream = fc.constantFrom(...STREAMS);
    const silent = body.length <= 5 ? fc.oneof(fc.constant(RANGE_PATH), stream) : null;
    return (silent ?? fc.constant(RANGE_PATH)).map((path) => raw({ ":path": path }, body));
  });

/** Behind a request for something: fields that nobody knows, or of another type. */
const suffixes: Arbitrary<RawStep> = fc
  .constantFrom(
    [0xf8, 0x07, 0x01], // field 127, a number
    [0xfa, 0x07, 0x02, 0x61, 0x62], // field 127, bytes
    [0xfd, 0x07, 1, 2, 3, 4], // field 127, four bytes
    [0xf9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8], // field 127, eight bytes
    [0xfb, 0x07, 0xfc, 0x07], // a group
    [0xfb, 0x07], // a group without an end
    [0xfc, 0x07], // the end of no group
    [0xfe, 0x07], // wire type 6
    [0xff, 0x07], // wire type 7
    [0x00, 0x01], // field 0
    [0x0a], // a key without a length
    [0x0a, 0x05, 0x61], // a key that is cut
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], // a key that is too long
    [0x0a, 0x01, 0x62], // the key again
    [0x18], // a limit without a number
    [0x18, 0x80], // cut
    [0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], // the limit -1
    [0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], // beyond 64 bits
    [0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], // eleven bytes
    [0x18, 0x81, 0x80, 0x00], // one, at length
    [0x1a, 0x01, 0x01], // a limit that is bytes
    [0x08, 0x01], // a key that is a number
    [0x38, 0x02], // serializable, as two
    [0x28, 0x82, 0x80, 0x80, 0x80, 0x10], // an order that is one beyond 32 bits
  )
  .map((bytes) => raw({ ":path": RANGE_PATH }, framed(joined(RANGE, Uint8Array.from(bytes)))));

const strings: Arbitrary<RawStep> = fc
  .tuple(
    fc.constantFrom(...WITH_STRING),
    fc.constantFrom([0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc3, 0xa9], [0xf0, 0x9f], [0]),
  )
  .map(([path, bytes]) => {
    const message = Uint8Array.from([0x0a, bytes.length, ...bytes]);
    return raw({ ":path": path }, framed(message));
  });

const messages: Arbitrary<RawStep> = fc.oneof(
  { weight: 2, arbitrary: paths },
  { weight: 3, arbitrary: headers },
  { weight: 2, arbitrary: framing },
  { weight: 3, arbitrary: suffixes },
  { weight: 1, arbitrary: strings },
);

/** At any member, some of them a `range` that was cut. */
export function rawSteps(range: Arbitrary<ToWire<"RangeRequest">>): Arbitrary<RawStep> {
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  const cut = fc.tuple(range, part).map(([message, left]) => {
    const bytes = CODEC.encode("RangeRequest", message);
    return raw({ ":path": RANGE_PATH }, framed(bytes.subarray(0, Math.floor(left * bytes.length))));
  });
  return fc
    .tuple(fc.oneof({ weight: 9, arbitrary: messages }, { weight: 1, arbitrary: cut }), member)
    .map(([step, at]) => ({ ...step, at }));
}

function raw(said: Headers, body: Uint8Array): RawStep {
  return { kind: "raw", at: 0, headers: said, body };
}

function framed(message: Uint8Array, flag = 0): Uint8Array {
  return joined(Uint8Array.of(flag, 0, 0, message.length >>> 8, message.length & 255), message);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
