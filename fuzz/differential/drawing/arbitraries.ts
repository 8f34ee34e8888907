// What clients may say, as fast-check arbitraries over a small space: few keys, few values, few
// leases, revisions near the present, so that operations meet.
//
// Two things that end etcd 3.4.23 are never said:
//   a transaction that deletes an open-ended range ("\0") and puts a key of it with ignore_value
//   or ignore_lease, unseen by validation (`harmless`): apply panics, at every restart again
//   a range with an order whose sort target is no known number: it is sorted by nothing, and panics
// What divides its members is said to one member alone, and only if that is not restarted: those
// that are not asked leave out the ranges of a transaction, and so put what the one that is asked
// refuses (etcd#18667).
//   a range at a revision that is not there, next to a put (`united`)
//   a range that its user may not read, next to a put (`withoutRanges`)

import fc from "fast-check";
import type { Bytes } from "../../../core/contract.ts";
import { fromText, toBytes } from "../../../core/lib/bytes.ts";
import type { ToWire } from "../../../net/wire/messages/etcd-messages.ts";
import { authSteps } from "./auth.ts";
import { clusterSteps } from "./cluster.ts";
import { lockSteps } from "./locks.ts";
import { rawSteps } from "./raw.ts";
import { mostly, often, oneOf, rarely, said, thin } from "./weights.ts";
import { CHOSEN } from "../steps/symbols.ts";
import type { CallStep, Sequence, Step, WatchStep } from "../steps/step.ts";

type Arbitrary<T> = fc.Arbitrary<T>;

const OPEN_END = "\0" as Bytes;
const LETTER = 0x78;
const HUGE = 0x7fffffffffffffffn;
const TTL_LASTING = 1000;
const STEPS_MAX = 40;
const STEPS_SHORT = 10;
const LONG_KEY = 100_000;
/** Of so many sequences, one begins on fresh servers. */
const ONE_FRESH_OF = 500;
const ONE_RESTART_OF = 60;
const ONE_LARGE_OF = 100;

// Twelve keys in all at most, with that of the fence (comparison.ts): Go sorts as few in a stable
// way.
const key: Arbitrary<Bytes> = fc.oneof(
  { weight: 3, arbitrary: oneOf("a") },
  { weight: 2, arbitrary: oneOf("b") },
  { weight: 3, arbitrary: oneOf("c", "aa", "ab", "a\0", "\0", "\u00ff") },
);
const anyKey: Arbitrary<Bytes> = rarely(
  mostly(fc.constant("" as Bytes), fc.constant("k".repeat(LONG_KEY) as Bytes)),
  key,
);
const rangeEnd: Arbitrary<Bytes> = fc.oneof(
  { weight: 5, arbitrary: fc.constant("" as Bytes) },
  { weight: 3, arbitrary: oneOf("b", "c", "d", "aa", "\u00ff") },
  { weight: 2, arbitrary: fc.constant(OPEN_END) },
  { weight: 1, arbitrary: key },
);
const value: Arbitrary<Uint8Array> = fc
  .constantFrom("", "x", "y", "xy", "10", "\u00ff\0")
  .map((text) => toBytes(text as Bytes));
/** Above what one request may hold, and above what is read at all. */
const tooLarge: Arbitrary<Uint8Array> = fc.constantFrom(1_600_000, 2_200_000).map(largeValue);
const flag: Arbitrary<boolean> = fc.integer({ min: 0, max: 3 }).map((number) => number === 3);
const leaseId: Arbitrary<number | bigint> = fc.constantFrom(1, 2, 3, -7);
const anyLeaseId: Arbitrary<number | bigint> = fc.oneof(
  { weight: 6, arbitrary: leaseId },
  { weight: 1, arbitrary: fc.constantFrom(0, 99) },
  { weight: 1, arbitrary: fc.constantFrom(CHOSEN, CHOSEN + 1n) },
);
/** Near where the sequence is, more or less; see `resolve`. */
const revision: Arbitrary<number | bigint> = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 24 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, -5) },
  { weight: 1, arbitrary: fc.constantFrom(1e9, HUGE) },
);
const maybeRevision: Arbitrary<number | bigint> = often(fc.constant(0), revision);

