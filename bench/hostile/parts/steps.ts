// Work that grows with the data, on a store of many keys, three members: how long the longest step
// of the server is while each runs, and what a put waits beside it. A step is detcd's own notion:
// nothing else of a member goes on before it is over. etcd has no such figure.

import { setTimeout } from "node:timers/promises";
import { deleteOf, putOf, rangeOf, watchOf } from "../../../core/api/testing.ts";
import type { Request, Response } from "../../../core/api/request.ts";
import { prefixEnd } from "../../../core/lib/bytes.ts";
import { atLeast } from "../../../core/lib/lists.ts";
import type { Bytes, LeaseId } from "../../../core/contract.ts";
import { decodeResponse, encodeRequest, pathOf } from "../../../net/wire/methods/methods.ts";
import { Client, Messages, framed, onStatus } from "../../client.ts";
import type { Member } from "../../member.ts";
import { answers } from "../../server-cluster.ts";
import type { Cluster } from "../../server-cluster.ts";
import { failuresOf, putsBeside } from "../beside.ts";
import { nowMs, percentile } from "../latency.ts";
import { boundOf, histogramOf, readMetrics, since } from "../metrics.ts";
import { calm, certainly, fill, leaderOf, statusOf } from "../store.ts";
import type { Part, Trial } from "../trial.ts";

type Place = Readonly<{ cluster: Cluster; client: Client; lease: LeaseId; keys: number }>;
/** `before` is not measured. `where`: whose steps, the leader's unless it says another. */
type Work = Readonly<{
  name: string;
  before: (place: Place) => Promise<void>;
  run: (place: Place) => Promise<void>;
  where: (place: Place) => Promise<Member>;
}>;

const STEPS = "detcd_step_duration_seconds";
const PREFIX = "r/";
const END = prefixEnd(PREFIX as Bytes) as Bytes;
const VALUE_BYTES = 100;
const TTL_SECONDS = 86_400;
const TIMEOUT_MS = 120_000;
const SNAPSHOT_COUNT = 1000; // an image of the store is made after so many entries
const ENTRIES_AWAY = 8000; // more than are kept for one who was away: it needs an image
const ENTRIES_IN_FLIGHT = 64;

const WORKS: readonly Work[] = [
  work("range of all keys", ({ client }) => ok(client, rangeOf(PREFIX, { rangeEnd: END }))),
  work("HashKV", ({ client }) => ok(client, { kind: "hash_kv", revision: 0 })),
  work("snapshot save", ({ client }) => snapshot(client)),
  work("watch from revision 1", ({ client, keys }) => watchAll(client, keys)),
  {
    name: "follower that needs an image: the leader's",
    before: leaveBehind,
    run: comeBack,
    where: ({ cluster }) => leaderOf(cluster),
  },
  {
    name: "follower that needs an image: its own",
    before: leaveBehind,
    run: comeBack,
    where: awayFrom,
  },
  {
    ...work("compaction of as many revisions", ({ client }) => compactAll(client)),
    before: fillAll,
  },
  work("lease end", ({ client, lease }) => ok(client, { kind: "lease_revoke", id: lease })),
  {
    ...work("delete of the prefix", ({ client }) => ok(client, deleteOf(PREFIX, END))),
    before: (place) => fillAll({ ...place, lease: 0n as LeaseId }),
  },
];

export const STEPS_PART: Part = {
  name: "steps",
  about: "the longest step while work that grows with the data runs, three members",
  measure: async (trial) => {
    const cluster = await trial.start(3, [
      `--snapshot-count=${SNAPSHOT_COUNT}`,
      `--snapshot-catchup-entries=${SNAPSHOT_COUNT}`,
    ]);
    let client = new Client((await leaderOf(cluster)).endpoint);
    const { keys } = trial.sizes;
    const grant = { kind: "lease_grant", id: 0n as LeaseId, ttlSeconds: TTL_SECONDS } as const;
    const { id } = (await client.ask(grant)) as Extract<Response, { kind: "lease_grant" }>;
    await fillAll({ cluster, client, lease: id, keys });
    for (const each of WORKS) {
      client.close();
      client = new Client((await leaderOf(cluster)).endpoint); // it may be another by now
      await measureOne(trial, each, { cluster, client, lease: id, keys });
    }
    client.close();
  },
};

function work(name: string, run: Work["run"]): Work {
  return {
    name,
    before: () => Promise.resolve(),
    run,
    where: ({ cluster }) => leaderOf(cluster),
  };
}

