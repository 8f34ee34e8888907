// The hash of a compaction is that of the whole history up to it, taken just before: whatever steps
// it is walked in, whatever is written meanwhile, and however far the one before had come.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusterId, KvReader, NodeId } from "../contract.ts";
import { deleteOf, putOf } from "../api/testing.ts";
import { createMemoryKv } from "../kv/memory-kv.ts";
import { isWalking, scheduleCompaction, walkCompaction } from "../mvcc/compaction.ts";
import { beginStrictHash, continueHash, isAnyKept } from "../mvcc/hash/hash.ts";
import { type Mvcc, restoreMvcc } from "../mvcc/store.ts";
import { applyKv } from "../mvcc/txn/txn.ts";
import { followCompaction, NO_COMPACTION_HASHES } from "./compaction-hashes.ts";
import type { RevisionHash } from "./message.ts";

const FILL = { clusterId: 1n as ClusterId, memberId: 1n as NodeId, raftTerm: 1 };
const key = fc.constantFrom("a", "b", "c");
const event = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(key, fc.constantFrom("x", "y", null)) },
  fc.record({ back: fc.nat({ max: 5 }) }),
  fc.record({ rows: fc.integer({ min: 1, max: 4 }) }),
);

describe("a remembered hash", () => {
  it("is that of the history before the compaction", () => {
    const property = fc.property(fc.array(event, { maxLength: 50, size: "max" }), (events) => {
      const kv = createMemoryKv();
      let mvcc = restoreMvcc(kv);
      let hashes = NO_COMPACTION_HASHES;
      const expected: RevisionHash[] = [];
      const take = (next: { mvcc: Mvcc; writes: Parameters<typeof kv.perform>[0] }): void => {
        hashes = followCompaction(hashes, mvcc, next.mvcc, kv);
        kv.perform(next.writes);
        ({ mvcc } = next);
      };
      for (const happens of events) {
        if (Array.isArray(happens)) {
          const [at, value] = happens as [string, string | null];
          const request = value === null ? deleteOf(at) : putOf(at, value);
          const applied = applyKv(mvcc, kv, request, FILL, () => false);
          kv.perform(applied.writes);
          ({ mvcc } = applied);
        } else if ("back" in happens) {
          const revision = mvcc.revision - happens.back;
          const scheduled = scheduleCompaction(mvcc, revision);
          if (!scheduled.ok) continue;
          expected.push(hashBefore(mvcc, kv, revision));
          take(scheduled.value);
        } else if ("rows" in happens && isWalking(mvcc)) {
          take(walkCompaction(mvcc, kv, mvcc.compaction.next, happens.rows));
        }
      }
      while (isWalking(mvcc)) take(walkCompaction(mvcc, kv, mvcc.compaction.next, 2));
      expect(hashes.walking).toBe(null);
      expect(hashes.kept.length).toBeLessThanOrEqual(10);
      expect(hashes.kept.at(-1)).toEqual(expected.at(-1));
      for (const kept of hashes.kept) expect(expected).toContainEqual(kept);
    });
    fc.assert(property, { seed: 20261121, numRuns: 300 });
  });
});

function hashBefore(mvcc: Mvcc, kv: KvReader, at: number): RevisionHash {
  const begun = { ...beginStrictHash(mvcc, at), isAnySeen: isAnyKept(mvcc, at) };
  const walk = continueHash(begun, mvcc, kv, Infinity);
  const { revision, compacted, hash } = walk;
  return { revision, compacted, hash };
}