const rangeRequest: Arbitrary<ToWire<"RangeRequest">> = fc
  .record({
    key: anyKey,
    rangeEnd,
    limit: often(fc.constant(0), fc.constantFrom(1, 2, 3, -1)),
    revision: maybeRevision,
    sortOrder: often(fc.constant(0), fc.constantFrom(1, 2)),
    sortTarget: often(fc.constant(0), fc.constantFrom(1, 2, 3, 4)),
    serializable: flag,
    keysOnly: flag,
    countOnly: flag,
    minModRevision: mostly(fc.constant(0), revision),
    maxModRevision: mostly(fc.constant(0), revision),
    minCreateRevision: mostly(fc.constant(0), revision),
    maxCreateRevision: mostly(fc.constant(0), revision),
  })
  .map(thin);

/** By itself, for in a transaction it decides what happens: no order is one of them. */
const rangeAlone: Arbitrary<ToWire<"RangeRequest">> = rarely(
  fc
    .tuple(rangeRequest, fc.constantFrom(3, -1))
    .map(([range, sortOrder]) => ({ ...range, sortOrder })),
  rangeRequest,
);

const putRequest: Arbitrary<ToWire<"PutRequest">> = fc
  .record({
    key: anyKey,
    value: rarely(rarely(tooLarge, value), value),
    lease: often(fc.constant(0), rarely(fc.constant(99), leaseId)),
    prevKv: flag,
    ignoreValue: mostly(fc.constant(false), fc.constant(true)),
    ignoreLease: mostly(fc.constant(false), fc.constant(true)),
  })
  .chain((put) => {
    const bare = { ...put };
    if (put.ignoreValue) bare.value = new Uint8Array(0);
    if (put.ignoreLease) bare.lease = 0;
    return rarely(fc.constant(put), fc.constant(bare)); // most keep to the rules
  })
  .map(thin);

const deleteRequest: Arbitrary<ToWire<"DeleteRangeRequest">> = fc
  .record({ key: anyKey, rangeEnd, prevKv: flag })
  .map(thin);

const compare: Arbitrary<ToWire<"Compare">> = fc
  .record({
    result: rarely(fc.constantFrom(4, -1), fc.integer({ min: 0, max: 3 })),
    target: rarely(fc.constantFrom(5, -1), fc.integer({ min: 0, max: 4 })),
    key: anyKey,
    rangeEnd: often(fc.constant("" as Bytes), rangeEnd),
    operand: rarely(fc.integer({ min: 0, max: 5 }), fc.constant(6)),
    version: fc.integer({ min: 0, max: 3 }),
    revision: often(revision, fc.constant(0)),
    value,
    lease: fc.oneof(fc.constant(0), leaseId),
  })
  .map(({ operand, version, revision: at, value: bytes, lease, ...rest }) => {
    const operands: readonly ToWire<"Compare">[] = [
      { version },
      { createRevision: at },
      { modRevision: at },
      { value: bytes },
      { lease },
      {}, // an absent one counts as zero
    ];
    return { ...thin(rest), ...(operands[operand] ?? operands[rest.target]) };
  });

function requestOp(depth: number): Arbitrary<ToWire<"RequestOp">> {
  return fc.oneof(
    { weight: 6, arbitrary: putRequest.map((put) => ({ put })) },
    { weight: 3, arbitrary: rangeRequest.map((range) => ({ range })) },
    { weight: 3, arbitrary: deleteRequest.map((deleteRange) => ({ deleteRange })) },
    ...(depth > 0
      ? [{ weight: 2, arbitrary: transaction(depth - 1).map((txn) => ({ txn })) }]
      : []),
  );
}

function transaction(depth: number): Arbitrary<ToWire<"TxnRequest">> {
  const operation = mostly(requestOp(depth), rarely(fc.constant({}), requestOp(depth)));
  return fc.record({
    compare: fc.array(compare, { maxLength: 3 }),
    success: fc.array(operation, { maxLength: 4 }),
    failure: fc.array(operation, { maxLength: 3 }),
  });
}

/** Around --max-txn-ops, which is 128. */
const wideTransaction: Arbitrary<ToWire<"TxnRequest">> = fc
  .record({ wide: fc.constantFrom(127, 128, 129), nested: fc.constantFrom(0, 1, 2) })
  .map(({ wide, nested }) => {
    const range = { range: { key: fromText("a") } };
    const inner = { txn: { success: Array.from({ length: nested }, () => range) } };
    return { success: [...Array.from({ length: wide - 1 }, () => range), inner] };
  });

