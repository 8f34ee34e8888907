// The bytes of one message of each kind. They change only together with PEER_FRAME_VERSION: members
// of two releases must understand each other or say that they do not.

import { expect, it } from "vitest";
import type { Index, NodeId, Term } from "../../../core/contract.ts";
import type { Message } from "../../../core/raft/message.ts";
import { encodePeerMessage } from "./peer-frames.ts";

const term = 3 as Term;
const index = 300 as Index;
const data = Uint8Array.of(0xca, 0xfe);
const entries = [
  { term: 2 as Term, index: 301 as Index, data },
  { term, index: 302 as Index, data: new Uint8Array(0) },
];
const MESSAGES: readonly Message[] = [
  { kind: "pre_vote", term, lastIndex: index, lastTerm: term },
  { kind: "pre_vote_response", term, granted: true },
  { kind: "vote", term, lastIndex: index, lastTerm: term, transfer: true },
  { kind: "vote_response", term, granted: false },
  { kind: "append", term, previousIndex: index, previousTerm: term, entries, commit: index },
  { kind: "append_response", term, rejected: true, index, hintIndex: index, hintTerm: term },
  { kind: "heartbeat", term, commit: index, round: 5 },
  { kind: "heartbeat_response", term, round: 5 },
  { kind: "propose", term, sequence: 6, data },
  { kind: "read_index", term, context: 0x1122334455667788n },
  { kind: "read_index_response", term, context: 0x1122334455667788n, index },
  { kind: "timeout_now", term },
  { kind: "lease_ask", term, id: 0x1122334455667788n, lease: -2n, renew: false },
  {
    kind: "lease_answer",
    term,
    id: 0x1122334455667788n,
    ttlSeconds: -1,
    grantedTtlSeconds: 300,
    revision: 7,
  },
  { kind: "promotion_ask", term, life: 0x1122334455667788n, call: 300, member: 9n as NodeId },
  { kind: "promotion_refused", term, life: 1n, call: 300, reason: "LearnerNotReady" },
  { kind: "hash_ask", term, id: 0x1122334455667788n, topic: "history", index, revision: 7 },
  {
    kind: "hash_answer",
    term,
    id: 0x1122334455667788n,
    index,
    revision: 7,
    compacted: -1,
    hashes: [{ revision: 7, compacted: -1, hash: 0xcafe }],
  },
];

it("peer messages keep their bytes", async () => {
  const lines = MESSAGES.map((message) => {
    const hex = Buffer.from(encodePeerMessage(message)).toString("hex");
    return `${message.kind.padEnd(20)} ${hex.slice(0, 2)} ${hex.slice(2, 10)} ${hex.slice(10)}`;
  });
  const heading = "# One peer message of each kind: version, checksum, kind and fields.\n";
  await expect(`${heading}${lines.join("\n")}\n`).toMatchFileSnapshot("testdata/peer-frames.txt");
});
