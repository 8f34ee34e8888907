// To bring a cluster into the state that is measured: who leads it, and what is in it.

import { setTimeout } from "node:timers/promises";
import { putOf, txnOf } from "../../core/api/testing.ts";
import type { Request, Response, StatusResponse } from "../../core/api/request.ts";
import type { Bytes } from "../../core/contract.ts";
import { Client } from "../client.ts";
import type { Member } from "../member.ts";
import type { Cluster } from "../server-cluster.ts";
import { atLeast } from "../../core/lib/lists.ts";

export type Fill = Readonly<{
  prefix: string;
  keys: number;
  valueBytes: number;
  lease: bigint; // 0: none
}>;

const IN_FLIGHT = 8;
const ATTEMPTS = 5;
const AGAIN_MS = 500;
const OPERATIONS_MAX = 128;
const REQUEST_BYTES = 1_000_000;
const KEY_DIGITS = 8;
const LEADER_MS = 20_000;
const CALM_PUTS = 20; // in a row that are answered soon
const CALM_MS = 100;
const CALM_MS_MAX = 60_000;

/** Keys that are in order, each with as many bytes of value. */
export async function fill(client: Client, options: Fill): Promise<void> {
  const { prefix, keys, valueBytes, lease } = options;
  const each = Math.max(1, Math.min(OPERATIONS_MAX, Math.floor(REQUEST_BYTES / valueBytes)));
  const value = new Uint8Array(valueBytes).fill(120);
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < keys) {
      const from = next;
      next = Math.min(keys, from + each);
      const puts = Array.from({ length: next - from }, (_, n) =>
        putOf("", "", { key: keyAt(prefix, from + n), value, lease }),
      );
      await certainly(client, txnOf([], puts));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, run));
}

/** For what may be done twice: a busy machine, or an election, may lose it. */
export async function certainly(client: Client, request: Request): Promise<void> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
    const { code } = await client.call(request);
    if (code === 0) return;
    await setTimeout(AGAIN_MS);
  }
  await client.ask(request); // says why
}

export function keyAt(prefix: string, n: number): Bytes {
  return `${prefix}${String(n).padStart(KEY_DIGITS, "0")}` as Bytes;
}

export async function statusOf({ endpoint }: Pick<Member, "endpoint">): Promise<StatusResponse> {
  const client = new Client(endpoint);
  try {
    return (await client.ask({ kind: "status" })) as Extract<Response, { kind: "status" }>;
  } finally {
    client.close();
  }
}

export async function leaderOf({ members }: Cluster): Promise<Member> {
  const begunMs = performance.now();
  while (performance.now() - begunMs < LEADER_MS) {
    for (const member of members.filter(({ pid }) => pid !== 0)) {
      const status = await statusOf(member).catch(() => null);
      if (status !== null && status.leader === status.header.memberId) return member;
    }
    await setTimeout(100);
  }
  throw new Error(`no member leads, after ${LEADER_MS / 1000} s`);
}

/** The highest term that a member knows: it grows with each election. */
export async function termOf({ members }: Cluster): Promise<number> {
  const statuses = members.map((member) => statusOf(member).catch(() => null));
  const terms = (await Promise.all(statuses)).map((status) => status?.raftTerm ?? 0);
  return atLeast(0, terms);
}

/** Waits until what was before is over: puts are answered at once again. */
export async function calm(endpoint: string): Promise<void> {
  const client = new Client(endpoint);
  const begunMs = performance.now();
  let soon = 0;
  while (soon < CALM_PUTS && performance.now() - begunMs < CALM_MS_MAX) {
    const sentMs = performance.now();
    const { code } = await client.call(putOf("calm", "yes"));
    soon = code === 0 && performance.now() - sentMs < CALM_MS ? soon + 1 : 0;
    await setTimeout(20);
  }
  client.close();
}
