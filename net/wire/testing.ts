// Any message that a peer may send, for tests of what is done with it.

import fc from "fast-check";
import { PROMOTION_REFUSALS } from "../../core/apply/promotion-message.ts";
import type { Index, NodeId, Term } from "../../core/contract.ts";
import { HASH_TOPICS } from "../../core/corruption/message.ts";
import type { Message } from "../../core/raft/message.ts";

export function arbitraryMessage(): fc.Arbitrary<Message> {
  const counter = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
  const term = counter as fc.Arbitrary<Term>;
  const index = counter as fc.Arbitrary<Index>;
  const data = fc.uint8Array({ maxLength: 300 });
  const bits = fc.bigInt(0n, 2n ** 64n - 1n);
  const granted = fc.boolean();
  const election = { term, lastIndex: index, lastTerm: term };
  const append = fc
    .record({
      term,
      previousIndex: fc.nat() as fc.Arbitrary<never>,
      previousTerm: term,
      commit: index,
    })
    .chain((head) =>
      fc.array(fc.record({ term, data }), { maxLength: 5 }).map((entries) => ({
        kind: "append" as const,
        ...head,
        entries: entries.map((entry, at) => ({
          ...entry,
          index: ((head.previousIndex as number) + 1 + at) as Index,
        })),
      })),
    );
  const hint = { hintIndex: index, hintTerm: term };
  return fc.oneof(
    fc.record({ kind: kind("pre_vote"), ...election }),
    fc.record({ kind: kind("pre_vote_response"), term, granted }),
    fc.record({ kind: kind("vote"), ...election, transfer: fc.boolean() }),
    fc.record({ kind: kind("vote_response"), term, granted }),
    append,
    fc.record({ kind: kind("append_response"), term, rejected: granted, index, ...hint }),
    fc.record({ kind: kind("heartbeat"), term, commit: index, round: counter }),
    fc.record({ kind: kind("heartbeat_response"), term, round: counter }),
    fc.record({ kind: kind("propose"), term, sequence: counter, data }),
    fc.record({ kind: kind("read_index"), term, context: bits }),
    fc.record({ kind: kind("read_index_response"), term, context: bits, index }),
    fc.record({ kind: kind("timeout_now"), term }),
    fc.record({
      kind: kind("lease_ask"),
      term,
      id: bits,
      lease: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      renew: fc.boolean(),
    }),
    fc.record({
      kind: kind("lease_answer"),
      term,
      id: bits,
      ttlSeconds: fc.integer({ min: -1, max: 9_000_000_000 }),
      grantedTtlSeconds: counter,
      revision: counter,
    }),
    fc.record({
      kind: kind("promotion_ask"),
      term,
      life: bits,
      call: counter,
      member: bits as fc.Arbitrary<NodeId>,
    }),
    fc.record({
      kind: kind("promotion_refused"),
      term,
      life: bits,
      call: counter,
      reason: fc.constantFrom(...PROMOTION_REFUSALS),
    }),
    fc.record({
      kind: kind("hash_ask"),
      term,
      id: bits,
      topic: fc.constantFrom(...HASH_TOPICS),
      index,
      revision: counter,
    }),
    fc.record({
      kind: kind("hash_answer"),
      term,
      id: bits,
      index,
      revision: counter,
      compacted: fc.integer({ min: -1, max: 300 }),
      hashes: fc.array(
        fc.record({
          revision: counter,
          compacted: fc.integer({ min: -1, max: 300 }),
          hash: fc.integer({ min: 0, max: 0xffffffff }),
        }),
        { maxLength: 3 },
      ),
    }),
  );
}

function kind<K extends string>(name: K): fc.Arbitrary<K> {
  return fc.constant(name);
}
