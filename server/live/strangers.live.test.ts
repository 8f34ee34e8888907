// Strangers at the peer port of a cluster that runs: they learn the ids from whoever tells them,
// say what they like in the names of members, and are nobody's reason to stop.

import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NodeId, Term } from "../../core/contract.ts";
import { crc32cOf } from "../../core/lib/crc32c.ts";
import type { Message } from "../../core/raft/message.ts";
import { TERM_STEP_MAX } from "../../core/raft/terms.ts";
import { frameOf } from "../../net/socket/peers/frame-stream.ts";
import { hostAndPort } from "../../net/socket/address.ts";
import { createDial, STRANGERS } from "../../net/socket/dial.ts";
import { askForMembers } from "../../net/socket/peers/peer-members.ts";
import { encodePeerMessage, PEER_FRAME_VERSION } from "../../net/wire/peers/peer-frames.ts";
import { encodeHello } from "../../net/wire/peers/peer-hello.ts";
import type { ClusterDescription } from "../../net/wire/peers/peer-members.ts";
import {
  cleanUp,
  eventually,
  PATIENCE_MS,
  planMembers,
  putRequest,
  type Running,
  startRunning,
} from "./testing.ts";

const QUICK = ["--heartbeat-interval=20", "--election-timeout=200"];
const LAST = Number.MAX_SAFE_INTEGER;

let running: readonly Running[] = [];
let known: ClusterDescription;

beforeAll(async () => {
  const plans = await planMembers(["a", "b", "c"]);
  running = await Promise.all(plans.map((plan) => startRunning(plan, QUICK)));
  const told = await askForMembers(plans[0]?.peerUrl ?? "", PATIENCE_MS, createDial(STRANGERS));
  if (!told.ok) throw new Error(told.error);
  known = told.value; // as anybody may ask
});

afterAll(cleanUp);

describe("a stranger at the peer port", () => {
  it("who claims the last term of all ends no elections", async () => {
    const claims = [
      { kind: "heartbeat_response", term: LAST, round: 0 },
      { kind: "append", term: LAST, previousIndex: 0, previousTerm: 0, entries: [], commit: LAST },
      { kind: "vote", term: LAST, lastIndex: LAST, lastTerm: 0, transfer: true },
      { kind: "timeout_now", term: LAST },
    ] as unknown as readonly Message[];
    for (const { id } of known.members) {
      await say(id, otherThan(id), ...claims.map((claim) => frameOf(encodePeerMessage(claim))));
    }
    await everybodyWrites("terms");
    for (const term of await terms()) expect(term).toBeLessThan(1000 * TERM_STEP_MAX);
  });

  it("who sends millions of entries of no bytes takes no memory for them", async () => {
    const [{ id }] = known.members as [ClusterDescription["members"][0]];
    await say(id, otherThan(id), frameOf(emptyEntries(33_000_000)));
    await everybodyWrites("entries");
  });

  it("who comes under many names is let go, and others are heard", async () => {
    const [{ id }] = known.members as [ClusterDescription["members"][0]];
    const names = Array.from({ length: 100 }, (_, at) => BigInt(1000 + at) as NodeId);
    await Promise.all(names.map((name) => say(id, name, question())));
    await everybodyWrites("guests");
  });
});

/** A frame that is an append of so many entries, each of term 0 and without data. */
function emptyEntries(count: number): Uint8Array {
  const head = [4, 100, 0, 0, 0]; // kind, term, what comes before, commit
  for (let rest = count; ; rest = Math.floor(rest / 0x80)) {
    head.push(rest < 0x80 ? rest : (rest % 0x80) | 0x80);
    if (rest < 0x80) break;
  }
  const frame = Buffer.alloc(5 + head.length + 2 * count);
  frame[0] = PEER_FRAME_VERSION;
  frame.set(head, 5);
  frame.writeUInt32LE(crc32cOf(frame, 5, frame.length), 1);
  return frame;
}

function question(): Buffer {
  return frameOf(encodePeerMessage({ kind: "read_index", term: 1 as Term, context: 1n }));
}

function otherThan(id: NodeId): NodeId {
  const other = known.members.find((member) => member.id !== id);
  return other?.id ?? expect.unreachable();
}

/** Resolves when the member has hung up, or has read all of it. */
function say(to: NodeId, from: NodeId, ...frames: readonly Buffer[]): Promise<void> {
  const member = known.members.find(({ id }) => id === to);
  const { host, port } = hostAndPort(member?.peerUrls[0] ?? "");
  const hello = { cluster: known.cluster, from, to, purpose: "messages" } as const;
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write(frameOf(encodeHello(hello))));
    socket.once("data", () => {
      for (const frame of frames) socket.write(frame);
      socket.end();
      socket.resume();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve());
  });
}

async function everybodyWrites(key: string): Promise<void> {
  const value = Uint8Array.of(1);
  for (const { client } of running) {
    await eventually(async () => (await client.call(putRequest(key, value), PATIENCE_MS)).ok);
  }
}

function terms(): Promise<readonly number[]> {
  return Promise.all(
    running.map(async ({ client }) => {
      const answer = await client.call({ kind: "status" }, PATIENCE_MS);
      if (!answer.ok || answer.value.kind !== "status") return expect.unreachable();
      return answer.value.header.raftTerm;
    }),
  );
}
