import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes, CallId, LeaseId, NodeId } from "../contract.ts";
import type {
  Compare,
  CompareTarget,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from "../api/request.ts";
import { COMPARE_RESULTS, SORT_ORDERS, SORT_TARGETS } from "../api/request.ts";
import { NO_CALLER } from "../auth/tokens.ts";
import type { Command } from "./command.ts";
import { isMembershipCommand } from "./command-membership.ts";
import { decodeCommand, encodeCommand } from "./command.ts";

const SEED = 20261121;

const counter = fc.maxSafeInteger();
const bytes = fc.uint8Array({ maxLength: 12 }).map((raw) => String.fromCharCode(...raw) as Bytes);
const lease = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });

const range: fc.Arbitrary<RangeRequest> = fc.record({
  kind: fc.constant("range"),
  key: bytes,
  rangeEnd: bytes,
  limit: counter,
  revision: counter,
  sortOrder: fc.constantFrom(...SORT_ORDERS, "invalid" as const),
  sortTarget: fc.constantFrom(...SORT_TARGETS, "invalid" as const),
  serializable: fc.boolean(),
  keysOnly: fc.boolean(),
  countOnly: fc.boolean(),
  minModRevision: counter,
  maxModRevision: counter,
  minCreateRevision: counter,
  maxCreateRevision: counter,
});
const put = fc.record({
  kind: fc.constant("put" as const),
  key: bytes,
  value: fc.uint8Array({ maxLength: 20 }),
  lease,
  prevKv: fc.boolean(),
  ignoreValue: fc.boolean(),
  ignoreLease: fc.boolean(),
});
const deleteRange = fc.record({
  kind: fc.constant("delete_range" as const),
  key: bytes,
  rangeEnd: bytes,
  prevKv: fc.boolean(),
});
const target: fc.Arbitrary<CompareTarget> = fc.oneof(
  fc.record({ kind: fc.constantFrom("version", "create", "mod"), operand: counter }),
  fc.record({ kind: fc.constant("value"), operand: fc.uint8Array({ maxLength: 5 }) }),
  fc.record({ kind: fc.constant("lease"), operand: lease }),
  fc.record({ kind: fc.constant("invalid") }),
);
const compare: fc.Arbitrary<Compare> = fc.record({
  key: bytes,
  rangeEnd: bytes,
  result: fc.constantFrom(...COMPARE_RESULTS, "invalid" as const),
  target,
});
const txn: fc.Arbitrary<TxnRequest> = fc.letrec<{ txn: TxnRequest; operation: RequestOp }>(
  (tie) => ({
    operation: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      put,
      deleteRange,
      range,
      fc.constant<RequestOp>({ kind: "empty" }),
      tie("txn"),
    ),
    txn: fc.record({
      kind: fc.constant("txn"),
      compare: fc.array(compare, { maxLength: 3 }),
      success: fc.array(tie("operation"), { maxLength: 3 }),
      failure: fc.array(tie("operation"), { maxLength: 3 }),
    }),
  }),
).txn;
const nodeId = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((id) => id as NodeId);
const origin = fc.record({
  node: nodeId,
  life: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  call: fc.maxSafeNat().map((id) => id as CallId),
});
const version = fc.record({ major: fc.maxSafeNat(), minor: fc.maxSafeNat() });
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant("kv"), origin, request: fc.oneof(put, deleteRange, txn) }),
  fc.record({
    kind: fc.constant("kv"),
    origin,
    request: fc.record({
      kind: fc.constant("compact"),
      revision: fc.maxSafeInteger(),
      physical: fc.boolean(),
    }),
  }),
  fc.record({
    kind: fc.constant("compact_step"),
    origin,
    next: bytes,
    rows: fc.maxSafeNat(),
  }),
  fc.record({
    kind: fc.constant("publish"),
    origin,
    name: fc.string({ unit: "binary" }),
    clientUrls: fc.array(fc.webUrl(), { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant("lease_grant"),
    origin,
    lease: lease as fc.Arbitrary<LeaseId>,
    ttlSeconds: counter.map(Math.abs),
  }),
  fc.record({
    kind: fc.constant("lease_revoke"),
    origin,
    lease: lease as fc.Arbitrary<LeaseId>,
  }),
  fc.record({
    kind: fc.constant("lease_checkpoint"),
    origin,
    checkpoints: fc.array(
      fc.record({ id: lease as fc.Arbitrary<LeaseId>, remainingSeconds: fc.maxSafeNat() }),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    kind: fc.constant("downgrade"),
    origin,
    own: version,
    target: fc.option(version),
  }),
  fc.record({
    kind: fc.constant("alarm"),
    origin,
    raised: fc.boolean(),
    alarm: fc.record({ memberId: nodeId, alarm: fc.constantFrom("no_space", "corrupt") }),
  }),
  fc.record({
    kind: fc.constant("member_add"),
    origin,
    member: nodeId,
    peerUrls: fc.array(fc.webUrl(), { maxLength: 3 }),
    isLearner: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("member_update"),
    origin,
    member: nodeId,
    peerUrls: fc.array(fc.webUrl(), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constantFrom("member_remove", "member_promote"), origin, member: nodeId }),
);

describe("the bytes of a command", () => {
  it("come back as they went", () => {
    fc.assert(
      fc.property(command, (given) => {
        const isChange = isMembershipCommand(given); // it has been permitted already
        const caller = isChange ? NO_CALLER : { user: "u" as Bytes, revision: 7 };
        expect(decodeCommand(encodeCommand(given, caller))).toEqual({ command: given, caller });
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("are refused when anything is cut off or added", () => {
    fc.assert(
      fc.property(command, fc.nat(), (given, cut) => {
        const encoded = encodeCommand(given);
        expect(decodeCommand(encoded.subarray(0, cut % encoded.length))).toBeNull();
        expect(decodeCommand(new Uint8Array([...encoded, 0]))).toBeNull();
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("never make the decoder throw, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        decodeCommand(noise);
        decodeCommand(new Uint8Array([1, ...new Uint8Array(17), ...noise]));
        decodeCommand(new Uint8Array([2, ...new Uint8Array(19), ...noise]));
        decodeCommand(new Uint8Array([3, ...new Uint8Array(17), ...noise]));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