const call: Arbitrary<CallStep> = fc.oneof(
  { weight: 120, arbitrary: putRequest.map((message) => said("put", message)) },
  { weight: 70, arbitrary: rangeAlone.map((message) => said("range", message)) },
  { weight: 50, arbitrary: deleteRequest.map((message) => said("delete", message)) },
  { weight: 120, arbitrary: transaction(2).map((message) => said("txn", harmless(message))) },
  { weight: 2, arbitrary: wideTransaction.map((message) => said("txn", message)) },
  {
    weight: 30,
    arbitrary: fc
      .record({ revision, physical: flag })
      .map((message) => said("compact", thin(message))),
  },
  {
    weight: 40,
    arbitrary: fc
      .record({ ttl: ttl(), id: often(leaseId, fc.constant(0)) })
      .map((message) => said("grant", thin(message))),
  },
  { weight: 20, arbitrary: anyLeaseId.map((id) => said("revoke", { id })) },
  {
    weight: 20,
    arbitrary: fc.record({ id: anyLeaseId, keys: flag }).map((message) => said("left", message)),
  },
  { weight: 10, arbitrary: fc.constant(said("leases", {})) },
  { weight: 10, arbitrary: maybeRevision.map((at) => said("hash", { revision: at })) },
);

/** The least that servers grant is far above what a sequence lasts (pair.ts). */
function ttl(): Arbitrary<number> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(TTL_LASTING, 5000) },
    { weight: 1, arbitrary: fc.constantFrom(1, 0, -1, 9_000_000_000, 9_000_000_001) },
  );
}

const watchAsk: Arbitrary<ToWire<"WatchRequest">> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc
      .record({
        key: rarely(fc.constant("" as Bytes), key),
        rangeEnd,
        startRevision: fc.oneof(fc.constant(0), revision).filter((number) => number >= 0),
        filters: often(fc.constant([]), fc.subarray([0, 1, 5, 0, -1], { minLength: 1 })),
        prevKv: flag,
        watchId: often(fc.constant(0), fc.constantFrom(1, 2, 7, -3, -1)),
        fragment: flag,
        progressNotify: flag,
      })
      .map((createRequest) => ({ createRequest: thin(createRequest) })),
  },
  {
    weight: 20,
    arbitrary: fc
      .constantFrom(0, 1, 2, 7, 50, -1)
      .map((watchId) => ({ cancelRequest: { watchId } })),
  },
  { weight: 10, arbitrary: fc.constant({ progressRequest: {} }) },
  { weight: 2, arbitrary: fc.constant({}) },
);

const member: Arbitrary<number> = fc.constantFrom(0, 1, 2);
const nobody: Arbitrary<string> = fc.constant("");
const watch: Arbitrary<WatchStep> = fc
  .record({ stream: member, as: nobody, isHasty: flag, message: watchAsk })
  .map((step) => ({ kind: "watch", ...step }));
const keepAlive: Arbitrary<Step> = fc
  .record({ at: member, as: nobody, id: anyLeaseId })
  .map(({ at, as, id }) => ({ kind: "keep_alive", at, as, message: { id } }));
const leave: Arbitrary<Step> = fc
  .tuple(fc.constantFrom("leave", "half_close"), member)
  .map(([kind, stream]) => ({ kind, stream }));

const anyCall: Arbitrary<CallStep> = fc
  .tuple(call, member)
  .map(([asked, at]) => ({ ...asked, at }));
const step: Arbitrary<Step> = fc.oneof(
  { weight: 100, arbitrary: anyCall },
  { weight: 18, arbitrary: watch },
  { weight: 2, arbitrary: keepAlive },
  { weight: 1, arbitrary: leave },
  { weight: 3, arbitrary: rawSteps(rangeAlone) },
);