async function measureOne(trial: Trial, each: Work, place: Place): Promise<void> {
  await each.before(place);
  await calm(place.client.endpoint);
  const { endpoint, pid } = await each.where(place);
  const before = pid === 0 ? new Map<string, number>() : await readMetrics(endpoint);
  let [begunMs, endedMs] = [0, 0];
  const waits = await putsBeside(trial, place.client.endpoint, async () => {
    begunMs = nowMs();
    await each.run(place).catch((error: Error) => trial.note(`${each.name}: ${error.message}`));
    endedMs = nowMs();
  });
  const after = await readMetrics(endpoint);
  const ms = waits.waits.map((wait) => wait.ms);
  trial.figure(`${each.name}: time that it takes`, "ms", endedMs - begunMs);
  trial.figure(`${each.name}: longest wait of a put`, "ms", percentile(ms, 1));
  failuresOf(trial, `${each.name}: puts`, waits);
  const steps = since(histogramOf(before, STEPS), histogramOf(after, STEPS));
  if (steps.length === 0) return;
  const maxima = [...after].filter(([name]) => name.startsWith(`${STEPS}_max`)); // one an input
  const longest = atLeast(0, new Map(maxima).values()); // since the process began
  const bound = (share: number): number => Math.min(boundOf(steps, share), longest) * 1000;
  trial.figure(`${each.name}: p99.9 of the steps, at most`, "ms", bound(0.999));
  trial.figure(`${each.name}: longest step, at most`, "ms", bound(1));
}

async function ok(client: Client, request: Request): Promise<void> {
  const { code, words } = await client.call(request, { timeoutMs: TIMEOUT_MS, isKept: false });
  if (code !== 0) throw new Error(`${words} (code ${code})`);
}

function fillAll({ client, lease, keys }: Place): Promise<void> {
  return fill(client, { prefix: PREFIX, keys, valueBytes: VALUE_BYTES, lease });
}

function snapshot(client: Client): Promise<void> {
  const request: Request = { kind: "snapshot" };
  const stream = client.open(pathOf(request));
  stream.end(framed(encodeRequest(request)));
  stream.resume();
  return new Promise((resolve, reject) => {
    onStatus(stream, (code, words) => (code === 0 ? resolve() : reject(new Error(words))));
  });
}

/** Until all that was written is told. */
function watchAll(client: Client, keys: number): Promise<void> {
  const request: Request = { kind: "watch", ask: watchOf(PREFIX, END, { startRevision: 1 }) };
  const path = pathOf(request);
  const stream = client.open(path);
  const messages = new Messages();
  let events = 0;
  stream.write(framed(encodeRequest(request)));
  return new Promise((resolve, reject) => {
    onStatus(stream, (code, words) => reject(new Error(`${words} (code ${code})`)));
    stream.on("data", (chunk: Buffer) => {
      for (const message of messages.take(chunk)) {
        const told = decodeResponse(path, message);
        if (told.ok && told.value.kind === "watch") events += told.value.events.length;
      }
      if (events < keys) return;
      resolve();
      stream.destroy();
    });
  });
}

async function compactAll(client: Client): Promise<void> {
  const answer = await client.ask(rangeOf("nothing"));
  const { header } = answer as Extract<Response, { kind: "range" }>;
  const { revision } = header;
  await ok(client, { kind: "compact", revision, physical: true });
}

async function awayFrom({ cluster }: Place): Promise<Member> {
  const leader = await leaderOf(cluster);
  const others = cluster.members.filter((member) => member !== leader);
  return others.find(({ pid }) => pid === 0) ?? (others[0] as Member);
}

/** A follower ends, and misses more than the leader keeps for it. */
async function leaveBehind(place: Place): Promise<void> {
  const follower = await awayFrom(place);
  await follower.end();
  let next = 0;
  const run = async (): Promise<void> => {
    while (next++ < ENTRIES_AWAY) await certainly(place.client, putOf(`away/${next % 100}`, "x"));
  };
  await Promise.all(Array.from({ length: ENTRIES_IN_FLIGHT }, run));
}

/** It starts, and has caught up when it has applied what the leader had then. */
async function comeBack(place: Place): Promise<void> {
  const follower = await awayFrom(place);
  const { raftAppliedIndex } = await statusOf(await leaderOf(place.cluster));
  const begunMs = nowMs();
  follower.start();
  while (nowMs() - begunMs < TIMEOUT_MS) {
    const status = await statusOf(follower).catch(() => null);
    if (status !== null && status.raftAppliedIndex >= raftAppliedIndex) {
      return answers(follower);
    }
    if (follower.isDead) break;
    await setTimeout(20);
  }
  throw new Error(`the follower has not caught up in ${TIMEOUT_MS / 1000} s`);
}
