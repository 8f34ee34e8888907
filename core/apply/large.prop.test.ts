// However small the pieces are in which an entry is applied, and whatever the store confirms
// between them: it is the entry applied in one go, and until it is done nobody sees anything of it.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RequestOp } from "../api/request.ts";
import { deleteOf, putOf, rangeOf, txnOf, value } from "../api/testing.ts";
import type { ClusterId, Index, KvWrite, LeaseId, NodeId, Term } from "../contract.ts";
import { createMemoryKv } from "../kv/memory-kv.ts";
import { confirm, overlaid } from "../kv/overlay.ts";
import { ABOVE_ALL, EMPTY } from "../lib/bytes.ts";
import type { Entry } from "../raft/message.ts";
import type { Store } from "./apply.ts";
import { applyEntry, beginEntry, continueEntry, restoreStore } from "./apply.ts";
import { type Command, encodeCommand } from "./commands/command.ts";

const SEED = 20261130;
const REPLICA = { clusterId: 1n as ClusterId, memberId: 1n as NodeId, raftTerm: 1 as Term };
const ORIGIN = { node: 1n as NodeId, life: 1n, call: 1 as never };

const name = fc.constantFrom("a", "b", "c", "d", "e", "f", "g");
const range = fc.constantFrom(["a", "\0"], ["b", "e"], ["c", ""], ["a", "d"], ["d", "z"]);
const lease = fc.constantFrom(0n, 1n, 2n);
const put = fc
  .tuple(name, lease, fc.boolean(), fc.integer({ min: 0, max: 9 }))
  .map(([at, id, prevKv, kind]) =>
    putOf(at, kind === 0 ? "" : `v${kind}`, {
      lease: kind === 0 ? 0n : id,
      prevKv,
      ignoreValue: kind === 0,
    }),
  );
const deletion = fc
  .tuple(range, fc.boolean())
  .map(([[from = "", to = ""], prevKv]) => deleteOf(from, to, prevKv));
const look = fc
  .tuple(range, fc.constantFrom(0, 1, 3), fc.constantFrom("none", "descend"))
  .map(([[from = "", to], limit, sortOrder]) =>
    rangeOf(from, {
      rangeEnd: deleteOf("x", to).rangeEnd,
      limit,
      sortOrder: sortOrder,
    }),
  );
const compare = fc.tuple(range, fc.integer({ min: 0, max: 3 })).map(([[from, to], operand]) => {
  const { key, rangeEnd } = deleteOf(from, to);
  const target = operand === 3 ? { kind: "value", operand: value("v1") } : null;
  return {
    key,
    rangeEnd,
    result: "greater" as const,
    target: (target ?? { kind: "version", operand }) as { kind: "version"; operand: number },
  };
});
const leaf: fc.Arbitrary<RequestOp> = fc.oneof(put, deletion, look);
const inner = fc
  .tuple(fc.array(compare, { maxLength: 2 }), fc.array(leaf, { maxLength: 4 }))
  .map(([compares, operations]) => txnOf(compares, operations, operations.slice(1)));
const txn = fc
  .tuple(fc.array(compare, { maxLength: 2 }), fc.array(fc.oneof(leaf, inner), { maxLength: 5 }))
  .map(([compares, operations]) => txnOf(compares, operations, operations.slice(0, 2)));

const command: fc.Arbitrary<Command> = fc.oneof(
  fc
    .oneof(put, put, put, deletion, txn)
    .map((request): Command => ({ kind: "kv", origin: ORIGIN, request })),
  lease.map((id): Command => ({
    kind: "lease_grant",
    origin: ORIGIN,
    lease: id as LeaseId,
    ttlSeconds: 9,
  })),
  lease.map((id): Command => ({ kind: "lease_revoke", origin: ORIGIN, lease: id as LeaseId })),
);

describe("an entry that is applied in pieces", () => {
  it("is the entry that is applied in one go, and is not seen before", () => {
    const property = fc.property(
      fc.array(command, { maxLength: 25 }),
      fc.array(fc.constantFrom(1, 2, 3, 7), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      (commands, sizes, isAsked) => {
        const [whole, pieces] = [createMemoryKv(), createMemoryKv()];
        let [expected, store] = [restoreStore(whole), restoreStore(pieces)];
        let issued: (readonly KvWrite[])[] = []; // the store shows them at some time
        let turn = 0;
        const budget = () => ({ rows: sizes[turn++ % sizes.length] as number, bytes: 3 });
        commands.forEach((each, at) => {
          const entry = entryOf(at + 1, each);
          const wanted = applyEntry(expected, entry, whole, REPLICA);
          whole.perform(wanted.writes);
          let next = beginEntry(store, entry, pieces, REPLICA, () => isAsked, budget());
          const before = seen(store, pieces);
          while (next.kind === "going") {
            for (const writes of issued) pieces.perform(writes);
            issued = [];
            store = { ...store, overlay: confirm(store.overlay, store.applied, 2) };
            expect(seen(store, pieces)).toEqual(before);
            next = continueEntry(store, next.applying, pieces, REPLICA, budget());
          }
          const { applied } = next;
          expect(applied.writes).toEqual(wanted.writes);
          expect(applied.lease).toEqual(wanted.lease);
          if (isAsked) expect(applied.outcome).toEqual(wanted.outcome);
          expect(isRefused(applied.outcome)).toBe(isRefused(wanted.outcome));
          [expected, store] = [wanted.store, applied.store];
          issued = [...issued, applied.writes];
          expect(seen(store, pieces)).toEqual(seen(expected, whole));
        });
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 150 });
  });
});

function entryOf(index: number, each: Command): Entry {
  const data = encodeCommand(each);
  return { index: index as Index, term: 1 as Term, data };
}

/** All that a reader can see. */
function seen(store: Store, kv: ReturnType<typeof createMemoryKv>): unknown {
  const { overlay, ...others } = store;
  const view = overlaid(overlay, kv);
  const rows = (["keys", "leases", "meta"] as const).map((table) => [
    ...view.scan(table, EMPTY, ABOVE_ALL),
  ]);
  return { ...others, rows };
}

function isRefused(outcome: ReturnType<typeof applyEntry>["outcome"]): boolean {
  return outcome?.kind === "call" && !outcome.result.ok;
}