/** Some are interrupted by a restart, and some put values that do not fit into one response. */
const steps: Arbitrary<readonly Step[]> = fc
  .record({
    taken: fc.array(step, { minLength: 1, maxLength: STEPS_MAX, size: "max" }),
    restart: fc.integer({ min: 0, max: ONE_RESTART_OF * STEPS_MAX }),
    large: fc.integer({ min: 1, max: ONE_LARGE_OF }).map((number) => number === ONE_LARGE_OF),
  })
  .map(({ taken, restart, large }) => {
    const kept = taken.length > STEPS_SHORT ? taken.map(lasting) : taken;
    const sized = large ? kept.map(enlarged) : kept;
    if (restart >= taken.length) return sized;
    return sized.map(lasting).map(united).toSpliced(restart, 0, { kind: "restart" });
  });

/** For so many members on each side. */
export function sequences(members: 1 | 3): Arbitrary<Sequence> {
  const withUsers = authSteps(anyCall, watch);
  const any = fc.oneof(
    { weight: 12, arbitrary: steps },
    { weight: 2, arbitrary: members === 1 ? withUsers : withUsers.map(withoutRanges) },
    { weight: 3, arbitrary: clusterSteps(members, anyCall, watch) },
    { weight: 3, arbitrary: lockSteps(watch) },
  );
  return fc.record({
    fresh: fc.integer({ min: 1, max: ONE_FRESH_OF }).map((number) => number === ONE_FRESH_OF),
    steps: members === 1 ? any : any.map((each) => each.map(united)),
  });
}

/** Without what divides the members of etcd 3.4.23 (etcd#18667). */
function united(taken: Step): Step {
  return taken.kind === "txn" ? { ...taken, message: withoutRevisions(taken.message) } : taken;
}

function withoutRanges(taken: readonly Step[]): readonly Step[] {
  return taken.map((each) => {
    if (each.kind !== "txn") return each;
    const left = (branch: typeof each.message.success): ToWire<"RequestOp">[] =>
      (branch ?? []).filter(({ range }) => !range);
    const { success, failure } = each.message;
    return {
      ...each,
      message: { ...each.message, success: left(success), failure: left(failure) },
    };
  });
}

function withoutRevisions(txn: ToWire<"TxnRequest">): ToWire<"TxnRequest"> {
  return mapOperations(txn, (operation) => {
    const { range, txn: inner } = operation;
    if (range) return { range: { ...range, revision: 0 } };
    return inner ? { txn: withoutRevisions(inner) } : operation;
  });
}

/** Without the one thing that ends etcd 3.4.23. */
function harmless(txn: ToWire<"TxnRequest">): ToWire<"TxnRequest"> {
  return deletesOpenEnded(txn) ? withoutIgnoring(txn) : txn;
}

function deletesOpenEnded(txn: ToWire<"TxnRequest">): boolean {
  return operationsOf(txn).some(
    ({ deleteRange, txn: inner }) =>
      deleteRange?.rangeEnd === OPEN_END || (inner && deletesOpenEnded(inner)),
  );
}

function operationsOf({ success, failure }: ToWire<"TxnRequest">): ToWire<"RequestOp">[] {
  return [...(success ?? []), ...(failure ?? [])];
}

function withoutIgnoring(txn: ToWire<"TxnRequest">): ToWire<"TxnRequest"> {
  return mapOperations(txn, (operation) => {
    const { put, txn: inner } = operation;
    if (put) return { put: { ...put, ignoreValue: false, ignoreLease: false } };
    return inner ? { txn: withoutIgnoring(inner) } : operation;
  });
}

function mapOperations(
  txn: ToWire<"TxnRequest">,
  change: (operation: ToWire<"RequestOp">) => ToWire<"RequestOp">,
): ToWire<"TxnRequest"> {
  const { success = [], failure = [] } = txn;
  return { ...txn, success: (success ?? []).map(change), failure: (failure ?? []).map(change) };
}

/** Three of these values do not fit into one response of a watch. */
function enlarged(taken: Step): Step {
  if (taken.kind !== "put" || taken.message.value?.length !== 2) return taken;
  return { ...taken, message: { ...taken.message, value: largeValue(700_000) } };
}

function largeValue(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(LETTER);
}

/** A restart takes longer than the shortest leases last, and on a busy machine so do many steps. */
function lasting(taken: Step): Step {
  if (taken.kind !== "grant" || Number(taken.message.ttl ?? 0) >= TTL_LASTING) return taken;
  return { ...taken, message: { ...taken.message, ttl: TTL_LASTING } };
}
