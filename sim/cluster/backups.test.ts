// A client on every life of every node that asks for one backup after the other, through whole
// simulated runs with their faults: each file that was given whole is sound, holds one moment, and
// is, byte by byte, what any other member gives of that moment.

import { describe, expect, it } from "vitest";
import type { SnapshotResponse } from "../../core/api/request.ts";
import type { CallId } from "../../core/contract.ts";
import { META } from "../../net/bolt/backend.ts";
import { DIGEST_BYTES } from "../../net/bolt/pieces.ts";
import { openBolt } from "../../net/bolt/reader.ts";
import { contentOf, sourceOf } from "../../net/bolt/testing.ts";
import { callOf, FIRST_CALL, readNow, withShadowClient } from "./shadow-client.ts";
import type { Core } from "./sim-node.ts";
import { runSimulation } from "../run/simulation.ts";
import { swarmOptions } from "../options/swarm.ts";

type Client = {
  call: number;
  pieces: SnapshotResponse[];
  owed: number;
  ticks: number;
  open: boolean;
};
type Given = Readonly<{ node: bigint; pieces: readonly SnapshotResponse[] }>;

const SEEDS = [1, 2, 12, 20];

/** The core, with such a client at each boot. It reads now and then, and leaves now and then. */
function backedUp(): { core: Core; given: readonly Given[] } {
  const clients = new Map<bigint, Client>();
  const given: Given[] = [];
  const core = withShadowClient({
    say: ({ life }) => {
      const client = clients.get(life) ?? createClient();
      clients.set(life, client);
      client.ticks += 1;
      const { call } = client;
      if (!client.open) {
        Object.assign(client, { call: call + 1, pieces: [], owed: 0, open: true });
        return [callOf({ kind: "snapshot" }, client.call)];
      }
      if (client.ticks % 97 === 0) {
        client.open = false;
        return [{ kind: "call.cancel", call: call as CallId }];
      }
      return readNow(client, 3, call);
    },
    hear: ({ life, config }, told) => {
      const client = clients.get(life);
      if (client === undefined) return;
      for (const effect of told) {
        if (effect.kind === "call.push" && effect.response.kind === "snapshot") {
          client.owed += 1;
          client.pieces.push(effect.response);
        }
        if (effect.kind !== "call.end") continue;
        client.open = false;
        given.push({ node: config.node, pieces: client.pieces });
      }
    },
  });
  return { core, given };
}

function createClient(): Client {
  return { call: FIRST_CALL, pieces: [], owed: 0, ticks: 0, open: false };
}

type Found = Readonly<{ complaint: string | null; moments: number; compared: number }>;

/** What is wrong with the files; null: nothing. */
function judge(given: readonly Given[]): Found {
  const byMoment = new Map<string, Readonly<{ file: string; node: bigint }>>();
  let compared = 0;
  const wrong = (complaint: string): Found => ({ complaint, moments: byMoment.size, compared });
  for (const { node, pieces } of given) {
    const file = Buffer.concat(pieces.map(({ blob }) => blob));
    const whole = file.subarray(0, -DIGEST_BYTES);
    let left = whole.length;
    for (const { blob, remainingBytes } of pieces) {
      left = Math.max(0, left - blob.length);
      if (left !== remainingBytes) return wrong(`${remainingBytes} bytes remain where ${left} do`);
    }
    const opened = openBolt(sourceOf(whole));
    if (!opened.ok) return wrong(opened.error);
    const [content, trouble] = contentOf(opened.value);
    if (trouble !== null) return wrong(trouble);
    const meta = content.find(([name]) => name === "meta")?.[1] ?? [];
    const index = meta.find(([key]) => key === META.index)?.[1].join() ?? "none";
    const before = byMoment.get(index);
    const bytes = file.toString("latin1");
    byMoment.set(index, { file: bytes, node });
    if (before === undefined || before.node === node) continue;
    compared += 1;
    if (before.file !== bytes) return wrong(`two members differ at entry ${index}`);
  }
  return { complaint: null, moments: byMoment.size, compared };
}

describe("a backup", () => {
  it.each(SEEDS)("is sound and the same on every member, with seed %i", (seed) => {
    const { core, given } = backedUp();
    const result = runSimulation({ ...swarmOptions(seed, 5_000), twice: false }, core);
    expect(result.violation).toBe(null);
    const { complaint, moments, compared } = judge(given);
    expect(complaint).toBe(null);
    expect(moments).toBeGreaterThan(3);
    expect(compared).toBeGreaterThan(0);
  });

  it("is judged: a changed byte is noticed", () => {
    const { core, given } = backedUp();
    runSimulation({ ...swarmOptions(1, 5_000), twice: false }, core);
    const last = given.at(-1) as Given;
    const pieces = last.pieces.map((piece) => ({ ...piece, blob: piece.blob.slice() }));
    const other = pieces.at(-1) as SnapshotResponse;
    other.blob[0] = (other.blob[0] ?? 0) ^ 1;
    expect(judge([...given, { node: 999n, pieces }]).complaint).toMatch(/^two members differ/);
  });
});
